/** Configuration: what is written with all defaults is read back, and every mistake is named with its place. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  ConfigError,
  defaultConfigToml,
  defaultGatewayConfigToml,
  readConfig,
  readGatewayConfig,
} from '../config/config.ts';
import { writePortFile } from '../config/port-file.ts';

const configs = suite('config');
const root = mkdtempSync(join(tmpdir(), 'tally-config-'));
configs.after(() => rmSync(root, { recursive: true, force: true }));

const key = 'ab'.repeat(32);
let files = 0;
function write(toml: string): string {
  const folder = join(root, `${files++}`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'tally.toml'), toml);
  return join(folder, 'tally.toml');
}

async function failureOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    assert.instance(error, ConfigError);
    return (error as Error).message;
  }
  throw new Error('it succeeded');
}

configs('a new file of a node holds every default, explained, and reads back', async () => {
  const peers = [
    { key, address: '/ip4/10.0.0.2/tcp/7400' },
    { key: 'cd'.repeat(32), address: '/dns4/bank.example/tcp/7400' },
  ];
  const toml = defaultConfigToml({ node: { name: 'Bank "A" of Zürich' }, network: { peers } });
  const file = write(toml);
  const folder = join(file, '..');
  assert.equal(await readConfig(file), {
    node: {
      name: 'Bank "A" of Zürich',
      keyFile: join(folder, 'node.key'),
      genesisFile: join(folder, 'genesis.json'),
      dataDir: join(folder, 'data'),
    },
    network: { listen: ['/ip4/127.0.0.1/tcp/7400'], peers },
    api: { host: '127.0.0.1', port: 7480, tokenFile: join(folder, 'api.token') },
    metrics: { host: '127.0.0.1', port: 7490 },
    light: { serve: true },
    log: { level: 'info' },
  });
  assert.match(toml, '# role = ""', 'an optional field stands there as a comment');
  for (const line of toml.split('\n').filter((text) => /^\w+ = /.test(text))) {
    const before = toml.split('\n')[toml.split('\n').indexOf(line) - 1]!;
    assert.match(before, /^# \S/, `"${line}" is not explained`);
  }
  const least = await readConfig(write('[node]\nname = "A"\n'));
  const full = await readConfig(write(defaultConfigToml({ node: { name: 'A' } })));
  assert.equal(
    JSON.stringify(least).replaceAll(/\/\d+\//g, '/'),
    JSON.stringify(full).replaceAll(/\/\d+\//g, '/'),
  );
});

configs('so does one of a gateway', async () => {
  const nodes = [{ key, address: '/ip4/10.0.0.2/tcp/7400' }];
  const mqtt = { password_file: '/etc/tally/password', username: 'gate', protocol_version: 4 as const };
  const toml = defaultGatewayConfigToml({
    gateway: { name: 'Dock 3', data_dir: '../store' },
    ledger: { nodes },
    mqtt,
  });
  const file = write(toml);
  const config = await readGatewayConfig(file);
  assert.equal(config.ledger.nodes, nodes);
  assert.equal(config.mqtt, {
    url: 'mqtt://127.0.0.1:1883',
    protocolVersion: 4,
    username: 'gate',
    passwordFile: '/etc/tally/password',
    topics: ['sensors/#'],
  });
  assert.equal(config.batch, { framesMax: 256, intervalMs: 250 });
  assert.is(config.gateway.dataDir, join(root, 'store'));
  assert.is(config.gateway.keyFile, join(file, '..', 'gateway.key'));
  assert.is(config.api.port, 7580);
});

configs('a mistake is named with its file, its place and what was expected', async () => {
  const node = '[node]\nname = "A"\n';
  const cases: [string, RegExp][] = [
    ['[node\nname = 1', /line 1, column \d+: /],
    ['', /node: expected object, received undefined/],
    ['[node]\nrole = "bank"\n', /node\.name: expected string, received undefined/],
    ['[node]\nname = 7\n', /node\.name: expected string, received number/],
    [`${node}colour = "red"\n`, /node\.colour: there is no such field/],
    [`${node}[nett]\n`, /: nett: there is no such field/],
    [`${node}[api]\nport = 70000\n`, /api\.port: expected number to be <=65535, got 70000/],
    [`${node}[api]\nport = 1.5\n`, /api\.port: expected int/],
    [
      `${node}[network]\nlisten = ["localhost:80"]\n`,
      /network\.listen\[0\]: expected a multiaddr such as .*, got "localhost:80"/,
    ],
    [`${node}[network]\nlisten = []\n`, /network\.listen: /],
    [
      `${node}[network]\npeers = [{ key = "AB", address = "/ip4/1.2.3.4/tcp/1" }]\n`,
      /network\.peers\[0\]\.key: expected a public key of 64 .*, got "AB"/,
    ],
    [
      `${node}[network]\npeers = [{ key = "${key}" }]\n`,
      /network\.peers\[0\]\.address: expected string, received undefined/,
    ],
    [`${node}[log]\nlevel = "loud"\n`, /log\.level: expected one of .*"info".*, got "loud"/],
    [`${node}[light]\nserve = "yes"\n`, /light\.serve: expected boolean, received string/],
  ];
  for (const [toml, expected] of cases) {
    const file = write(toml);
    const message = await failureOf(readConfig(file));
    assert.match(message, file);
    assert.match(message, expected);
  }
  const two = await failureOf(readConfig(write('[node]\nnam = "A"\n[api]\nport = -1\n')));
  assert.is(two.split('\n').length, 3, 'all mistakes at once');
  assert.match(
    await failureOf(readConfig(join(root, 'none.toml'))),
    /none\.toml: there is no such file; `tally init` makes one/,
  );
  const gateway = '[gateway]\nname = "A"\n';
  assert.match(
    await failureOf(readGatewayConfig(write(gateway))),
    /ledger: expected object, received undefined/,
  );
  assert.match(
    await failureOf(readGatewayConfig(write(`${gateway}[ledger]\nnodes = []\n`))),
    /ledger\.nodes: /,
  );
  const mqtt = `${gateway}[ledger]\nnodes = [{ key = "${key}", address = "/ip4/1.2.3.4/tcp/1" }]\n[mqtt]\n`;
  assert.match(
    await failureOf(readGatewayConfig(write(`${mqtt}protocol_version = 3\n`))),
    /mqtt\.protocol_version: /,
  );
  assert.match(
    await failureOf(readGatewayConfig(write(`${mqtt}url = "broker"\n`))),
    /mqtt\.url: expected a URL such as/,
  );
});

configs('misuse by our own program throws at once', () => {
  assert.throws(() => defaultConfigToml({}), /node: expected object/);
  assert.throws(() => defaultConfigToml({ node: { name: '' } }), /node\.name/);
});

configs('a port file is whole or absent', async () => {
  const file = join(root, 'ports.json');
  await writePortFile(file, { api: '127.0.0.1:40123', network: ['/ip4/127.0.0.1/tcp/1'] });
  assert.equal(JSON.parse(readFileSync(file, 'utf8')), {
    api: '127.0.0.1:40123',
    network: ['/ip4/127.0.0.1/tcp/1'],
  });
});

configs.run();

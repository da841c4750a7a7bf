/** Configuration: what is written with all defaults is read back, and every mistake is named with its place. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { gatewayConfigToml, readGatewayConfig } from '../config/gateway-config.ts';
import { nodeConfigToml, readNodeConfig } from '../config/node-config.ts';
import { writePortFile } from '../config/port-file.ts';
import { ConfigError } from '../config/toml.ts';

const configs = suite('config');
const root = mkdtempSync(join(tmpdir(), 'tally-config-'));
configs.after(() => rmSync(root, { recursive: true, force: true }));

const key = 'ab'.repeat(32);
const peers = [
  { key, address: '/ip4/10.0.0.2/tcp/4001' },
  { key: 'cd'.repeat(32), address: '/dns4/bank.example/tcp/4001' },
];
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

configs('a new file of a node holds every default, and reads back', async () => {
  const file = write(nodeConfigToml({ name: 'Bank "A" of Zürich', peers, apiPort: 0 }));
  const folder = dirname(file);
  assert.equal(await readNodeConfig(file), {
    name: 'Bank "A" of Zürich',
    keyFile: join(folder, 'key.age'),
    messageKeyFile: join(folder, 'messages.age'),
    genesisFile: join(folder, 'genesis.json'),
    dataDir: join(folder, 'data'),
    listen: ['/ip4/127.0.0.1/tcp/4001'],
    peers,
    api: { host: '127.0.0.1', port: 0, tokenFile: join(folder, 'api-token') },
    metrics: { host: '127.0.0.1', port: 9001 },
    store: {
      profile: 'archive',
      joinBy: 'replay',
      ...{ readingsDays: undefined, batchesOf: undefined, diskBytesMax: undefined },
    },
    authorPerS: 500,
    doesDuties: false,
    answersRequests: false,
    serveLight: true,
    logLevel: 'info',
  });
});

configs('so does one of a gateway', async () => {
  const file = write(gatewayConfigToml({ name: 'dock-3', nodes: peers, mqttUrl: 'mqtts://broker:8883' }));
  const folder = dirname(file);
  assert.equal(await readGatewayConfig(file), {
    name: 'dock-3',
    keyFile: join(folder, 'key.age'),
    genesisFile: join(folder, 'genesis.json'),
    dataDir: join(folder, 'data'),
    resumeChain: false,
    nodes: peers,
    mqtt: {
      ...{ url: 'mqtts://broker:8883', protocolVersion: 4, clientId: 'tally-dock-3' },
      ...{ username: undefined, passwordFile: undefined, topics: ['tally/+/senml'] },
    },
    batch: { framesMax: 256, intervalMs: 250 },
    outbox: { framesMax: 1_000_000, keptBatchesMax: 10_000 },
    api: { host: '127.0.0.1', port: 8101, tokenFile: join(folder, 'api-token') },
    watches: [],
    payments: [],
    logLevel: 'info',
  });
});

configs('so does a rule by which a thing pays', async () => {
  const least = gatewayConfigToml({ name: 'truck', nodes: peers, mqttUrl: 'mqtt://b' });
  const id = 'ab'.repeat(32);
  const shown = least.slice(least.indexOf('# [[payment]]'), least.indexOf('[log]'));
  const rule = shown.replaceAll(/^# /gm, '').replaceAll(/<id of [^>]+>/g, id);
  const reading = (text: string) => readGatewayConfig(write(`${least}\n${text}`));
  const file = write(`${least}\n${rule}`);
  assert.equal((await readGatewayConfig(file)).payments, [
    {
      ...{ rule: 'toll', device: 'truck-12', keyFile: join(dirname(file), 'truck-12.age') },
      ...{ quantity: 'pulses', over: '0', mandate: id, means: id, payee: 'lei:5493000000000000R125' },
      ...{ content: 'toll', price: { type: 'each', amount: 2_300 } },
    },
  ]);
  const [priced] = (await reading(rule.replace('amount = 2300', 'per_unit = 45'))).payments;
  assert.equal(priced?.price, { type: 'per-unit', amount: 45 });
  const energy = rule.replace('"pulses"', '"energy"').replace('amount = 2300', 'per_unit = 45');
  const wrongs: [text: string, expected: RegExp][] = [
    [rule.replace('over = 0', 'over = "much"'), /payment\[0\]\.over: expected a decimal number/],
    [`${rule}per_unit = 5`, /payment\[0\]\.amount: expected either amount or per_unit/],
    [rule.replace('amount = 2300', ''), /payment\[0\]\.amount: expected either amount or per_unit/],
    [energy, /payment\[0\]\.per_unit: energy is what a meter has counted in all/],
    [rule.replace('"pulses"', '"mass"'), /payment\[0\]\.quantity: expected one of/],
    [rule.replace(id, 'toll'), /payment\[0\]\.mandate: expected an id/],
    [rule.replace('lei:5493000000000000R125', 'the road'), /payment\[0\]\.payee: expected a party/],
    [`${rule}${rule}`, /payment: two rules of one name/],
  ];
  for (const [text, expected] of wrongs) assert.match(await failureOf(reading(text)), expected);
});

configs('what is written says what would hold if it were left out', async () => {
  const inOne = (config: unknown): string => JSON.stringify(config).replaceAll(/\/\d+\//g, '/');
  const node = await readNodeConfig(write('[node]\nname = "A"\n'));
  assert.is(inOne(node), inOne(await readNodeConfig(write(nodeConfigToml({ name: 'A' })))));
  const least = `[gateway]\nname = "A"\n[ledger]\nnodes = [{ key = "${key}", address = "/ip4/10.0.0.2/tcp/4001" }]\n[mqtt]\nurl = "mqtt://b"\n`;
  const full = gatewayConfigToml({ name: 'A', nodes: peers.slice(0, 1), mqttUrl: 'mqtt://b' });
  assert.is(inOne(await readGatewayConfig(write(least))), inOne(await readGatewayConfig(write(full))));
});

configs('what the store keeps is one setting, and what does not fit it is named', async () => {
  const store = async (lines: string) =>
    (await readNodeConfig(write(`[node]\nname = "A"\n[store]\n${lines}\n`))).store;
  assert.equal(await store('profile = "full"'), {
    ...{ profile: 'full', readingsDays: 30, batchesOf: undefined, diskBytesMax: undefined, joinBy: 'replay' },
  });
  const lei = '5493000000000000M127';
  assert.equal(
    await store(`profile = "small"\nreadings_days = 7\nbatches_of = ["lei:${lei}"]\ndisk_mb = 64`),
    {
      ...{ profile: 'small', readingsDays: 7, batchesOf: [lei], diskBytesMax: 64 << 20, joinBy: 'replay' },
    },
  );
  assert.equal((await store('profile = "small"')).batchesOf, [], 'its own party’s alone');
  const wrongs: [text: string, expected: RegExp][] = [
    ['profile = "tiny"', /: store\.profile: expected one of "archive"\|"full"\|"small", got "tiny"$/],
    ['readings_days = 7', /: store\.readings_days: expected only in profile "full" or "small", .*, got 7$/],
    [
      'profile = "full"\nreadings_days = 0',
      /: store\.readings_days: expected days, 1 or more; profile = "archive" keeps .*, got 0$/,
    ],
    [
      'batches_of = []',
      /: store\.batches_of: expected only in profile "small", since "archive" takes .*, got \[\]$/,
    ],
    [
      'profile = "small"\nbatches_of = ["the store"]',
      /: store\.batches_of\[0\]: expected a party such as "lei:.*, got "the store"$/,
    ],
    [
      `profile = "small"\nbatches_of = ["lei:${lei}", "lei:${lei.slice(0, 19)}0"]`,
      /: store\.batches_of\[1\]: expected a party .*check digits/,
    ],
    ['disk_mb = 31', /: store\.disk_mb: expected 32 MiB or more, got 31$/],
  ];
  for (const [text, expected] of wrongs) assert.match(await failureOf(store(text)), expected);
});

configs('a mistake is named with its file, its place and what was expected', async () => {
  const node = '[node]\nname = "A"\n';
  const cases: [string, RegExp][] = [
    ['[node\nname = 1', /tally\.toml, line 1, column \d+: /],
    ['', /: node: expected object, received undefined$/],
    ['[node]\nkey_file = "k"\n', /: node\.name: expected string, received undefined$/],
    ['[node]\nname = 7\n', /: node\.name: expected string, received number$/],
    [`${node}colour = "red"\n`, /: node\.colour: there is no such field$/],
    [`${node}[nett]\n`, /: nett: there is no such field$/],
    [`${node}[api]\nport = 70000\n`, /: api\.port: expected number to be <=65535, got 70000$/],
    [`${node}[api]\nport = 1.5\n`, /: api\.port: expected int/],
    [
      `${node}[network]\nlisten = ["localhost:80"]\n`,
      /: network\.listen\[0\]: .* multiaddr .*, got "localhost:80"$/,
    ],
    [
      `${node}[network]\npeers = [{ key = "AB", address = "/ip4/1.2.3.4/tcp/1" }]\n`,
      /: network\.peers\[0\]\.key: expected a public key: 64 hexadecimal digits, got "AB"$/,
    ],
    [
      `${node}[network]\npeers = [{ key = "${key}" }]\n`,
      /: network\.peers\[0\]\.address: expected string, received undefined$/,
    ],
    [`${node}[log]\nlevel = "loud"\n`, /: log\.level: expected one of .*"info".*, got "loud"$/],
    [`${node}[light]\nserve = "yes"\n`, /: light\.serve: expected boolean, received string$/],
  ];
  for (const [toml, expected] of cases) {
    const file = write(toml);
    const message = await failureOf(readNodeConfig(file));
    assert.match(message, file);
    assert.match(message, expected);
  }
  const several = await failureOf(readNodeConfig(write('[node]\nnam = "A"\n[api]\nport = -1\n')));
  assert.is(several.split('\n').length, 3, 'all mistakes at once');
  assert.match(
    await failureOf(readNodeConfig(join(root, 'none.toml'))),
    /none\.toml: there is no such file$/,
  );
});

configs('a gateway’s mistakes likewise', async () => {
  const gateway = '[gateway]\nname = "A"\n';
  const ledger = `${gateway}[ledger]\nnodes = [{ key = "${key}", address = "/ip4/1.2.3.4/tcp/1" }]\n`;
  const mqtt = `${ledger}[mqtt]\nurl = "mqtt://b"\n`;
  const cases: [string, RegExp][] = [
    [gateway, /: ledger: expected object, received undefined/],
    [
      `${gateway}[ledger]\nnodes = []\n[mqtt]\nurl = "mqtt://b"\n`,
      /: ledger\.nodes: expected at least one node/,
    ],
    [`${ledger}[mqtt]\nurl = "broker"\n`, /: mqtt\.url: expected a broker such as .*, got "broker"$/],
    [`${mqtt}protocol_version = 3\n`, /: mqtt\.protocol_version: /],
    [
      `${mqtt}[[watch]]\ngoods = "bag 7"\ndevices = ["s"]\n`,
      /: watch\[0\]\.goods: expected goods by label.*, got "bag 7"$/,
    ],
  ];
  for (const [toml, expected] of cases)
    assert.match(await failureOf(readGatewayConfig(write(toml))), expected);
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

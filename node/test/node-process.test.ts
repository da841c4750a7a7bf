/** Nodes as processes: started, killed without warning, started again, asked to stop. */

import '../polyfill.ts';
import { type ChildProcess, spawn } from 'node:child_process';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../../consensus/codec/bytes.ts';
import { freePorts } from '../config/free-ports.ts';
import { nodeConfigToml, readNodeConfig } from '../config/node-config.ts';
import { startNode } from '../node.ts';
import { Api, act, type Home, type LocalNetwork, makeNetwork, passphrase, until } from './local-nodes.ts';

const test = suite('node process');
const main = fileURLToPath(new URL('../main.js', import.meta.url));

interface Child {
  readonly home: Home;
  readonly process: ChildProcess;
  output: string;
  exit: { readonly code: number | null; readonly signal: string | null } | undefined;
}
interface Ports {
  readonly key: string;
  readonly pid: number;
  readonly api: string;
  readonly metrics: string;
  readonly p2p: readonly string[];
}

const children = new Set<Child>();
const portFile = (home: Home): string => join(home.folder, 'ports.json');

function run(home: Home, args: readonly string[] = [], env: Record<string, string> = {}): Child {
  const all = ['node', '--config', home.configFile, '--port-file', portFile(home), ...args];
  const started = spawn(process.execPath, ['--enable-source-maps', main, ...all], {
    env: { ...process.env, TALLY_PASSPHRASE: passphrase, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const child: Child = { home, process: started, output: '', exit: undefined };
  for (const stream of [started.stdout, started.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      child.output += text;
    });
  started.on('exit', (code, signal) => {
    child.exit = { code, signal };
  });
  children.add(child);
  return child;
}

async function ports(child: Child): Promise<Ports> {
  let found: Ports | undefined;
  await until(`${child.home.name} listens`, async () => {
    if (child.exit !== undefined)
      throw new Error(`${child.home.name} ended: ${JSON.stringify(child.exit)} ${child.output}`);
    const read = await readFile(portFile(child.home), 'utf8').then(
      (text) => JSON.parse(text) as Ports,
      () => undefined,
    );
    found = read?.pid === child.process.pid ? read : undefined;
    return found !== undefined;
  });
  return found!;
}

async function apiOf(child: Child): Promise<Api> {
  return new Api((await ports(child)).api, (await readFile(child.home.tokenFile, 'utf8')).trim());
}

/** Fixed addresses, so that a node that comes back is found again. */
async function fixAddresses(network: LocalNetwork): Promise<void> {
  const listen = (await freePorts(network.homes.length)).map((port) => `/ip4/127.0.0.1/tcp/${port}`);
  for (const [i, home] of network.homes.entries()) {
    const peers = network.homes.flatMap((other, j) =>
      i === j ? [] : [{ key: toHex(other.signer.publicKey), address: listen[j]! }],
    );
    const values = {
      name: home.name,
      genesisFile: network.genesisFile,
      listen: listen[i]!,
      peers,
      apiPort: 0,
      metricsPort: 0,
    };
    await writeFile(home.configFile, nodeConfigToml(values));
  }
}

let network: LocalNetwork;

test.before(async () => {
  const cast = ['a', 'b', 'c', 'd'].map((name, i) => ({
    name,
    role: i < 2 ? ('bank' as const) : ('monitor' as const),
    seat: true,
  }));
  network = await makeNetwork(cast, { heartbeatMs: 1_000 });
  await fixAddresses(network);
});
test.after(async () => {
  for (const child of children) if (child.exit === undefined) child.process.kill('SIGKILL');
  await until('all processes are gone', () => [...children].every((child) => child.exit !== undefined));
  await network.remove();
});

let seats: Child[];

test('four processes: killed without warning amid work, the node comes back with everything, and to the same state', async () => {
  seats = network.homes.map((home) => run(home));
  const apis = await Promise.all(seats.map(apiOf));
  await until('all are ready', async () =>
    (await Promise.all(apis.map(async (api) => (await api.request('GET', '/readyz')).status))).every(
      (status) => status === 200,
    ),
  );
  const device = (n: number) => ({
    ...{ owner: network.home('c').party, monitor: network.home('c').party, key: '', replaces: false },
    ...{ identifier: `device-${n}`, functions: ['camera'] },
  });
  const monitor = apis[2]!;
  for (let n = 0; n < 5; n++) assert.is((await act([monitor], 'enrol-device', device(n))).outcome.code, 'OK');

  // Submitted, durable, not waited for; then killed at once.
  const { call, callId } = await monitor.post('/v1/calls', {
    transition: 'enrol-device',
    args: device(5),
    sign: true,
  });
  await monitor.post('/v1/calls/submit', { call });
  seats[2]!.process.kill('SIGKILL');
  await until('it is dead', () => seats[2]!.exit !== undefined);
  assert.is(seats[2]!.exit!.signal, 'SIGKILL');
  const others = [apis[0]!, apis[1]!, apis[3]!];
  const { height } = await others[0]!.get('/v1/status');
  await until('the others go on', async () => (await others[0]!.get('/v1/status')).height > height);

  seats[2] = run(network.home('c'));
  const back = await apiOf(seats[2]!);
  await until('it is ready again', async () => (await back.request('GET', '/readyz')).status === 200);
  await until(
    'what it had acknowledged is final',
    async () => (await back.get(`/v1/calls/${callId}`)).outcome?.code === 'OK',
  );
  const after = await act([back], 'enrol-device', device(6));
  assert.is(after.outcome.code, 'OK', 'its chain goes on');
  let headers: { header: { height: number; stateRoot: string } }[] = [];
  await until('all have it', async () => {
    headers = await Promise.all(
      [...others, back].map((api) =>
        api
          .get(`/v1/checkpoints/${after.outcome.height}`)
          .catch(() => ({ header: { height: -1, stateRoot: '' } })),
      ),
    );
    return headers.every(({ header }) => header.height === after.outcome.height);
  });
  assert.is(new Set(headers.map(({ header }) => header.stateRoot)).size, 1);
  assert.is((await back.get('/v1/objects/device')).objects.length, 7);
});

test('asked to stop, it stops within seconds, with exit code 0; asked twice as well', async () => {
  const [first, second] = [seats[0]!, seats[1]!];
  const startedMs = performance.now();
  first.process.kill('SIGTERM');
  second.process.kill('SIGINT');
  second.process.kill('SIGINT');
  await until('both are gone', () => first.exit !== undefined && second.exit !== undefined);
  assert.equal([first.exit!.code, second.exit!.code], [0, 0]);
  assert.ok(performance.now() - startedMs < 10_000, `${performance.now() - startedMs} ms`);
});

test('the log tells neither payloads, nor the token, nor the key’s secret', async () => {
  const token = (await readFile(network.home('c').tokenFile, 'utf8')).trim();
  for (const child of children) {
    assert.not.ok(child.output.includes(token), 'token');
    assert.not.ok(child.output.includes('device-5'), 'payload');
    assert.not.ok(child.output.includes(passphrase), 'passphrase');
  }
});

test('what cannot start says why, and what to do', async () => {
  const ended = async (child: Child): Promise<string> => {
    await until('it ended', () => child.exit !== undefined);
    assert.is(child.exit!.code, 1, child.output);
    assert.not.match(child.output, /\n {4}at /, 'no stack for what a person can mend');
    return child.output;
  };
  const twinOf = async (name: string, home: Home): Promise<Home> => {
    const folder = join(network.folder, name);
    await cp(home.folder, folder, { recursive: true, filter: (source) => !/data(\.votes)?$/.test(source) });
    return { ...home, folder, configFile: join(folder, 'config.toml') };
  };
  const sealed = await twinOf('sealed', network.home('a'));
  const twin = await twinOf('twin', network.home('c'));
  const strange = await twinOf('strange', network.home('a'));
  await writeFile(strange.configFile, '[node]\nname = "x"\ncolour = "red"\n');
  const lost = await twinOf('lost', network.home('a'));
  await writeFile(lost.configFile, nodeConfigToml({ name: 'x' }));
  const [wrong, locked, taken, colour, genesis] = await Promise.all([
    ended(run(sealed, [], { TALLY_PASSPHRASE: 'wrong' })),
    ended(run(network.home('c'))),
    ended(run(twin)),
    ended(run(strange)),
    ended(run(lost)),
  ]);
  assert.match(wrong, /key\.age: wrong passphrase/);
  assert.match(locked, /data.*(lock|another process)/i, 'another process has the store');
  assert.match(taken, /cannot listen on \/ip4/, 'another process has the address');
  assert.match(colour, /config\.toml[\s\S]*colour/);
  assert.match(genesis, /genesis\.json: cannot read the genesis/);

  // Another network's genesis over a ledger that is there.
  const elsewhere = await makeNetwork([{ name: 'a', role: 'bank', seat: true }]);
  const config = await readNodeConfig(network.home('a').configFile);
  const error = await startNode({ ...config, genesisFile: elsewhere.genesisFile }, passphrase).then(
    () => undefined,
    (cause: Error) => cause,
  );
  assert.match(error?.message ?? '', /holds the ledger of network/);
  await elsewhere.remove();
});

test.run();

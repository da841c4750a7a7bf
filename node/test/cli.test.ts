/** The command line from an empty folder to a verified proof: what people type, what they get, and the exit codes. */

import '../polyfill.ts';
import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { leiOf, until } from './local-nodes.ts';

const test = suite('command line');
const main = fileURLToPath(new URL('../main.js', import.meta.url));

let folder: string;
let node: ChildProcess;
const at = (...names: string[]): string => join(folder, ...names);

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

async function tally(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const child = spawn(process.execPath, [main, ...args], {
    cwd: folder,
    env: { ...process.env, TALLY_PASSPHRASE: 'only for tests', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, out, err };
}

/** Asks the test's node; without JSON only where a test looks at what people see. */
const ask = (...args: string[]): Promise<Ended> =>
  tally([...args, '--config', at('home', 'config.toml'), '--port-file', at('ports.json')]);

// biome-ignore lint/suspicious/noExplicitAny: a test looks at what it got.
async function json(...args: string[]): Promise<any> {
  const { code, out, err } = await ask(...args, '--json');
  assert.is(code, 0, `${args.join(' ')}: ${err}`);
  return JSON.parse(out);
}

test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tally-cli-'));
});
test.after(async () => {
  node?.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

test('help and version; a command that is none', async () => {
  const help = await tally(['--help']);
  assert.is(help.code, 0);
  for (const name of ['demo', 'init', 'genesis', 'node', 'gateway', 'tx', 'get', 'verify'])
    assert.match(help.out, new RegExp(`^ {2}${name} `, 'm'));
  const [version, unknown, ofTx, incomplete] = await Promise.all(
    [['--version'], ['pledge-everything'], ['help', 'tx'], ['init']].map((args) => tally(args)),
  );
  assert.match(version!.out, /^\d+\.\d+\.\d+\n$/);
  assert.is(unknown!.code, 2);
  assert.match(unknown!.err, /unknown command/);
  assert.match(ofTx!.out, /--dry-run/);
  assert.is(incomplete!.code, 2);
  assert.match(incomplete!.err, /\(tally init --help shows what there is\)/);
  assert.match(unknown!.err, /\(tally --help shows what there is\)/);
});

test('contracts: all, one, none of that name', async () => {
  const [all, one, none] = await Promise.all(
    [['contracts'], ['contracts', 'draw'], ['contracts', 'drawn']].map((args) => tally(args)),
  );
  assert.match(all!.out, /^ 0 {2}enrol-party .*^15 {2}draw /ms);
  assert.match(one!.out, /^15 {2}draw .*signs .*then /s);
  assert.not.match(one!.out, /enrol-party/);
  assert.equal(
    [none!.code, none!.err],
    [2, 'tally: no transition "drawn"; `tally contracts` lists them all\n'],
  );
});

test('whoever stops reading gets no stack trace, and no success', async () => {
  const child = spawn('sh', ['-c', `"${process.execPath}" "${main}" contracts; echo "code $?" >&2`], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.destroy();
  let err = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  await new Promise((resolve) => child.on('close', resolve));
  assert.is(err, 'code 1\n');
});

test('init writes a home that nobody else can open, once', async () => {
  const made = await tally([
    'init',
    'home',
    '--name',
    'Bank',
    '--lei',
    leiOf(0),
    '--role',
    'bank',
    'monitor',
    '--seat',
    '--listen',
    '/ip4/127.0.0.1/tcp/0',
    '--api-port',
    '0',
    '--metrics-port',
    '0',
    '--genesis',
    '../genesis.json',
  ]);
  assert.is(made.code, 0, made.err);
  assert.match(made.out, /public key {2}[0-9a-f]{64}/);
  assert.is((await stat(at('home', 'key.age'))).mode & 0o777, 0o600);
  assert.is((await stat(at('home'))).mode & 0o077, 0);
  const [again, badLei, badPort, badPeer] = await Promise.all(
    [
      ['init', 'home', '--name', 'Bank'],
      ['init', 'other', '--name', 'x', '--lei', '5493000000000000AA00'],
      ['init', 'other', '--name', 'x', '--api-port', '70000'],
      ['init', 'other', '--name', 'x', '--peer', 'nonsense'],
    ].map((args) => tally(args)),
  );
  assert.match(badLei!.err, /MOD 97-10/);
  assert.equal([badPort!.code, badPeer!.code], [2, 2]);
  assert.equal([again!.code, again!.err.includes('nothing is written over')], [2, true]);
  const party = JSON.parse(await readFile(at('home', 'party.json'), 'utf8'));
  assert.equal(
    [party.lei, party.roles, party.seat, party.keys.length],
    [leiOf(0), ['bank', 'monitor'], true, 1],
  );
});

test('genesis: good parties make a network, others are named with file and field', async () => {
  await writeFile(
    at('bad.json'),
    JSON.stringify([{ lei: leiOf(1), name: 'No key', roles: ['bank'], keys: [] }]),
  );
  await writeFile(
    at('no-seat.json'),
    JSON.stringify([{ lei: leiOf(1), name: 'No seat', roles: ['bank'], keys: ['ab'.repeat(32)] }]),
  );
  const [seatless, unread, timeless] = await Promise.all(
    [['no-seat.json'], ['nowhere.json'], ['home/party.json', '--time', 'soon']].map((args) =>
      tally(['genesis', ...args, '--name', 'test', '--out', 'x.json']),
    ),
  );
  assert.equal([seatless!.code, unread!.code, timeless!.code], [2, 2, 2]);
  assert.match(seatless!.err, /no party asks for a seat/);
  assert.match(unread!.err, /nowhere\.json: cannot be read: ENOENT/);
  assert.match(timeless!.err, /--time soon: expected milliseconds since 1970/);
  const bad = await tally(['genesis', 'home/party.json', 'bad.json', '--name', 'test', '--out', 'x.json']);
  assert.is(bad.code, 2);
  assert.match(bad.err, /bad\.json, party 1 \("No key"\): field keys/);
  const twice = await tally([
    'genesis',
    'home/party.json',
    'home/party.json',
    '--name',
    'test',
    '--out',
    'x.json',
  ]);
  assert.match(twice.err, /field lei: named twice/);
  const made = await tally([
    'genesis',
    'home/party.json',
    '--name',
    'test',
    '--out',
    'genesis.json',
    '--pace',
    '{"heartbeatMs":1000}',
    '--json',
  ]);
  assert.is(made.code, 0, made.err);
  const { network, seats, parties } = JSON.parse(made.out);
  assert.match(network, /^[0-9a-f]{64}$/);
  assert.equal([seats, parties.length], [1, 1]);
  assert.is(
    (await tally(['genesis', 'home/party.json', '--name', 'test', '--out', 'genesis.json'])).code,
    2,
    'nothing is written over',
  );
});

test('genesis: how committees change, and what is bonded at the start, come from the flag and the parties’ files', async () => {
  const entry = JSON.parse(await readFile(at('home', 'party.json'), 'utf8'));
  const [own] = Array.isArray(entry) ? entry : [entry];
  await writeFile(at('bonded.json'), JSON.stringify([{ ...own, stake: 1_000 }]));
  const make = (committee: string, out: string) =>
    tally(['genesis', 'bonded.json', '--name', 'test', '--out', out, '--committee', committee]);
  const made = await make('{"policy":"stake","epochHeights":100,"seatsWanted":7}', 'epochs.json');
  assert.is(made.code, 0, made.err);
  const { committee } = JSON.parse(await readFile(at('epochs.json'), 'utf8'));
  const { stakes, ...rules } = committee;
  assert.equal(rules, { policy: 'stake', epochHeights: 100, seatsWanted: 7 });
  assert.equal(stakes, [{ lei: own.lei, amount: 1_000, key: own.keys[0] }]);
  const bad = await make('{"policy":"lottery"}', 'x.json');
  assert.is(bad.code, 2);
  assert.match(bad.err, /committee\.policy/);
});

test('without a node the commands say so', async () => {
  const lost = await tally([
    'get',
    'status',
    '--config',
    at('home', 'config.toml'),
    '--url',
    'http://127.0.0.1:9',
    '--token-file',
    at('home', 'party.json'),
  ]);
  assert.is(lost.code, 1);
  assert.match(lost.err, /chmod 600/, 'a token that others may read is none');
  await chmod(at('home', 'party.json'), 0o600);
  const none = await tally([
    'get',
    'status',
    '--url',
    'http://127.0.0.1:9',
    '--token-file',
    at('home', 'party.json'),
  ]);
  assert.equal([none.code, none.err.includes('no node answers')], [4, true]);
  assert.match((await tally(['get', 'status', '--config', 'nowhere.toml'])).err, /nowhere\.toml/);
  assert.is((await ask('get', 'status')).code, 2, 'no port file yet');
});

test('a node runs; get shows it to people and to programs', async () => {
  node = spawn(
    process.execPath,
    [main, 'node', '--config', at('home', 'config.toml'), '--port-file', at('ports.json')],
    {
      env: { ...process.env, TALLY_PASSPHRASE: 'only for tests' },
      stdio: 'ignore',
    },
  );
  await until('the node is ready', async () => {
    const ports = await readFile(at('ports.json'), 'utf8').then(
      (text) => JSON.parse(text),
      () => undefined,
    );
    return ports !== undefined && (await fetch(`${ports.api}/readyz`)).ok;
  });
  assert.match((await ask('get', 'status')).out, /^name: Bank\nnetwork: [0-9a-f]{64}\n/);
  assert.equal((await json('get', 'status')).roles, ['bank', 'monitor']);
  assert.is((await json('get', 'checkpoint')).header.suite, 1);
  assert.is((await json('get', 'objects', 'party', '--mine')).objects.length, 1);
  assert.ok((await json('get', 'transitions')).transitions.length > 10);
  const missing = await ask('get', 'object', 'loan', 'ff'.repeat(32));
  assert.is(missing.code, 3);
  assert.match(missing.err, /E_NOT_FOUND/);
});

const device = (identifier: string) =>
  JSON.stringify({
    owner: `lei:${leiOf(0)}`,
    monitor: `lei:${leiOf(0)}`,
    key: '',
    replaces: false,
    identifier,
    functions: ['camera'],
  });

test('tx: tried, signed elsewhere, submitted; the outcome is the exit code', async () => {
  const dry = await json('tx', 'enrol-device', '--args', device('camera-1'), '--dry-run');
  assert.equal([dry.passes, dry.writes.length], [true, 3]);
  assert.is((await json('get', 'objects', 'device')).objects.length, 0);
  const wrong = await ask('tx', 'enrol-device', '--args', '{"owner":5}');
  assert.is(wrong.code, 3);
  assert.match(wrong.err, /"owner" expected hexadecimal/);
  const asJson = await ask('tx', 'enrol-device', '--args', '{"owner":5}', '--json');
  assert.is(JSON.parse(asJson.err).problem.facts.field, 'owner');
  const unusable = await Promise.all([
    ask('tx', 'enrol-device', '--args', '{'),
    ask('tx', 'enrol-device'),
    ask('tx'),
  ]);
  assert.equal(
    unusable.map(({ code }) => code),
    [2, 2, 2],
  );

  await writeFile(at('args.json'), device('camera-1'));
  const unsigned = await ask(
    'tx',
    'enrol-device',
    '--args',
    '@args.json',
    '--no-sign',
    '--out',
    at('call.hex'),
  );
  assert.is(unsigned.code, 3);
  assert.match(unsigned.err, /signatures are missing/);
  const signed = await json('tx', '--call', '@call.hex', '--sign-only');
  assert.is(signed.signatures.length, 1);
  const done = await ask('tx', '--call', signed.call, '--json');
  assert.is(done.code, 0, done.err);
  assert.is(JSON.parse(done.out).outcome.code, 'OK');
  const refused = await ask('tx', 'enrol-device', '--args', '@args.json');
  assert.is(refused.code, 3);
  assert.match(refused.out, /code: E_ID_LIVE/);
  const pending = await ask('tx', 'enrol-device', '--args', device('camera-2'), '--wait', '0', '--json');
  // One seat alone is often faster than the answer.
  assert.ok(pending.code === 5 || pending.code === 0, pending.err);
  await until(
    'it is final later',
    async () => (await json('get', 'call', JSON.parse(pending.out).callId)).status === 'final',
  );
});

test('tx --nonce: a call composed again under its nonce takes effect once', async () => {
  const enrol = (identifier: string, nonce: string) =>
    ask('tx', 'enrol-device', '--args', device(identifier), '--nonce', nonce);
  const nonce = 'ab'.repeat(16);
  assert.is((await enrol('camera-31', nonce)).code, 0);
  const again = await enrol('camera-32', nonce);
  assert.equal([again.code, /code: E_REPLAY/.test(again.out)], [3, true], again.out);
  assert.is((await enrol('camera-32', 'abc')).code, 2);
});

test('tx --set and --explain: arguments typed by the schema; a refusal names what is in the way', async () => {
  const explained = await ask('tx', 'enrol-device', '--explain');
  assert.match(
    explained.out,
    /owner {2}an id of 64 hexadecimal digits, or a name such as lei:… or sscc:… {2}\[V0\]/,
  );
  assert.match(explained.out, /refused with: E_CREDENTIAL/);
  const owner = `lei:${leiOf(0)}`;
  const set = [
    '--set',
    `owner=${owner}`,
    `monitor=${owner}`,
    'key=',
    'replaces=false',
    'functions=camera,counter',
  ];
  const slips = await Promise.all([
    ask('tx', 'enrol-device', ...set, 'identifier=camera-3', 'replaces=maybe'),
    ask('tx', 'enrol-device', ...set),
    ask('tx', 'enrol-device', ...set, 'colour=red'),
    ask('tx', 'enrol-devise', ...set),
  ]);
  assert.equal(
    slips.map(({ code }) => code),
    [2, 2, 2, 2],
  );
  assert.match(slips[0]!.err, /--set replaces: given twice/);
  assert.match(slips[1]!.err, /missing argument identifier \(text of 1 to 64 characters\)/);
  assert.match(slips[2]!.err, /--set colour: no such argument; enrol-device takes owner, /);
  assert.match(slips[3]!.err, /did you mean enrol-party or enrol-key or enrol-device\?/);
  const dry = await json('tx', 'enrol-device', ...set, 'identifier=camera-3', '--dry-run');
  assert.is(dry.passes, true);
  const live = await ask('tx', 'enrol-device', ...set, 'identifier=camera-1', '--dry-run');
  assert.is(live.code, 3);
  assert.match(
    live.err,
    /refused: E_ID_LIVE, .*\n {2}in the way: device [0-9a-f]{64}\n.*\n {2}to pass: Use the object/s,
  );
});

test('a gateway’s key has no node: --key-file signs with it, and the ledger takes it', async () => {
  const made = await tally(['init', 'gateway', '--name', 'dock', '--json']);
  assert.is(made.code, 0, made.err);
  const { key } = JSON.parse(made.out) as { readonly key: string };
  const own = `lei:${leiOf(0)}`;
  const call = [
    ...['tx', 'enrol-key', '--set', `party=${own}`, `monitor=${own}`, 'kind=gateway', `key=${key}`],
    '--dry-run',
  ];
  const without = await ask(...call);
  assert.equal([without.code, /E_CREDENTIAL/.test(without.err)], [3, true]);
  const signed = await json(...call, '--key-file', at('gateway', 'key.age'));
  assert.is(signed.passes, true);
  await writeFile(at('other'), 'not it\n');
  const wrong = await tally([
    ...[...call, '--key-file', at('gateway', 'key.age'), '--passphrase-file', at('other')],
    ...['--config', at('home', 'config.toml'), '--port-file', at('ports.json')],
  ]);
  assert.equal([wrong.code, /wrong passphrase/.test(wrong.err)], [1, true]);
});

test('what a bank asks: history, owners and a search certificate, as files that verify without a node', async () => {
  const history = await ask('get', 'history', 'device', 'device:camera-1', '--out', at('history.tally'));
  assert.is(history.code, 0, history.err);
  assert.match(history.out, /transition: enrol-device/);
  const certificate = await ask('get', 'search', 'sscc', '340123450000000017', '--out', at('cert.tally'));
  assert.is(certificate.code, 0, certificate.err);
  const verify = (file: string, ...more: string[]) =>
    tally(['verify', file, '--genesis', 'genesis.json', ...more]);
  const [whole, free, fresh, stale] = await Promise.all([
    verify('history.tally'),
    verify('cert.tally'),
    verify('cert.tally', '--max-age', '60'),
    verify('cert.tally', '--max-age', '0'),
  ]);
  assert.is(whole!.code, 0, whole!.out);
  assert.match(whole!.out, /Hop 1: “enrol-device”.*whole history of the device/s);
  assert.is(free!.code, 0, free!.out);
  assert.match(free!.out, /no goods are registered under SSCC 340123450000000017/);
  assert.equal([fresh!.code, stale!.code], [0, 1]);
  assert.match(stale!.out, /E_STALE: The certificate is .* old/);
  for (const file of ['history.tally', 'cert.tally']) {
    const known = await verify(file, '--known', at('known'));
    assert.equal([known.code, /Known of it: checkpoint \d+, epoch 0; kept in/.test(known.out)], [0, true]);
  }
  const noMemory = await verify('cert.tally', '--known', at('cert.tally'));
  assert.equal([noMemory.code, /not what --known has written/.test(noMemory.err)], [1, true]);
  const [slip, wrongAge, noGenesis] = await Promise.all([
    ask('get', 'search', 'sscc', '340123450000000018'),
    verify('cert.tally', '--max-age', 'soon'),
    tally(['verify', 'cert.tally', '--genesis', 'nowhere.json']),
  ]);
  assert.equal(
    [slip.code, slip.err],
    [2, 'tally: sscc 340123450000000018: check digit is wrong (modulo 10)\n'],
  );
  assert.equal([wrongAge.code, /expected whole minutes/.test(wrongAge.err)], [2, true]);
  assert.equal([noGenesis.code, /nowhere\.json: cannot be read/.test(noGenesis.err)], [1, true]);
  const scheme = await ask('get', 'search', 'isbn', '1');
  assert.equal([scheme.code, /scheme: expected one of .*sscc/.test(scheme.err)], [3, true]);
  const { intervals } = await json('get', 'owners', 'device', 'device:camera-1');
  assert.is(intervals.length, 1);
  const { permissions } = await json('get', 'permissions', '--role', 'BANK');
  assert.ok(permissions.some((entry: { transition: string }) => entry.transition === 'decide'));
  const { inForce, waits } = await json('get', 'policy');
  assert.equal([inForce, waits], [null, null]);
  const { tariff, running } = await json('get', 'rewards');
  assert.equal([tariff, running], [{ inForce: null, waits: null }, null]);
  assert.equal((await json('get', 'rewards', `lei:${leiOf(0)}`)).epochs, []);
  const lendable = await json('get', 'lendable', `lei:${leiOf(0)}`, '--currency', 'EUR');
  assert.equal([lendable.goods, lendable.available], [[], 0]);
  const nobodys = await ask('get', 'cover', 'ff'.repeat(32));
  assert.equal([nobodys.code, /E_NOT_FOUND.*\n {2}.*ffff/.test(nobodys.err)], [3, true]);
  const audit = await ask('get', 'audit', 'order', 'PO-1');
  assert.equal([audit.code, /no loan of this party names the order/.test(audit.err)], [3, true]);
});

test('a proof kept with --bundle verifies without any node, and no longer when a byte changes', async () => {
  const shown = await ask('get', 'object', 'device', 'device:camera-1', '--bundle', at('device.bundle'));
  assert.is(shown.code, 0, shown.err);
  assert.match(shown.out, /identifier: camera-1/);
  assert.is((await tally(['verify', 'device.bundle', '--genesis', 'genesis.json'])).code, 0);
  const bytes = await readFile(at('device.bundle'));
  bytes[bytes.length >> 1]! ^= 1;
  await writeFile(at('device.bundle'), bytes);
  assert.is((await tally(['verify', 'device.bundle', '--genesis', 'genesis.json'])).code, 1);
  const search = await json('get', 'search', 'device', 'camera-1');
  assert.is(search.object.value.identifier, 'camera-1');
});

test('events are followed until interrupted', async () => {
  const follow = spawn(
    process.execPath,
    [
      main,
      'get',
      'events',
      '--types',
      'checkpoint',
      '--json',
      '--config',
      at('home', 'config.toml'),
      '--port-file',
      at('ports.json'),
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let out = '';
  follow.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  await until('two checkpoints were told', () => out.split('\n').length > 2);
  follow.kill('SIGINT');
  const [first, second] = out.split('\n').map((line) => (line === '' ? undefined : JSON.parse(line)));
  assert.is(first.event, 'checkpoint');
  assert.is(second.data.height, first.data.height + 1);
});

test.run();

/**
 * The driver of the peer: what it reads and writes, and how its lane sends. The lane speaks with a stand-in for a node
 * of CometBFT: a server that takes records, refuses some, and tells of headers. Nothing is measured against it.
 */

import { createPublicKey, verify } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { installNativePrimitives, nativeSigner } from '../../node/crypto/native.ts';
import { Steps } from '../cluster/steps.ts';
import { faultsOf } from '../output/count.ts';
import { findComet, INSTALL_LINE, PeerMissingError } from '../peers/binary.ts';
import { addBlock, withContents } from '../peers/blocks.ts';
import { cometSample } from '../peers/comet.ts';
import { CometLane, refusalOf } from '../peers/comet-lane.ts';
import { clientFrame, FrameReader, OPCODE } from '../peers/frames.ts';
import { readEvent } from '../peers/headers.ts';
import { idOf, makeRecord, RECORD_BYTES, recordId } from '../peers/record.ts';
import { inOrder, resultOf } from '../peers/rpc.ts';
import { applySettings, CHECKED, peerCases, readSetting } from '../peers/settings.ts';
import { turnOf } from '../peers/turns.ts';
import { authorSecret } from '../workload/network.ts';

const test = suite('bench peers');
installNativePrimitives();

test('the peer is found on PATH first, then where Go puts it; else the line that brings it is told', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tally-peers-'));
  const none = async () => undefined;
  const put = async (...path: string[]): Promise<string> => {
    const file = join(folder, ...path, 'cometbft');
    await mkdir(join(folder, ...path), { recursive: true });
    await writeFile(file, '#!/bin/sh\n');
    return file;
  };
  const error = await findComet(`${folder}:`, none).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof PeerMissingError);
  assert.ok(error.message.split('\n').includes(INSTALL_LINE), error.message);
  assert.match(INSTALL_LINE, /^go install github\.com\/cometbft\/cometbft\/cmd\/cometbft@v\d+\.\d+\.\d+$/);
  const ofGo = await put('go', 'bin');
  const goPath = async () => `${join(folder, 'nowhere')}:${join(folder, 'go')}`;
  assert.ok((await findComet('', goPath).catch((thrown: unknown) => thrown)) instanceof PeerMissingError);
  await chmod(ofGo, 0o755);
  assert.is(await findComet('', goPath), ofGo);
  const onPath = await put('bin');
  await chmod(onPath, 0o755);
  assert.is(await findComet(join(folder, 'bin'), goPath), onPath);
  await rm(folder, { recursive: true });
});

test('settings replace lines of their own section only; an unknown key is a fault', () => {
  const toml =
    'proxy_app = "x"\n[rpc]\nladdr = "a"\n# size = 3\n[p2p]\nladdr = "b"\n[mempool]\nsize = 5000\n';
  const applied = applySettings(toml, [
    { section: '', key: 'proxy_app', value: '"kvstore"' },
    { section: 'p2p', key: 'laddr', value: '"c"' },
    { section: 'mempool', key: 'size', value: '7' },
    { section: 'genesis', key: 'max_bytes', value: '"1"' },
  ]);
  assert.is(
    applied,
    'proxy_app = "kvstore"\n[rpc]\nladdr = "a"\n# size = 3\n[p2p]\nladdr = "c"\n[mempool]\nsize = 7\n',
  );
  assert.is(readSetting(toml, 'rpc', 'laddr'), '"a"');
  assert.throws(() => readSetting(toml, 'rpc', 'size'), /"size" in \[rpc\]/);
  assert.throws(() => applySettings(toml, [{ section: 'p2p', key: 'pex', value: 'false' }]), /"pex"/);
  for (const { settings } of peerCases) {
    const keys = settings.map(({ section, key }) => `${section}.${key}`);
    assert.is(new Set(keys).size, keys.length, 'none is set twice');
  }
  const [tuned, ...others] = peerCases;
  for (const { name, settings, checksSignatures } of others) {
    const changed = settings.filter((one) => !tuned!.settings.includes(one));
    const application = changed.filter(({ key }) => key === 'proxy_app').map(({ value }) => value);
    assert.equal(application, checksSignatures ? ['"checked-kvstore"'] : [], name);
    if (name === CHECKED) assert.is(changed.length, 1, 'the application alone differs');
    else assert.is(name.startsWith(CHECKED), checksSignatures);
  }
});

test('a record is 250 bytes with one "=", signed by its author, and its id is found in a block', () => {
  const author = nativeSigner(authorSecret(1));
  const record = makeRecord(3, 70_000, author);
  assert.is(record.length, RECORD_BYTES);
  const [id, value, ...more] = record.toString('latin1').split('=');
  assert.equal(more, []);
  assert.not.match(record.toString('latin1'), ':');
  assert.is(id, recordId(3, 70_000));
  assert.is(idOf(record), id);
  assert.is.not(recordId(3, 1), recordId(1, 3));
  const bytes = Buffer.from(value!, 'base64url');
  const [key, signature, body] = [bytes.subarray(0, 32), bytes.subarray(32, 96), bytes.subarray(96)];
  assert.ok(key.equals(author.publicKey));
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: key.toString('base64url') };
  assert.ok(verify(null, body, createPublicKey({ key: jwk, format: 'jwk' }), signature));
});

test('answers find their calls; which refusals are sent again', () => {
  const answers = inOrder(
    [
      { id: 1, result: 'b' },
      { id: 0, error: { message: 'no' } },
      { id: 7, result: 'x' },
    ],
    3,
  );
  assert.equal(answers, [{ id: 0, error: { message: 'no' } }, { id: 1, result: 'b' }, undefined]);
  assert.equal(inOrder({ id: 0, result: 1 }, 1), [{ id: 0, result: 1 }]);
  assert.is(resultOf(answers[1]), 'b');
  assert.throws(() => resultOf(answers[0]), /no/);
  assert.throws(() => resultOf(undefined), /no answer/);
  const error = (data: string) => ({ error: { message: 'Internal error', data } });
  assert.is(refusalOf({ result: {} }), undefined);
  assert.is(refusalOf(error('tx already exists in cache')), undefined, 'it was taken before');
  assert.is(refusalOf(error('mempool is full: number of txs 5000')), 'mempool is full');
  assert.is(refusalOf(error('other')), 'Internal error other');
  assert.is(refusalOf(undefined), 'no answer');
});

/** As a server sends it: not masked. */
function serverFrame(opcode: number, payload: Buffer, isLast = true): Buffer {
  const { length } = payload;
  const head =
    length < 126
      ? Buffer.from([0, length])
      : length < 1 << 16
        ? Buffer.from([0, 126, length >> 8, length & 0xff])
        : Buffer.concat([Buffer.from([0, 127]), bigEndian(length)]);
  head[0] = opcode | (isLast ? 0x80 : 0);
  return Buffer.concat([head, payload]);
}

function bigEndian(length: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(length));
  return bytes;
}

test('frames of any length come together, however they are cut; a ping between parts is its own message', () => {
  const long = Buffer.alloc(70_000, 'x');
  const bytes = Buffer.concat([
    serverFrame(OPCODE.text, Buffer.from('ab'), false),
    serverFrame(OPCODE.ping, Buffer.from('p')),
    serverFrame(OPCODE.continuation, Buffer.from('c')),
    serverFrame(OPCODE.text, Buffer.alloc(300, 'y')),
    serverFrame(OPCODE.text, long),
    serverFrame(OPCODE.text, Buffer.alloc(0)),
  ]);
  for (const size of [1, 7, bytes.length]) {
    const reader = new FrameReader();
    const messages = [];
    for (let at = 0; at < bytes.length; at += size)
      messages.push(...reader.push(bytes.subarray(at, at + size)));
    assert.equal(
      messages.map(({ opcode, payload }) => [opcode, payload.length]),
      [
        [OPCODE.ping, 1],
        [OPCODE.text, 3],
        [OPCODE.text, 300],
        [OPCODE.text, 70_000],
        [OPCODE.text, 0],
      ],
    );
    assert.is(messages[1]!.payload.toString(), 'abc');
  }
  const mask = Buffer.from([1, 2, 3, 4]);
  assert.is(
    clientFrame(OPCODE.text, Buffer.from('Hello'), mask).toString('hex'),
    '8185010203044967' + '6f686e',
  );
  assert.is(clientFrame(OPCODE.text, Buffer.alloc(200), mask).length, 2 + 2 + 4 + 200);
  assert.throws(() => clientFrame(OPCODE.text, Buffer.alloc(70_000)), RangeError);
});

const header = (height: number): string =>
  JSON.stringify({ id: 0, result: { data: { value: { header: { height: String(height) } } } } });

test('events and metrics are read as the peer writes them', () => {
  assert.is(readEvent('{"jsonrpc":"2.0","id":0,"result":{}}'), 'subscribed');
  assert.is(readEvent(header(12)), 12);
  assert.is(readEvent('{"error":{"message":"Internal error","data":"max"}}'), 'Internal error max');
  assert.match(String(readEvent('{"result":{"data":{}}}')), /no header/);
  const { cpuS, rssBytes, open, height, final } = cometSample(
    'process_cpu_seconds_total 1.5\nprocess_resident_memory_bytes 4e+07\ncometbft_mempool_size{chain_id="c"} 3\n' +
      'cometbft_consensus_height{chain_id="c"} 9\ncometbft_consensus_total_txs{chain_id="c"} 120\ncometbft_mempool_size_bytes{chain_id="c"} 5\n',
  );
  assert.equal([cpuS, rssBytes, open, height, final], [1.5, 4e7, 3, 9, 120]);
});

const author = nativeSigner(authorSecret(1));
const block = (height: number, hash: string, numbers: readonly number[] | null) => ({
  block_id: { hash },
  block: {
    header: { height: String(height), app_hash: '' },
    data: { txs: numbers?.map((number) => makeRecord(0, number, author).toString('base64')) ?? null },
  },
});

test('a record that stands twice, or in no block, or in other blocks at another node, is a fault', () => {
  const countOf = (blocks: readonly ReturnType<typeof block>[]) => {
    const count = { headers: [], heights: new Map<string, number>(), faults: [] as string[] };
    for (const one of blocks) addBlock(count, 'node0', one);
    return { ...count, height: blocks.length, stateRoot: 's' };
  };
  const ids = [0, 1, 2].map((number) => recordId(0, number));
  const good = countOf([block(1, 'A', null), block(2, 'B', [0, 1]), block(3, 'C', [2])]);
  assert.equal(
    [...good.heights],
    [
      [ids[0], 2],
      [ids[1], 2],
      [ids[2], 3],
    ],
  );
  const other = { ...good, heights: new Map<string, number>() };
  const both = (second: typeof good) =>
    faultsOf(
      new Map([
        ['node0', good],
        ['node1', withContents(good, second)],
      ]),
      ids,
    );
  assert.equal(both(other), []);
  assert.match(both({ ...other, headers: ['A', 'X', 'C'] as never }).join(), /different headers at height 2/);
  assert.match(both({ ...other, stateRoot: 't' }).join(), /different state roots/);
  assert.match(countOf([block(1, 'A', [0]), block(2, 'B', [0])]).faults.join(), /stands in 1 and in 2/);
  assert.match(countOf([block(2, 'B', [0])]).faults.join(), /block 2 came as number 1/);
  const lane = {
    ...{ lane: 0, refused: { full: 2 }, processCpuMs: 0 },
    vertices: [...ids, 'never'].map((id) => [id, 0, id === 'never' ? null : 1] as const),
    heads: [[2, 5]] as const,
  };
  const turn = turnOf('tuned', 1, 1, [], [lane], new Map([['node0', good]]), ['node0 died: SIGKILL']);
  assert.equal(turn.faults, [
    'tuned, round 1: node0 died: SIGKILL',
    'tuned, round 1: 1 records were taken by no node',
    'tuned, round 1: 1 records are stored whose height no lane was shown',
  ]);
  assert.equal(turn.refused, { full: 2 });
});

test('the ladder goes on after one step that is not kept up with, and ends after two', async () => {
  const kept = new Map([
    [100, 100],
    [200, 120],
    [400, 400],
    [800, 500],
    [1_600, 480],
  ]);
  let offered = 0;
  let final = 0;
  let lastMs = Date.now();
  const cluster = {
    snapshot: async () => {
      const atMs = Date.now();
      final += ((kept.get(offered) ?? offered) * (atMs - lastMs)) / 1_000;
      lastMs = atMs;
      const node = { atMs, cpuS: 0, rssBytes: 0, open: 0, parked: 0, height: 0, final, dropped: 0 };
      return { atMs, nodes: [node], wireBytes: undefined };
    },
    endLast: () => assert.unreachable('nobody is killed'),
  };
  const load = {
    all: async (order: { type: string; verticesPerS?: number }) => {
      if (order.type === 'run') {
        await cluster.snapshot();
        offered = order.verticesPerS!;
      }
    },
  };
  const steps = new Steps(cluster, load, 1, () => {});
  await steps.carryOut({
    ...{ warmUpMs: 1, latencyMs: 1, latencyParts: [], readings: [], readingsParts: [], readingsMs: 0 },
    ...{ baseReadings: 0, ladder: { fromPerS: 100, factor: 2, stepMs: 2_200, patience: 2 } },
  });
  assert.equal(
    steps.done.map((step) => [step.kind, step.offeredPerS]),
    [['warm-up', 150], ...[100, 200, 400, 800, 1_600].map((perS) => ['ladder', perS])],
  );
});

/** Takes all records but those of its first batch, once; a block holds what came since the one before. */
class StandIn {
  readonly taken: string[] = [];
  readonly #server: Server;
  #follower: Duplex | undefined;
  #refusals = 1;

  constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const calls = JSON.parse(Buffer.concat(chunks).toString()) as {
          id: number;
          method: string;
          params: never;
        }[];
        const answers = calls.map(({ id, ...call }) => ({ id, ...this.#answer(call) }));
        if (calls.length > 1) this.#refusals = 0;
        response.end(JSON.stringify(answers.reverse()));
      });
    });
    this.#server.on('upgrade', (_, socket: Duplex) => {
      this.#follower = socket;
      socket.on('error', () => {});
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
      this.tell('{"id":0,"result":{}}');
    });
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  tell(text: string): void {
    this.#follower!.write(serverFrame(OPCODE.text, Buffer.from(text)));
  }

  close(): void {
    this.#follower?.destroy();
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #answer({ method, params }: { method: string; params: { tx: string } }): object {
    if (method === 'num_unconfirmed_txs') return { result: { total: '0' } };
    if (this.#refusals > 0) return { error: { message: 'Internal error', data: 'mempool is full' } };
    this.taken.push(idOf(Buffer.from(params.tx, 'base64')));
    return { result: { hash: '' } };
  }
}

test('a lane sends on schedule, again what was refused, and notes when it was shown a height first', async () => {
  const standIn = new StandIn();
  const rpcPort = await standIn.listen();
  const lane = await CometLane.open({ lane: 2, rpcPort });
  try {
    lane.sign(120);
    const running = lane.run(100, 1_000);
    standIn.tell(header(1));
    await running;
    standIn.tell(header(2));
    standIn.tell(header(1));
    await lane.drain(5_000);
    assert.is(lane.sent.length, 100);
    assert.equal(
      lane.sent.map(({ dueMs }) => Math.round(dueMs - lane.sent[0]!.dueMs)),
      Array.from({ length: 100 }, (_, i) => 10 * i),
    );
    assert.ok(lane.sent.every(({ dueMs, takenMs }) => takenMs !== undefined && takenMs >= dueMs - 1));
    const ids = Array.from({ length: 100 }, (_, i) => recordId(2, i));
    assert.equal(
      lane.sent.map(({ id }) => id),
      ids,
    );
    assert.equal(standIn.taken.slice().sort(), ids, 'each once');
    assert.ok(lane.refused['mempool is full']! > 0);
    assert.equal([...lane.heads.keys()], [1, 2]);
    assert.ok(lane.heads.get(1)! < lane.heads.get(2)!);
    await lane.run(100, 200);
    assert.equal(
      standIn.taken.slice(100).sort(),
      Array.from({ length: 20 }, (_, i) => recordId(2, 100 + i)),
    );
    const message = await lane.run(100, 1_000).catch((error: Error) => error.message);
    assert.match(String(message), 'expected 100 records, got 0');
  } finally {
    lane.close();
    standIn.close();
  }
});

test.run();

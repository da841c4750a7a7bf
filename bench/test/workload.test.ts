/** What is measured is what nodes take: presigned vertices, their batches, and the bare loop over them. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../../consensus/codec/bytes.ts';
import { limits } from '../../consensus/codec/limits.ts';
import { batch } from '../../consensus/vertex/batch.ts';
import { ancestorsOf, checkVertex, decodeVertex } from '../../consensus/vertex/vertex.ts';
import { bundle } from '../../consensus/wire/messages.ts';
import { installNativePrimitives, nativeSigner } from '../../node/crypto/native.ts';
import { runBareLoop, verifiers } from '../limit/bare-loop.ts';
import { measureLimit } from '../limit/limit.ts';
import { bundlesOf, startOneNode } from '../node/one-node.ts';
import { countStore, faultsOf } from '../output/count.ts';
import { authorSecret, benchGenesis } from '../workload/network.ts';
import { Presigner, UNSEEN_VERTICES } from '../workload/presign.ts';
import { makePayloads } from '../workload/readings.ts';

const test = suite('bench workload');
installNativePrimitives();
const seat = nativeSigner(authorSecret(0));
const authors = Array.from({ length: 16 }, (_, i) => nativeSigner(authorSecret(1 + i)));
const nowMs = Date.now();
const genesis = benchGenesis(
  [seat.publicKey],
  authors.map(({ publicKey }) => publicKey),
  nowMs - 1_000,
);
const { network, headerId: checkpoint } = genesis;
const presign = (count: number, seed = 1) =>
  new Presigner({ network, checkpoint, authors, startMs: nowMs, seed }).many(count);
const made = presign(400);
let home: string;
test.before(async () => {
  home = await mkdtemp(join(tmpdir(), 'tally-bench-test-'));
});
test.after(() => rm(home, { recursive: true, force: true }));

test('each vertex is good, stands on earlier ones only, and few are open at a time', () => {
  const known = new Set<string>();
  let tips = new Set<string>();
  let parents = 0;
  for (const { id, envelope } of made) {
    const vertex = decodeVertex(envelope);
    assert.ok(vertex.ok && checkVertex(vertex.value, network).ok);
    parents += vertex.value.parents.length;
    for (const ancestor of ancestorsOf(vertex.value)) {
      assert.ok(known.has(toHex(ancestor)));
      tips.delete(toHex(ancestor));
    }
    known.add(toHex(id));
    tips = tips.add(toHex(id));
    assert.ok(tips.size <= 4 * UNSEEN_VERTICES, `${tips.size} tips`);
  }
  assert.is(known.size, made.length);
  assert.ok(parents > 1.9 * made.length, 'two parents, but for the first few');
});

test('the same seed makes the same vertices, another seed others', () => {
  const ids = (seed: number): string[] => presign(40, seed).map(({ id }) => toHex(id));
  assert.equal(ids(1), ids(1));
  assert.not.equal(ids(1), ids(2));
});

test('batches hold so many readings, and nodes take the vertices that carry them', () => {
  for (const readings of [1, 8, 32, 128]) {
    const payloads = makePayloads(3, readings, network, nowMs);
    for (const payload of payloads) {
      const decoded = batch.decode(payload.bytes, limits.batchBytesMax);
      assert.ok(decoded.ok);
      assert.is(
        decoded.value.frames.reduce((sum, frame) => sum + frame.readings.length, 0),
        readings,
      );
    }
    const payloadOf = (number: number) => payloads[number % 3];
    const signed = new Presigner({ network, checkpoint, authors, startMs: nowMs, seed: 1, payloadOf }).many(
      4,
    );
    for (const { envelope } of signed) {
      const vertex = decodeVertex(envelope);
      assert.ok(vertex.ok && vertex.value.payload.length > 0 && checkVertex(vertex.value, network).ok);
    }
  }
});

test('bundles hold all vertices in order, within the limits of gossip', () => {
  const bundles = bundlesOf(made);
  const envelopes = bundles.flatMap((data) => {
    assert.ok(data.length <= limits.bundleBytesMax);
    const decoded = bundle.decode(data);
    assert.ok(decoded.ok);
    return decoded.value.vertices;
  });
  assert.equal(
    envelopes.map(toHex),
    made.map(({ envelope }) => toHex(envelope)),
  );
});

test('the bare loop takes good vertices, and no other', async () => {
  const envelopes = made.slice(0, 40).map(({ envelope }) => envelope);
  await runBareLoop(envelopes, network, join(home, 'good'));
  const rejects = async (bytes: Uint8Array, verifier = verifiers[0]!): Promise<string> =>
    runBareLoop([...envelopes, bytes], network, join(home, `bad-${Math.random()}`), verifier).then(
      () => 'taken',
      (error: Error) => error.message,
    );
  for (const verifier of verifiers) {
    const forged = envelopes[7]!.slice();
    forged[forged.length - 5]! ^= 1;
    assert.match(await rejects(forged, verifier), 'bad signature');
  }
  assert.match(await rejects(envelopes[7]!.slice(1)), 'does not decode');
});

test('the limit is measured on one core and on all', async () => {
  const envelopes = made.map(({ envelope }) => envelope);
  const limit = await measureLimit(envelopes, network, join(home, 'limit'));
  assert.ok(limit.verticesPerS > 100 && limit.oneCoreVerticesPerS > 100);
});

test('a node finalises all of it, and the count over its store finds what is wrong', async () => {
  const directory = join(home, 'node');
  const node = await startOneNode(genesis, seat, directory);
  const run = await node.feed(bundlesOf(made), made.length);
  await node.close();
  assert.ok(run.finalMs >= run.storedMs && run.checkpoints > 0);
  const count = await countStore('node', directory);
  const taken = made.map(({ id }) => toHex(id));
  assert.equal(faultsOf(new Map([['node', count]]), taken), []);
  const more = [...taken, 'ab'.repeat(32)];
  assert.match(faultsOf(new Map([['node', count]]), more).join(), /1 of 401 vertices are not confirmed/);
  assert.equal(faultsOf(new Map([['node', count]]), more, new Set(['node'])), [], 'a node that was killed');
  assert.match(faultsOf(new Map([['node', count]]), [...taken, taken[0]!]).join(), /sent twice/);
  const other = { ...count, headers: ['cd'.repeat(32), ...count.headers.slice(1)] };
  assert.match(
    faultsOf(
      new Map([
        ...([
          ['a', count],
          ['b', other],
        ] as const),
      ]),
      taken,
    ).join(),
    /different headers at height 1/,
  );
  const root = { ...count, stateRoot: 'ef'.repeat(32) };
  assert.match(
    faultsOf(
      new Map([
        ...([
          ['a', count],
          ['b', root],
        ] as const),
      ]),
      taken,
    ).join(),
    /different state roots/,
  );
  assert.equal(faultsOf(new Map(), taken), ['there is no store to count']);
});

test('a vertex that the node refuses ends the run', async () => {
  const node = await startOneNode(genesis, seat, join(home, 'refusing'));
  const stranger = nativeSigner(authorSecret(999));
  const foreign = new Presigner({ network, checkpoint, authors: [stranger], startMs: nowMs, seed: 1 }).many(
    1,
  );
  const message = await node.feed(bundlesOf(foreign), 1).then(
    () => 'final',
    (error: Error) => error.message,
  );
  await node.close();
  assert.match(message, 'E_KEY_UNKNOWN');
});

test.run();

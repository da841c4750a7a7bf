/** `[STO-3]`: old batches go, what contracts cite stays, and everything is still proved. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeVertex } from '../../consensus/vertex/vertex.ts';
import { openStore } from '../level/store.ts';
import type { Store } from '../ports.ts';
import { Prover } from '../service/proofs.ts';
import { GRACE_MS, Pruner } from '../service/pruner.ts';
import { SharedLedger } from './shared-ledger.ts';
import { checkpointOf, idOf, vertexOf } from './store-samples.ts';

const test = suite('pruner');
const SSCC = '340123450000000017';
const MS_OF_A_DAY = 86_400_000;

async function holdsBatch(ledger: SharedLedger, key: string): Promise<boolean> {
  const envelope = await ledger.services.bank.store.vertex(key);
  const vertex = envelope && decodeVertex(envelope);
  assert.ok(vertex?.ok, 'the vertex itself stays');
  return vertex.value.payload.length > 0;
}

/** Until nothing that is old enough is left. */
async function pruneAll(store: Store, pruner: Pruner): Promise<number> {
  const before = await store.pruned();
  for (let height = -1; (await store.pruned()).height > height; ) {
    height = (await store.pruned()).height;
    await pruner.look();
  }
  return (await store.pruned()).batches - before.batches;
}

test('batches that are old enough go, but for those that a contract cites', async () => {
  const ledger = await SharedLedger.start();
  const { store, readings } = ledger.services.monitor;
  const unused = await ledger.measure('500');
  await ledger.register(SSCC);
  const unusedToo = await ledger.measure('600');
  const parts = { ledger: ledger.runner.replica.ledger, store };
  const page = () => readings.page({ device: undefined, limit: 100, from: undefined });
  const before = (await page()).readings;
  assert.is(before.length, 6, 'three batches of two frames');
  const cited = before.find(({ vertex }) => vertex !== unused && vertex !== unusedToo)!.vertex;

  assert.is(await pruneAll(store, new Pruner(parts, 1)), 0, 'nothing is a day old');
  assert.is((await store.pruned()).height, 0);

  // A checkpoint later all of it is older than no time at all.
  await ledger.measure('700');
  const head = { certified: ledger.services.monitor.head.certified };
  const prover = new Prover(parts.ledger, store, ledger.services.monitor.head);
  const proved = await prover.vertex(unused, head.certified);
  assert.ok(proved !== undefined);
  const gone = await pruneAll(store, new Pruner(parts, 1 / MS_OF_A_DAY));
  assert.ok(gone >= 2 && gone <= 3, `${gone}`);
  assert.is(await holdsBatch(ledger, unused), false);
  assert.is(await holdsBatch(ledger, unusedToo), false);
  assert.is(await holdsBatch(ledger, cited), true, 'it is evidence');
  const pruned = await store.pruned();
  assert.ok(pruned.height > 0 && pruned.bytes > 0);
  assert.is(pruned.late, undefined);

  const after = (await page()).readings.map(({ vertex }) => vertex);
  assert.ok(after.includes(cited) && !after.includes(unused));
  assert.equal(await prover.vertex(unused, head.certified), proved, 'that it is final is proved as before');
  const refused = await readings.evidence(unused, 0);
  assert.ok(!refused.ok && refused.code === 'E_UNKNOWN', 'its frames are not');
  assert.is(
    (await pruneAll(store, new Pruner(parts, 1 / MS_OF_A_DAY))) <= 1,
    true,
    'another life goes on from there',
  );
  await ledger.stop();
});

test('short of room the oldest go ahead of their days, what is a minute young stays, and what came late is found', async () => {
  let aheadMs = 0;
  const ledger = await SharedLedger.start({}, { clock: { now: () => Date.now() + aheadMs } });
  const { store } = ledger.services.monitor;
  const pruner = new Pruner({ ledger: ledger.runner.replica.ledger, store }, undefined);
  const unused = await ledger.measure('500');
  const full = (await store.vertex(unused))!;
  await ledger.register(SSCC);
  assert.is(await pruner.letGo(1), 0, 'a call that cites it may be on its way');
  assert.is(await holdsBatch(ledger, unused), true);
  aheadMs += GRACE_MS;
  const young = await ledger.measure('600');
  assert.is(await pruner.look(), 0, 'nothing is too old');
  const freed = await pruner.letGo(Number.MAX_SAFE_INTEGER);
  const { batches, bytes, height } = await store.pruned();
  assert.is(bytes, freed);
  assert.is(batches, 1, 'the other one is evidence');
  assert.equal([await holdsBatch(ledger, unused), await holdsBatch(ledger, young)], [false, true]);

  await ledger.runner.dispatchDurable({ type: 'submit', envelope: full });
  assert.is(await holdsBatch(ledger, unused), true);
  const late = (await store.pruned()).late;
  assert.ok(late !== undefined && late <= height);
  const again = new Pruner({ ledger: ledger.runner.replica.ledger, store }, 1 / MS_OF_A_DAY);
  await pruneAll(store, again);
  assert.is(await holdsBatch(ledger, unused), true, 'its age is asked only once');
  assert.ok((await again.letGo(1)) > 0);
  assert.is(await holdsBatch(ledger, unused), false);
  // Where the ledger went on meanwhile, the look goes as far as what is a minute young.
  const left = (await store.pruned()).late;
  assert.ok(left === undefined || left > late, 'it is not looked for again');
  await ledger.stop();
});

test('on disk: the batch and how far it went are one write, and both come back', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'tally-pruner-'));
  let store = await openStore(directory, { firstStart: true });
  const full = [1, 2, 3].map((number) => vertexOf(number, 4_000));
  await store.write(
    full.map((vertex) => ({ type: 'vertex', vertex })),
    true,
  );
  await store.write([{ type: 'checkpoint', checkpoint: checkpointOf(1, [1, 2]) }], true);
  const vertices = [vertexOf(1, 0)];
  await store.write([{ type: 'prune', from: 0, height: 1, vertices, freed: 4_000 }], true);
  const open = await store
    .write([{ type: 'prune', from: 1, height: 2, vertices: [vertexOf(3, 0)], freed: 0 }], false)
    .then(String, (error: Error) => String(error.cause));
  assert.match(open, /not confirmed/, 'an open vertex keeps its batch');
  await store.close();
  store = await openStore(directory);
  assert.equal(await store.pruned(), { height: 1, late: undefined, batches: 1, bytes: 4_000 });
  assert.equal(await store.vertex(idOf(1)), vertexOf(1, 0).envelope);
  assert.equal(await store.vertex(idOf(2)), full[1]!.envelope);
  assert.equal(await store.position(idOf(1)), { height: 1, index: 0 });
  assert.equal((await store.audit()).faults, []);
  await store.write([{ type: 'vertex', vertex: full[0]! }], true);
  assert.equal(await store.vertex(idOf(1)), full[0]!.envelope, 'handed in again it is kept again');
  assert.is((await store.pruned()).late, 1, 'and found where room is short');
  await store.close();
  rmSync(directory, { recursive: true });
});

test.run();

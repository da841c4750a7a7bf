/** Sparse Merkle map `[CKP-1]`: one root per set of keys, and no proof that says what is not so. */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compareBytes, concatBytes, toHex } from '../codec/bytes.ts';
import { hash, zero32 } from '../crypto/hash.ts';
import { checkMapProof, type MapProof, type MapUpdate, MerkleMap } from '../merkle/map.ts';
import { flipped, hashOf, plainRecord, repeat, spliced } from './arbitraries.ts';

const map = suite('map');

/** Paths that part early (hashes, as in use), and some that part only after 32 to 56 bits. */
const pathOf = (key: number): Uint8Array =>
  key < 22 ? hashOf(key) : flipped(repeat(0), 4 + (key % 3), key & 15);
const KEYS = 30;
const valueHashOf = (number: number): Uint8Array => hashOf(1000 + number);

type Model = ReadonlyMap<number, number>;
const put = (key: number, value = key): MapUpdate => ({ path: pathOf(key), valueHash: valueHashOf(value) });
const removed = (key: number): MapUpdate => ({ path: pathOf(key), valueHash: undefined });
const mapOf = (model: Model): MerkleMap =>
  MerkleMap.empty.update([...model].map(([key, value]) => put(key, value)));

/** The root by its definition, over all leaves at once. */
function rootOf(leaves: readonly { path: Uint8Array; valueHash: Uint8Array }[], depth = 0): Uint8Array {
  if (leaves.length === 0) return zero32;
  if (leaves.length === 1) return hash('map-leaf', leaves[0]!.path, leaves[0]!.valueHash);
  const side = (bit: number) =>
    leaves.filter(({ path }) => ((path[depth >> 3]! >> (7 - (depth % 8))) & 1) === bit);
  return hash('map-node', rootOf(side(0), depth + 1), rootOf(side(1), depth + 1));
}

const stepArbitrary = plainRecord<{ key: number; value: number | undefined }>({
  key: fc.nat({ max: KEYS - 1 }),
  value: fc.option(fc.nat({ max: 5 }), { nil: undefined, freq: 2 }),
});
const walkArbitrary = fc.array(fc.array(stepArbitrary, { maxLength: 12 }), { maxLength: 8 });

type Step = { key: number; value: number | undefined };
const updateOf = ({ key, value }: Step): MapUpdate => (value === undefined ? removed(key) : put(key, value));
function modelAfter(steps: readonly Step[]): Map<number, number> {
  const model = new Map<number, number>();
  for (const { key, value } of steps) {
    if (value === undefined) model.delete(key);
    else model.set(key, value);
  }
  return model;
}

map('frozen: roots of 0, 1, 2 and 100 keys', () => {
  const ofFirst = (count: number): string =>
    toHex(
      MerkleMap.empty.update(
        Array.from({ length: count }, (_, i) => ({ path: hashOf(i), valueHash: valueHashOf(i) })),
      ).root,
    );
  assert.is(ofFirst(0), '00'.repeat(32));
  assert.is(ofFirst(1), toHex(hash('map-leaf', hashOf(0), valueHashOf(0))));
  assert.is(ofFirst(1), 'd26ec7e978e2e1991e83d8ec838fa1dd476c6fbe70250819acbac485e0393dc0');
  assert.is(ofFirst(2), '9a95d5dab251237612d6b2456bf2d8e9e6d5df14c566126b639e5ee9797cfd65');
  assert.is(ofFirst(100), '86f23adf8303e63d08e13f18c5dbfd91e1ddb1110b1ea2f47366f65a8fe63137');
});

map('the root depends on what the map holds: not on order, batching or detours', () => {
  fc.assert(
    fc.property(walkArbitrary, (walk) => {
      const batched = walk.reduce((state, steps) => state.update(steps.map(updateOf)), MerkleMap.empty);
      const single = walk.flat().reduce((state, step) => state.update([updateOf(step)]), MerkleMap.empty);
      const atOnce = MerkleMap.empty.update(walk.flat().map(updateOf));
      const model = modelAfter(walk.flat());
      const leaves = [...model].map(([key, value]) => ({ path: pathOf(key), valueHash: valueHashOf(value) }));
      const expected = toHex(rootOf(leaves));
      assert.is(toHex(batched.root), expected, 'in batches');
      assert.is(toHex(single.root), expected, 'one by one');
      assert.is(toHex(atOnce.root), expected, 'all at once');
      assert.is(toHex(mapOf(new Map([...model].reverse())).root), expected, 'reversed, without detours');
    }),
    { numRuns: 300 },
  );
});

map('removing restores the earlier root, and the earlier map stays as it was', () => {
  const model = fc.uniqueArray(fc.nat({ max: KEYS - 1 }), { maxLength: KEYS });
  fc.assert(
    fc.property(model, fc.nat({ max: KEYS - 1 }), (keys, extra) => {
      const before = MerkleMap.empty.update(keys.filter((key) => key !== extra).map((key) => put(key)));
      const root = toHex(before.root);
      const during = before.update([put(extra)]);
      assert.is.not(toHex(during.root), root);
      assert.is(toHex(during.update([removed(extra)]).root), root);
      assert.is(toHex(before.update([removed(extra)]).root), root, 'removing what is not there');
      assert.is(toHex(before.root), root);
      const emptied = during.update([...keys, extra].map(removed));
      assert.is(toHex(emptied.root), toHex(zero32));
    }),
    { numRuns: 200 },
  );
});

map('every key has a proof: of its value where it is present, of absence where not', () => {
  fc.assert(
    fc.property(fc.array(stepArbitrary, { maxLength: 30 }), (steps) => {
      const model = modelAfter(steps);
      const state = mapOf(model);
      for (let key = 0; key < KEYS; key++) {
        const shown = checkMapProof(state.root, pathOf(key), state.prove(pathOf(key)));
        const value = model.get(key);
        const expected = value === undefined ? 'absent' : toHex(valueHashOf(value));
        assert.is(shown instanceof Uint8Array ? toHex(shown) : shown, expected);
      }
    }),
    { numRuns: 100 },
  );
});

/** What may be said about `key` without lying: the truth, or nothing. */
function assertNoLie(model: Model, state: MerkleMap, key: number, proof: MapProof, what: string): void {
  const shown = checkMapProof(state.root, pathOf(key), proof);
  if (shown === undefined) return;
  const value = model.get(key);
  const truth = value === undefined ? 'absent' : toHex(valueHashOf(value));
  assert.is(shown === 'absent' ? shown : toHex(shown), truth, what);
}

/** Every small change a forger might make to a proof. */
function* mutationsOf(proof: MapProof): Generator<[string, MapProof]> {
  const { siblings, leaf } = proof;
  for (const [i, sibling] of siblings.entries()) {
    yield ['sibling bent', { siblings: spliced(siblings, i, 1, flipped(sibling, (7 * i) % 32)), leaf }];
    yield ['sibling emptied', { siblings: spliced(siblings, i, 1, zero32), leaf }];
    yield ['sibling dropped', { siblings: spliced(siblings, i, 1), leaf }];
    yield ['sibling doubled', { siblings: spliced(siblings, i, 0, sibling), leaf }];
    yield ['deepest dropped', { siblings: siblings.slice(i + 1), leaf }];
    yield ['highest dropped', { siblings: siblings.slice(0, i), leaf }];
  }
  yield ['sibling added below', { siblings: [zero32, ...siblings], leaf }];
  yield ['sibling added above', { siblings: [...siblings, zero32], leaf }];
  yield ['leaf taken away', { siblings, leaf: undefined }];
  if (leaf !== undefined) {
    yield ['path bent', { siblings, leaf: { ...leaf, path: flipped(leaf.path, 31) } }];
    yield ['value bent', { siblings, leaf: { ...leaf, valueHash: flipped(leaf.valueHash, 0) } }];
    yield ['path and value exchanged', { siblings, leaf: { path: leaf.valueHash, valueHash: leaf.path } }];
    yield ['leaf moved up', { siblings: siblings.slice(1), leaf }];
  }
}

map('no mutated proof says what is not so, and none serves another key', () => {
  const keys = fc.uniqueArray(fc.nat({ max: KEYS - 1 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(keys, (present) => {
      const model = new Map(present.map((key) => [key, key]));
      const state = mapOf(model);
      const proofs = Array.from({ length: KEYS }, (_, key) => state.prove(pathOf(key)));
      for (let key = 0; key < KEYS; key++) {
        for (const [what, forged] of mutationsOf(proofs[key]!)) assertNoLie(model, state, key, forged, what);
        for (const [other, { siblings, leaf }] of proofs.entries()) {
          assertNoLie(model, state, key, { siblings, leaf }, `proof of ${other}`);
          assertNoLie(model, state, key, { siblings: proofs[key]!.siblings, leaf }, `leaf of ${other}`);
          assertNoLie(model, state, key, { siblings, leaf: proofs[key]!.leaf }, `siblings of ${other}`);
          const own = { path: pathOf(key), valueHash: valueHashOf(other) };
          assertNoLie(model, state, key, { siblings, leaf: own }, 'a leaf made up');
        }
      }
    }),
    { numRuns: 5 },
  );
});

map('the border between path and value cannot be moved to show a present key as absent', () => {
  // The leaf's hash is over path ‖ value. A path of 33 bytes and a value of 31 would have the same hash, and be
  // "another key".
  const state = MerkleMap.empty.update([put(1), put(2), put(3)]);
  const { siblings, leaf } = state.prove(pathOf(1));
  const joined = concatBytes(leaf!.path, leaf!.valueHash);
  for (let border = 0; border <= 64; border++) {
    const shifted = { path: joined.slice(0, border), valueHash: joined.slice(border) };
    const shown = checkMapProof(state.root, pathOf(1), { siblings, leaf: shifted });
    if (border === 32) assert.is(toHex(shown as Uint8Array), toHex(valueHashOf(1)));
    else assert.is(shown, undefined, `${border} bytes of path`);
  }
});

map('siblings and searched paths of another length show nothing', () => {
  const state = MerkleMap.empty.update([put(1), put(2), put(3)]);
  const { siblings, leaf } = state.prove(pathOf(1));
  assert.is(checkMapProof(state.root, pathOf(1).slice(0, 31), { siblings, leaf }), undefined);
  assert.is(checkMapProof(state.root, concatBytes(pathOf(1), zero32), { siblings, leaf }), undefined);
  const long = siblings.map((sibling) => concatBytes(sibling, zero32));
  assert.is(checkMapProof(state.root, pathOf(1), { siblings: long, leaf }), undefined);
});

map('more than 256 siblings, or none where there are some, show nothing', () => {
  const state = MerkleMap.empty.update([put(1), put(2)]);
  const many = Array.from({ length: 257 }, () => zero32);
  assert.is(checkMapProof(state.root, pathOf(1), { siblings: many, leaf: undefined }), undefined);
  assert.is(checkMapProof(state.root, pathOf(1), { siblings: [], leaf: undefined }), undefined);
  assert.is(checkMapProof(zero32, pathOf(1), { siblings: [], leaf: undefined }), 'absent');
  assert.is(checkMapProof(zero32, pathOf(1), { siblings: [zero32], leaf: undefined }), undefined);
});

map('a leaf where it does not belong shows nothing, even under a root that has it there', () => {
  const [left, right] = [repeat(0x00), repeat(0x80)];
  const misplaced = hash('map-leaf', right, valueHashOf(1));
  const root = hash('map-node', misplaced, misplaced);
  const proof = { siblings: [misplaced], leaf: { path: right, valueHash: valueHashOf(1) } };
  assert.is(checkMapProof(root, left, proof), undefined);
  assert.is(toHex(checkMapProof(root, right, proof) as Uint8Array), toHex(valueHashOf(1)));
});

map('two keys that differ in their last bit alone stand 256 levels deep', () => {
  const [left, right] = [repeat(0), flipped(repeat(0), 31, 1)];
  const state = MerkleMap.empty.update([
    { path: left, valueHash: valueHashOf(1) },
    { path: right, valueHash: valueHashOf(2) },
  ]);
  assert.is(state.prove(left).siblings.length, 256);
  assert.is(toHex(checkMapProof(state.root, right, state.prove(right)) as Uint8Array), toHex(valueHashOf(2)));
  assert.is(checkMapProof(state.root, flipped(left, 0, 1), state.prove(flipped(left, 0, 1))), 'absent');
  assert.is(
    toHex(state.update([{ path: right, valueHash: undefined }]).root),
    toHex(hash('map-leaf', left, valueHashOf(1))),
  );
});

map('paths and value hashes of another length are misuse', () => {
  for (const path of [new Uint8Array(0), repeat(1, 31), repeat(1, 33)]) {
    assert.throws(() => MerkleMap.empty.update([{ path, valueHash: valueHashOf(1) }]), RangeError);
    assert.throws(() => MerkleMap.empty.prove(path), RangeError);
  }
  assert.throws(() => MerkleMap.empty.update([{ path: pathOf(1), valueHash: repeat(1, 31) }]), RangeError);
});

map('within one update the last word on a key counts', () => {
  const expected = toHex(MerkleMap.empty.update([put(1, 2)]).root);
  assert.is(toHex(MerkleMap.empty.update([put(1, 1), put(1, 2)]).root), expected);
  assert.is(toHex(MerkleMap.empty.update([put(1, 1), removed(1), put(1, 2)]).root), expected);
  assert.is(toHex(MerkleMap.empty.update([put(1, 1), removed(1)]).root), toHex(zero32));
});

map('100,000 keys', () => {
  const updates = Array.from({ length: 100_000 }, (_, i) => ({
    path: hashOf(i),
    valueHash: valueHashOf(i % 7),
  }));
  const timed = <T>(run: () => T): [T, number] => {
    const started = performance.now();
    const result = run();
    return [result, performance.now() - started];
  };
  const heapBefore = process.memoryUsage().heapUsed;
  const [state, buildMs] = timed(() => MerkleMap.empty.update(updates));
  const heapMb = (process.memoryUsage().heapUsed - heapBefore) / 1e6;
  const [changed, changeMs] = timed(() =>
    state.update(updates.slice(0, 1000).map(({ path }) => ({ path, valueHash: zero32 }))),
  );
  const [restored, restoreMs] = timed(() => changed.update(updates.slice(0, 1000)));
  const [proofs, proveMs] = timed(() => updates.slice(0, 1000).map(({ path }) => state.prove(path)));
  const [verified, verifyMs] = timed(() =>
    proofs.every((proof, i) => checkMapProof(state.root, updates[i]!.path, proof)),
  );
  assert.ok(verified);
  assert.is(toHex(restored.root), toHex(state.root));
  const depths = proofs.map(({ siblings }) => siblings.length).sort((a, b) => a - b);
  assert.ok(depths.at(-1)! < 64);
  console.log(
    `100,000 keys built in ${buildMs.toFixed(0)} ms, heap about ${heapMb.toFixed(0)} MB; 1,000 changed in ` +
      `${changeMs.toFixed(0)} ms, changed back in ${restoreMs.toFixed(0)} ms; a proof made in ${proveMs.toFixed(1)} µs, ` +
      `checked in ${verifyMs.toFixed(1)} µs; siblings: median ${depths[500]}, most ${depths.at(-1)}`,
  );
});

map('paths are compared as the state sorts them', () => {
  // Not the map's own concern, but the order in which changes are listed must not matter to it either.
  const paths = Array.from({ length: KEYS }, (_, key) => put(key));
  const sorted = [...paths].sort((a, b) => compareBytes(a.path, b.path));
  assert.is(toHex(MerkleMap.empty.update(sorted).root), toHex(MerkleMap.empty.update(paths).root));
});

map.run();

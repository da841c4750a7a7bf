/** Parts of a state map `[SNP-2]`: one after the other they are the whole map, and nothing else passes for one. */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compareBytes, toHex } from '../codec/bytes.ts';
import { MerkleMap } from '../merkle/map.ts';
import { checkRange, firstPath, rangeAfter, takeRange } from '../merkle/map-range.ts';
import { flipped, hashOf, repeat } from './arbitraries.ts';

const ranges = suite('map ranges');

/** Hashes, as in use; and some that somebody crowded under a prefix of 32 bits and more. */
const pathOf = (key: number): Uint8Array =>
  key < 60 ? hashOf(key) : flipped(repeat(key % 2 === 0 ? 0 : 255), 4 + (key % 9), key & 127);
const keysArbitrary = fc.uniqueArray(fc.nat({ max: 99 }), { maxLength: 100 });
const mapOf = (keys: readonly number[]) =>
  (MerkleMap.empty as MerkleMap<number>).update(
    keys.map((key) => ({ path: pathOf(key), valueHash: hashOf(1_000 + key), value: key })),
  );

function* partsOf(map: MerkleMap<number>, roomMax: number) {
  for (let from: Uint8Array | undefined = firstPath; from !== undefined; ) {
    const part = takeRange(map, from, (leaf) => 1 + (leaf.value! % 3), roomMax);
    yield { from, ...part };
    from = rangeAfter(from, part.siblings.length);
  }
}

ranges('the parts of a map are the whole map, in order, each within its room and each believed', () => {
  fc.assert(
    fc.property(keysArbitrary, fc.integer({ min: 0, max: 40 }), (keys, roomMax) => {
      const map = mapOf(keys);
      const seen: string[] = [];
      for (const { from, leaves, siblings } of partsOf(map, roomMax)) {
        assert.ok(checkRange(map.root, from, leaves, siblings));
        const room = leaves.reduce((sum, { value }) => sum + 1 + (value! % 3), 0);
        assert.ok(room <= roomMax || leaves.length === 1, `${leaves.length} leaves of room ${room}`);
        for (const { path, value } of leaves) {
          assert.is(toHex(path), toHex(pathOf(value!)));
          seen.push(toHex(path));
        }
      }
      assert.equal(seen, keys.map(pathOf).sort(compareBytes).map(toHex));
    }),
    { numRuns: 300 },
  );
});

ranges('a map that fits is one part, an empty one too', () => {
  assert.is([...partsOf(mapOf([1, 2, 3, 61, 63]), 1_000)].length, 1);
  const [only, ...more] = partsOf(mapOf([]), 1_000);
  assert.is(more.length, 0);
  assert.is(only!.leaves.length, 0);
  assert.ok(checkRange(mapOf([]).root, firstPath, [], []));
});

ranges('from a path that is no border, what is given lies around it and is believed', () => {
  fc.assert(
    fc.property(keysArbitrary, fc.nat(), fc.integer({ min: 0, max: 20 }), (keys, seed, roomMax) => {
      const map = mapOf(keys);
      const from = hashOf(seed);
      const { leaves, siblings } = takeRange(map, from, () => 1, roomMax);
      assert.ok(checkRange(map.root, from, leaves, siblings));
    }),
    { numRuns: 200 },
  );
});

ranges(
  'a part that lacks a leaf, has one more, another value, another order or other siblings is not believed',
  () => {
    const map = mapOf(Array.from({ length: 100 }, (_, key) => key));
    let tried = 0;
    for (const { from, leaves, siblings } of partsOf(map, 12)) {
      const bent = {
        'one left out': leaves.slice(1),
        'the last left out': leaves.slice(0, -1),
        'one from elsewhere': [...leaves, { path: hashOf(777), valueHash: hashOf(778) }].sort((a, b) =>
          compareBytes(a.path, b.path),
        ),
        'one twice': leaves.flatMap((leaf) => [leaf, leaf]),
        'another value': leaves.map((leaf, i) => (i === 0 ? { ...leaf, valueHash: hashOf(5) } : leaf)),
        reversed: [...leaves].reverse(),
      };
      for (const [what, wrong] of Object.entries(bent)) {
        const isTheSame = wrong.length === leaves.length && wrong.every((leaf, i) => leaf === leaves[i]);
        if (isTheSame) continue;
        assert.not(checkRange(map.root, from, wrong, siblings), what);
        tried += 1;
      }
      if (siblings.length === 0) continue;
      assert.not(checkRange(map.root, from, leaves, siblings.slice(1)), 'a sibling too few');
      assert.not(checkRange(map.root, from, leaves, [...siblings, repeat(0)]), 'a sibling too many');
      assert.not(checkRange(map.root, from, leaves, [repeat(9), ...siblings.slice(1)]), 'another sibling');
      assert.not(
        checkRange(map.root, rangeAfter(from, siblings.length) ?? firstPath, leaves, siblings),
        'elsewhere',
      );
    }
    assert.ok(tried > 100, `${tried} tried`);
  },
);

ranges('lengths that are wrong are refused, not thrown at', () => {
  const map = mapOf([1, 2, 3]);
  const { leaves, siblings } = takeRange(map, firstPath, () => 1, 1);
  assert.not(checkRange(map.root, firstPath.slice(1), leaves, siblings));
  assert.not(
    checkRange(
      map.root,
      firstPath,
      leaves,
      siblings.map((entry) => entry.slice(1)),
    ),
  );
  assert.not(checkRange(map.root, firstPath, [{ path: repeat(0, 31), valueHash: repeat(0) }], siblings));
  assert.not(
    checkRange(
      map.root,
      firstPath,
      leaves,
      Array.from({ length: 257 }, () => repeat(0)),
    ),
  );
});

ranges.run();

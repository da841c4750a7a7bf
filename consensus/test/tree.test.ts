/** RFC 9162 trees `[HASH-1]`: known roots, every proof of every small tree, and what forgers try. */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { concatBytes, fromHex, toHex } from '../codec/bytes.ts';
import {
  emptyRoot,
  inclusionPath,
  leafHash,
  nodeHash,
  rootFromPath,
  treeLevels,
  treeRoot,
  verifyInclusion,
} from '../merkle/tree.ts';
import { byteString, flipped, hashOf, spliced } from './arbitraries.ts';

const tree = suite('tree');

const leavesOf = (size: number): Uint8Array[] => Array.from({ length: size }, (_, i) => leafHash(hashOf(i)));

/** The definition of RFC 9162 §2.1.1, word by word: split at the largest power of two below n. */
function rfcRoot(leafHashes: readonly Uint8Array[]): Uint8Array {
  if (leafHashes.length === 0) return emptyRoot;
  if (leafHashes.length === 1) return leafHashes[0]!;
  let split = 1;
  while (split * 2 < leafHashes.length) split *= 2;
  return nodeHash(rfcRoot(leafHashes.slice(0, split)), rfcRoot(leafHashes.slice(split)));
}

tree('known roots of the Certificate Transparency test leaves', () => {
  const leaves = [
    '',
    '00',
    '10',
    '2021',
    '3031',
    '40414243',
    '5051525354555657',
    '606162636465666768696a6b6c6d6e6f',
  ].map((hex) => leafHash(fromHex(hex)!));
  const roots = [
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
    '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
    'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  ];
  assert.is(toHex(treeRoot([])), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  for (const [i, root] of roots.entries()) assert.is(toHex(treeRoot(leaves.slice(0, i + 1))), root);
});

tree('the level-by-level root is the one of the RFC, for sizes 0 to 200', () => {
  const leaves = leavesOf(200);
  for (let size = 0; size <= 200; size++) {
    assert.is(toHex(treeRoot(leaves.slice(0, size))), toHex(rfcRoot(leaves.slice(0, size))));
  }
});

tree('every leaf of every tree of 1 to 70 is proved, by no more than log2 n siblings', () => {
  for (let size = 1; size <= 70; size++) {
    const leaves = leavesOf(size);
    const levels = treeLevels(leaves);
    const root = treeRoot(leaves);
    for (let index = 0; index < size; index++) {
      const path = inclusionPath(levels, index);
      assert.ok(path.length <= Math.ceil(Math.log2(size)));
      assert.ok(verifyInclusion(root, leaves[index]!, index, size, path), `${index} of ${size}`);
    }
  }
});

tree('another index, leaf, sibling or path length is refused, for sizes up to 24', () => {
  for (let size = 1; size <= 24; size++) {
    const leaves = leavesOf(size);
    const levels = treeLevels(leaves);
    const root = treeRoot(leaves);
    for (let index = 0; index < size; index++) {
      const path = inclusionPath(levels, index);
      const leaf = leaves[index]!;
      for (let other = 0; other < size; other++) {
        if (other === index) continue;
        assert.not(verifyInclusion(root, leaf, other, size, path), `as ${other}`);
        assert.not(verifyInclusion(root, leaves[other]!, index, size, path), `leaf ${other}`);
        assert.not(
          verifyInclusion(root, leaf, index, size, inclusionPath(levels, other)),
          `path of ${other}`,
        );
      }
      for (let at = 0; at < path.length; at++) {
        const bent = spliced(path, at, 1, flipped(path[at]!, at));
        assert.not(verifyInclusion(root, leaf, index, size, bent));
        assert.not(verifyInclusion(root, leaf, index, size, spliced(path, at, 1)));
        assert.not(verifyInclusion(root, leaf, index, size, spliced(path, at, 0, path[at]!)));
      }
      assert.not(verifyInclusion(root, leaf, index, size, [...path, leaf]), 'an extra sibling');
      assert.not(verifyInclusion(root, leaf, index, size, [...path, root]), 'the root itself on top');
    }
  }
});

tree('a proof says nothing about a tree in which its leaf would have another depth', () => {
  const leaves = leavesOf(13);
  const root = treeRoot(leaves);
  for (let index = 0; index < 13; index++) {
    const path = inclusionPath(treeLevels(leaves), index);
    for (let size = 0; size <= 40; size++) {
      const reached = rootFromPath(leaves[index]!, index, size, path);
      // A tree of another size can have the same way up from this leaf; the root tells them apart nowhere, which is
      // why every root of ours is committed to together with its size.
      const sameWay = size > index && shapeOf(index, size) === shapeOf(index, 13);
      assert.is(reached !== undefined && toHex(reached) === toHex(root), sameWay, `${index} of ${size}`);
    }
  }
});
/** The turns from a leaf to the root: `L` where the sibling is left, `R` right. */
function shapeOf(index: number, size: number): string {
  let turns = '';
  for (let at = index, last = size - 1; last > 0; at >>>= 1, last >>>= 1) {
    if (at % 2 === 1) turns += 'L';
    else if (at < last) turns += 'R';
  }
  return turns;
}

tree('indexes and sizes that are none are refused', () => {
  const [leaf] = leavesOf(1);
  for (const [index, size] of [
    [-1, 1],
    [1, 1],
    [0, 0],
    [0.5, 1],
    [Number.NaN, 1],
    [0, Number.NaN],
    [0, 1.5],
    [0, 2 ** 53],
    [0, Number.POSITIVE_INFINITY],
  ] as const) {
    assert.is(rootFromPath(leaf!, index, size, []), undefined, `${index} of ${size}`);
  }
  for (const index of [-1, 3, 0.5])
    assert.throws(() => inclusionPath(treeLevels(leavesOf(3)), index), RangeError);
});

tree('second preimage: an inner node is no leaf', () => {
  const leaves = leavesOf(4);
  const root = treeRoot(leaves);
  const [left, right] = [nodeHash(leaves[0]!, leaves[1]!), nodeHash(leaves[2]!, leaves[3]!)];
  assert.is(toHex(nodeHash(left, right)), toHex(root));
  // The forger presents the two halves as the content of one leaf, or an inner node as a leaf of a tree of two.
  assert.is.not(toHex(leafHash(concatBytes(left, right))), toHex(root));
  assert.not(verifyInclusion(root, leafHash(concatBytes(leaves[0]!, leaves[1]!)), 0, 2, [right]));
});

tree('a last leaf that is doubled changes the root (CVE-2012-2459)', () => {
  for (const size of [1, 3, 5, 6, 7, 11]) {
    const leaves = leavesOf(size);
    assert.is.not(toHex(treeRoot(leaves)), toHex(treeRoot([...leaves, leaves.at(-1)!])));
    assert.is.not(toHex(treeRoot(leaves)), toHex(treeRoot([...leaves, ...leaves.slice(-2)])));
  }
});

tree('changing, swapping, dropping or adding a leaf changes the root', () => {
  const contents = fc.array(byteString(0, 4), { maxLength: 20 });
  fc.assert(
    fc.property(contents, contents, (a, b) => {
      const same = a.length === b.length && a.every((leaf, i) => toHex(leaf) === toHex(b[i]!));
      assert.is(
        toHex(treeRoot(a.map((leaf) => leafHash(leaf)))) === toHex(treeRoot(b.map((leaf) => leafHash(leaf)))),
        same,
      );
    }),
  );
});

tree('random paths never throw and never verify', () => {
  const root = treeRoot(leavesOf(9));
  const path = fc.array(byteString(0, 40), { maxLength: 6 });
  fc.assert(
    fc.property(
      byteString(32, 32),
      fc.nat({ max: 9 }),
      fc.nat({ max: 2 ** 53 - 1 }),
      path,
      (leaf, index, size, siblings) => {
        assert.not(verifyInclusion(root, leaf, index, size, siblings));
      },
    ),
    { numRuns: 500 },
  );
});

tree.run();

/** History accumulator `[CKP-2]`: header by header the same tree as all at once, and old headers stay provable. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../codec/bytes.ts';
import { History, historyPath } from '../merkle/history.ts';
import { emptyRoot, inclusionPath, leafHash, rootFromPath, treeLevels, treeRoot } from '../merkle/tree.ts';
import { flipped, hashOf, spliced } from './arbitraries.ts';

const history = suite('history');

const SIZE_MAX = 200;
const leaves = Array.from({ length: SIZE_MAX }, (_, i) => leafHash(hashOf(i)));

/** Nodes as a store keeps them: each once, when it is complete. */
const stored = new Map<string, Uint8Array>();
const get = (level: number, index: number): Uint8Array => {
  const node = stored.get(`${level}:${index}`);
  if (node === undefined) throw new Error(`node ${level}:${index} was never completed`);
  return node;
};
/** The accumulators of 0 to SIZE_MAX leaves. */
const grown = leaves.reduce(
  (histories, leaf) => {
    const { history: next, completed } = histories.at(-1)!.append(leaf);
    for (const { level, index, hash } of completed) {
      assert.not(stored.has(`${level}:${index}`), 'handed out once');
      stored.set(`${level}:${index}`, hash);
    }
    histories.push(next);
    return histories;
  },
  [History.empty],
);

history('grown leaf by leaf it has the root of the whole tree, for sizes 0 to 200', () => {
  assert.is(toHex(History.empty.root), toHex(emptyRoot));
  for (const [size, accumulator] of grown.entries()) {
    assert.is(accumulator.size, size);
    assert.is(toHex(accumulator.root), toHex(treeRoot(leaves.slice(0, size))), `${size}`);
  }
});

history('frozen: the root over 200 leaves', () => {
  assert.is(toHex(grown[200]!.root), '9c601d6e16258c423bde0302da6cbad9f296ee4c769182bfd38a5ea409ccd410');
});

history('appending leaves the accumulator before as it was', () => {
  const before = toHex(grown[7]!.root);
  grown[7]!.append(hashOf(1));
  grown[7]!.append(hashOf(2));
  assert.is(toHex(grown[7]!.root), before);
});

history('every leaf is proved in every later tree, from stored nodes alone', () => {
  for (let size = 1; size <= SIZE_MAX; size++) {
    const root = toHex(grown[size]!.root);
    for (let index = 0; index < size; index++) {
      const path = historyPath(index, size, get);
      assert.is(toHex(rootFromPath(leaves[index]!, index, size, path)!), root, `${index} of ${size}`);
    }
  }
});

history('the path is the one of the whole tree', () => {
  for (const size of [1, 2, 3, 5, 8, 13, 100, 127, 128, 129, 200]) {
    const levels = treeLevels(leaves.slice(0, size));
    for (let index = 0; index < size; index += 1 + (size >> 4)) {
      const expected = inclusionPath(levels, index).map(toHex);
      assert.equal(historyPath(index, size, get).map(toHex), expected);
    }
  }
});

history('another header, or a bent path, does not lead to the root', () => {
  const root = toHex(grown[77]!.root);
  const leads = (leaf: Uint8Array, index: number, path: readonly Uint8Array[]): boolean => {
    const reached = rootFromPath(leaf, index, 77, path);
    return reached !== undefined && toHex(reached) === root;
  };
  for (let index = 0; index < 77; index++) {
    const path = historyPath(index, 77, get);
    assert.ok(leads(leaves[index]!, index, path));
    assert.not(leads(leaves[(index + 1) % 77]!, index, path));
    assert.not(leads(leaves[index]!, (index + 1) % 77, path));
    for (let at = 0; at < path.length; at++) {
      assert.not(leads(leaves[index]!, index, spliced(path, at, 1, flipped(path[at]!, at))));
    }
  }
});

history('restored from stored nodes it has the same root and goes on alike', () => {
  for (let size = 0; size < SIZE_MAX; size++) {
    const restored = History.restore(size, get);
    assert.is(toHex(restored.root), toHex(grown[size]!.root));
    assert.is(toHex(restored.append(leaves[size]!).history.root), toHex(grown[size + 1]!.root));
  }
});

history('restoring asks for no more nodes than there are peaks', () => {
  for (const size of [0, 1, 127, 128, 200]) {
    let asked = 0;
    History.restore(size, (level, index) => {
      asked++;
      return get(level, index);
    });
    assert.is(asked, size.toString(2).replaceAll('0', '').length);
  }
});

history('sizes beyond 2^32 are counted exactly', () => {
  const size = 2 ** 40 + 5;
  const asked: string[] = [];
  const anyNode = (level: number, index: number): Uint8Array => {
    assert.ok((index + 1) * 2 ** level <= size, 'complete');
    asked.push(`${level}:${index}`);
    return hashOf(level);
  };
  const path = historyPath(2 ** 40 + 4, size, anyNode);
  assert.equal(asked, [`2:${2 ** 38}`, '40:0']);
  assert.ok(rootFromPath(leaves[0]!, 2 ** 40 + 4, size, path));
  assert.is(History.restore(size, anyNode).append(leaves[0]!).history.size, size + 1);
});

history('an index outside is misuse', () => {
  for (const [index, size] of [
    [-1, 5],
    [5, 5],
    [0, 0],
  ] as const) {
    assert.throws(() => historyPath(index, size, get), RangeError);
  }
});

history.run();

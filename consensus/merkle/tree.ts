/** RFC 9162 Merkle trees: root and inclusion proof over a list of leaves `[HASH-1]`. docs/spec/proofs.md. */

import { equalBytes } from '../codec/bytes.ts';
import { hashBytes, hashParts } from '../crypto/primitives.ts';

const LEAF_PREFIX = Uint8Array.of(0);
const NODE_PREFIX = Uint8Array.of(1);

/** Of a leaf that is made of `parts`, in a row. */
export function leafHash(...parts: readonly Uint8Array[]): Uint8Array {
  return hashParts(LEAF_PREFIX, parts);
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return hashParts(NODE_PREFIX, [left, right]);
}

/** Root of the tree over no leaves: the hash of the empty string. */
export const emptyRoot: Uint8Array = hashBytes(new Uint8Array(0));

/**
 * All levels of the tree over `leafHashes`, leaves first, root last. A lone last node rises unchanged, which gives
 * the same root as RFC 9162's recursion; nothing is duplicated.
 */
export function treeLevels(leafHashes: readonly Uint8Array[]): readonly (readonly Uint8Array[])[] {
  const levels: (readonly Uint8Array[])[] = [leafHashes];
  let level = leafHashes;
  while (level.length > 1) {
    const above: Uint8Array[] = [];
    for (let i = 0; i + 1 < level.length; i += 2) above.push(nodeHash(level[i]!, level[i + 1]!));
    if (level.length % 2 === 1) above.push(level[level.length - 1]!);
    levels.push(above);
    level = above;
  }
  return levels;
}

export function treeRoot(leafHashes: readonly Uint8Array[]): Uint8Array {
  return treeLevels(leafHashes).at(-1)?.[0] ?? emptyRoot;
}

/** Siblings from leaf `index` up to the root, nearest first. */
export function inclusionPath(levels: readonly (readonly Uint8Array[])[], index: number): Uint8Array[] {
  const size = levels[0]?.length ?? 0;
  if (!Number.isSafeInteger(index) || index < 0 || index >= size)
    throw new RangeError(`"index" expected 0 to ${size - 1}, got ${index}`);
  const path: Uint8Array[] = [];
  let position = index;
  for (const level of levels.slice(0, -1)) {
    const sibling = level[position ^ 1];
    if (sibling !== undefined) path.push(sibling);
    position >>>= 1;
  }
  return path;
}

/** Root that `path` leads to from the leaf at `index` of `size`, or `undefined` when its length is wrong. */
export function rootFromPath(
  leaf: Uint8Array,
  index: number,
  size: number,
  path: readonly Uint8Array[],
): Uint8Array | undefined {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size)
    return undefined;
  let node = leaf;
  let used = 0;
  // Division, not shifts: a history may one day hold more than 2^32 headers.
  for (
    let position = index, last = size - 1;
    last > 0;
    position = Math.floor(position / 2), last = Math.floor(last / 2)
  ) {
    if (position % 2 === 1 || position < last) {
      const sibling = path[used++];
      if (sibling === undefined) return undefined;
      node = position % 2 === 1 ? nodeHash(sibling, node) : nodeHash(node, sibling);
    }
  }
  return used === path.length ? node : undefined;
}

export function verifyInclusion(
  root: Uint8Array,
  leaf: Uint8Array,
  index: number,
  size: number,
  path: readonly Uint8Array[],
): boolean {
  const reached = rootFromPath(leaf, index, size, path);
  return reached !== undefined && equalBytes(reached, root);
}

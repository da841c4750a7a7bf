/**
 * History accumulator `[CKP-2]`: the RFC 9162 tree over all headers, grown one leaf at a time. Only the peaks of
 * complete subtrees are held in memory; each complete node is handed out once to be stored, so that a path to
 * any old header is later assembled from O(log n) stored nodes.
 */

import { emptyRoot, nodeHash } from './tree.ts';

/** A complete subtree of 2^level leaves, the `index`-th of its level. */
export interface HistoryNode {
  readonly level: number;
  readonly index: number;
  readonly hash: Uint8Array;
}

export class History {
  /** Peaks, largest subtree first. */
  readonly #peaks: HistoryNode[];
  readonly size: number;

  private constructor(size: number, peaks: HistoryNode[]) {
    this.size = size;
    this.#peaks = peaks;
  }

  static readonly empty = new History(0, []);

  /** Rebuilds the accumulator of `size` leaves from stored nodes. */
  static restore(size: number, get: (level: number, index: number) => Uint8Array): History {
    return new History(
      size,
      historyPositions(size).map(({ level, index }) => ({ level, index, hash: get(level, index) })),
    );
  }

  get root(): Uint8Array {
    if (this.#peaks.length === 0) return emptyRoot;
    return this.#peaks.map((peak) => peak.hash).reduceRight((right, left) => nodeHash(left, right));
  }

  /** The accumulator with one more leaf, and the nodes that it completed. */
  append(leafHash: Uint8Array): { readonly history: History; readonly completed: readonly HistoryNode[] } {
    const peaks = this.#peaks.slice();
    let node: HistoryNode = { level: 0, index: this.size, hash: leafHash };
    const completed = [node];
    while (peaks.at(-1)?.level === node.level) {
      node = {
        level: node.level + 1,
        index: Math.floor(node.index / 2),
        hash: nodeHash(peaks.pop()!.hash, node.hash),
      };
      completed.push(node);
    }
    return { history: new History(this.size + 1, [...peaks, node]), completed };
  }
}

/** Siblings from leaf `index` to the root of the tree of `size` leaves, as `rootFromPath` wants them. */
export function historyPath(
  index: number,
  size: number,
  get: (level: number, index: number) => Uint8Array,
): Uint8Array[] {
  if (index < 0 || index >= size) throw new RangeError(`"index" expected 0 to ${size - 1}, got ${index}`);
  const path: Uint8Array[] = [];
  for (let level = 0, position = index, last = size - 1; last > 0; level++) {
    const sibling = position % 2 === 1 ? position - 1 : position + 1;
    if (sibling <= last) path.push(subtreeHash(level, sibling, size, get));
    position = Math.floor(position / 2);
    last = Math.floor(last / 2);
  }
  return path;
}

/** Hash of the node at (level, index) in the tree of `size` leaves; the last one of a level may be incomplete. */
function subtreeHash(
  level: number,
  index: number,
  size: number,
  get: (level: number, index: number) => Uint8Array,
): Uint8Array {
  const span = 2 ** level;
  const start = index * span;
  if (start + span <= size) return get(level, index);
  const peaks = historyPositions(size - start).map((peak) =>
    get(peak.level, start / 2 ** peak.level + peak.index),
  );
  return peaks.reduceRight((right, left) => nodeHash(left, right));
}

/** Positions (level, index) of the complete subtrees that `size` leaves fall into, largest first. */
export function historyPositions(size: number): { level: number; index: number }[] {
  const positions: { level: number; index: number }[] = [];
  let start = 0;
  for (let level = 52; level >= 0; level--) {
    const span = 2 ** level;
    if (size - start >= span) {
      positions.push({ level, index: start / span });
      start += span;
    }
  }
  return positions;
}

/**
 * Parts of a state map that are whole `[SNP-2]`: all leaves under one prefix, and the siblings from there to the root. Part
 * after part, from the zero path on, they are the whole map, each shown by itself. docs/spec/snapshot.md.
 */

import { compareBytes, equalBytes } from '../codec/bytes.ts';
import type { MerkleMap } from './map.ts';
import {
  bitAt,
  hashAbove,
  type MapLeaf,
  type MapNode,
  nodeHashOf,
  samePrefix,
  updateNode,
} from './map-node.ts';

/** The first path of all. */
export const firstPath: Uint8Array = new Uint8Array(32);

export interface MapRange<T> {
  /** Ascending by path. */
  readonly leaves: readonly MapLeaf<T>[];
  /** As many as the prefix has bits, deepest first. */
  readonly siblings: readonly Uint8Array[];
}

/**
 * The part that begins at `from`: the largest whose leaves take no more than `roomMax` together by `roomOf`, or a single leaf.
 * A `from` that is no border of an earlier part gives the part that it lies in, or a piece of that.
 */
export function takeRange<T>(
  map: MerkleMap<T>,
  from: Uint8Array,
  roomOf: (leaf: MapLeaf<T>) => number,
  roomMax: number,
): MapRange<T> {
  const rights: MapNode<T>[] = [];
  const siblings: Uint8Array[] = [];
  let node: MapNode<T> = map.top;
  while (node?.kind === 'branch') {
    const right: boolean = bitAt(from, rights.length) === 1;
    rights.push(node.right);
    siblings.push(nodeHashOf(right ? node.left : node.right));
    node = right ? node.right : node.left;
  }
  const leaves: MapLeaf<T>[] = node === undefined ? [] : [node];
  let room = node === undefined ? 0 : roomOf(node);
  let depth = rights.length;
  // Up as long as the part begins where its parent does, and what its parent has besides still fits.
  for (; depth > 0 && endsInZeros(from, depth - 1); depth--) {
    const more: MapLeaf<T>[] = [];
    room = collect(rights[depth - 1], more, roomOf, room, roomMax);
    if (room > roomMax) break;
    leaves.push(...more);
  }
  return { leaves, siblings: siblings.slice(0, depth).reverse() };
}

/** These are all leaves under the first `siblings.length` bits of `from`, in the map of that root. */
export function checkRange(
  root: Uint8Array,
  from: Uint8Array,
  leaves: readonly { readonly path: Uint8Array; readonly valueHash: Uint8Array }[],
  siblings: readonly Uint8Array[],
): boolean {
  const depth = siblings.length;
  const hashes = [from, ...siblings, ...leaves.flatMap(({ path, valueHash }) => [path, valueHash])];
  if (depth > 256 || !hashes.every((entry) => entry.length === 32)) return false;
  if (!leaves.every(({ path }) => samePrefix(path, from, depth))) return false;
  if (leaves.some(({ path }, place) => place > 0 && compareBytes(leaves[place - 1]!.path, path) >= 0))
    return false;
  let node = nodeHashOf(updateNode<never>(undefined, leaves, depth));
  for (const [i, sibling] of siblings.entries()) node = hashAbove(from, depth - i, node, sibling);
  return equalBytes(node, root);
}

/** Where the part after this one begins; `undefined` after the last. */
export function rangeAfter(from: Uint8Array, depth: number): Uint8Array | undefined {
  const next = from.slice();
  for (let bit = 255; bit >= depth; bit--) next[bit >>> 3]! &= ~(1 << (7 - (bit & 7)));
  for (let bit = depth - 1; bit >= 0; bit--) {
    const mask = 1 << (7 - (bit & 7));
    next[bit >>> 3]! ^= mask;
    if ((next[bit >>> 3]! & mask) !== 0) return next;
  }
  return undefined;
}

function endsInZeros(path: Uint8Array, fromBit: number): boolean {
  for (let bit = fromBit; bit < 256; bit++) if (bitAt(path, bit) === 1) return false;
  return true;
}

/** Adds the leaves below `node` in order; stops soon after the room is more than `roomMax`. Gives the room. */
function collect<T>(
  node: MapNode<T>,
  into: MapLeaf<T>[],
  roomOf: (leaf: MapLeaf<T>) => number,
  room: number,
  roomMax: number,
): number {
  if (node === undefined || room > roomMax) return room;
  if (node.kind === 'branch')
    return collect(node.right, into, roomOf, collect(node.left, into, roomOf, room, roomMax), roomMax);
  into.push(node);
  return room + roomOf(node);
}

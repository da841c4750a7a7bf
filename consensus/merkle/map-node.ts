/**
 * Nodes of the state map `[CKP-1]`. A subtree of one leaf is that leaf, an empty one is nothing and counts as 32 zero
 * bytes; so the shape, and every hash, follows from the leaves alone. Immutable: what an update does not touch is shared.
 */

import { equalBytes } from '../codec/bytes.ts';
import { hash, zero32 } from '../crypto/hash.ts';

export interface MapLeaf<T> {
  readonly kind: 'leaf';
  readonly path: Uint8Array;
  readonly valueHash: Uint8Array;
  /** What the owner of the map keeps with it; no hash covers it. */
  readonly value: T | undefined;
  readonly hash: Uint8Array;
}
export interface MapBranch<T> {
  readonly kind: 'branch';
  readonly left: MapNode<T>;
  readonly right: MapNode<T>;
  readonly hash: Uint8Array;
}
export type MapNode<T> = MapLeaf<T> | MapBranch<T> | undefined;

export interface MapUpdate<T = never> {
  readonly path: Uint8Array;
  /** `undefined` removes the key. */
  readonly valueHash: Uint8Array | undefined;
  readonly value?: T | undefined;
}

export function nodeHashOf(node: MapNode<unknown>): Uint8Array {
  return node?.hash ?? zero32;
}

export function leafHashOf(path: Uint8Array, valueHash: Uint8Array): Uint8Array {
  return hash('map-leaf', path, valueHash);
}

/** The hash one level up, on the way from `path` at this depth. */
export function hashAbove(path: Uint8Array, depth: number, own: Uint8Array, sibling: Uint8Array): Uint8Array {
  return bitAt(path, depth - 1) === 1 ? hash('map-node', sibling, own) : hash('map-node', own, sibling);
}

export function bitAt(path: Uint8Array, depth: number): 0 | 1 {
  return ((path[depth >>> 3]! >>> (7 - (depth & 7))) & 1) as 0 | 1;
}

export function samePrefix(a: Uint8Array, b: Uint8Array, bits: number): boolean {
  for (let depth = 0; depth < bits; depth++) if (bitAt(a, depth) !== bitAt(b, depth)) return false;
  return true;
}

/** The subtree at `depth` after all `updates`, whose paths lead there; later ones win. */
export function updateNode<T>(node: MapNode<T>, updates: readonly MapUpdate<T>[], depth: number): MapNode<T> {
  if (updates.length === 0) return node;
  if (node?.kind !== 'branch') {
    const last = updates.at(-1)!;
    const alone = updates.every((update) => equalBytes(update.path, last.path));
    if (alone && (node === undefined || equalBytes(node.path, last.path))) {
      return last.valueHash === undefined ? undefined : makeLeaf(last.path, last.valueHash, last.value);
    }
  }
  const [lower, upper] = partition(updates, depth);
  if (node?.kind === 'branch') {
    return joinNodes(updateNode(node.left, lower, depth + 1), updateNode(node.right, upper, depth + 1));
  }
  const right = node !== undefined && bitAt(node.path, depth) === 1;
  return joinNodes(
    updateNode(right ? undefined : node, lower, depth + 1),
    updateNode(right ? node : undefined, upper, depth + 1),
  );
}

function makeLeaf<T>(path: Uint8Array, valueHash: Uint8Array, value: T | undefined): MapLeaf<T> {
  return { kind: 'leaf', path, valueHash, value, hash: leafHashOf(path, valueHash) };
}

/** A branch, unless one leaf or nothing is left below it: then that. */
function joinNodes<T>(left: MapNode<T>, right: MapNode<T>): MapNode<T> {
  if (left === undefined && right?.kind !== 'branch') return right;
  if (right === undefined && left?.kind !== 'branch') return left;
  return { kind: 'branch', left, right, hash: hash('map-node', nodeHashOf(left), nodeHashOf(right)) };
}

function partition<T>(updates: readonly MapUpdate<T>[], depth: number): [MapUpdate<T>[], MapUpdate<T>[]] {
  const lower: MapUpdate<T>[] = [];
  const upper: MapUpdate<T>[] = [];
  for (const update of updates) (bitAt(update.path, depth) === 1 ? upper : lower).push(update);
  return [lower, upper];
}

/**
 * Compact sparse Merkle map `[CKP-1]`: one root for a set of (path → value hash), with proofs of presence and of
 * absence. A subtree of one leaf is that leaf, so depth follows log2 of the number of keys; an empty subtree is 32
 * zero bytes; removing a key restores the earlier root. Immutable: every update shares what it did not touch.
 */

import { equalBytes } from '../codec/bytes.ts';
import { hash, zero32 } from '../crypto/hash.ts';

interface Leaf {
  readonly kind: 'leaf';
  readonly path: Uint8Array;
  readonly valueHash: Uint8Array;
  readonly hash: Uint8Array;
}
interface Branch {
  readonly kind: 'branch';
  readonly left: Node;
  readonly right: Node;
  readonly hash: Uint8Array;
}
type Node = Leaf | Branch | undefined;

/** What stands at the end of a proof's siblings: the key's own leaf, another key's leaf, or nothing. */
export interface MapProof {
  /** From the leaf's level up to the root, deepest first; at most 256. */
  readonly siblings: readonly Uint8Array[];
  /** The leaf that stands where the key would be: its path and value hash. Absent for an empty subtree. */
  readonly leaf: { readonly path: Uint8Array; readonly valueHash: Uint8Array } | undefined;
}

export interface MapUpdate {
  readonly path: Uint8Array;
  /** `undefined` removes the key. */
  readonly valueHash: Uint8Array | undefined;
}

export class MerkleMap {
  readonly #root: Node;

  private constructor(root: Node) {
    this.#root = root;
  }

  static readonly empty = new MerkleMap(undefined);

  get root(): Uint8Array {
    return nodeHashOf(this.#root);
  }

  /** The map after all `updates`; one pass over the tree however many there are. Later ones win. */
  update(updates: readonly MapUpdate[]): MerkleMap {
    for (const { path, valueHash } of updates) {
      demandHash('path', path);
      if (valueHash !== undefined) demandHash('valueHash', valueHash);
    }
    return new MerkleMap(updateNode(this.#root, updates, 0));
  }

  prove(path: Uint8Array): MapProof {
    demandHash('path', path);
    const siblings: Uint8Array[] = [];
    let node = this.#root;
    for (let depth = 0; node?.kind === 'branch'; depth++) {
      const right = bitAt(path, depth) === 1;
      siblings.push(nodeHashOf(right ? node.left : node.right));
      node = right ? node.right : node.left;
    }
    return { siblings: siblings.reverse(), leaf: node && { path: node.path, valueHash: node.valueHash } };
  }
}

/**
 * What a proof shows about `path` under `root`: the value hash that stands there, `absent`, or `undefined` when the
 * proof does not lead to the root.
 */
export function checkMapProof(
  root: Uint8Array,
  path: Uint8Array,
  proof: MapProof,
): Uint8Array | 'absent' | undefined {
  const depth = proof.siblings.length;
  const { leaf } = proof;
  // Lengths first: of a leaf's hash alone, the border between its path and its value could be moved, and a key that is
  // present be shown as another key.
  const hashes = leaf === undefined ? [path] : [path, leaf.path, leaf.valueHash];
  if (depth > 256 || ![...hashes, ...proof.siblings].every((entry) => entry.length === 32)) return undefined;
  // Another key's leaf proves absence only from a subtree that the path leads to as well.
  if (leaf !== undefined && !samePrefix(leaf.path, path, depth)) return undefined;
  let node = leaf === undefined ? zero32 : leafHashOf(leaf.path, leaf.valueHash);
  for (const [i, sibling] of proof.siblings.entries()) {
    node =
      bitAt(path, depth - 1 - i) === 1 ? hash('map-node', sibling, node) : hash('map-node', node, sibling);
  }
  if (!equalBytes(node, root)) return undefined;
  return leaf !== undefined && equalBytes(leaf.path, path) ? leaf.valueHash : 'absent';
}

function demandHash(name: string, bytes: Uint8Array): void {
  if (bytes.length !== 32)
    throw new RangeError(`"${name}" expected Uint8Array of length 32, got length=${bytes.length}`);
}

function bitAt(path: Uint8Array, depth: number): 0 | 1 {
  return ((path[depth >>> 3]! >>> (7 - (depth & 7))) & 1) as 0 | 1;
}

function samePrefix(a: Uint8Array, b: Uint8Array, bits: number): boolean {
  for (let depth = 0; depth < bits; depth++) if (bitAt(a, depth) !== bitAt(b, depth)) return false;
  return true;
}

function leafHashOf(path: Uint8Array, valueHash: Uint8Array): Uint8Array {
  return hash('map-leaf', path, valueHash);
}

function nodeHashOf(node: Node): Uint8Array {
  return node?.hash ?? zero32;
}

function makeLeaf(path: Uint8Array, valueHash: Uint8Array): Leaf {
  return { kind: 'leaf', path, valueHash, hash: leafHashOf(path, valueHash) };
}

/** A branch, unless one leaf or nothing is left below it: then that. */
function joinNodes(left: Node, right: Node): Node {
  if (left === undefined && right?.kind !== 'branch') return right;
  if (right === undefined && left?.kind !== 'branch') return left;
  return { kind: 'branch', left, right, hash: hash('map-node', nodeHashOf(left), nodeHashOf(right)) };
}

function updateNode(node: Node, updates: readonly MapUpdate[], depth: number): Node {
  if (updates.length === 0) return node;
  if (node?.kind !== 'branch') {
    const last = updates.at(-1)!;
    const alone = updates.every((update) => equalBytes(update.path, last.path));
    if (alone && (node === undefined || equalBytes(node.path, last.path))) {
      return last.valueHash === undefined ? undefined : makeLeaf(last.path, last.valueHash);
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

function partition(updates: readonly MapUpdate[], depth: number): [MapUpdate[], MapUpdate[]] {
  const lower: MapUpdate[] = [];
  const upper: MapUpdate[] = [];
  for (const update of updates) (bitAt(update.path, depth) === 1 ? upper : lower).push(update);
  return [lower, upper];
}

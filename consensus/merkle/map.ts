/**
 * Compact sparse Merkle map `[CKP-1]`: one root for a set of (path → value hash), with proofs of presence and of
 * absence. Depth follows log2 of the number of keys; removing a key restores the earlier root. Immutable: every update
 * shares what it did not touch, so whoever holds an old map holds what it held then.
 */

import { equalBytes } from '../codec/bytes.ts';
import { zero32 } from '../crypto/hash.ts';
import {
  bitAt,
  hashAbove,
  leafHashOf,
  type MapNode,
  type MapUpdate,
  nodeHashOf,
  samePrefix,
  updateNode,
} from './map-node.ts';

export type { MapUpdate } from './map-node.ts';

/** What stands at the end of a proof's siblings: the key's own leaf, another key's leaf, or nothing. */
export interface MapProof {
  /** From the leaf's level up to the root, deepest first; at most 256. */
  readonly siblings: readonly Uint8Array[];
  /** The leaf that stands where the key would be: its path and value hash. Absent for an empty subtree. */
  readonly leaf: { readonly path: Uint8Array; readonly valueHash: Uint8Array } | undefined;
}

export class MerkleMap<T = never> {
  readonly top: MapNode<T>;

  private constructor(top: MapNode<T>) {
    this.top = top;
  }

  static readonly empty = new MerkleMap<never>(undefined);

  get root(): Uint8Array {
    return nodeHashOf(this.top);
  }

  /** The map after all `updates`; one pass over the tree however many there are. Later ones win. */
  update(updates: readonly MapUpdate<T>[]): MerkleMap<T> {
    for (const { path, valueHash } of updates) {
      demandHash('path', path);
      if (valueHash !== undefined) demandHash('valueHash', valueHash);
    }
    return new MerkleMap(updateNode(this.top, updates, 0));
  }

  prove(path: Uint8Array): MapProof {
    demandHash('path', path);
    const siblings: Uint8Array[] = [];
    let node = this.top;
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
  for (const [i, sibling] of proof.siblings.entries()) node = hashAbove(path, depth - i, node, sibling);
  if (!equalBytes(node, root)) return undefined;
  return leaf !== undefined && equalBytes(leaf.path, path) ? leaf.valueHash : 'absent';
}

function demandHash(name: string, bytes: Uint8Array): void {
  if (bytes.length !== 32)
    throw new RangeError(`"${name}" expected Uint8Array of length 32, got length=${bytes.length}`);
}

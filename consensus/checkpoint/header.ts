/** The checkpoint header (protocol §7): what a certificate certifies and a light client keeps. */

import { hash32, type Infer, int, record } from '../codec/schema.ts';
import { hash } from '../crypto/hash.ts';
import { leafHash, verifyInclusion } from '../merkle/tree.ts';

export const headerSchema = record('header', {
  suite: int(0, 255),
  network: hash32,
  epoch: int(0),
  height: int(0),
  /** Id of the header before; zero at height 0. */
  previous: hash32,
  /** Checkpoint time, ms: the network's clock `[CKP-3]`. */
  time: int(0),
  /** The witness vertex whose cone was confirmed; zero while there is none. */
  anchor: hash32,
  outcomesRoot: hash32,
  outcomesCount: int(0),
  stateRoot: hash32,
  /** RFC 9162 root over headers 0 … height−1 `[CKP-2]`. */
  historyRoot: hash32,
  committeeHash: hash32,
  nextCommitteeHash: hash32,
});
export type Header = Infer<typeof headerSchema>;

export function headerId(header: Header): Uint8Array {
  return hash('header', headerSchema.encode(header));
}

/** A header's leaf in the history accumulator. */
export function historyLeaf(id: Uint8Array): Uint8Array {
  return leafHash(id);
}

/** The header of that id stands at `height` in the history of the first `size` headers, whose root is given. */
export function isInHistory(
  id: Uint8Array,
  height: number,
  history: { readonly size: number; readonly root: Uint8Array; readonly path: readonly Uint8Array[] },
): boolean {
  return verifyInclusion(history.root, historyLeaf(id), height, history.size, history.path);
}

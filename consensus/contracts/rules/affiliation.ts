/** Who controls whom: nobody guards goods against the one that controls it (semantics §5 row 14, §7.8) `[CTR-9]`. */

import { equalBytes } from '../../codec/bytes.ts';
import { zero32 } from '../../crypto/hash.ts';
import type { ObjectReader } from '../object.ts';
import { party } from '../registry.ts';

/** Chains of control are followed this far; who hides behind a longer one is not shown to be independent. */
const controlDepthMax = 16;

/** The party itself and who controls it, directly or through others; not whole where the chain is too long to follow. */
export function controllersOf(
  subject: Uint8Array,
  reader: ObjectReader,
): { readonly ids: readonly Uint8Array[]; readonly isWhole: boolean } {
  const ids: Uint8Array[] = [];
  for (let current = subject; ids.length < controlDepthMax; ) {
    ids.push(current);
    current = reader.get(party, current)?.controller ?? zero32;
    if (equalBytes(current, zero32)) return { ids, isWhole: true };
  }
  return { ids, isWhole: false };
}

/** Is `subject` the party `controller`, or controlled by it, directly or through others? */
export function isControlledBy(subject: Uint8Array, controller: Uint8Array, reader: ObjectReader): boolean {
  const { ids, isWhole } = controllersOf(subject, reader);
  return !isWhole || ids.some((id) => equalBytes(id, controller));
}

/** Who controls whom: nobody guards goods against the one that controls it (semantics §5 row 14, §7.8) `[CTR-9]`. */

import { equalBytes } from '../../codec/bytes.ts';
import { zero32 } from '../../crypto/hash.ts';
import type { ObjectReader } from '../object.ts';
import { party } from '../registry.ts';

/** Chains of control are followed this far; who hides behind a longer one is not shown to be independent. */
const controlDepthMax = 16;

/** Is `subject` the party `controller`, or controlled by it, directly or through others? */
export function isControlledBy(subject: Uint8Array, controller: Uint8Array, reader: ObjectReader): boolean {
  let current = subject;
  for (let depth = 0; depth < controlDepthMax; depth++) {
    if (equalBytes(current, controller)) return true;
    const above = reader.get(party, current)?.controller ?? zero32;
    if (equalBytes(above, zero32)) return false;
    current = above;
  }
  return true;
}

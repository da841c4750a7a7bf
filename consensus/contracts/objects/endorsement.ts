/** A bill passed from one holder to the next (rows 36 and 37), id = `endorsementId`. */

import { uint32Bytes } from '../../codec/bytes.ts';
import { choice, hash32, int, maybe } from '../../codec/schema.ts';
import { hash } from '../../crypto/hash.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

export const endorsement = objectType('endorsement', {
  v0: { kind: choice('endorsement', 'discount'), bill: hash32, index: int(0), ...version },
  v1: { from: hash32, to: hash32 },
  v2: {
    /** What the bank paid for it, in which money; 0 for an endorsement. Minor units. */
    paid: int(0),
    money: maybe(hash32),
    rateBp: int(0),
    days: int(0),
    dayBasis: int(0),
  },
});

/** The `index`-th time that the bill passed. */
export function endorsementId(bill: Uint8Array, index: number): Uint8Array {
  return hash('object-key', bill, uint32Bytes(index));
}

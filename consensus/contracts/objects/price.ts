/** The newest price that a bank or an appraiser states for goods (row 11), id = `priceId`. */

import { concatBytes } from '../../codec/bytes.ts';
import { hash32, int, text, timeMs } from '../../codec/schema.ts';
import { hash } from '../../crypto/hash.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

export const price = objectType('price', {
  v0: { ...version },
  v1: { unit: hash32, statedBy: hash32 },
  v2: {
    currency: text(3),
    /** Minor units for `pricedQuantity` grams. */
    price: int(0),
    pricedQuantity: int(1),
    /** Taken off before lending. */
    haircutBp: int(0, 10_000),
    asOf: timeMs,
    source: text(80, 1),
  },
});

export function priceId(unit: Uint8Array, statedBy: Uint8Array): Uint8Array {
  return hash('object-key', concatBytes(unit, statedBy));
}

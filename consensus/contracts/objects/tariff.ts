/** What governance charges and gives `[RWD-1]`: tariffs are numbered from 1, and none is ever changed. The head (id zero) names the newest. */

import { uint32Bytes } from '../../codec/bytes.ts';
import { hash32, int } from '../../codec/schema.ts';
import { hash } from '../../crypto/hash.ts';
import { objectType, type ValueOf } from '../object.ts';
import { version } from './version.ts';

/** The most that one call or batch may cost, minor units. */
export const feeMax = 10_000;

const fee = int(0, feeMax);

export const tariffTerms = {
  /** The first epoch to which it applies. */
  from: int(1),
  /** In which money fees are taken and rewards are paid: id of a `money`. */
  money: hash32,
  /** For a call that took effect, and for a batch of readings; minor units. */
  callFee: fee,
  batchFee: fee,
  /** What the fund gives an epoch, while it has as much. */
  budget: int(0),
};
export const tariff = objectType('tariff', { v0: { number: int(1), ...tariffTerms, ...version } });
export type Tariff = ValueOf<typeof tariff>;

export function tariffId(number: number): Uint8Array {
  return hash('object-key', uint32Bytes(number));
}

export const tariffHead = objectType('tariff-head', { v0: { newest: int(1), ...version } });

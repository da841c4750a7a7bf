/** What came in and went out by a thing in its owner's hands, in one money `[THG-20]`; id = `thingResultId`. */

import { concatBytes } from '../../codec/bytes.ts';
import { hash32, text } from '../../codec/schema.ts';
import { hash } from '../../crypto/hash.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

/** A sum of minor units in decimal digits. Turnover, unlike money, has no upper bound, and must stop no payment. */
export const exactSum = text(40, 1);

/** Each only grows. */
export const resultSums = [
  'paid',
  'earned',
  'borrowed',
  'repaid',
  'interest',
  'invested',
  'proceeds',
  'gain',
  'loss',
] as const;
export type ResultSum = (typeof resultSums)[number];

export const thingResult = objectType('thing-result', {
  v0: { ...version },
  v2: {
    thing: hash32,
    owner: hash32,
    money: hash32,
    /** Transactions. */
    paid: exactSum,
    earned: exactSum,
    /** Credit; `interest` with costs. */
    borrowed: exactSum,
    repaid: exactSum,
    interest: exactSum,
    /** Investments: what they cost, what came of them, and of those that ended what that made. */
    invested: exactSum,
    proceeds: exactSum,
    gain: exactSum,
    loss: exactSum,
  },
});

export function thingResultId(thing: Uint8Array, owner: Uint8Array, money: Uint8Array): Uint8Array {
  return hash('object-key', concatBytes(thing, owner, money));
}

/** What a repayment in another currency came to (row 20, R096), id = the call that paid it: the difference stands in the book. */

import { hash32, int, text } from '../../codec/schema.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

export const exchange = objectType('exchange', {
  v0: { ...version },
  v2: {
    loan: hash32,
    payer: hash32,
    bank: hash32,
    /** What was paid, and what of the debt it was good for; minor units. */
    paidCurrency: text(3),
    paid: int(1),
    currency: text(3),
    credited: int(1),
    /** What was paid is worth, at the reference rate, in the debt's currency. */
    value: int(0),
    /** Value beyond what was credited, or short of it: the bank's difference from the exchange. One of them is 0. */
    gain: int(0),
    loss: int(0),
  },
});

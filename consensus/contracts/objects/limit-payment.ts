/** Money drawn on a credit limit itself, or paid back on it `[CRD-7]`; id = the call. */

import { choice, hash32, int, maybe, text, timeMs } from '../../codec/schema.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

export const limitPayment = objectType('limit-payment', {
  v0: { kind: choice('draw', 'repayment'), ...version },
  v2: {
    limit: hash32,
    payer: hash32,
    payee: hash32,
    /** That drew or repaid under its mandate; absent when a party did. */
    thing: maybe(hash32),
    money: hash32,
    /** Minor units. */
    amount: int(1),
    /** Checkpoint time. */
    at: timeMs,
    reference: text(80, 1),
  },
});

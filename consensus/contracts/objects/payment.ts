/** Money that moved outside the ledger and was acknowledged on it (rows 15 and 20), id = the call that recorded it. */

import { choice, hash32, int, text } from '../../codec/schema.ts';
import { objectType } from '../object.ts';
import { debt } from './loan.ts';
import { version } from './version.ts';

export const payment = objectType('payment', {
  v0: { kind: choice('draw', 'repayment'), ...version },
  v1: { payer: hash32, bank: hash32, enterprise: hash32 },
  v2: {
    loan: hash32,
    currency: text(3),
    /** Minor units, as paid. */
    amount: int(0),
    /** How the debt changed: what a drawing added, or what a repayment took off. */
    applied: debt,
    /** Excess that went back to the payer. */
    returned: int(0),
    reference: text(80, 1),
  },
});

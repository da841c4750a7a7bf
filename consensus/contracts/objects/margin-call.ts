/** A call for more cover (row 18), id = the call that made it. */

import { choice, hash32, int, text, timeMs } from '../../codec/schema.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

export const marginCall = objectType('margin-call', {
  v0: { state: choice('OPEN', 'MET'), ...version },
  v2: {
    loan: hash32,
    enterprise: hash32,
    bank: hash32,
    currency: text(3),
    /** Debt beyond what the goods support, minor units, at the call. */
    amount: int(1),
    /** Running time. */
    cureUntil: timeMs,
  },
});

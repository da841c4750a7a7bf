/** What a monitor supplied to a bank under a grant (row 10), id = the call that did. Its figures are the sensors'. */

import { hash32, int, text, timeMs } from '../../codec/schema.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

export const status = objectType('status', {
  v0: { ...version },
  v1: { grant: hash32, unit: hash32, monitor: hash32, enterprise: hash32, bank: hash32 },
  v2: {
    loan: hash32,
    orderReceipt: hash32,
    /** The time that it speaks of. */
    asOf: timeMs,
    condition: text(160, 1),
    /** Least weight measured, grams. */
    weight: int(0),
    /** Least count measured. */
    packages: int(0),
    evidenceRoot: hash32,
  },
});

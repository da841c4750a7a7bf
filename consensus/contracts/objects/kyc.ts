/** That a bank or a monitor knows its customer, and until when (id = the party's) `[POL-3]`. */

import { choice, hash32, timeMs } from '../../codec/schema.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

export const kyc = objectType('kyc', {
  v0: {
    state: choice('ACTIVE', 'REVOKED'),
    party: hash32,
    statedBy: hash32,
    /** A date: after it the statement is as good as none. */
    until: timeMs,
    ...version,
  },
});

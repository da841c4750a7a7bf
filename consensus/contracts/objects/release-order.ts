/** The pledgee's leave for part of the pledged goods to go (row 16): used once, and only until it expires. */

import { choice, hash32, int, timeMs } from '../../codec/schema.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

export const releaseOrder = objectType('release-order', {
  v0: { state: choice('OPEN', 'USED', 'LAPSED'), pledge: hash32, ...version },
  v1: {
    unit: hash32,
    pledgor: hash32,
    pledgee: hash32,
    monitor: hash32,
    custodian: hash32,
    /** Grams. */
    quantity: int(1),
    /** Running time. */
    expires: timeMs,
  },
});

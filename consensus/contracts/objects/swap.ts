/** Payment against payment (row 34), id = the call that agreed it: two legs, settled at one position or both refunded. */

import { choice, hash32, int, maybe, record, timeMs } from '../../codec/schema.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

export const leg = record('leg', { payer: hash32, money: hash32, amount: int(1) });

export const swap = objectType('swap', {
  v0: {
    state: choice('OPEN', 'SETTLED', 'REFUNDED'),
    /** The quote lives until then, running time; afterwards locked legs go back. */
    quoteUntil: timeMs,
    ...version,
  },
  v1: { first: leg, second: leg },
  v2: { firstLock: maybe(hash32), secondLock: maybe(hash32) },
});

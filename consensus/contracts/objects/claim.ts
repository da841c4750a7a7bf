/**
 * What stands in for lost goods (row 7): the owner's claim against insurer and custodian, to whose proceeds the pledges
 * of the goods extend. id = the call that reported the loss, or corrected the book.
 */

import { choice, hash32, int, list, text } from '../../codec/schema.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

export const claim = objectType('claim', {
  v0: { state: choice('OPEN', 'SETTLED'), ...version },
  v1: {
    unit: hash32,
    owner: hash32,
    custodian: hash32,
    monitor: hash32,
    /** Grams. */
    quantity: int(1),
    cause: text(160, 1),
    surveyor: hash32,
    /** Secured pledges that extend to the proceeds, at the loss. */
    pledges: list(hash32, 32),
  },
});

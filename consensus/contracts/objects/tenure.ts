/**
 * One interval of ownership and custody of goods, or of ownership by a receipt (semantics §7.26), id = the call that
 * began it. Each names the one before it; together they reach from registration to exit without overlap or gap.
 */

import { hash32, int, maybe } from '../../codec/schema.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

export const tenure = objectType('tenure', {
  v0: {
    previous: maybe(hash32),
    /** Heights; `until` absent while it lasts. */
    since: int(0),
    until: maybe(int(0)),
    ...version,
  },
  v1: { unit: hash32, receipt: maybe(hash32), owner: hash32, custodian: hash32 },
});

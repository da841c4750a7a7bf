/** A cash claim on part of a loan's principal (row 33), in order of seniority; id = a child of the call. */

import { choice, hash32, int, maybe } from '../../codec/schema.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

export const tranche = objectType('tranche', {
  v0: { state: choice('ACTIVE', 'PAID'), seniority: int(1), ...version },
  v1: { holder: hash32, trustee: hash32 },
  v2: {
    loan: hash32,
    /** Outstanding, minor units of the loan's currency. */
    principal: int(0),
    /** As what a thing of the holder's bought it `[THG-19]`. */
    investment: maybe(hash32),
  },
});

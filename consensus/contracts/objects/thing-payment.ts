/** A payment by a thing (row 42), id = the call; and its payee's word that it was heard, under the same id. */

import { hash32, maybe } from '../../codec/schema.ts';
import { objectType } from '../object.ts';
import { actFields } from './thing-act.ts';
import { version } from './version.ts';

export const thingPayment = objectType('thing-payment', {
  v0: { ...version },
  v2: {
    ...actFields,
    payer: hash32,
    payee: hash32,
    /** The payee's thing that took the payment, and signed for it. */
    payeeThing: maybe(hash32),
  },
});

export const acknowledgement = objectType('acknowledgement', {
  v0: { ...version },
  v2: { thing: hash32, payer: hash32, payee: hash32 },
});

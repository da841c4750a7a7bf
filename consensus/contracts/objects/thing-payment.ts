/** A payment by a thing (row 42), id = the call; and its payee's word that it was heard, under the same id. */

import { flag, hash32, int, maybe, text, timeMs } from '../../codec/schema.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

export const thingPayment = objectType('thing-payment', {
  v0: { ...version },
  v2: {
    mandate: hash32,
    thing: hash32,
    payer: hash32,
    payee: hash32,
    /** The payee's thing that took the payment, and signed for it. */
    payeeThing: maybe(hash32),
    money: hash32,
    /** Minor units. */
    amount: int(1),
    content: text(40, 1),
    /** Checkpoint time. */
    at: timeMs,
    /** Did the second device sign? */
    seconded: flag,
    /** Mark of the reading that triggered it, and root over its frame. */
    event: hash32,
    eventRoot: hash32,
    /** Limits of the window as they stood. */
    windowAmount: int(1),
    windowCount: int(1),
  },
});

export const acknowledgement = objectType('acknowledgement', {
  v0: { ...version },
  v2: { thing: hash32, payer: hash32, payee: hash32 },
});

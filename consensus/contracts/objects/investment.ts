/**
 * A cash claim that a thing bought, from its purchase to its end `[THG-19]`, id = the call that bought it; and what came
 * of it, one record for each time, id = a child of the investment.
 */

import { choice, hash32, int, maybe } from '../../codec/schema.ts';
import { objectType } from '../object.ts';
import { exactSum } from './thing-result.ts';
import { version } from './version.ts';

export const investment = objectType('investment', {
  v0: { state: choice('OPEN', 'CLOSED'), ...version },
  v2: {
    tranche: hash32,
    thing: hash32,
    /** Whose the thing was, and the claim is. */
    owner: hash32,
    /** That it was bought with, and where its gain or loss is booked. */
    money: hash32,
    /** Minor units. */
    cost: int(1),
    received: exactSum,
    /** How many records there are of what came of it. */
    returns: int(0),
  },
});

export const thingProceeds = objectType('thing-proceeds', {
  v0: { kind: choice('repayment', 'sale'), ...version },
  v2: {
    investment: hash32,
    thing: hash32,
    owner: hash32,
    /** In which it came to the owner's account; absent when a bank hands it on outside the ledger. */
    money: maybe(hash32),
    /** Minor units. */
    amount: int(1),
  },
});

/** The public sale of pledged goods (row 27), id = the call that opened it; and what came of it (row 28). */

import { choice, hash32, int, list, maybe, record, text, timeMs } from '../../codec/schema.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

export const sale = objectType('sale', {
  v0: {
    state: choice('OPEN', 'SOLD', 'FAILED', 'CANCELLED'),
    pledge: hash32,
    /** Until when bids are taken, running time. */
    closesAt: timeMs,
    /** The highest bid so far; an auction is public. */
    bids: int(0),
    highest: int(0),
    ...version,
  },
  v1: {
    unit: hash32,
    /** Grams that are for sale: if there are fewer when it closes, nobody has bought them. */
    quantity: int(1),
    pledgor: hash32,
    pledgee: hash32,
    monitor: hash32,
    custodian: hash32,
    /** The money that bids are made in. */
    money: hash32,
    currency: text(3),
    /** Lock of the highest bid, and its bidder. */
    best: maybe(hash32),
    bidder: maybe(hash32),
    /** Costs of enforcement that the pledgee claims, minor units. */
    costs: int(0),
    least: int(1),
  },
});

export const share = record('share', {
  to: hash32,
  kind: choice('costs', 'lien', 'pledge', 'surplus'),
  amount: int(1),
});

/** id = the call that distributed, or took the goods over. */
export const distribution = objectType('distribution', {
  v0: { pledge: hash32, ...version },
  v1: { pledgor: hash32, pledgee: hash32 },
  v2: { currency: text(3), proceeds: int(1), shares: list(share, 32) },
});

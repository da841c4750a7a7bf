/** Stake: what a party holds, what of it stands behind a seat, and its part in draws. docs/spec/committee.md. */

import { fixed, hash32, int, key32, list, maybe, record } from '../../codec/schema.ts';
import { objectType } from '../object.ts';

/** At most so many parties have a bond: a bond is at least this part of the whole supply. */
export const bondersMax = 256;
export const unbondingMax = 16;

const units = int(0);

/** A party's stake; id = the party. */
export const stake = objectType('stake', {
  v0: {
    free: units,
    bonded: units,
    /** Unbonded, and locked still: `epoch` is the one in which that was asked. */
    unbonding: list(record('unbonding', { amount: units, epoch: int(0) }), unbondingMax),
    /** The key that takes the seat. */
    key: maybe(key32),
    /** The key that its bond votes for; its own where absent. */
    delegate: maybe(key32),
    /** What was bonded when the present epoch began: its weight in the draw at this epoch's end. */
    weight: units,
    /** The epoch in which it was last forfeited: no seat at that epoch's end. */
    forfeited: maybe(int(0)),
    /** Commitments of the last two epochs; `secret` once revealed, in the epoch after. */
    seeds: list(record('seed', { epoch: int(0), commitment: hash32, secret: maybe(fixed(32)) }), 2),
  },
});

/** Parties that have something bonded, unbonding, or in this epoch's draw, ascending; one object, id zero. */
export const stakeRoll = objectType('stake-roll', { v0: { parties: list(hash32, bondersMax) } });

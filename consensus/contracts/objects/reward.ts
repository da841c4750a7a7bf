/**
 * What seats earn `[RWD-2]` `[RWD-7]`: the pool of a money (id = the money), the account of each epoch that had a tariff (id =
 * `epochId`), and the reward of each of its seats (id = `rewardId`). All of it is public, as stake is.
 */

import { asciiBytes, concatBytes } from '../../codec/bytes.ts';
import { limits } from '../../codec/limits.ts';
import { choice, hash32, int, key32, list, timeMs } from '../../codec/schema.ts';
import { hash } from '../../crypto/hash.ts';
import { objectType, type ValueOf } from '../object.ts';
import { epochId } from './epoch.ts';

/** Owner of the pools' accounts: no party has this id, so that no key signs for it. */
export const poolOwner = hash('object-key', asciiBytes('reward pool'));

export const rewardPool = objectType('reward-pool', {
  v0: {
    /** Paid in, and not yet given to an epoch as its budget. */
    fund: int(0),
    /** What waits for the next division: epochs without points, rewards forfeited, arrears paid when another money is in force. */
    carried: int(0),
  },
});
export type RewardPool = ValueOf<typeof rewardPool>;

export const rewardEpoch = objectType('reward-epoch', {
  v0: {
    state: choice('RUNNING', 'CLOSED'),
    epoch: int(0),
    /** Number of the tariff that applies, and its money. */
    tariff: int(1),
    money: hash32,
    /** Heights at which each seat of the committee was heard, by the number of the seat. */
    points: list(int(0), limits.seatsMax, 1),
    fees: int(0),
    /** Once it is CLOSED: rewards + carriedOut = fees + budget + carriedIn. */
    budget: int(0),
    carriedIn: int(0),
    rewards: int(0),
    carriedOut: int(0),
  },
});
export type RewardEpoch = ValueOf<typeof rewardEpoch>;

export const reward = objectType('reward', {
  v0: {
    /** NOTHING: there was nothing to pay. */
    state: choice('WITHHELD', 'PAID', 'FORFEITED', 'NOTHING'),
    epoch: int(0),
    seat: key32,
    /** Whose key it was when the epoch ended. */
    party: hash32,
    money: hash32,
    points: int(0),
    amount: int(0),
    /** Until then, this time included, it answers for offences of the key. */
    withheldUntil: timeMs,
  },
});

export function rewardId(epoch: number, seat: Uint8Array): Uint8Array {
  return hash('object-key', concatBytes(epochId(epoch), seat));
}

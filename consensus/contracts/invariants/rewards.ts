/** Fees and rewards conserve money `[RWD-2]` `[RWD-7]`: part of semantics §7, 14. */

import { toHex } from '../../codec/bytes.ts';
import { feeAccount } from '../objects/fee-account.ts';
import { account, accountId } from '../objects/money.ts';
import { poolOwner, reward, rewardEpoch, rewardId, rewardPool } from '../objects/reward.ts';
import type { Invariant } from './survey.ts';

/** Sums by name. */
class Sums {
  readonly #sums = new Map<string, bigint>();

  add(name: string, amount: number): void {
    this.#sums.set(name, this.of(name) + BigInt(amount));
  }

  of(name: string): bigint {
    return this.#sums.get(name) ?? 0n;
  }
}

export const rewardInvariants: readonly Invariant[] = [
  {
    number: 14,
    rule: 'the account of a pool holds its fund, what is carried, fees of running epochs, rewards withheld and fees prepaid',
    *find(state) {
      const parts = new Sums();
      for (const { id, value } of state.all(rewardPool)) parts.add(toHex(id), value.fund + value.carried);
      for (const { value } of state.all(rewardEpoch))
        if (value.state === 'RUNNING') parts.add(toHex(value.money), value.fees);
      for (const { value } of state.all(reward))
        if (value.state === 'WITHHELD') parts.add(toHex(value.money), value.amount);
      for (const { name, value } of state.all(feeAccount)) {
        if (value.prepaid > 0 && value.owed > 0) yield `${name}: owes ${value.owed} and has prepaid`;
        parts.add(toHex(value.money), value.prepaid);
      }
      for (const { id, name } of state.all(rewardPool)) {
        const held = state.get(account, accountId(id, poolOwner))?.balance ?? 0;
        const sum = parts.of(toHex(id));
        if (BigInt(held) !== sum) yield `${name}: ${held} in its account, ${sum} accounted for`;
      }
    },
  },
  {
    number: 14,
    rule: 'of each epoch: Σ rewards + carried over = fees + budget + carried in, and the rewards are those of its seats',
    *find(state) {
      const given = new Sums();
      const points = new Sums();
      const unaccounted = new Set<string>();
      for (const { id, name, value } of state.all(reward)) {
        const { epoch, seat, amount, state: status } = value;
        if (toHex(id) !== toHex(rewardId(epoch, seat))) yield `${name}: not where that seat’s is`;
        // One that was forfeited may have been something or nothing.
        if (status !== 'FORFEITED' && (status === 'NOTHING') !== (amount === 0))
          yield `${name}: ${status} with ${amount}`;
        given.add(String(epoch), amount);
        points.add(String(epoch), value.points);
        unaccounted.add(String(epoch));
      }
      for (const { name, value } of state.all(rewardEpoch)) {
        const { fees, budget, carriedIn, rewards, carriedOut } = value;
        const epoch = String(value.epoch);
        unaccounted.delete(epoch);
        if (given.of(epoch) !== BigInt(rewards)) yield `${name}: ${given.of(epoch)} given, ${rewards} booked`;
        if (value.state === 'RUNNING') continue;
        const [had, gave] = [fees + budget + carriedIn, rewards + carriedOut];
        if (had !== gave) yield `${name}: had ${had}, gave and carried ${gave}`;
        if (carriedOut > 0 && points.of(epoch) > 0n) yield `${name}: carried over in spite of points`;
      }
      for (const epoch of unaccounted) yield `rewards of epoch ${epoch}, which had no account`;
    },
  },
];

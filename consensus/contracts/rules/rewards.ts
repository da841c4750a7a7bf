/** The account of an epoch: opened with its tariff, divided among its seats by points `[RWD-7]`; and when a reward is due `[RWD-8]`. */

import { compareBytes } from '../../codec/bytes.ts';
import { invariant } from '../../codec/result.ts';
import type { ObjectReader, ObjectWriter } from '../object.ts';
import { epochId } from '../objects/epoch.ts';
import { offenceId, offenceRecord, offender } from '../objects/offence.ts';
import { reward, rewardEpoch, rewardId, rewardPool } from '../objects/reward.ts';
import { tariff, tariffId } from '../objects/tariff.ts';
import { key } from '../registry.ts';
import { tariffOf } from './fees.ts';

/** Begins the account of an epoch with so many seats, if a tariff applies to it. */
export function openRewards(writer: ObjectWriter, epoch: number, seats: number): void {
  const applied = tariffOf(writer, epoch);
  if (applied === undefined) return;
  writer.put(rewardEpoch, epochId(epoch), {
    ...{ state: 'RUNNING', epoch, tariff: applied.number, money: applied.money },
    ...{ points: Array<number>(seats).fill(0), fees: 0 },
    ...{ budget: 0, carriedIn: 0, rewards: 0, carriedOut: 0 },
  });
}

export interface EndedEpoch {
  readonly epoch: number;
  readonly seats: readonly Uint8Array[];
  /** When what seats earned no longer answers for offences, ms. */
  readonly withheldUntil: number;
}

/** Divides fees, budget and what was carried in among the seats, to the unit. */
export function closeRewards(writer: ObjectWriter, { epoch, seats, withheldUntil }: EndedEpoch): void {
  const running = writer.get(rewardEpoch, epochId(epoch));
  if (running === undefined) return;
  const { money, fees } = running;
  const pool = writer.get(rewardPool, money)!;
  const budget = Math.min(pool.fund, writer.get(tariff, tariffId(running.tariff))!.budget);
  const carriedIn = pool.carried;
  // All of it is in one account, so that the sum is exact.
  const total = fees + budget + carriedIn;
  const claims = seats.map((seat, number) => {
    const guilty = writer.get(offender, seat) !== undefined;
    return { seat, guilty, points: guilty ? 0 : running.points[number]! };
  });
  const amounts = divideByPoints(total, claims);
  for (const [number, { seat, guilty, points }] of claims.entries()) {
    const amount = amounts[number]!;
    const state = guilty ? 'FORFEITED' : amount === 0 ? 'NOTHING' : 'WITHHELD';
    const { party } = writer.get(key, seat)!;
    writer.put(reward, rewardId(epoch, seat), {
      ...{ state, epoch, seat, party, money, points, amount, withheldUntil },
    });
  }
  const rewards = amounts.reduce((sum, amount) => sum + amount, 0);
  const carriedOut = total - rewards;
  writer.put(rewardPool, money, { fund: pool.fund - budget, carried: carriedOut });
  const closed = { budget, carriedIn, rewards, carriedOut };
  writer.put(rewardEpoch, epochId(epoch), { ...running, state: 'CLOSED', ...closed });
}

interface Claim {
  readonly seat: Uint8Array;
  readonly points: number;
}

/** Each claim's part of `total`: rounded down, the units left by largest remainder, equal ones to the lesser key; nothing without points. */
export function divideByPoints(total: number, claims: readonly Claim[]): number[] {
  const all = claims.reduce((sum, { points }) => sum + BigInt(points), 0n);
  if (all === 0n) return claims.map(() => 0);
  const parts = claims.map(({ seat, points }) => {
    const product = BigInt(total) * BigInt(points);
    return { seat, amount: Number(product / all), remainder: product % all };
  });
  const left = total - parts.reduce((sum, { amount }) => sum + amount, 0);
  const byRemainder = [...parts].sort((a, b) =>
    a.remainder === b.remainder ? compareBytes(a.seat, b.seat) : a.remainder > b.remainder ? -1 : 1,
  );
  invariant(left < parts.length, 'less than a unit a claim is left');
  for (const part of byRemainder.slice(0, left)) part.amount += 1;
  return parts.map(({ amount }) => amount);
}

/** When the first offence of a key came on record, ms. */
export function convictedAt(reader: ObjectReader, seat: Uint8Array): number | undefined {
  const guilty = reader.get(offender, seat);
  return guilty && reader.get(offenceRecord, offenceId(seat, guilty.firstHeight))!.time;
}

/** Fees `[RWD-4]` `[RWD-5]`: taken once a checkpoint from what each party has prepaid; what that does not cover is owed. */

import { equalBytes } from '../../codec/bytes.ts';
import { zero32 } from '../../crypto/hash.ts';
import type { ObjectReader, ObjectWriter, ValueOf } from '../object.ts';
import { epochId } from '../objects/epoch.ts';
import { feeAccount } from '../objects/fee-account.ts';
import { accountId } from '../objects/money.ts';
import { rewardEpoch, rewardPool } from '../objects/reward.ts';
import { type Tariff, tariff, tariffHead, tariffId } from '../objects/tariff.ts';
import { type Context, type ContractRefusal, refused } from '../transition.ts';

export type FeeAccount = ValueOf<typeof feeAccount>;

/** The tariff that applies to an epoch which has not ended, if one does: there are two at most to choose from. */
export function tariffOf(reader: ObjectReader, epoch: number): Tariff | undefined {
  const newest = reader.get(tariffHead, zero32)?.newest ?? 0;
  for (const number of [newest, newest - 1]) {
    const found = number > 0 ? reader.get(tariff, tariffId(number)) : undefined;
    if (found !== undefined && found.from <= epoch) return found;
  }
  return undefined;
}

export function feeAccountOf(reader: ObjectReader, money: Uint8Array, party: Uint8Array): FeeAccount {
  return reader.get(feeAccount, accountId(money, party)) ?? { party, money, prepaid: 0, owed: 0 };
}

export function putFeeAccount(writer: ObjectWriter, value: FeeAccount): void {
  writer.put(feeAccount, accountId(value.money, value.party), value);
}

/** What one checkpoint adds to the account of its epoch. */
export interface CheckpointWork {
  /** Numbers of the seats that had a witness of their own `[RWD-6]`. */
  readonly heard: ReadonlySet<number>;
  readonly fees: readonly { readonly party: Uint8Array; readonly amount: number }[];
}

/** Takes the fees and adds the points, in one write of the epoch's account; nothing where no tariff applies. */
export function bookWork(writer: ObjectWriter, epoch: number, { heard, fees: due }: CheckpointWork): void {
  const id = epochId(epoch);
  const running = writer.get(rewardEpoch, id);
  if (running === undefined) return;
  let { fees } = running;
  for (const { party, amount } of due) fees += chargeFee(writer, running.money, party, amount);
  const points = running.points.map((before, seat) => before + Number(heard.has(seat)));
  writer.put(rewardEpoch, id, { ...running, points, fees });
}

/** Charges a party; what its prepaid money covered, which is to be booked as fees. */
function chargeFee(writer: ObjectWriter, money: Uint8Array, party: Uint8Array, amount: number): number {
  const held = feeAccountOf(writer, money, party);
  const covered = Math.min(held.prepaid, amount);
  // What leaves the exact integers is not owed: no debtor of that much pays.
  const owed = Math.min(held.owed + amount - covered, Number.MAX_SAFE_INTEGER);
  putFeeAccount(writer, { ...held, prepaid: held.prepaid - covered, owed });
  return covered;
}

/** Books what was owed and is now paid: for the present epoch, or, where that has another money, for the next division in this one. */
export function bookArrears(writer: ObjectWriter, epoch: number, money: Uint8Array, amount: number): void {
  if (amount === 0) return;
  const id = epochId(epoch);
  const running = writer.get(rewardEpoch, id);
  if (running !== undefined && equalBytes(running.money, money)) {
    writer.put(rewardEpoch, id, { ...running, fees: running.fees + amount });
    return;
  }
  const pool = writer.get(rewardPool, money)!;
  writer.put(rewardPool, money, { ...pool, carried: pool.carried + amount });
}

/** `[RWD-5]` E_FEE where a party owes fees in the money of the present epoch, with its account of fees in the way. */
export function checkFees(
  parties: { readonly borrower: Uint8Array; readonly bank: Uint8Array },
  context: Context,
): ContractRefusal | undefined {
  const running = context.get(rewardEpoch, epochId(context.seating.epoch));
  if (running === undefined) return undefined;
  for (const [role, party] of Object.entries(parties)) {
    const { owed } = feeAccountOf(context, running.money, party);
    if (owed > 0) return refused('E_FEE', { role, owed }, accountId(running.money, party));
  }
  return undefined;
}

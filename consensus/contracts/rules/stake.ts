/** Holdings of stake as transitions and evidence change them: the party's object, and the roll of those with a bond. */

import { compareBytes, equalBytes } from '../../codec/bytes.ts';
import { zero32 } from '../../crypto/hash.ts';
import type { ObjectReader, ObjectWriter, ValueOf } from '../object.ts';
import { stake, stakeRoll } from '../objects/stake.ts';

export type Stake = ValueOf<typeof stake>;

const none: Stake = {
  ...{
    free: 0,
    bonded: 0,
    unbonding: [],
    key: undefined,
    delegate: undefined,
    weight: 0,
    forfeited: undefined,
    seeds: [],
  },
};

export function stakeOf(reader: ObjectReader, party: Uint8Array): Stake {
  return reader.get(stake, party) ?? none;
}

/** What answers for offences: bonded, or unbonding still. */
export function atStake({ bonded, unbonding }: Stake): number {
  return unbonding.reduce((sum, { amount }) => sum + amount, bonded);
}

/** Writes a party's stake, and keeps the roll in step. */
export function putStake(writer: ObjectWriter, party: Uint8Array, value: Stake): void {
  writer.put(stake, party, value);
  const before = writer.get(stakeRoll, zero32)?.parties ?? [];
  const enters = atStake(value) > 0 || value.weight > 0;
  if (before.some((entry) => equalBytes(entry, party)) === enters) return;
  const others = before.filter((entry) => !equalBytes(entry, party));
  const parties = enters ? [...others, party].sort(compareBytes) : others;
  writer.put(stakeRoll, zero32, { parties });
}

/** Takes all that answers for offences; says how much that was. Its weight stays in the draw that is under way. */
export function forfeitStake(writer: ObjectWriter, party: Uint8Array, epoch: number): number {
  const held = stakeOf(writer, party);
  const taken = atStake(held);
  if (taken > 0) putStake(writer, party, { ...held, bonded: 0, unbonding: [], forfeited: epoch });
  return taken;
}

/** A new epoch begins: what is bonded now is each party's weight in the draw at its end. */
export function fixWeights(writer: ObjectWriter): void {
  for (const party of writer.get(stakeRoll, zero32)?.parties ?? []) {
    const held = stakeOf(writer, party);
    if (held.weight !== held.bonded) putStake(writer, party, { ...held, weight: held.bonded });
  }
}

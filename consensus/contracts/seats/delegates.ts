/** Elected delegates: the keys with most bonded stake behind them, one for each party. */

import { compareBytes, fromHex, toHex } from '../../codec/bytes.ts';
import { zero32 } from '../../crypto/hash.ts';
import type { ObjectReader } from '../object.ts';
import { stake, stakeRoll } from '../objects/stake.ts';
import { isFit, partyOf } from './fitness.ts';

export function chooseDelegates(
  state: ObjectReader,
  { seatsWanted }: { readonly seatsWanted: number },
): Uint8Array[] {
  const votes = new Map<string, bigint>();
  for (const party of state.get(stakeRoll, zero32)?.parties ?? []) {
    const { bonded, key, delegate } = state.get(stake, party)!;
    // A vote for whom it cannot help any more is a vote for the voter's own.
    const chosen = delegate !== undefined && isFit(state, delegate) ? delegate : key;
    if (bonded === 0 || chosen === undefined) continue;
    const name = toHex(chosen);
    votes.set(name, (votes.get(name) ?? 0n) + BigInt(bonded));
  }
  const ranked = [...votes]
    .map(([name, count]) => ({ key: fromHex(name)!, count }))
    .sort((a, b) => (a.count === b.count ? compareBytes(a.key, b.key) : a.count > b.count ? -1 : 1));
  const parties = new Set<string>();
  const seats: Uint8Array[] = [];
  for (const { key } of ranked) {
    const party = partyOf(state, key);
    if (party === undefined || parties.has(party) || !isFit(state, key)) continue;
    parties.add(party);
    seats.push(key);
    if (seats.length === seatsWanted) break;
  }
  return seats;
}

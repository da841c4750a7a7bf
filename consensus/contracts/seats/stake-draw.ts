/**
 * Seats by stake: a draw in proportion to the bonds of the epoch's start, among those who revealed what they had
 * committed to an epoch before. docs/spec/committee.md says what a coalition can and cannot steer.
 */

import { compareBytes, uint32Bytes } from '../../codec/bytes.ts';
import { hash, zero32 } from '../../crypto/hash.ts';
import type { ObjectReader } from '../object.ts';
import { stake, stakeRoll } from '../objects/stake.ts';
import { isFit } from './fitness.ts';
import type { Seating } from './rules.ts';

export interface Candidate {
  readonly party: Uint8Array;
  readonly weight: number;
}

/** What a party commits to before it reveals `secret`. */
export function seedCommitment(party: Uint8Array, secret: Uint8Array): Uint8Array {
  return hash('seed', party, secret);
}

export function chooseDrawn(
  state: ObjectReader,
  { seating, seatsWanted }: { readonly seating: Seating; readonly seatsWanted: number },
): Uint8Array[] {
  /** Who is in the draw, and the key that takes the seat; none where it is unfit by now. */
  const keys = new Map<Candidate, Uint8Array | undefined>();
  const revealed: Uint8Array[] = [];
  for (const party of state.get(stakeRoll, zero32)?.parties ?? []) {
    const { weight, key, seeds, forfeited } = state.get(stake, party)!;
    const secret = seeds.find(({ epoch }) => epoch === seating.epoch - 1)?.secret;
    // Without a weight a secret would cost nothing to withhold.
    if (secret === undefined || weight === 0) continue;
    revealed.push(party, secret);
    const fit = key !== undefined && forfeited !== seating.epoch && isFit(state, key);
    keys.set({ party, weight }, fit ? key : undefined);
  }
  const seed = hash('draw', uint32Bytes(seating.epoch % 2 ** 32), ...revealed);
  // Who is drawn and unfit leaves its seat empty: by turning unfit nobody changes what others drew.
  return drawSeats([...keys.keys()], seatsWanted, seed)
    .map((drawn) => keys.get(drawn))
    .filter((key) => key !== undefined);
}

/**
 * Draws `count` different candidates, each with probability count · weight / total, exactly; whoever has more than
 * 1/count of the total for sure. Systematic: laid end to end in an order drawn by the seed, equidistant marks from a
 * drawn start. All of them, where there are no more than `count`.
 */
export function drawSeats(candidates: readonly Candidate[], count: number, seed: Uint8Array): Candidate[] {
  let waiting = candidates.filter(({ weight }) => weight > 0);
  let total = waiting.reduce((sum, { weight }) => sum + BigInt(weight), 0n);
  const drawn: Candidate[] = [];
  const isSure = ({ weight }: Candidate) => BigInt(weight) * BigInt(count - drawn.length) >= total;
  while (drawn.length < count) {
    const sure = waiting.find(isSure);
    if (sure === undefined) break;
    drawn.push(sure);
    waiting = waiting.filter((candidate) => candidate !== sure);
    total -= BigInt(sure.weight);
  }
  const left = BigInt(count - drawn.length);
  if (left === 0n || total === 0n) return drawn;
  const shuffled = waiting
    .map((candidate) => ({ candidate, place: hash('draw', seed, candidate.party) }))
    .sort((a, b) => compareBytes(a.place, b.place));
  // Of 256 bits over a total below 2^53: the remainder is uniform but for 2^-203.
  let mark = toInteger(hash('draw', seed)) % total;
  let end = 0n;
  for (const { candidate } of shuffled) {
    end += BigInt(candidate.weight) * left;
    if (mark >= end) continue;
    drawn.push(candidate);
    mark += total;
  }
  return drawn;
}

function toInteger(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}

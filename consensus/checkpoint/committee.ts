/** The committee `[CKP-4]`: its seats, and how many of them are enough. */

import { toHex } from '../codec/bytes.ts';
import { limits } from '../codec/limits.ts';
import { type Infer, int, key32, list, record } from '../codec/schema.ts';
import { hash } from '../crypto/hash.ts';

export const committeeSchema = record('committee', {
  epoch: int(0),
  firstHeight: int(0),
  lastHeight: int(0),
  /** Voting keys; a seat's number is its position. */
  seats: list(key32, limits.seatsMax, 1),
});
export type CommitteeRecord = Infer<typeof committeeSchema>;

export class Committee {
  readonly record: CommitteeRecord;
  readonly hash: Uint8Array;
  /** Seats by voting key in hexadecimal. */
  readonly seatOf: ReadonlyMap<string, number>;

  constructor(committee: CommitteeRecord) {
    this.record = committee;
    this.hash = hash('committee', committeeSchema.encode(committee));
    this.seatOf = new Map(committee.seats.map((seat, number) => [toHex(seat), number]));
  }

  get epoch(): number {
    return this.record.epoch;
  }

  /** Voting keys; a seat's number is its position. */
  get seats(): readonly Uint8Array[] {
    return this.record.seats;
  }

  /** n */
  get size(): number {
    return this.record.seats.length;
  }

  /** f = ⌊(n−1)/3⌋: how many seats may be Byzantine. */
  get faults(): number {
    return Math.floor((this.size - 1) / 3);
  }

  /** q = ⌊2n/3⌋ + 1: any two quorums share an honest seat, also where n is not 3f+1. */
  get quorum(): number {
    return Math.floor((2 * this.size) / 3) + 1;
  }

  leader(height: number, view: number): number {
    return (height + view) % this.size;
  }

  holds(height: number): boolean {
    return height >= this.record.firstHeight && height <= this.record.lastHeight;
  }
}

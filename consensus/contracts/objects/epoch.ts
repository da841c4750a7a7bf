/** Epochs and their committees `[CKP-4]`: written when a committee begins and when it ends, never removed. */

import { uint32Bytes } from '../../codec/bytes.ts';
import { limits } from '../../codec/limits.ts';
import { flag, hash32, int, key32, list, timeMs } from '../../codec/schema.ts';
import { hash } from '../../crypto/hash.ts';
import { objectType } from '../object.ts';

/** A committee; id = its hash, which these four fields give. */
export const committeeObject = objectType('committee', {
  v0: { epoch: int(0), firstHeight: int(0), lastHeight: int(0), seats: list(key32, limits.seatsMax, 1) },
});

/** An epoch; id = epochId(number). */
export const epochObject = objectType('epoch', {
  v0: {
    committee: hash32,
    firstHeight: int(0),
    /** The height that ends it; an `end-epoch` call brings it forward. */
    endsAt: int(0),
    /** Checkpoint time at which it ended, ms; 0 while it runs. */
    endTime: timeMs,
    /** Seats that q of the present ones named for the next epoch; empty when none were. */
    named: list(key32, limits.seatsMax),
    /** The policy found too few fit candidates when it began, so that the committee before went on. */
    kept: flag,
  },
});

export function epochId(number: number): Uint8Array {
  return hash('object-key', uint32Bytes(Math.floor(number / 2 ** 32)), uint32Bytes(number % 2 ** 32));
}

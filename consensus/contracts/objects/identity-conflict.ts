/**
 * Two devices under one identity `[THG-11]`: somebody claims an enrolled device as its own, or the device's key has signed
 * two frames under one counter. It stays on record, id = `conflictId`.
 */

import { concatBytes } from '../../codec/bytes.ts';
import { choice, hash32, key32, record, tagged } from '../../codec/schema.ts';
import { hash } from '../../crypto/hash.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

export const identityConflict = objectType('id-conflict', {
  v0: {
    /** REKEYED: the owner gave the device another key than the one that was copied. */
    state: choice('OPEN', 'UPHELD', 'DISMISSED', 'REKEYED'),
    device: hash32,
    cause: tagged('identity-cause', {
      /** Whose it is said to be, the monitor that countersigned, and the key of the device that the claimant has. */
      claim: record('identity-claim', { claimant: hash32, monitor: hash32, key: key32 }),
      /** Tree root over the two frames. */
      copy: record('identity-copy', { frames: hash32 }),
    }),
    ...version,
  },
});

/** `by`: the claimant, of which there is one claim in all; or the key that was copied. */
export function conflictId(device: Uint8Array, by: Uint8Array): Uint8Array {
  return hash('object-key', concatBytes(device, by));
}

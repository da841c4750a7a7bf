/** What is on record against seats `[BFT-2]`. Neither object is ever removed. */

import { uint32Bytes } from '../../codec/bytes.ts';
import { choice, hash32, int, key32, timeMs } from '../../codec/schema.ts';
import { hash } from '../../crypto/hash.ts';
import { offenceKinds } from '../../vertex/offence.ts';
import { objectType } from '../object.ts';

/** One proven offence; id = offenceId(key, height), so that each counts once. */
export const offenceRecord = objectType('offence', {
  v0: {
    key: key32,
    height: int(1),
    committee: hash32,
    kind: choice(...offenceKinds),
    /** The evidence vertex that proved it. */
    vertex: hash32,
    time: timeMs,
    /** Stake that it cost the key's party. */
    forfeited: int(0),
  },
});

/** A key that never holds a seat again; id = the key. */
export const offender = objectType('offender', {
  v0: { party: hash32, offences: int(1), firstHeight: int(1) },
});

export function offenceId(key: Uint8Array, height: number): Uint8Array {
  return hash('object-key', key, uint32Bytes(Math.floor(height / 2 ** 32)), uint32Bytes(height % 2 ** 32));
}

/**
 * Messages between banks `[MSG-2]` `[MSG-4]`: the keys they are sealed to, and what the ledger knows of each, which is a
 * commitment and whether it was received.
 */

import { choice, hash32, int, key32, maybe, timeMs } from '../../codec/schema.ts';
import { sizeClass } from '../../vertex/sealed-message.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

/** An X25519 key that a party has stated; id = the key. Never changed. */
export const messageKey = objectType('message-key', {
  v0: { party: hash32, number: int(1), ...version },
});

/** A party's newest message key; id = the party's. */
export const messageHead = objectType('message-head', {
  v0: { newest: key32, number: int(1), ...version },
});

/** What the sender commits to. */
export const commitment = {
  sender: hash32,
  recipient: hash32,
  /** The recipient's message key. */
  key: key32,
  size: sizeClass,
  ciphertext: hash32,
  content: hash32,
  /** Hash of the opening. */
  proof: hash32,
} as const;

/** A message; id = the call that sent it. */
export const message = objectType('message', {
  v0: { state: choice('SENT', 'RECEIVED'), ...version },
  v1: {
    ...commitment,
    /** Running time until which it may be received. */
    until: timeMs,
    sentAt: timeMs,
    receivedAt: maybe(timeMs),
  },
});

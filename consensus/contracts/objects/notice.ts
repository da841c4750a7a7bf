/** A notice (semantics §1), id = the call that gave it: proved by acknowledgement, or by two attempts and a day. */

import { choice, hash32, int, list, record, timeMs } from '../../codec/schema.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

export const channels = ['ledger', 'post', 'email', 'courier', 'telephone', 'personal'] as const;
export const noticeKinds = ['default', 'enforcement', 'assignment', 'other'] as const;

/** `at` is running time. */
export const attempt = record('attempt', { channel: choice(...channels), at: timeMs });
export const attemptsMax = 8;

export const notice = objectType('notice', {
  v0: { state: choice('GIVEN', 'ACKNOWLEDGED', 'USED'), ...version },
  v1: {
    /** The pledge or the loan it is about. */
    subject: hash32,
    kind: choice(...noticeKinds),
    sender: hash32,
    addressee: hash32,
    /** Hash of what it says. */
    content: hash32,
    givenAtHeight: int(0),
    givenAt: timeMs,
    attempts: list(attempt, attemptsMax, 1),
    /** From when it counts as proved, running time; 0 while it does not. */
    provedAt: timeMs,
  },
});

/** Permission for a bank to be told about goods (semantics §5 row 9), id = the call that gave it. */

import { choice, hash32, list, maybe, text, timeMs } from '../../codec/schema.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

/** What a grant lets the monitor disclose (R038). */
export const grantKinds = ['status', 'move-in', 'move-out', 'transit', 'ownership', 'readings'] as const;

export const grantFields = {
  /** Units, or receipts over them. */
  scope: list(hash32, 16, 1),
  kinds: list(choice(...grantKinds), grantKinds.length, 1),
  purpose: text(120, 1),
  expires: timeMs,
  /** Who may evaluate in the bank's place. */
  appraiser: maybe(hash32),
} as const;

export const grant = objectType('grant', {
  v0: { state: choice('ACTIVE', 'REVOKED', 'LAPSED'), ...version },
  v1: { loan: hash32, enterprise: hash32, bank: hash32, ...grantFields },
});

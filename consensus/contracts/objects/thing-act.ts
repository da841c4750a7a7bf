/** What a thing did under a mandate other than pay `[THG-15]`, id = the call; of each its kind, and what it was done to. */

import { choice, flag, hash32, int, text, timeMs } from '../../codec/schema.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

export const actKinds = ['draw', 'repay', 'pledge', 'buy', 'sell'] as const;

/** What every act under a mandate leaves on record, a payment too. */
export const actFields = {
  mandate: hash32,
  thing: hash32,
  money: hash32,
  /** As it was held against the limits, minor units `[THG-16]`. */
  amount: int(1),
  content: text(40, 1),
  /** Checkpoint time. */
  at: timeMs,
  /** Did the second device sign? */
  seconded: flag,
  /** Mark of the reading that triggered it, and root over its frame. */
  event: hash32,
  eventRoot: hash32,
  /** Limits of the window as they stood. */
  windowAmount: int(1),
  windowCount: int(1),
} as const;

export const thingAct = objectType('thing-act', {
  v0: { kind: choice(...actKinds), ...version },
  v2: {
    ...actFields,
    owner: hash32,
    /** The bank, or who sold or bought. */
    counterparty: hash32,
    /** The credit limit, the loan, the pledge or the investment. */
    subject: hash32,
    /** Money that came to the owner's account, and that left it; minor units. */
    received: int(0),
    spent: int(0),
    /** Of what was spent: interest and costs. */
    interest: int(0),
  },
});

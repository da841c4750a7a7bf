/** What an owner lets a thing do with its money and goods (rows 41–43), id = the call that gave it. */

import { choice, hash32, type Infer, int, list, maybe, record, text, timeMs } from '../../codec/schema.ts';
import { objectType } from '../object.ts';
import { accountsMax } from './thing.ts';
import { version } from './version.ts';

/** The most acts that one window can allow, since each in it is remembered. */
export const windowCountMax = 64;
export const MINUTES_A_DAY = 1_440;

/** `[THG-15]` What a thing can do under a mandate: pay; borrow and repay; pledge; buy and sell. */
export const families = ['transaction', 'credit', 'mortgage', 'investment'] as const;
export type Family = (typeof families)[number];

/** The six limits, in the order of semantics §5 row 41. A mandate can be narrowed in each, and widened in none. */
export const mandateLimits = record('mandate-limits', {
  payees: list(hash32, 16, 1),
  /** What may be paid for, as the parties name it. */
  contents: list(text(40, 1), 16, 1),
  /** Checkpoint time from which, running time until which; and the minutes of the day, UTC, the second excluded. */
  from: timeMs,
  until: timeMs,
  fromMinute: int(0, MINUTES_A_DAY - 1),
  untilMinute: int(1, MINUTES_A_DAY),
  /** Virtual accounts of the thing, all in one currency. */
  means: list(hash32, accountsMax, 1),
  /** Of one payment, and of all in a window; minor units. */
  amountMax: int(1),
  windowAmount: int(1),
  /** Payments in a window. */
  windowCount: int(1, windowCountMax),
  /** A payment above this needs the second device's key; minor units. */
  threshold: int(0),
  /** What it is for; absent: transactions alone. */
  families: maybe(list(choice(...families), families.length, 1)),
  /** `[THG-18]` Goods, or receipts over them, that it may pledge. */
  collateral: maybe(list(hash32, 16, 1)),
});
export type MandateLimits = Infer<typeof mandateLimits>;

/** What holds for a mandate's whole life. */
export const mandateTerms = {
  /** The device that countersigns above the threshold. */
  second: maybe(hash32),
  /** Length of the sliding window, ms. */
  windowMs: int(1, 366 * 86_400_000),
  /** Share of a window's amount or count at which anybody may suspend it. */
  warnBp: maybe(int(1, 10_000)),
} as const;

export const mandateStates = ['ACTIVE', 'SUSPENDED', 'REVOKED', 'EXPIRED'] as const;
export const liveMandateStates: readonly (typeof mandateStates)[number][] = ['ACTIVE', 'SUSPENDED'];

const spend = record('spend', { at: timeMs, amount: int(1) });
export type Spend = Infer<typeof spend>;

export const mandate = objectType('mandate', {
  v0: { state: choice(...mandateStates), ...version },
  v2: {
    thing: hash32,
    owner: hash32,
    currency: text(3),
    limits: mandateLimits,
    ...mandateTerms,
    /** Payments and other acts of the window that ended with the last of them, in their order. */
    recent: list(spend, windowCountMax),
    /** Who suspended it; absent for the policy contract. */
    suspendedBy: maybe(hash32),
    /** Checkpoint time of the last resumption; 0 before. */
    resumedAt: timeMs,
  },
});

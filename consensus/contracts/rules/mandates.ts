/** The limits of a mandate: well formed, narrower than before, kept by what the thing does (rows 41–43). */

import { toHex } from '../../codec/bytes.ts';
import type { Code } from '../../codec/codes.ts';
import type { Facts } from '../../codec/result.ts';
import type { ValueOf } from '../object.ts';
import {
  type Family,
  type MandateLimits,
  MINUTES_A_DAY,
  type mandate,
  type Spend,
} from '../objects/mandate.ts';
import { type Context, type ContractRefusal, refused } from '../transition.ts';
import { hasRepeatedId, includesId } from './lists.ts';

export type Mandate = ValueOf<typeof mandate>;

const MINUTE_MS = 60_000;

/** E_SCOPE unless the limits are possible in themselves; which accounts they name is looked at elsewhere. */
export function checkLimits(
  limits: MandateLimits,
  hasSecond: boolean,
  running: number,
): ContractRefusal | undefined {
  const outOf = (limit: keyof MandateLimits, reason: string) => refused('E_SCOPE', { limit, reason });
  if (hasRepeatedId(limits.payees)) return outOf('payees', 'repeated');
  if (hasRepeatedId(limits.means)) return outOf('means', 'repeated');
  const { families = [], collateral = [] } = limits;
  if (new Set(families).size < families.length) return outOf('families', 'repeated');
  if (hasRepeatedId(collateral)) return outOf('collateral', 'repeated');
  if (limits.until <= running) return outOf('until', 'not later than now');
  if (limits.fromMinute >= limits.untilMinute) return outOf('untilMinute', 'not later than fromMinute');
  if (limits.amountMax > limits.windowAmount) return outOf('amountMax', 'above windowAmount');
  if (limits.threshold < limits.amountMax && !hasSecond)
    return outOf('threshold', 'below amountMax, and there is no second device');
  return undefined;
}

const isWithinIds = (narrow: readonly Uint8Array[], wide: readonly Uint8Array[]): boolean =>
  narrow.every((id) => includesId(wide, id));

/** `[THG-15]` A mandate that does not say what it is for is for transactions. */
const familiesOf = (families: MandateLimits['families']): readonly Family[] => families ?? ['transaction'];

/** For each limit: is the first no wider than the second? */
const isNarrower: {
  readonly [L in keyof MandateLimits]: (narrow: MandateLimits[L], wide: MandateLimits[L]) => boolean;
} = {
  payees: isWithinIds,
  contents: (narrow, wide) => narrow.every((content) => wide.includes(content)),
  from: (narrow, wide) => narrow >= wide,
  until: (narrow, wide) => narrow <= wide,
  fromMinute: (narrow, wide) => narrow >= wide,
  untilMinute: (narrow, wide) => narrow <= wide,
  means: isWithinIds,
  amountMax: (narrow, wide) => narrow <= wide,
  windowAmount: (narrow, wide) => narrow <= wide,
  windowCount: (narrow, wide) => narrow <= wide,
  threshold: (narrow, wide) => narrow <= wide,
  families: (narrow, wide) => familiesOf(narrow).every((family) => familiesOf(wide).includes(family)),
  collateral: (narrow = [], wide = []) => isWithinIds(narrow, wide),
};

/** The limit that `narrow` widens, if there is one. */
export function widenedLimit(narrow: MandateLimits, wide: MandateLimits): string | undefined {
  const compare = <L extends keyof MandateLimits>(limit: L): boolean =>
    isNarrower[limit](narrow[limit], wide[limit]);
  return (Object.keys(isNarrower) as (keyof MandateLimits)[]).find((limit) => !compare(limit));
}

/** What a thing is about to do, as its mandate sees it `[THG-16]`. */
export interface Deed {
  readonly family: Family;
  /** Account of the thing in whose money it is done. */
  readonly means: Uint8Array;
  /** Goods or receipt that it pledges. */
  readonly collateral?: Uint8Array;
  /** Whom it is with. */
  readonly payee: Uint8Array;
  readonly content: string;
  readonly amount: number;
}

/** Payments of the window that ends at `time`, the moment itself included. */
export function windowOf({ recent, windowMs }: Mandate, time: number): Spend[] {
  return recent.filter(({ at }) => at > time - windowMs);
}

export const sumOf = (spends: readonly Spend[]): bigint =>
  spends.reduce((sum, { amount }) => sum + BigInt(amount), 0n);

/** `[THG-3]` The limit that the deed would break at this position has a code of its own. */
export function checkDeed(
  id: Uint8Array,
  given: Mandate,
  deed: Deed,
  seconded: boolean,
  { time, running }: Pick<Context, 'time' | 'running'>,
): ContractRefusal | undefined {
  const { limits, windowMs } = given;
  const { family, means, collateral, payee, content, amount } = deed;
  const outOf = (code: Code, facts: Facts = {}) => refused(code, facts, id);
  if (!familiesOf(limits.families).includes(family)) return outOf('E_MANDATE_CONTENT', { family });
  if (!includesId(limits.payees, payee)) return outOf('E_MANDATE_PAYEE');
  if (!limits.contents.includes(content)) return outOf('E_MANDATE_CONTENT', { content });
  if (time < limits.from || running > limits.until)
    return outOf('E_MANDATE_TIME', { time, running, from: limits.from, until: limits.until });
  const minute = Math.floor(time / MINUTE_MS) % MINUTES_A_DAY;
  if (minute < limits.fromMinute || minute >= limits.untilMinute)
    return outOf('E_MANDATE_TIME', {
      minute,
      fromMinute: limits.fromMinute,
      untilMinute: limits.untilMinute,
    });
  if (!includesId(limits.means, means)) return outOf('E_MANDATE_MEANS');
  if (collateral !== undefined && !includesId(limits.collateral ?? [], collateral))
    return outOf('E_MANDATE_MEANS', { collateral: toHex(collateral) });
  if (amount > limits.amountMax) return outOf('E_MANDATE_AMOUNT', { amount, most: limits.amountMax });
  const spent = windowOf(given, time);
  const total = sumOf(spent) + BigInt(amount);
  if (total > BigInt(limits.windowAmount))
    return outOf('E_MANDATE_AMOUNT', { total: String(total), most: limits.windowAmount, windowMs });
  if (spent.length >= limits.windowCount)
    return outOf('E_MANDATE_FREQUENCY', { count: spent.length, most: limits.windowCount, windowMs });
  if (amount > limits.threshold && !seconded)
    return outOf('E_MANDATE', { amount, threshold: limits.threshold });
  return undefined;
}

/** Has spending since the last resumption come to the share at which the owner wants a warning? */
export function isAtWarning(given: Mandate, time: number): boolean {
  if (given.warnBp === undefined) return false;
  const spent = windowOf(given, time);
  if (!spent.some(({ at }) => at > given.resumedAt)) return false;
  const share = BigInt(given.warnBp);
  const { windowAmount, windowCount } = given.limits;
  return (
    sumOf(spent) * 10_000n >= BigInt(windowAmount) * share ||
    BigInt(spent.length) * 10_000n >= BigInt(windowCount) * share
  );
}

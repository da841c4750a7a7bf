/**
 * When a reading makes a thing pay, and how much `[THG-14]`: one pure rule, asked by the gateway that pays by itself and by
 * stories alike (R167).
 */

import { compareDecimals, type Decimal, scaledInteger } from '../../consensus/vertex/decimal.ts';
import type { Frame } from '../../consensus/vertex/frame.ts';
import type { QuantityName } from '../../consensus/vertex/quantities.ts';

/** A reading of this quantity above this value is an event. */
export interface PaymentTrigger {
  readonly quantity: QuantityName;
  readonly over: Decimal;
}

/** Minor units: for each event alike, or for each unit that the reading states. */
export type Price =
  | { readonly type: 'each'; readonly amount: number }
  | { readonly type: 'per-unit'; readonly amount: number };

export interface PaymentRule extends PaymentTrigger {
  readonly device: string;
  readonly price: Price;
}

/** Values have so many places at most. */
const PLACES = 9;

/** The value that makes the frame an event; `undefined` when it is none. */
export function eventValue(
  { quantity, over }: PaymentTrigger,
  frame: Pick<Frame, 'readings'>,
): Decimal | undefined {
  const stated = frame.readings.find((reading) => reading.quantity === quantity);
  return stated !== undefined && compareDecimals(stated.value, over) > 0 ? stated.value : undefined;
}

/** What the frame makes due under the rule, in minor units, a fraction of one dropped; 0: nothing. */
export function amountDue(rule: PaymentRule, frame: Pick<Frame, 'device' | 'readings'>): number {
  const value = frame.device === rule.device ? eventValue(rule, frame) : undefined;
  if (value === undefined) return 0;
  const { type, amount } = rule.price;
  if (type === 'each') return amount;
  const due = (scaledInteger(value, PLACES) * BigInt(amount)) / 10n ** BigInt(PLACES);
  return due > 0n ? Number(due) : 0;
}

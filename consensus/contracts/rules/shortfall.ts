/**
 * Goods that receipts and pledges stand for and that are not there (rows 7 and 30): recorded on the unit, with a
 * critical warning on each secured pledge of what is short. Owners of a pool bear it in proportion (semantics §6).
 */

import type { ValueOf } from '../object.ts';
import { pledge, securedStates } from '../objects/pledge.ts';
import { receipt } from '../objects/receipt.ts';
import { unit } from '../objects/unit.ts';
import { versionOf } from '../objects/version.ts';
import type { Context } from '../transition.ts';
import { type Holding, heldQuantity, holdingsOf, readHoldings } from './holdings.ts';
import { childId, raiseWarning } from './warnings.ts';

/** Grams that the unit's receipts, and pledges outside them, stand for beyond what is there. */
export function shortfallOf(goods: ValueOf<typeof unit>, holdings: readonly Holding[]): number {
  const outside = heldQuantity(holdingsOf(holdings, undefined));
  return Math.max(0, goods.receipted + outside - goods.quantity);
}

/** A pledge has let go of the unit: what nobody holds any more is not short. */
export function lowerShortfall(unitId: Uint8Array, context: Context): void {
  const goods = context.get(unit, unitId)!;
  const shortfall = shortfallOf(goods, readHoldings(unitId, context));
  if (shortfall < goods.shortfall) context.put(unit, unitId, { ...goods, shortfall, ...versionOf(context) });
}

/** Writes the unit's shortfall as it is now; where it grew, every secured pledge that is short is warned. */
export function recordShortfall(unitId: Uint8Array, evidenceRoot: Uint8Array, context: Context): void {
  const goods = context.get(unit, unitId)!;
  const holdings = readHoldings(unitId, context);
  const shortfall = shortfallOf(goods, holdings);
  if (shortfall !== goods.shortfall)
    context.put(unit, unitId, { ...goods, shortfall, ...versionOf(context) });
  if (shortfall <= goods.shortfall) return;
  const cureUntil = context.running + context.policy.cureMs;
  const measured = { mantissa: shortfall, exponent: -3 };
  const raised = { trigger: 'loss', level: 'critical', measured, evidenceRoot } as const;
  for (const [index, { pledge: id }] of holdings.entries()) {
    const held = context.get(pledge, id)!;
    if (securedStates.includes(held.state))
      raiseWarning(id, held, raised, cureUntil, context, childId(context.callId, index));
  }
}

/** A receipt's part of what is there: all of it, or its share of a pool that is short, rounded down. */
export function shareOf(
  receiptId: Uint8Array | undefined,
  goods: ValueOf<typeof unit>,
  holdings: readonly Holding[],
  context: Pick<Context, 'get'>,
): number {
  const outside = Math.max(goods.quantity - goods.receipted, heldQuantity(holdingsOf(holdings, undefined)));
  const face = receiptId === undefined ? outside : (context.get(receipt, receiptId)?.quantity ?? 0);
  const whole = goods.receipted + outside;
  if (whole <= goods.quantity || whole === 0) return face;
  return Number((BigInt(face) * BigInt(goods.quantity)) / BigInt(whole));
}

/**
 * What may leave (row 5): free goods; what a release order names; of a pool, what stays above every line at a fresh
 * price. From FROZEN on, and under an open warning about quantity, nothing.
 */

import { equalBytes } from '../../codec/bytes.ts';
import type { ValueOf } from '../object.ts';
import { releaseOrder } from '../objects/release-order.ts';
import type { unit } from '../objects/unit.ts';
import { zone, zoneId } from '../objects/zone.ts';
import { type Context, type ContractRefusal, isRefusal, lookUp, refused } from '../transition.ts';
import { type Holding, heldQuantity, isJunior, readHoldings } from './holdings.ts';
import { freshPrice, priceValue } from './prices.ts';
import { shareOf } from './shortfall.ts';
import { checkNotFrozen } from './title.ts';

/** Goods that are asked out: of the unit outside receipts, or of one receipt. */
export interface Exit {
  readonly unit: Uint8Array;
  readonly quantity: number;
  readonly receipt: Uint8Array | undefined;
  readonly release: Uint8Array | undefined;
}

/** The refusal, or undefined when the goods may leave; `holdings` are those of the whole they come from. */
export function checkExit(
  exit: Exit,
  goods: ValueOf<typeof unit>,
  holdings: readonly Holding[],
  context: Context,
): ContractRefusal | undefined {
  const whole = wholeOf(exit.unit, exit.receipt, goods, context);
  if (exit.quantity > whole)
    return refused('E_INSUFFICIENT', { asked: exit.quantity, whole }, exit.receipt ?? exit.unit);
  const frozen = checkNotFrozen(holdings, context) ?? checkZone(goods, context);
  if (frozen !== undefined) return frozen;
  if (exit.release !== undefined) return checkRelease(exit.release, exit, holdings, context);
  const free = whole - heldQuantity(holdings);
  const lines = holdings.filter(({ agreed }) => agreed.line !== undefined);
  if (exit.quantity > free) {
    const holder = lines[0] ?? holdings[0];
    const code = lines.length > 0 ? 'E_BELOW_LINE' : 'E_NO_RELEASE';
    return refused(code, { asked: exit.quantity, free }, holder?.pledge ?? exit.unit);
  }
  for (const held of lines) {
    const refusal = checkLine(held, whole - exit.quantity, holdings, exit.unit, context);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function wholeOf(
  unitId: Uint8Array,
  receiptId: Uint8Array | undefined,
  goods: ValueOf<typeof unit>,
  context: Context,
): number {
  // Owners of a pool that is short bear it in proportion: nobody takes another's share out.
  return shareOf(receiptId, goods, readHoldings(unitId, context), context);
}

/** A zone that holds less than is registered lets nothing out. */
function checkZone(goods: ValueOf<typeof unit>, context: Context): ContractRefusal | undefined {
  const id = zoneId(context.network, goods.gln, goods.zone);
  return goods.state === 'STORED' && context.get(zone, id)?.state === 'DIFFERS'
    ? refused('E_FROZEN', { reason: 'the zone holds less than is registered there' }, id)
    : undefined;
}

/** The order is live, of a pledge of these goods, and for so much. */
function checkRelease(
  id: Uint8Array,
  exit: Exit,
  holdings: readonly Holding[],
  context: Context,
): ContractRefusal | undefined {
  const order = lookUp(context, releaseOrder, id);
  if (isRefusal(order)) return order;
  if (order.state !== 'OPEN' || order.expires < context.running)
    return refused('E_NO_RELEASE', { reason: 'used or expired', state: order.state }, id);
  if (!holdings.some(({ pledge }) => equalBytes(pledge, order.pledge)))
    return refused('E_NO_RELEASE', { reason: 'of other goods' }, id);
  return exit.quantity > order.quantity
    ? refused('E_NO_RELEASE', { asked: exit.quantity, released: order.quantity }, id)
    : undefined;
}

/** What is left for the line, after everybody else's quantity, is worth its least value at a fresh price. */
function checkLine(
  held: Holding,
  left: number,
  holdings: readonly Holding[],
  unitId: Uint8Array,
  context: Context,
): ContractRefusal | undefined {
  const least = held.agreed.line ?? 0;
  if (least === 0 || isJunior(held, holdings)) return undefined;
  const stated = freshPrice(unitId, held.agreed.loan, context);
  if (isRefusal(stated)) return stated;
  const value = priceValue(BigInt(left - heldQuantity(holdings) + held.quantity), stated);
  return value < BigInt(least)
    ? refused('E_BELOW_LINE', { value: String(value), least }, held.pledge)
    : undefined;
}

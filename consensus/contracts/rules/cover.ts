/**
 * Cover now (semantics §6 "Value"): what a loan's secured goods are worth at fresh prices, against its debt. Goods
 * under a live release order count as gone, missing goods too; a senior pledge comes off a junior one.
 */

import { equalBytes } from '../../codec/bytes.ts';
import type { ValueOf } from '../object.ts';
import { loan } from '../objects/loan.ts';
import { pledge, securedStates } from '../objects/pledge.ts';
import { releaseOrder } from '../objects/release-order.ts';
import { unit } from '../objects/unit.ts';
import { type Context, type ContractRefusal, isRefusal, refused } from '../transition.ts';
import { totalDebt } from './amounts.ts';
import { isJunior, readHoldings } from './holdings.ts';
import { freshPrice, priceValue } from './prices.ts';
import { shareOf } from './shortfall.ts';

type Pledge = ValueOf<typeof pledge>;
/** What cover is judged by: no more, so that it can be asked without a call. */
export type CoverContext = Pick<Context, 'get' | 'policy' | 'time' | 'running'>;

/** How the goods would stand after what is asked for. */
export interface Supposed {
  /** Leave this pledge out, or count it with so many grams. */
  readonly changed?: { readonly pledge: Uint8Array; readonly quantity: number };
  /** Count these as well. */
  readonly added?: { readonly unit: Uint8Array; readonly quantity: number };
}

export function isLiveOrder(id: Uint8Array, context: CoverContext): boolean {
  const order = context.get(releaseOrder, id);
  return order?.state === 'OPEN' && order.expires >= context.running;
}

/** Grams under live release orders of a pledge. */
export function orderedOut(held: Pledge, context: CoverContext): number {
  return held.orders
    .filter((id) => isLiveOrder(id, context))
    .reduce((sum, id) => sum + (context.get(releaseOrder, id)?.quantity ?? 0), 0);
}

/** Eligible value of a loan's secured goods, minor units of its currency; E_PRICE_STALE where a price is missing. */
export function coverValue(
  loanId: Uint8Array,
  context: CoverContext,
  { changed, added }: Supposed = {},
): bigint | ContractRefusal {
  let sum = 0n;
  for (const id of context.get(loan, loanId)?.pledges ?? []) {
    const held = context.get(pledge, id);
    if (held === undefined || !securedStates.includes(held.state)) continue;
    const quantity = changed && equalBytes(changed.pledge, id) ? changed.quantity : held.quantity;
    const worth = pledgedWorth(id, held, quantity, loanId, context);
    if (isRefusal(worth)) return worth;
    sum += worth.eligible;
  }
  if (added === undefined) return sum;
  const stated = freshPrice(added.unit, loanId, context);
  return isRefusal(stated) ? stated : sum + priceValue(BigInt(added.quantity), stated);
}

/** What one secured pledge brings to its loan's cover. */
export interface Worth {
  /** Grams that count: there, and under no live release order. */
  readonly grams: number;
  /** At the fresh price, before the haircut; and after it, less what seniors may take first. Minor units. */
  readonly value: bigint;
  readonly eligible: bigint;
}

const worthless: Worth = { grams: 0, value: 0n, eligible: 0n };

export function pledgedWorth(
  id: Uint8Array,
  held: Pledge,
  quantity: number,
  loanId: Uint8Array,
  context: CoverContext,
): Worth | ContractRefusal {
  const goods = context.get(unit, held.unit);
  if (goods === undefined || quantity === 0) return worthless;
  const holdings = readHoldings(held.unit, context);
  const there = Math.min(quantity, shareOf(held.receipt, goods, holdings, context));
  const grams = Math.max(0, there - orderedOut(held, context));
  if (grams === 0) return worthless;
  const stated = freshPrice(held.unit, loanId, context);
  if (isRefusal(stated)) return stated;
  const kept = priceValue(BigInt(grams), stated) - seniorClaims(id, held, context);
  const value = priceValue(BigInt(grams), { ...stated, haircutBp: 0 });
  return { grams, value, eligible: kept > 0n ? kept : 0n };
}

/** What the pledges before a junior one may take first. */
export function seniorClaims(id: Uint8Array, held: Pledge, context: CoverContext): bigint {
  const holdings = readHoldings(held.unit, context);
  let sum = 0n;
  let current = holdings.find((holding) => equalBytes(holding.pledge, id));
  for (let depth = 0; depth < holdings.length && current && isJunior(current, holdings); depth++) {
    const { behind } = current.agreed;
    current = holdings.find((holding) => behind !== undefined && equalBytes(holding.pledge, behind));
    sum += BigInt(current?.agreed.ceiling ?? 0);
  }
  return sum;
}

/** Does the debt exceed `lineBp` of the value? */
export function isAbove(debt: bigint, value: bigint, lineBp: number): boolean {
  return debt * 10_000n > value * BigInt(lineBp);
}

/** E_COVER unless the debt is within the loan to value of the cover as supposed; without debt nothing is required. */
export function checkCovered(
  loanId: Uint8Array,
  context: CoverContext,
  supposed: Supposed = {},
  repaid = 0n,
): ContractRefusal | undefined {
  const debt = totalDebt(context.get(loan, loanId)!.debt) - repaid;
  if (debt <= 0n) return undefined;
  const value = coverValue(loanId, context, supposed);
  if (typeof value !== 'bigint') return value;
  const lineBp = context.policy.loanToValueBp;
  return isAbove(debt, value, lineBp)
    ? refused('E_COVER', { debt: String(debt), eligible: String(value), lineBp }, loanId)
    : undefined;
}

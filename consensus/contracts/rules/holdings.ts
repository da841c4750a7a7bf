/**
 * Who holds how much of a unit as security: the entries of its encumbrance, and what they leave free. Whatever asks
 * for free quantity comes through `lapseExpired`, so that a reservation whose time is over never stands in the way `[CTR-4]`.
 */

import { equalBytes } from '../../codec/bytes.ts';
import { invariant } from '../../codec/result.ts';
import type { ObjectReader, ValueOf } from '../object.ts';
import { type EncumbranceEntry, encumbrance } from '../objects/encumbrance.ts';
import { pledge } from '../objects/pledge.ts';
import { receipt } from '../objects/receipt.ts';
import type { unit } from '../objects/unit.ts';
import { versionOf } from '../objects/version.ts';
import type { Context } from '../transition.ts';

/** One reservation or pledge of a unit, with the pledge it stands for. */
export interface Holding extends EncumbranceEntry {
  /** Grams. */
  readonly quantity: number;
  readonly agreed: ValueOf<typeof pledge>;
}

export function readHoldings(unitId: Uint8Array, reader: ObjectReader): readonly Holding[] {
  const found = reader.get(encumbrance, unitId);
  if (found === undefined) return [];
  return found.entries.map((entry, index) => {
    const agreed = reader.get(pledge, entry.pledge);
    invariant(agreed !== undefined, 'an encumbrance names a pledge that exists');
    return { ...entry, quantity: found.quantities[index]!, agreed };
  });
}

/** Writes a unit's holdings; when none is left, the encumbrance ceases to exist. */
export function writeHoldings(
  unitId: Uint8Array,
  holdings: readonly Omit<Holding, 'agreed'>[],
  context: Context,
): void {
  if (holdings.length === 0) {
    context.remove(encumbrance, unitId);
    return;
  }
  context.put(encumbrance, unitId, {
    entries: holdings.map(({ pledge: id, rank, state }) => ({ pledge: id, rank, state })),
    quantities: holdings.map(({ quantity }) => quantity),
    ...versionOf(context),
  });
}

export function isExpiredReservation(
  { state, reservedUntil }: ValueOf<typeof pledge>,
  running: number,
): boolean {
  return state === 'AGREED' && reservedUntil < running;
}

/** Lapses the unit's reservations whose time is over, and gives what holds it now. */
export function lapseExpired(unitId: Uint8Array, context: Context): readonly Holding[] {
  const holdings = readHoldings(unitId, context);
  const live = holdings.filter(({ agreed }) => !isExpiredReservation(agreed, context.running));
  if (live.length === holdings.length) return holdings;
  for (const { pledge: id, agreed } of holdings) {
    if (isExpiredReservation(agreed, context.running))
      context.put(pledge, id, { ...agreed, state: 'LAPSED', ...versionOf(context) });
  }
  writeHoldings(unitId, live, context);
  return live;
}

/** Holdings of the goods themselves when `receiptId` is absent, otherwise of that receipt. */
export function holdingsOf(
  holdings: readonly Holding[],
  receiptId: Uint8Array | undefined,
): readonly Holding[] {
  return holdings.filter(({ agreed }) =>
    receiptId === undefined
      ? agreed.receipt === undefined
      : agreed.receipt !== undefined && equalBytes(agreed.receipt, receiptId),
  );
}

/** Does it rank behind another that still holds the same goods? Then it adds nothing to what is held. */
export function isJunior({ agreed }: Holding, holdings: readonly Holding[]): boolean {
  const { behind } = agreed;
  return behind !== undefined && holdings.some((holding) => equalBytes(holding.pledge, behind));
}

/** Grams reserved and pledged, juniors not counted twice. */
export function heldQuantity(holdings: readonly Holding[]): number {
  return holdings.reduce((sum, holding) => (isJunior(holding, holdings) ? sum : sum + holding.quantity), 0);
}

/** Grams under no receipt and held by nobody; below zero where goods are missing. */
export function unreceiptedFree(goods: ValueOf<typeof unit>, holdings: readonly Holding[]): number {
  return goods.quantity - goods.receipted - heldQuantity(holdingsOf(holdings, undefined));
}

/** Grams of `owner` held by nobody: outside receipts, and on receipts that secure nothing. */
export function freeQuantity(
  goods: ValueOf<typeof unit>,
  holdings: readonly Holding[],
  owner: Uint8Array,
  reader: ObjectReader,
): number {
  let free = equalBytes(goods.owner, owner) ? Math.max(0, unreceiptedFree(goods, holdings)) : 0;
  for (const receiptId of goods.receipts) {
    const document = reader.get(receipt, receiptId);
    if (document === undefined || !equalBytes(document.owner, owner)) continue;
    if (holdingsOf(holdings, receiptId).length === 0) free += document.quantity;
  }
  return free;
}

/** Is any of the goods the party's, outside receipts or by one? */
export function ownsPart(goods: ValueOf<typeof unit>, owner: Uint8Array, reader: ObjectReader): boolean {
  if (equalBytes(goods.owner, owner)) return true;
  return goods.receipts.some((id) => {
    const document = reader.get(receipt, id);
    return document !== undefined && equalBytes(document.owner, owner);
  });
}

/** Replaces, or with `undefined` removes, one holding of a unit. */
export function changeHolding(
  unitId: Uint8Array,
  pledgeId: Uint8Array,
  change: Partial<Pick<Holding, 'quantity' | 'rank' | 'state'>> | undefined,
  context: Context,
): void {
  const holdings = readHoldings(unitId, context).flatMap((holding) => {
    if (!equalBytes(holding.pledge, pledgeId)) return [holding];
    return change === undefined ? [] : [{ ...holding, ...change }];
  });
  writeHoldings(unitId, holdings, context);
}

/** Why `quantity` of the goods is no security that the owner can give now; `holdings` are the others that hold them. */
export function ineligibility(
  goods: ValueOf<typeof unit>,
  quantity: number,
  owner: Uint8Array,
  holdings: readonly Holding[],
  reader: ObjectReader,
): string | undefined {
  if (!ownsPart(goods, owner, reader)) return 'not the applicant’s';
  if (goods.state !== 'STORED') return 'not in store';
  return quantity > freeQuantity(goods, holdings, owner, reader) ? 'not free' : undefined;
}

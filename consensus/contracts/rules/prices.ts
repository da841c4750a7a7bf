/** Which price counts now (semantics §6 "Value"): the newest that the lender, or its appraiser, has stated. */

import type { ValueOf } from '../object.ts';
import { grant } from '../objects/grant.ts';
import { loan } from '../objects/loan.ts';
import { price, priceId } from '../objects/price.ts';
import { type Context, type ContractRefusal, refused } from '../transition.ts';

export type Price = ValueOf<typeof price>;

/** Value of `grams`, floor; minor units. */
export function priceValue(grams: bigint, stated: Price): bigint {
  const kept = BigInt(10_000 - stated.haircutBp);
  return (grams * BigInt(stated.price) * kept) / (BigInt(stated.pricedQuantity) * 10_000n);
}

/** The fresh price of a unit for a loan, in its currency; E_PRICE_STALE when there is none. */
export function freshPrice(
  unitId: Uint8Array,
  loanId: Uint8Array,
  context: Pick<Context, 'get' | 'policy' | 'time'>,
): Price | ContractRefusal {
  const lent = context.get(loan, loanId);
  const given = lent?.grant && context.get(grant, lent.grant);
  return newestPrice(unitId, [lent?.bank, given?.appraiser], lent?.currency, context);
}

/** The newest price that one of the sources has stated in the currency, while it is fresh; else E_PRICE_STALE. */
export function newestPrice(
  unitId: Uint8Array,
  sources: readonly (Uint8Array | undefined)[],
  currency: string | undefined,
  context: Pick<Context, 'get' | 'time' | 'policy'>,
): Price | ContractRefusal {
  let newest: Price | undefined;
  for (const source of sources) {
    const stated = source && context.get(price, priceId(unitId, source));
    if (stated === undefined || stated.currency !== currency) continue;
    if (newest === undefined || stated.asOf > newest.asOf) newest = stated;
  }
  const most = context.policy.priceAgeMs;
  if (newest === undefined) return refused('E_PRICE_STALE', { reason: 'no price is stated' }, unitId);
  return context.time - newest.asOf > most
    ? refused('E_PRICE_STALE', { asOf: newest.asOf, time: context.time, most }, unitId)
    : newest;
}

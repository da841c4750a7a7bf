/** Goods that are to secure a loan, shown to be free, the pledgor's, counted and held by nobody's creature (rows 17, 19). */

import { equalBytes, toHex } from '../../codec/bytes.ts';
import type { ValueOf } from '../object.ts';
import { unit } from '../objects/unit.ts';
import { type Context, type ContractRefusal, isRefusal, lookUp, refused } from '../transition.ts';
import { isControlledBy } from './affiliation.ts';
import { checkAgreement, claimReadings, measure, observe } from './evidence.ts';
import { type Holding, heldQuantity, holdingsOf, lapseExpired } from './holdings.ts';

export interface Attached {
  readonly goods: ValueOf<typeof unit>;
  readonly holdings: readonly Holding[];
  readonly countRoot: Uint8Array;
}

/** Monitor and custodian have signed; the refusal, or the goods as they can be attached now. */
export function checkAttach(
  asked: {
    readonly unit: Uint8Array;
    readonly quantity: number;
    readonly pledgor: Uint8Array;
    readonly evidence: readonly Uint8Array[];
  },
  context: Context,
): Attached | ContractRefusal {
  const { unit: id, quantity, pledgor, evidence } = asked;
  const goods = lookUp(context, unit, id);
  if (isRefusal(goods)) return goods;
  if (!equalBytes(goods.owner, pledgor) || goods.state !== 'STORED')
    return refused('E_INELIGIBLE', { reason: 'not the pledgor’s, or not in store', unit: toHex(id) }, id);
  const [bypassed] = goods.receipts;
  if (bypassed !== undefined)
    return refused('E_RECEIPT_OUT', { reason: 'the goods are receipted' }, bypassed);
  const holdings = lapseExpired(id, context);
  if (quantity > goods.quantity)
    return refused('E_INSUFFICIENT', { asked: quantity, whole: goods.quantity }, id);
  const [rival] = holdingsOf(holdings, undefined);
  if (rival !== undefined && quantity > goods.quantity - heldQuantity(holdings))
    return refused('E_ENCUMBERED', { asked: quantity, state: rival.state, rank: rival.rank }, rival.pledge);
  for (const holder of [goods.monitor, goods.custodian])
    if (isControlledBy(holder, pledgor, context))
      return refused('E_AFFILIATE', { party: toHex(holder) }, holder);
  const observed = observe(evidence, goods, context.time, context);
  if (isRefusal(observed)) return observed;
  const measured = measure(observed);
  if (isRefusal(measured)) return measured;
  const disproved =
    checkAgreement(measured, goods.quantity, goods.packages, context.policy.toleranceBp) ??
    claimReadings(observed.uses, id, context);
  return disproved ?? { goods, holdings, countRoot: observed.root };
}

/** The holders of the unit that an argument names: they sign, and so attorn. */
export function holderOf(field: 'monitor' | 'custodian') {
  return (args: { readonly unit: Uint8Array }, context: Context): Uint8Array | ContractRefusal => {
    const goods = lookUp(context, unit, args.unit);
    return isRefusal(goods) ? goods : goods[field];
  };
}

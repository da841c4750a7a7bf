/** Title to goods passes (row 3): the interval of ownership changes, and every pledge of the goods follows them. */

import type { ValueOf } from '../object.ts';
import { pledge, securedStates } from '../objects/pledge.ts';
import { receipt } from '../objects/receipt.ts';
import { unit } from '../objects/unit.ts';
import { versionOf } from '../objects/version.ts';
import { type Context, type ContractRefusal, isRefusal, lookUp, refused, wrongState } from '../transition.ts';
import { isControlledBy } from './affiliation.ts';
import type { Holding } from './holdings.ts';
import { quantityWarning } from './warnings.ts';

/** A receipt that is out, ISSUED or HELD, and the goods that it stands for. */
export function lookUpOut(
  id: Uint8Array,
  context: Context,
): { readonly document: ValueOf<typeof receipt>; readonly goods: ValueOf<typeof unit> } | ContractRefusal {
  const document = lookUp(context, receipt, id);
  if (isRefusal(document)) return document;
  if (document.state !== 'ISSUED' && document.state !== 'HELD')
    return wrongState(document.state, ['ISSUED', 'HELD'], id);
  const goods = lookUp(context, unit, document.unit);
  return isRefusal(goods) ? goods : { document, goods };
}

/** States from FROZEN on: nothing leaves and nothing passes. */
const stopped = ['FROZEN', 'DEFAULTED', 'ENFORCING'];

/** The refusal when one of the holdings is frozen, or a warning about its quantity is open. */
export function checkNotFrozen(holdings: readonly Holding[], context: Context): ContractRefusal | undefined {
  for (const { pledge: id, agreed } of holdings) {
    if (stopped.includes(agreed.state)) return refused('E_FROZEN', { state: agreed.state }, id);
    const open = quantityWarning(agreed, context);
    if (open !== undefined)
      return refused('E_FROZEN', { reason: 'a warning about the quantity is open' }, open);
  }
  return undefined;
}

/** Pledged goods are held by nobody that their new owner controls. */
export function checkNewOwner(
  goods: ValueOf<typeof unit>,
  holdings: readonly Holding[],
  owner: Uint8Array,
  context: Context,
): ContractRefusal | undefined {
  if (!holdings.some(({ agreed }) => securedStates.includes(agreed.state))) return undefined;
  const holder = [goods.monitor, goods.custodian].find((id) => isControlledBy(id, owner, context));
  return holder && refused('E_AFFILIATE', { reason: 'the new owner controls a holder' }, holder);
}

/** The pledges go on against the new owner's goods. */
export function passPledges(holdings: readonly Holding[], owner: Uint8Array, context: Context): void {
  for (const { pledge: id, agreed } of holdings)
    context.put(pledge, id, { ...agreed, pledgor: owner, ...versionOf(context) });
}

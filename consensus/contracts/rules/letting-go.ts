/** A pledge lets go of its goods (rows 21, 28): the quantity is free, a receipt goes to who is next. */

import { equalBytes } from '../../codec/bytes.ts';
import type { ValueOf } from '../object.ts';
import { pledge, securedStates } from '../objects/pledge.ts';
import { receipt } from '../objects/receipt.ts';
import { sale } from '../objects/sale.ts';
import { versionOf } from '../objects/version.ts';
import type { Context } from '../transition.ts';
import { changeHolding, holdingsOf, readHoldings } from './holdings.ts';
import { endLock } from './money.ts';
import { lowerShortfall } from './shortfall.ts';
import { closeWarnings } from './warnings.ts';

/** Ends the pledge in `state`. Control of its receipt passes to a junior pledgee, else back to the owner. */
export function letGo(
  id: Uint8Array,
  held: ValueOf<typeof pledge>,
  state: 'RELEASED' | 'REALISED',
  context: Context,
): void {
  closeWarnings(held, context);
  if (state === 'RELEASED') cancelSale(held, context);
  context.put(pledge, id, { ...held, state, cureUntil: 0, openWarnings: [], ...versionOf(context) });
  changeHolding(held.unit, id, undefined, context);
  lowerShortfall(held.unit, context);
  const document = held.receipt && context.get(receipt, held.receipt);
  if (held.receipt === undefined || document?.state !== 'HELD') return;
  const others = holdingsOf(readHoldings(held.unit, context), held.receipt);
  const next = others.find(({ agreed }) => securedStates.includes(agreed.state))?.agreed;
  if (next === undefined) {
    const returned = { ...document, state: 'ISSUED', controller: document.owner } as const;
    context.put(receipt, held.receipt, { ...returned, ...versionOf(context) });
  } else if (!equalBytes(document.controller, next.pledgee)) {
    context.put(receipt, held.receipt, { ...document, controller: next.pledgee, ...versionOf(context) });
  }
}

/** Redeemed before the sale: the highest bid's money goes back. */
function cancelSale({ sale: id }: ValueOf<typeof pledge>, context: Context): void {
  const open = id && context.get(sale, id);
  if (id === undefined || open?.state !== 'OPEN') return;
  if (open.best !== undefined) endLock(open.best, [], context);
  context.put(sale, id, { ...open, state: 'CANCELLED', ...versionOf(context) });
}

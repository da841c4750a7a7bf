/** Row 28: after the sale, the price is shared out by the waterfall, and the goods pass to the buyer. */

import { invariant } from '../../codec/result.ts';
import { hash32 } from '../../codec/schema.ts';
import { loan } from '../objects/loan.ts';
import { pledge } from '../objects/pledge.ts';
import { distribution, sale } from '../objects/sale.ts';
import { versionOf } from '../objects/version.ts';
import { totalDebt } from '../rules/amounts.ts';
import { endLock } from '../rules/money.ts';
import { passableQuantity, passToBuyer, waterfall } from '../rules/proceeds.ts';
import { isRefusal, lookUp, refused, transition, wrongState } from '../transition.ts';

export const distribute = transition({
  name: 'distribute',
  row: 28,
  summary: 'Closes a sale: shares out the price, and passes title and control to the buyer.',
  args: { v0: { sale: hash32 } },
  signedBy: [],
  preconditions: {
    E_DEBT: 'the debt was not redeemed meanwhile',
    E_NOT_DUE: 'bidding has closed',
    E_NOT_FOUND: 'what it names exists',
    E_STATE: 'the sale is open',
  },
  effects:
    'costs, lien, pledges by rank, surplus to the pledgor; the goods pass free of ranked pledges, REALISED. Without a bid, or when the goods are fewer than were for sale, the money goes back and the pledge is DEFAULTED again',
  evidence: 'the shares',
  visibility: 'V1',
  apply: ({ sale: id }, context) => {
    const open = lookUp(context, sale, id);
    if (isRefusal(open)) return open;
    if (open.state !== 'OPEN') return wrongState(open.state, ['OPEN'], id);
    if (context.running <= open.closesAt)
      return refused('E_NOT_DUE', { closesAt: open.closesAt, running: context.running }, id);
    const held = lookUp(context, pledge, open.pledge);
    if (isRefusal(held)) return held;
    if (totalDebt(context.get(loan, held.loan)!.debt) === 0n)
      return refused('E_DEBT', { reason: 'redeemed: the pledge is released instead' }, held.loan);
    const { best, bidder, highest } = open;
    const passable = passableQuantity(open.pledge, held, context);
    if (best === undefined || bidder === undefined || passable !== open.quantity) {
      // Bids were made for what was there then.
      if (best !== undefined) endLock(best, [], context);
      context.put(sale, id, { ...open, state: 'FAILED', ...versionOf(context) });
      const back = { ...held, state: 'DEFAULTED', sale: undefined } as const;
      context.put(pledge, open.pledge, { ...back, ...versionOf(context) });
      return undefined;
    }
    const shares = waterfall(open.pledge, held, highest, open.costs, context);
    const sum = shares.reduce((total, { amount }) => total + amount, 0);
    invariant(sum === highest, 'what is shared out is what was received');
    endLock(best, shares, context);
    const { pledgor, pledgee, currency } = open;
    context.put(distribution, context.callId, {
      ...{ pledge: open.pledge, pledgor, pledgee, currency, proceeds: highest, shares },
      ...versionOf(context),
    });
    context.put(sale, id, { ...open, state: 'SOLD', ...versionOf(context) });
    passToBuyer(open.pledge, held, bidder, shares, context);
    return undefined;
  },
});

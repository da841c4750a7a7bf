/** Row 16: on the pledgor's request the pledgee lets part of the goods go, by an order that is used once and expires. */

import { hash32, int } from '../../codec/schema.ts';
import { ordersMax, pledge } from '../objects/pledge.ts';
import { releaseOrder } from '../objects/release-order.ts';
import { versionOf } from '../objects/version.ts';
import { checkCovered, isLiveOrder, orderedOut } from '../rules/cover.ts';
import { isRefusal, lookUp, partyIn, refused, transition, wrongState } from '../transition.ts';

export const releasePart = transition({
  name: 'release-part',
  row: 16,
  summary: 'Orders the release of part of the pledged goods; the rest stays pledged.',
  args: { v0: { pledge: hash32 }, v1: { quantity: int(1) } },
  signedBy: [
    { who: 'pledgee', role: 'bank', party: partyIn(pledge, 'pledge', 'pledgee') },
    { who: 'pledgor, who asks for it', role: 'enterprise', party: partyIn(pledge, 'pledge', 'pledgor') },
  ],
  preconditions: {
    E_COVER: 'the cover after it is still within the loan to value',
    E_INSUFFICIENT: 'something stays pledged: the whole is released by row 21',
    E_NOT_FOUND: 'what it names exists',
    E_POLICY: 'not too many orders are open',
    E_PRICE_STALE: 'the cover is computed at fresh prices',
    E_STATE: 'the pledge is PERFECTED',
  },
  effects: 'a release order: used once, and only until it expires',
  visibility: 'V1',
  apply: ({ pledge: id, quantity }, context) => {
    const held = lookUp(context, pledge, id);
    if (isRefusal(held)) return held;
    if (held.state !== 'PERFECTED') return wrongState(held.state, ['PERFECTED'], id);
    const open = orderedOut(held, context);
    if (quantity >= held.quantity - open)
      return refused('E_INSUFFICIENT', { asked: quantity, whole: held.quantity, open }, id);
    const live = held.orders.filter((order) => isLiveOrder(order, context));
    if (live.length >= ordersMax)
      return refused('E_POLICY', { reason: 'too many orders', most: ordersMax }, id);
    const changed = { pledge: id, quantity: held.quantity - quantity };
    const short = checkCovered(held.loan, context, { changed });
    if (short !== undefined) return short;
    const { unit, pledgor, pledgee, monitor, custodian } = held;
    context.put(releaseOrder, context.callId, {
      state: 'OPEN',
      pledge: id,
      ...{ unit, pledgor, pledgee, monitor, custodian, quantity },
      expires: context.running + context.policy.releaseOrderMs,
      ...versionOf(context),
    });
    context.put(pledge, id, { ...held, orders: [...live, context.callId], ...versionOf(context) });
    return undefined;
  },
});

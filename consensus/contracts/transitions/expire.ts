/** Row 22: what was given for a time lapses when that is over. A perfected pledge never does. */

import { choice, hash32 } from '../../codec/schema.ts';
import { grant } from '../objects/grant.ts';
import { loan } from '../objects/loan.ts';
import { liveMandateStates, mandate } from '../objects/mandate.ts';
import { pledge } from '../objects/pledge.ts';
import { releaseOrder } from '../objects/release-order.ts';
import { versionOf } from '../objects/version.ts';
import { isExpiredReservation, lapseExpired } from '../rules/holdings.ts';
import { endMandate } from '../rules/things.ts';
import {
  type Context,
  type ContractRefusal,
  isRefusal,
  lookUp,
  refused,
  transition,
  wrongState,
} from '../transition.ts';

const kinds = ['grant', 'approval', 'reservation', 'release-order', 'mandate'] as const;

export const expire = transition({
  name: 'expire',
  row: 22,
  summary:
    'Lets a grant, an approval, a reservation, a release order or a mandate lapse once its time is over.',
  args: { v0: { kind: choice(...kinds), subject: hash32 } },
  signedBy: [],
  preconditions: {
    E_NOT_DUE: 'its deadline has passed, in running time',
    E_NOT_FOUND: 'what it names exists',
    E_STATE: 'it is live; a perfected pledge never lapses',
  },
  effects: 'LAPSED; what it held is free',
  visibility: 'V1',
  apply: ({ kind, subject }, context) => lapse[kind](subject, context),
});

const notDue = (until: number, id: Uint8Array, { running }: Context): ContractRefusal | undefined =>
  until < running ? undefined : refused('E_NOT_DUE', { until, running }, id);

const lapse: {
  readonly [K in (typeof kinds)[number]]: (id: Uint8Array, context: Context) => ContractRefusal | undefined;
} = {
  grant: (id, context) => {
    const given = lookUp(context, grant, id);
    if (isRefusal(given)) return given;
    if (given.state !== 'ACTIVE') return wrongState(given.state, ['ACTIVE'], id);
    const early = notDue(given.expires, id, context);
    if (early === undefined) context.put(grant, id, { ...given, state: 'LAPSED', ...versionOf(context) });
    return early;
  },
  approval: (id, context) => {
    const asked = lookUp(context, loan, id);
    if (isRefusal(asked)) return asked;
    if (asked.state !== 'APPROVED') return wrongState(asked.state, ['APPROVED'], id);
    const early = notDue(asked.limitUntil, id, context);
    if (early === undefined) context.put(loan, id, { ...asked, state: 'LAPSED', ...versionOf(context) });
    return early;
  },
  reservation: (id, context) => {
    const agreed = lookUp(context, pledge, id);
    if (isRefusal(agreed)) return agreed;
    if (agreed.state !== 'AGREED') return wrongState(agreed.state, ['AGREED'], id);
    if (!isExpiredReservation(agreed, context.running)) return notDue(agreed.reservedUntil, id, context);
    lapseExpired(agreed.unit, context);
    return undefined;
  },
  'release-order': (id, context) => {
    const order = lookUp(context, releaseOrder, id);
    if (isRefusal(order)) return order;
    if (order.state !== 'OPEN') return wrongState(order.state, ['OPEN'], id);
    const early = notDue(order.expires, id, context);
    if (early === undefined)
      context.put(releaseOrder, id, { ...order, state: 'LAPSED', ...versionOf(context) });
    return early;
  },
  mandate: (id, context) => {
    const given = lookUp(context, mandate, id);
    if (isRefusal(given)) return given;
    if (!liveMandateStates.includes(given.state)) return wrongState(given.state, liveMandateStates, id);
    const early = notDue(given.limits.until, id, context);
    if (early === undefined) endMandate(id, 'EXPIRED', context);
    return early;
  },
};

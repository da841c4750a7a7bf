/** Row 42: the payee acknowledges what a thing has paid (R129): the thing and its owner know that it was heard. */

import { hash32 } from '../../codec/schema.ts';
import { acknowledgement, thingPayment } from '../objects/thing-payment.ts';
import { versionOf } from '../objects/version.ts';
import { roles } from '../registry.ts';
import { isRefusal, lookUp, partyIn, refused, transition } from '../transition.ts';

export const acknowledgePayment = transition({
  name: 'acknowledge-payment',
  row: 42,
  summary: 'Acknowledges a payment by a thing, as its payee.',
  args: { v0: { payment: hash32 } },
  signedBy: [{ who: 'payee', role: roles, party: partyIn(thingPayment, 'payment', 'payee') }],
  preconditions: { E_NOT_FOUND: 'what it names exists', E_STATE: 'it is not acknowledged yet' },
  effects: 'thing and owner know that the payee has heard of it',
  visibility: 'V2',
  apply: ({ payment: id }, context) => {
    const paid = lookUp(context, thingPayment, id);
    if (isRefusal(paid)) return paid;
    if (context.get(acknowledgement, id) !== undefined)
      return refused('E_STATE', { reason: 'acknowledged already' }, id);
    const { thing, payer, payee } = paid;
    context.put(acknowledgement, id, { thing, payer, payee, ...versionOf(context) });
    return undefined;
  },
});

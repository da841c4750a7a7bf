/** Row 39, dishonour: the drawee refuses a presented bill, or has let the time to pay go by. */

import { hash32 } from '../../codec/schema.ts';
import { bill } from '../objects/bill.ts';
import { versionOf } from '../objects/version.ts';
import { roles } from '../registry.ts';
import {
  type Context,
  type ContractRefusal,
  isRefusal,
  lookUp,
  partyIn,
  refused,
  transition,
  wrongState,
} from '../transition.ts';

/** Marks the bill, or refuses: it was never presented, is past that, or `early` says why not yet. */
function dishonour(
  id: Uint8Array,
  context: Context,
  early: (payUntil: number) => ContractRefusal | undefined,
): ContractRefusal | undefined {
  const held = lookUp(context, bill, id);
  if (isRefusal(held)) return held;
  if (held.state === 'ISSUED' || held.state === 'ACCEPTED')
    return refused('E_NO_PRESENT', { state: held.state }, id);
  if (held.state !== 'PRESENTED') return wrongState(held.state, ['PRESENTED'], id);
  const refusal = early(held.payUntil);
  if (refusal === undefined) context.put(bill, id, { ...held, state: 'DISHONOURED', ...versionOf(context) });
  return refusal;
}

export const refuseBill = transition({
  name: 'refuse-bill',
  row: 39,
  summary: 'Refuses to pay a presented bill.',
  args: { v0: { bill: hash32 } },
  signedBy: [{ who: 'drawee', role: roles, party: partyIn(bill, 'bill', 'drawee') }],
  preconditions: {
    E_NOT_FOUND: 'what it names exists',
    E_NO_PRESENT: 'it was presented',
    E_STATE: 'the bill is PRESENTED',
  },
  effects: 'DISHONOURED; the holder has recourse to every signer before it',
  visibility: 'V1',
  apply: ({ bill: id }, context) => dishonour(id, context, () => undefined),
});

export const dishonourBill = transition({
  name: 'dishonour-bill',
  row: 39,
  summary: 'Marks a presented bill that is unpaid at the end of its time.',
  args: { v0: { bill: hash32 } },
  signedBy: [],
  preconditions: {
    E_NOT_DUE: 'the time to pay is over, in running time',
    E_NOT_FOUND: 'what it names exists',
    E_NO_PRESENT: 'it was presented',
    E_STATE: 'the bill is PRESENTED',
  },
  effects: 'DISHONOURED; the holder has recourse to every signer before it',
  visibility: 'V1',
  apply: ({ bill: id }, context) =>
    dishonour(id, context, (payUntil) =>
      context.running > payUntil
        ? undefined
        : refused('E_NOT_DUE', { payUntil, running: context.running }, id),
    ),
});

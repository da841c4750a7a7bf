/** Row 36: the holder passes the bill to an endorsee, for its whole sum, and is liable on it from then on. */

import { hash32, int } from '../../codec/schema.ts';
import { bill } from '../objects/bill.ts';
import { roles } from '../registry.ts';
import { checkPassing, passBill } from '../rules/bills.ts';
import { isRefusal, lookUp, partyIn, refused, transition } from '../transition.ts';

export const endorseBill = transition({
  name: 'endorse-bill',
  row: 36,
  summary: 'Passes a bill to another holder.',
  args: { v0: { bill: hash32 }, v1: { to: hash32, amount: int(1) } },
  signedBy: [
    { who: 'holder', role: roles, party: partyIn(bill, 'bill', 'holder'), missing: 'E_NOT_HOLDER' },
    { who: 'endorsee', role: roles, party: ({ to }) => to },
  ],
  preconditions: {
    E_NOT_FOUND: 'what it names exists',
    E_NOT_HOLDER: 'the holder signs',
    E_PARTIAL: 'it passes for its whole sum',
    E_POLICY: 'it has not passed too often',
    E_SCHEMA: 'the endorsee is another than the holder',
    E_STATE: 'the bill is ISSUED or ACCEPTED, not yet due, not marked non-transferable',
  },
  effects: 'the endorsee holds it, the endorser is liable',
  visibility: 'V1',
  apply: ({ bill: id, to, amount }, context) => {
    const held = lookUp(context, bill, id);
    if (isRefusal(held)) return held;
    const refusal = checkPassing(id, held, to, ['ISSUED', 'ACCEPTED'], context);
    if (refusal !== undefined) return refusal;
    if (amount !== held.face) return refused('E_PARTIAL', { amount, face: held.face }, id);
    passBill(id, held, to, undefined, context);
    return undefined;
  },
});

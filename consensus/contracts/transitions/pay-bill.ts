/** Row 38: the holder presents the bill at or after its due date, and the drawee pays it, once, at face. */

import { hash32 } from '../../codec/schema.ts';
import { addBusinessDays, runningAt } from '../clock.ts';
import { bill, extinguishedStates } from '../objects/bill.ts';
import { versionOf } from '../objects/version.ts';
import { roles } from '../registry.ts';
import { type Bill, payFace } from '../rules/bills.ts';
import { checkFunds } from '../rules/money.ts';
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

/** The refusal of a bill that is paid already, or not yet due. */
function checkDue(id: Uint8Array, held: Bill, { time }: Context): ContractRefusal | undefined {
  if (extinguishedStates.includes(held.state)) return refused('E_PAID', { state: held.state }, id);
  return time < held.due ? refused('E_EARLY', { due: held.due, time }, id) : undefined;
}

export const presentBill = transition({
  name: 'present-bill',
  row: 38,
  summary: 'Presents a bill for payment; the time to pay begins.',
  args: { v0: { bill: hash32 } },
  signedBy: [{ who: 'holder', role: roles, party: partyIn(bill, 'bill', 'holder'), missing: 'E_NOT_HOLDER' }],
  preconditions: {
    E_EARLY: 'it is due',
    E_NOT_FOUND: 'what it names exists',
    E_NOT_HOLDER: 'the holder signs',
    E_PAID: 'it is not paid',
    E_STATE: 'the bill is ISSUED or ACCEPTED',
  },
  effects: 'PRESENTED; after the business days that it names it can be dishonoured',
  visibility: 'V1',
  apply: ({ bill: id }, context) => {
    const held = lookUp(context, bill, id);
    if (isRefusal(held)) return held;
    const refusal = checkDue(id, held, context);
    if (refusal !== undefined) return refusal;
    if (held.state !== 'ISSUED' && held.state !== 'ACCEPTED')
      return wrongState(held.state, ['ISSUED', 'ACCEPTED'], id);
    const payUntil = runningAt(addBusinessDays(context.time, held.payDays), context);
    context.put(bill, id, { ...held, state: 'PRESENTED', payUntil, ...versionOf(context) });
    return undefined;
  },
});

export const payBill = transition({
  name: 'pay-bill',
  row: 38,
  summary: 'Pays a presented bill: the face, to its holder.',
  args: { v0: { bill: hash32 } },
  signedBy: [{ who: 'drawee', role: roles, party: partyIn(bill, 'bill', 'drawee') }],
  preconditions: {
    E_EARLY: 'it is due',
    E_FUNDS: 'the drawee’s account has so much',
    E_NOT_FOUND: 'what it names exists',
    E_PAID: 'it is not paid',
    E_STATE: 'the bill is PRESENTED',
  },
  effects: 'the holder has the face; PAID, nobody is liable any more',
  visibility: 'V1',
  apply: ({ bill: id }, context) => {
    const held = lookUp(context, bill, id);
    if (isRefusal(held)) return held;
    const refusal = checkDue(id, held, context);
    if (refusal !== undefined) return refusal;
    if (held.state !== 'PRESENTED') return wrongState(held.state, ['PRESENTED'], id);
    const short = checkFunds(held.money, held.drawee, held.face, held.currency, context);
    if (short !== undefined) return short;
    payFace('payment', id, held, held.drawee, context);
    context.put(bill, id, { ...held, state: 'PAID', ...versionOf(context) });
    return undefined;
  },
});

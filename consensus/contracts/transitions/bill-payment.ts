/** Rows 38 and 39: a bill is presented and paid, once and at face; or dishonoured, and its signers answer for it. */

import { equalBytes } from '../../codec/bytes.ts';
import { flag, hash32 } from '../../codec/schema.ts';
import type { ValueOf } from '../object.ts';
import { bill } from '../objects/bill.ts';
import { versionOf } from '../objects/version.ts';
import { roles } from '../registry.ts';
import { signersOf } from '../rules/bills.ts';
import { checkFunds, pay } from '../rules/money.ts';
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

type Bill = ValueOf<typeof bill>;

/** The bill as it stands before payment; E_PAID once it is settled. */
function readUnpaid(id: Uint8Array, context: Context): Bill | ContractRefusal {
  const drawn = lookUp(context, bill, id);
  if (isRefusal(drawn)) return drawn;
  return drawn.state === 'PAID' || drawn.state === 'SETTLED'
    ? refused('E_PAID', { state: drawn.state }, id)
    : drawn;
}

export const presentBill = transition({
  name: 'present-bill',
  row: 38,
  summary: 'Presents a bill for payment.',
  args: { v0: { bill: hash32 } },
  signedBy: [{ who: 'holder', role: roles, party: partyIn(bill, 'bill', 'holder'), missing: 'E_NOT_HOLDER' }],
  preconditions: {
    E_EARLY: 'it is due',
    E_NOT_FOUND: 'what it names exists',
    E_NOT_HOLDER: 'the holder signs',
    E_PAID: 'it is not settled',
    E_STATE: 'the bill is ISSUED or ACCEPTED',
  },
  effects: 'PRESENTED',
  visibility: 'V1',
  apply: ({ bill: id }, context) => {
    const drawn = readUnpaid(id, context);
    if (isRefusal(drawn)) return drawn;
    if (drawn.state !== 'ISSUED' && drawn.state !== 'ACCEPTED')
      return wrongState(drawn.state, ['ISSUED', 'ACCEPTED'], id);
    if (context.time < drawn.due) return refused('E_EARLY', { due: drawn.due, time: context.time }, id);
    context.put(bill, id, {
      ...drawn,
      state: 'PRESENTED',
      presentedAt: context.running,
      ...versionOf(context),
    });
    return undefined;
  },
});

export const payBill = transition({
  name: 'pay-bill',
  row: 38,
  summary: 'Pays a presented bill at its face.',
  args: { v0: { bill: hash32 } },
  signedBy: [{ who: 'drawee', role: roles, party: partyIn(bill, 'bill', 'drawee') }],
  preconditions: {
    E_FUNDS: 'the drawee has the face',
    E_NOT_FOUND: 'what it names exists',
    E_NO_PRESENT: 'it was presented',
    E_PAID: 'it is not settled',
    E_STATE: 'it is not dishonoured',
  },
  effects: 'PAID, at face; the bill is extinguished',
  visibility: 'V1',
  apply: ({ bill: id }, context) => {
    const drawn = readUnpaid(id, context);
    if (isRefusal(drawn)) return drawn;
    if (drawn.state === 'ISSUED' || drawn.state === 'ACCEPTED')
      return refused('E_NO_PRESENT', { state: drawn.state }, id);
    if (drawn.state !== 'PRESENTED') return wrongState(drawn.state, ['PRESENTED'], id);
    const short = checkFunds(drawn.money, drawn.drawee, drawn.face, drawn.currency, context);
    if (short !== undefined) return short;
    pay(drawn.money, drawn.drawee, drawn.holder, drawn.face, context);
    context.put(bill, id, { ...drawn, state: 'PAID', ...versionOf(context) });
    return undefined;
  },
});

export const dishonour = transition({
  name: 'dishonour',
  row: 39,
  summary: 'Records that a presented bill was refused, or not paid within a day.',
  args: { v0: { bill: hash32, refused: flag } },
  signedBy: [
    {
      who: 'drawee, who refuses',
      role: roles,
      party: (args, context) => {
        if (!args.refused) return undefined;
        const drawn = lookUp(context, bill, args.bill);
        return isRefusal(drawn) ? drawn : drawn.drawee;
      },
      when: 'when it is refused; nobody once the time for payment is over',
    },
  ],
  preconditions: {
    E_NOT_DUE: 'it is refused, or a day has passed since it was presented',
    E_NOT_FOUND: 'what it names exists',
    E_NO_PRESENT: 'it was presented',
    E_PAID: 'it is not settled',
    E_STATE: 'it is not dishonoured already',
  },
  effects: 'DISHONOURED: the holder has recourse to any prior signer',
  visibility: 'V1',
  apply: ({ bill: id, refused: isRefused }, context) => {
    const drawn = readUnpaid(id, context);
    if (isRefusal(drawn)) return drawn;
    if (drawn.state === 'ISSUED' || drawn.state === 'ACCEPTED')
      return refused('E_NO_PRESENT', { state: drawn.state }, id);
    if (drawn.state !== 'PRESENTED') return wrongState(drawn.state, ['PRESENTED'], id);
    const due = drawn.presentedAt + context.policy.noticeMs;
    if (!isRefused && context.running < due)
      return refused('E_NOT_DUE', { due, running: context.running }, id);
    const liable = signersOf(drawn).length;
    context.put(bill, id, { ...drawn, state: 'DISHONOURED', liable, ...versionOf(context) });
    return undefined;
  },
});

export const takeRecourse = transition({
  name: 'take-recourse',
  row: 39,
  summary: 'A prior signer pays the holder of a dishonoured bill, and has recourse upward.',
  args: { v0: { bill: hash32 }, v1: { payer: hash32 } },
  signedBy: [{ who: 'a prior signer, who pays', role: roles, party: ({ payer }) => payer }],
  preconditions: {
    E_FUNDS: 'the payer has the face',
    E_NOT_FOUND: 'what it names exists',
    E_PAID: 'it is not settled',
    E_STANDING: 'the payer has signed before the holder',
    E_STATE: 'the bill is DISHONOURED, or in RECOURSE',
  },
  effects: 'the payer holds it, RECOURSE; SETTLED once the drawer has paid',
  visibility: 'V1',
  apply: ({ bill: id, payer }, context) => {
    const drawn = readUnpaid(id, context);
    if (isRefusal(drawn)) return drawn;
    if (drawn.state !== 'DISHONOURED' && drawn.state !== 'RECOURSE')
      return wrongState(drawn.state, ['DISHONOURED', 'RECOURSE'], id);
    const signers = signersOf(drawn).slice(0, drawn.liable);
    const index = signers.reduce((found, signer, at) => (equalBytes(signer, payer) ? at : found), -1);
    if (index < 0) return refused('E_STANDING', { reason: 'no signer before the holder' }, id);
    const short = checkFunds(drawn.money, payer, drawn.face, drawn.currency, context);
    if (short !== undefined) return short;
    pay(drawn.money, payer, drawn.holder, drawn.face, context);
    const state = index === 0 ? 'SETTLED' : 'RECOURSE';
    context.put(bill, id, { ...drawn, state, holder: payer, liable: index, ...versionOf(context) });
    return undefined;
  },
});

/** Row 39, recourse: the holder of a dishonoured bill claims from a signer before it; who pays has the claim upward. */

import { equalBytes } from '../../codec/bytes.ts';
import { hash32 } from '../../codec/schema.ts';
import { bill, recourseStates } from '../objects/bill.ts';
import { versionOf } from '../objects/version.ts';
import { roles } from '../registry.ts';
import { debtorsOf, payFace } from '../rules/bills.ts';
import { includesId } from '../rules/lists.ts';
import { checkFunds } from '../rules/money.ts';
import { isRefusal, lookUp, partyIn, refused, transition, wrongState } from '../transition.ts';

export const claimRecourse = transition({
  name: 'claim-recourse',
  row: 39,
  summary: 'Claims the face of a dishonoured bill from a signer.',
  args: { v0: { bill: hash32 }, v1: { against: hash32 } },
  signedBy: [{ who: 'holder', role: roles, party: partyIn(bill, 'bill', 'holder'), missing: 'E_NOT_HOLDER' }],
  preconditions: {
    E_NOT_FOUND: 'what it names exists',
    E_NOT_HOLDER: 'the holder signs',
    E_STANDING: 'the other signed before the holder did',
    E_STATE: 'the bill is DISHONOURED or in RECOURSE',
  },
  effects: 'RECOURSE; the claim is on record',
  visibility: 'V1',
  apply: ({ bill: id, against }, context) => {
    const held = lookUp(context, bill, id);
    if (isRefusal(held)) return held;
    if (!recourseStates.includes(held.state)) return wrongState(held.state, recourseStates, id);
    if (!includesId(debtorsOf(id, held, context), against))
      return refused('E_STANDING', { reason: 'no signer before the holder' }, against);
    context.put(bill, id, { ...held, state: 'RECOURSE', claimed: against, ...versionOf(context) });
    return undefined;
  },
});

export const payRecourse = transition({
  name: 'pay-recourse',
  row: 39,
  summary: 'Pays the face of a dishonoured bill to its holder, and takes the holder’s place.',
  args: { v0: { bill: hash32 }, v1: { payer: hash32 } },
  signedBy: [{ who: 'drawee, or a signer before the holder', role: roles, party: ({ payer }) => payer }],
  preconditions: {
    E_FUNDS: 'the account has so much',
    E_NOT_FOUND: 'what it names exists',
    E_STANDING: 'the payer signed before the holder did, or is the drawee',
    E_STATE: 'the bill is DISHONOURED or in RECOURSE',
  },
  effects:
    'the payer holds it, with recourse to those before; SETTLED when the drawee paid, or nobody is before',
  visibility: 'V1',
  apply: ({ bill: id, payer }, context) => {
    const held = lookUp(context, bill, id);
    if (isRefusal(held)) return held;
    if (!recourseStates.includes(held.state)) return wrongState(held.state, recourseStates, id);
    const isDebtor = includesId(debtorsOf(id, held, context), payer);
    const isDrawee = equalBytes(payer, held.drawee);
    if (!isDrawee && !isDebtor)
      return refused('E_STANDING', { reason: 'no signer before the holder' }, payer);
    const short = checkFunds(held.money, payer, held.face, held.currency, context);
    if (short !== undefined) return short;
    payFace('recourse', id, held, payer, context);
    const passed = { ...held, holder: payer, claimed: undefined };
    // A drawee who never accepted pays for the drawer, unless it stands among the signers as an endorser.
    const discharged = isDrawee && (held.accepted || !isDebtor);
    const settled = discharged || debtorsOf(id, passed, context).length === 0;
    context.put(bill, id, { ...passed, state: settled ? 'SETTLED' : 'RECOURSE', ...versionOf(context) });
    return undefined;
  },
});

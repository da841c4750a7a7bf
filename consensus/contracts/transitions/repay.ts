/** Row 20: a payment on a loan, by whoever pays it. Costs, interest, principal, in that order; the rest goes back. */

import { hash32, int, maybe, text } from '../../codec/schema.ts';
import { loan } from '../objects/loan.ts';
import { versionOf } from '../objects/version.ts';
import { roles } from '../registry.ts';
import { applyRepayment, bankUnlessOwnMoney, checkPayment } from '../rules/repayment.ts';
import { isRefusal, lookUp, partyIn, transition, wrongState } from '../transition.ts';

export const repay = transition({
  name: 'repay',
  row: 20,
  summary: 'Records a payment that the bank has received; the loan is REPAID when nothing is left.',
  args: {
    v0: { loan: hash32 },
    v1: { payer: hash32 },
    v2: { currency: text(3), amount: int(1), reference: text(80), money: maybe(hash32) },
  },
  signedBy: [
    { who: 'payer', role: roles, party: ({ payer }) => payer },
    {
      who: 'bank, which acknowledges',
      role: 'bank',
      party: bankUnlessOwnMoney,
      when: 'unless it is paid on the ledger in the bank’s own money',
    },
  ],
  preconditions: {
    E_CURRENCY: 'it is the debt’s currency',
    E_FUNDS: 'a payment is named, or the account has so much',
    E_NOT_FOUND: 'what it names exists',
    E_STATE: 'the loan is DRAWN or WRITTEN_OFF',
  },
  effects: 'costs, interest, principal, in that order; the excess returns; REPAID when nothing is left',
  visibility: 'V2',
  apply: (args, context) => {
    const owed = lookUp(context, loan, args.loan);
    if (isRefusal(owed)) return owed;
    const refusal = checkPayment(args, owed, context);
    if (refusal !== undefined) return refusal;
    applyRepayment(args, owed, context);
    return undefined;
  },
});

export const writeOff = transition({
  name: 'write-off',
  row: 20,
  summary: 'Writes a loan off in the bank’s books: debt and pledge stand.',
  args: { v0: { loan: hash32 } },
  signedBy: [{ who: 'bank', role: 'bank', party: partyIn(loan, 'loan', 'bank') }],
  preconditions: { E_NOT_FOUND: 'what it names exists', E_STATE: 'the loan is DRAWN' },
  effects: 'the loan is WRITTEN_OFF; nothing is released by it',
  visibility: 'V2',
  apply: ({ loan: id }, context) => {
    const owed = lookUp(context, loan, id);
    if (isRefusal(owed)) return owed;
    if (owed.state !== 'DRAWN') return wrongState(owed.state, ['DRAWN'], id);
    context.put(loan, id, { ...owed, state: 'WRITTEN_OFF', ...versionOf(context) });
    return undefined;
  },
});

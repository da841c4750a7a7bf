/** Row 20: a payment on a loan, by whoever pays it. Costs, interest, principal, in that order; the rest goes back. */

import { hash32, int, text } from '../../codec/schema.ts';
import { type Debt, loan } from '../objects/loan.ts';
import { payment } from '../objects/payment.ts';
import { versionOf } from '../objects/version.ts';
import { roles } from '../registry.ts';
import { allocateRepayment, totalDebt } from '../rules/amounts.ts';
import { isRefusal, lookUp, partyIn, refused, transition, wrongState } from '../transition.ts';

export const repay = transition({
  name: 'repay',
  row: 20,
  summary: 'Records a payment that the bank has received; the loan is REPAID when nothing is left.',
  args: {
    v0: { loan: hash32 },
    v1: { payer: hash32 },
    v2: { currency: text(3), amount: int(1), reference: text(80) },
  },
  signedBy: [
    { who: 'payer', role: roles, party: ({ payer }) => payer },
    { who: 'bank, which acknowledges', role: 'bank', party: partyIn(loan, 'loan', 'bank') },
  ],
  preconditions: {
    E_CURRENCY: 'it is the debt’s currency',
    E_FUNDS: 'a payment is named',
    E_NOT_FOUND: 'what it names exists',
    E_STATE: 'the loan is DRAWN or WRITTEN_OFF',
  },
  effects: 'costs, interest, principal, in that order; the excess returns; REPAID when nothing is left',
  visibility: 'V2',
  apply: ({ loan: loanId, payer, currency, amount, reference }, context) => {
    const owed = lookUp(context, loan, loanId);
    if (isRefusal(owed)) return owed;
    if (owed.state !== 'DRAWN' && owed.state !== 'WRITTEN_OFF') {
      return wrongState(owed.state, ['DRAWN', 'WRITTEN_OFF'], loanId);
    }
    if (currency !== owed.currency) return refused('E_CURRENCY', { got: currency, wanted: owed.currency });
    if (reference === '') return refused('E_FUNDS', { reason: 'no payment is named' });
    const { applied, excess: returned } = allocateRepayment(owed.debt, amount);
    const { applicant: enterprise, bank } = owed;
    context.put(payment, context.callId, {
      kind: 'repayment',
      payer,
      bank,
      enterprise,
      loan: loanId,
      currency,
      amount,
      applied,
      returned,
      reference,
      ...versionOf(context),
    });
    const debt = subtractDebt(owed.debt, applied);
    const state = totalDebt(debt) === 0n ? 'REPAID' : owed.state;
    context.put(loan, loanId, { ...owed, state, debt, ...versionOf(context) });
    return undefined;
  },
});

function subtractDebt(owed: Debt, paid: Debt): Debt {
  return {
    costs: owed.costs - paid.costs,
    interest: owed.interest - paid.interest,
    principal: owed.principal - paid.principal,
  };
}

/** Row 15: the loan is drawn. Money moves outside the ledger in this build; its reference is recorded here. */

import { hash32, int, maybe, text } from '../../codec/schema.ts';
import { type Debt, loan } from '../objects/loan.ts';
import { payment } from '../objects/payment.ts';
import { versionOf } from '../objects/version.ts';
import { exactInteger, totalDebt } from '../rules/amounts.ts';
import { changeExposure, checkCompliance, checkExposure, compliant } from '../rules/compliance.ts';
import { changeUse, checkUse } from '../rules/credit-limits.ts';
import {
  checkApproved,
  checkDrawn,
  checkUndisputed,
  measureDrawable,
  readPerfected,
} from '../rules/drawing.ts';
import { checkFunds, pay } from '../rules/money.ts';
import { type ContractRefusal, isRefusal, lookUp, partyIn, refused, transition } from '../transition.ts';

export const draw = transition({
  name: 'draw',
  row: 15,
  summary: 'Draws on an approved loan against its perfected pledges.',
  args: {
    v0: { loan: hash32 },
    v2: {
      /** Paid out, minor units. */
      principal: int(1),
      /** Agreed for this drawing and owed from now on. */
      interest: int(0),
      costs: int(0),
      /** The payment as the bank's own system names it. */
      reference: text(80),
      /** Money on the ledger that is paid out. */
      money: maybe(hash32),
    },
  },
  signedBy: [
    { who: 'bank', role: 'bank', party: partyIn(loan, 'loan', 'bank') },
    { who: 'applicant', role: 'enterprise', party: partyIn(loan, 'loan', 'applicant') },
  ],
  preconditions: {
    ...compliant,
    E_CURRENCY: 'money on the ledger is of the loan’s currency',
    E_EXPOSURE: 'what the borrower owes to all banks stays within the pack’s cap',
    E_FROZEN: 'the loan’s credit limit is not frozen',
    E_FUNDS: 'a payment is named, or the account has so much',
    E_LIMIT: 'principal ≤ limit and ≤ lendable of what is perfected; debt ≤ ceilings; used ≤ credit limit',
    E_NOT_FOUND: 'what it names exists',
    E_PRICE_STALE: 'goods that came after the evaluation have a fresh price',
    E_RANGE: 'sums are exact integers',
    E_STALE: 'what carries the credit limit was measured within its period',
    E_STATE: 'the approval runs, and its credit limit; a pledge is PERFECTED and none in trouble',
  },
  effects: 'money moves; the loan is DRAWN',
  visibility: 'V2',
  apply: ({ loan: loanId, reference, money, ...applied }, context) => {
    const asked = lookUp(context, loan, loanId);
    if (isRefusal(asked)) return asked;
    const lapsed = checkApproved(asked, loanId, context);
    if (lapsed !== undefined) return lapsed;
    if (reference === '' && money === undefined) return refused('E_FUNDS', { reason: 'no payment is named' });
    const blocked = checkUndisputed(asked, loanId, context);
    if (blocked !== undefined) return blocked;
    const perfected = readPerfected(asked, loanId, context);
    if (isRefusal(perfected)) return perfected;
    const debt = addDebt(asked.debt, applied);
    if (isRefusal(debt)) return debt;
    const drawable = measureDrawable(asked, perfected, context);
    if (isRefusal(drawable)) return drawable;
    const over = checkDrawn(debt, asked.limit, drawable, loanId);
    if (over !== undefined) return over;
    const { creditLimit } = asked;
    const beyond = creditLimit && checkUse(creditLimit, applied.principal, context);
    if (beyond !== undefined) return beyond;
    const { applicant: enterprise, bank, currency } = asked;
    const barred =
      checkCompliance({ borrower: enterprise, bank }, context) ??
      checkExposure(enterprise, currency, applied.principal, context);
    if (barred !== undefined) return barred;
    const short = money && checkFunds(money, bank, applied.principal, currency, context);
    if (short !== undefined) return short;
    if (money !== undefined) pay(money, bank, enterprise, applied.principal, context);
    context.put(payment, context.callId, {
      kind: 'draw',
      payer: bank,
      bank,
      enterprise,
      loan: loanId,
      currency,
      amount: applied.principal,
      applied,
      returned: 0,
      reference: reference === '' ? 'on the ledger' : reference,
      ...versionOf(context),
    });
    changeUse(creditLimit, applied.principal, context);
    changeExposure(enterprise, currency, applied.principal, context);
    context.put(loan, loanId, { ...asked, state: 'DRAWN', debt, ...versionOf(context) });
    return undefined;
  },
});

function addDebt(owed: Debt, added: Debt): Debt | ContractRefusal {
  const costs = exactInteger(BigInt(owed.costs) + BigInt(added.costs), 'costs');
  const interest = exactInteger(BigInt(owed.interest) + BigInt(added.interest), 'interest');
  const principal = exactInteger(BigInt(owed.principal) + BigInt(added.principal), 'principal');
  if (typeof costs !== 'number') return costs;
  if (typeof interest !== 'number') return interest;
  if (typeof principal !== 'number') return principal;
  const total = exactInteger(totalDebt({ costs, interest, principal }), 'debt');
  if (typeof total !== 'number') return total;
  return { costs, interest, principal };
}

/** A drawing on a loan (row 15): within what is approved, secured and carried; money, debt and record move together. */

import { type Debt, loan } from '../objects/loan.ts';
import { payment } from '../objects/payment.ts';
import { versionOf } from '../objects/version.ts';
import { type Context, type ContractRefusal, isRefusal, lookUp, refused } from '../transition.ts';
import { exactInteger, totalDebt } from './amounts.ts';
import { changeExposure, checkCompliance, checkExposure } from './compliance.ts';
import { changeUse, checkUse } from './credit-limits.ts';
import { checkApproved, checkDrawn, checkUndisputed, measureDrawable, readPerfected } from './drawing.ts';
import { checkFunds, pay } from './money.ts';

export interface Drawing extends Debt {
  readonly loan: Uint8Array;
  /** The payment as the bank's own system names it. */
  readonly reference: string;
  /** Money on the ledger that is paid out. */
  readonly money: Uint8Array | undefined;
}

export function drawOnLoan(
  { loan: loanId, reference, money, ...applied }: Drawing,
  context: Context,
): ContractRefusal | undefined {
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
}

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

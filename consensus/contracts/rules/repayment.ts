/** A payment on a loan (rows 19, 20): acknowledged by the bank, or on the ledger in the bank's own money. */

import { equalBytes } from '../../codec/bytes.ts';
import { addBusinessDays, runningAt } from '../clock.ts';
import type { ValueOf } from '../object.ts';
import { type Debt, loan } from '../objects/loan.ts';
import { moneyId } from '../objects/money.ts';
import { payment } from '../objects/payment.ts';
import { versionOf } from '../objects/version.ts';
import { type Context, type ContractRefusal, isRefusal, lookUp, refused, wrongState } from '../transition.ts';
import { allocateRepayment, totalDebt } from './amounts.ts';
import { changeExposure } from './compliance.ts';
import { changeUse } from './credit-limits.ts';
import { checkFunds, pay } from './money.ts';
import { payTranches } from './tranches.ts';

type Loan = ValueOf<typeof loan>;

export interface Repayment {
  readonly loan: Uint8Array;
  readonly payer: Uint8Array;
  readonly currency: string;
  readonly amount: number;
  readonly reference: string;
  /** Money on the ledger that is paid with. */
  readonly money: Uint8Array | undefined;
}

/** The bank signs for what it received outside the ledger, or in another's money. */
export function bankUnlessOwnMoney(
  args: Pick<Repayment, 'loan' | 'money' | 'currency'>,
  context: Context,
): Uint8Array | undefined | ContractRefusal {
  const owed = lookUp(context, loan, args.loan);
  if (isRefusal(owed)) return owed;
  const own = args.money && equalBytes(args.money, moneyId(owed.bank, args.currency));
  return own ? undefined : owed.bank;
}

/** The refusal unless something can be owed on the loan. */
export function checkOwed(loanId: Uint8Array, { state }: Loan): ContractRefusal | undefined {
  return state === 'DRAWN' || state === 'WRITTEN_OFF'
    ? undefined
    : wrongState(state, ['DRAWN', 'WRITTEN_OFF'], loanId);
}

/** The refusal unless the loan is owed, in that currency, and the payment is shown. */
export function checkPayment(args: Repayment, owed: Loan, context: Context): ContractRefusal | undefined {
  const refusal = checkOwed(args.loan, owed);
  if (refusal !== undefined) return refusal;
  if (args.currency !== owed.currency)
    return refused('E_CURRENCY', { got: args.currency, wanted: owed.currency });
  if (args.money !== undefined) {
    const { excess } = allocateRepayment(owed.debt, args.amount);
    return checkFunds(args.money, args.payer, args.amount - excess, owed.currency, context);
  }
  return args.reference === '' ? refused('E_FUNDS', { reason: 'no payment is named' }) : undefined;
}

/** Costs, interest, principal, in that order; what is paid on the ledger is no more than what is owed. */
export function applyRepayment(args: Repayment, owed: Loan, context: Context): void {
  const { applied, excess: returned } = allocateRepayment(owed.debt, args.amount);
  const { applicant: enterprise, bank } = owed;
  const { payer, currency, amount } = args;
  const holders = payTranches(args.loan, applied.principal, args.money, context);
  if (args.money !== undefined) {
    // On the ledger each holder of a tranche is paid; otherwise the bank passes it on.
    let rest = amount - returned;
    for (const { holder, amount: share } of holders) {
      pay(args.money, payer, holder, share, context);
      rest -= share;
    }
    pay(args.money, payer, bank, rest, context);
  }
  context.put(payment, context.callId, {
    kind: 'repayment',
    ...{ payer, bank, enterprise, loan: args.loan, currency, amount, applied, returned },
    reference: args.reference === '' ? 'on the ledger' : args.reference,
    ...versionOf(context),
  });
  const debt = subtractDebt(owed.debt, applied);
  changeUse(owed.creditLimit, -applied.principal, context);
  changeExposure(enterprise, owed.currency, -applied.principal, context);
  const paid = totalDebt(debt) === 0n;
  context.put(loan, args.loan, {
    ...owed,
    state: paid ? 'REPAID' : owed.state,
    debt,
    releaseDue: paid ? runningAt(addBusinessDays(context.time, context.policy.silenceDays), context) : 0,
    ...versionOf(context),
  });
}

export function subtractDebt(owed: Debt, paid: Debt): Debt {
  return {
    costs: owed.costs - paid.costs,
    interest: owed.interest - paid.interest,
    principal: owed.principal - paid.principal,
  };
}

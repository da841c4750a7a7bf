/** Row 15: the loan is drawn. Money moves outside the ledger in this build; its reference is recorded here. */

import { equalBytes } from '../../codec/bytes.ts';
import { hash32, int, maybe, text } from '../../codec/schema.ts';
import type { ValueOf } from '../object.ts';
import { evaluation } from '../objects/evaluation.ts';
import { type Debt, loan } from '../objects/loan.ts';
import { payment } from '../objects/payment.ts';
import { pledge, troubledStates } from '../objects/pledge.ts';
import { versionOf } from '../objects/version.ts';
import { eligibleValue, exactInteger, lendableValue, totalDebt } from '../rules/amounts.ts';
import { orderedOut, seniorClaims } from '../rules/cover.ts';
import { changeUse, checkUse } from '../rules/credit-limits.ts';
import { openDispute } from '../rules/disputes.ts';
import { checkFunds, pay } from '../rules/money.ts';
import { freshPrice, priceValue } from '../rules/prices.ts';
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
    E_CURRENCY: 'money on the ledger is of the loan’s currency',
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
    if (asked.state !== 'APPROVED' && asked.state !== 'DRAWN') {
      return wrongState(asked.state, ['APPROVED', 'DRAWN'], loanId);
    }
    if (asked.limitUntil < context.running) {
      return refused('E_STATE', { reason: 'the approval has lapsed', until: asked.limitUntil }, loanId);
    }
    if (reference === '' && money === undefined) return refused('E_FUNDS', { reason: 'no payment is named' });
    const blocked = checkDrawable(asked, loanId, context);
    if (blocked !== undefined) return blocked;
    const perfected = readPerfected(asked, loanId, context);
    if (isRefusal(perfected)) return perfected;
    const debt = addDebt(asked.debt, applied);
    if (isRefusal(debt)) return debt;
    const over = checkCover(debt, asked, perfected, context);
    if (over !== undefined) return over;
    const { creditLimit } = asked;
    const beyond = creditLimit && checkUse(creditLimit, applied.principal, context);
    if (beyond !== undefined) return beyond;
    const { applicant: enterprise, bank, currency } = asked;
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
    context.put(loan, loanId, { ...asked, state: 'DRAWN', debt, ...versionOf(context) });
    return undefined;
  },
});

type Loan = ValueOf<typeof loan>;
type Pledge = ValueOf<typeof pledge>;
interface Perfected {
  readonly id: Uint8Array;
  readonly agreed: Pledge;
}

/** Nothing of the file is in dispute, and the principal is not divided into tranches. */
function checkDrawable(asked: Loan, loanId: Uint8Array, context: Context): ContractRefusal | undefined {
  for (const id of [loanId, ...asked.pledges]) {
    const open = openDispute(id, context);
    if (open !== undefined) return refused('E_STATE', { reason: 'in dispute' }, open);
  }
  const [divided] = asked.tranches;
  return divided && refused('E_STATE', { reason: 'the principal is divided into tranches' }, divided);
}

/** The loan's perfected pledges; none may be in trouble, one at least must be there. */
function readPerfected(
  asked: Loan,
  loanId: Uint8Array,
  context: Context,
): readonly Perfected[] | ContractRefusal {
  const perfected: Perfected[] = [];
  for (const id of asked.pledges) {
    const agreed = lookUp(context, pledge, id);
    if (isRefusal(agreed)) return agreed;
    if (troubledStates.includes(agreed.state)) return wrongState(agreed.state, ['PERFECTED'], id);
    if (agreed.state === 'PERFECTED') perfected.push({ id, agreed });
  }
  return perfected.length > 0
    ? perfected
    : refused('E_STATE', { reason: 'no pledge of the loan is perfected' }, loanId);
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

/** Principal within the limit and what the perfected goods support; the whole debt within what the pledges secure. */
function checkCover(
  debt: Debt,
  asked: Loan,
  perfected: readonly Perfected[],
  context: Context,
): ContractRefusal | undefined {
  if (debt.principal > asked.limit)
    return refused('E_LIMIT', { principal: debt.principal, limit: asked.limit });
  const valued = asked.evaluation && context.get(evaluation, asked.evaluation);
  if (valued === undefined) return refused('E_NOT_FOUND', { type: evaluation.name });
  let eligible = 0n;
  for (const { id, agreed } of perfected) {
    const worth = pledgeValue(id, agreed, valued, context);
    if (typeof worth !== 'bigint') return worth;
    eligible += worth;
  }
  const lendable = lendableValue(eligible, valued.loanToValueBp);
  if (BigInt(debt.principal) > lendable) {
    return refused('E_LIMIT', { principal: debt.principal, lendable: String(lendable) });
  }
  const ceiling = perfected.reduce((sum, { agreed }) => sum + BigInt(agreed.ceiling), 0n);
  const total = totalDebt(debt);
  return total > ceiling ? refused('E_LIMIT', { debt: String(total), ceiling: String(ceiling) }) : undefined;
}

/** What one pledge supports: at the evaluation's price, or at a fresh one for goods that came later. */
function pledgeValue(
  id: Uint8Array,
  agreed: Pledge,
  valued: ValueOf<typeof evaluation>,
  context: Context,
): bigint | ContractRefusal {
  const quantity = agreed.quantity - orderedOut(agreed, context);
  const line = valued.lines.find((entry) => equalBytes(entry.unit, agreed.unit));
  let value: bigint;
  if (line === undefined) {
    const stated = freshPrice(agreed.unit, agreed.loan, context);
    if (isRefusal(stated)) return stated;
    value = priceValue(BigInt(quantity), stated);
  } else value = eligibleValue([{ ...line, quantity }], valued);
  const rest = value - seniorClaims(id, agreed, context);
  return rest > 0n ? rest : 0n;
}

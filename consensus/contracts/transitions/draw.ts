/** Row 15: the loan is drawn. Money moves outside the ledger in this build; its reference is recorded here. */

import { equalBytes } from '../../codec/bytes.ts';
import { hash32, int, text } from '../../codec/schema.ts';
import type { ValueOf } from '../object.ts';
import { evaluation } from '../objects/evaluation.ts';
import { type Debt, loan } from '../objects/loan.ts';
import { payment } from '../objects/payment.ts';
import { pledge, troubledStates } from '../objects/pledge.ts';
import { versionOf } from '../objects/version.ts';
import {
  eligibleValue,
  exactInteger,
  lendableValue,
  type PricedQuantity,
  totalDebt,
} from '../rules/amounts.ts';
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
    },
  },
  signedBy: [
    { who: 'bank', role: 'bank', party: partyIn(loan, 'loan', 'bank') },
    { who: 'applicant', role: 'enterprise', party: partyIn(loan, 'loan', 'applicant') },
  ],
  preconditions: {
    E_FUNDS: 'a payment is named',
    E_LIMIT: 'principal ≤ limit and ≤ lendable of what is perfected; debt ≤ ceilings',
    E_NOT_FOUND: 'what it names exists',
    E_RANGE: 'sums are exact integers',
    E_STATE: 'the approval runs; a pledge is PERFECTED and none in trouble',
  },
  effects: 'money moves; the loan is DRAWN',
  visibility: 'V2',
  apply: ({ loan: loanId, reference, ...applied }, context) => {
    const asked = lookUp(context, loan, loanId);
    if (isRefusal(asked)) return asked;
    if (asked.state !== 'APPROVED' && asked.state !== 'DRAWN') {
      return wrongState(asked.state, ['APPROVED', 'DRAWN'], loanId);
    }
    if (asked.limitUntil < context.running) {
      return refused('E_STATE', { reason: 'the approval has lapsed', until: asked.limitUntil }, loanId);
    }
    if (reference === '') return refused('E_FUNDS', { reason: 'no payment is named' });
    const perfected = readPerfected(asked, loanId, context);
    if (isRefusal(perfected)) return perfected;
    const debt = addDebt(asked.debt, applied);
    if (isRefusal(debt)) return debt;
    const over = checkCover(debt, asked, perfected, context);
    if (over !== undefined) return over;
    const { applicant: enterprise, bank, currency } = asked;
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
      reference,
      ...versionOf(context),
    });
    context.put(loan, loanId, { ...asked, state: 'DRAWN', debt, ...versionOf(context) });
    return undefined;
  },
});

type Loan = ValueOf<typeof loan>;
type Pledge = ValueOf<typeof pledge>;

/** The loan's perfected pledges; none may be in trouble, one at least must be there. */
function readPerfected(
  asked: Loan,
  loanId: Uint8Array,
  context: Context,
): readonly Pledge[] | ContractRefusal {
  const perfected: Pledge[] = [];
  for (const id of asked.pledges) {
    const agreed = lookUp(context, pledge, id);
    if (isRefusal(agreed)) return agreed;
    if (troubledStates.includes(agreed.state)) return wrongState(agreed.state, ['PERFECTED'], id);
    if (agreed.state === 'PERFECTED') perfected.push(agreed);
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
  return { costs, interest, principal };
}

/** Principal within the limit and what the perfected goods support; the whole debt within what the pledges secure. */
function checkCover(
  debt: Debt,
  asked: Loan,
  perfected: readonly Pledge[],
  context: Context,
): ContractRefusal | undefined {
  if (debt.principal > asked.limit)
    return refused('E_LIMIT', { principal: debt.principal, limit: asked.limit });
  const valued = asked.evaluation && context.get(evaluation, asked.evaluation);
  if (valued === undefined) return refused('E_NOT_FOUND', { type: evaluation.name });
  const lines: PricedQuantity[] = perfected.flatMap(({ unit, quantity }) =>
    valued.lines.filter((line) => equalBytes(line.unit, unit)).map((line) => ({ ...line, quantity })),
  );
  const lendable = lendableValue(eligibleValue(lines, valued), valued.loanToValueBp);
  if (BigInt(debt.principal) > lendable) {
    return refused('E_LIMIT', { principal: debt.principal, lendable: String(lendable) });
  }
  const ceiling = perfected.reduce((sum, agreed) => sum + BigInt(agreed.ceiling), 0n);
  const total = totalDebt(debt);
  return total > ceiling ? refused('E_LIMIT', { debt: String(total), ceiling: String(ceiling) }) : undefined;
}

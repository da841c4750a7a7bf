/**
 * What may be drawn on a loan (row 15): within the approved limit, what the perfected goods support, and the debt that
 * the pledges secure. `draw` decides by it, and whoever asks for the headroom is told by it.
 */

import { equalBytes } from '../../codec/bytes.ts';
import type { Facts } from '../../codec/result.ts';
import type { ValueOf } from '../object.ts';
import { evaluation } from '../objects/evaluation.ts';
import type { Debt, loan } from '../objects/loan.ts';
import { pledge, troubledStates } from '../objects/pledge.ts';
import { type Context, type ContractRefusal, isRefusal, lookUp, refused, wrongState } from '../transition.ts';
import { eligibleValue, lendableValue, totalDebt } from './amounts.ts';
import { orderedOut, seniorClaims } from './cover.ts';
import { openDispute } from './disputes.ts';
import { freshPrice, priceValue } from './prices.ts';

type Loan = ValueOf<typeof loan>;
type Pledge = ValueOf<typeof pledge>;

export interface Perfected {
  readonly id: Uint8Array;
  readonly agreed: Pledge;
}

/** Minor units of the loan's currency. */
export interface Drawable {
  /** Eligible value of the perfected goods, at the evaluation's prices. */
  readonly eligible: bigint;
  readonly loanToValueBp: number;
  readonly lendable: bigint;
  /** The greatest debt that the pledges secure. */
  readonly ceiling: bigint;
}

/** The refusal unless the approval runs. */
export function checkApproved(
  asked: Loan,
  loanId: Uint8Array,
  context: Context,
): ContractRefusal | undefined {
  if (asked.state !== 'APPROVED' && asked.state !== 'DRAWN')
    return wrongState(asked.state, ['APPROVED', 'DRAWN'], loanId);
  return asked.limitUntil < context.running
    ? refused('E_STATE', { reason: 'the approval has lapsed', until: asked.limitUntil }, loanId)
    : undefined;
}

/** Nothing of the file is in dispute, and the principal is not divided into tranches. */
export function checkUndisputed(
  asked: Loan,
  loanId: Uint8Array,
  context: Context,
): ContractRefusal | undefined {
  for (const id of [loanId, ...asked.pledges]) {
    const open = openDispute(id, context);
    if (open !== undefined) return refused('E_STATE', { reason: 'in dispute' }, open);
  }
  const [divided] = asked.tranches;
  return divided && refused('E_STATE', { reason: 'the principal is divided into tranches' }, divided);
}

/** The loan's perfected pledges; none may be in trouble, one at least must be there. */
export function readPerfected(
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

/** What the perfected goods support and their pledges secure. */
export function measureDrawable(
  asked: Loan,
  perfected: readonly Perfected[],
  context: Context,
): Drawable | ContractRefusal {
  const valued = asked.evaluation && context.get(evaluation, asked.evaluation);
  if (valued === undefined) return refused('E_NOT_FOUND', { type: evaluation.name });
  let eligible = 0n;
  for (const { id, agreed } of perfected) {
    const worth = pledgeValue(id, agreed, valued, context);
    if (typeof worth !== 'bigint') return worth;
    eligible += worth;
  }
  const ceiling = perfected.reduce((sum, { agreed }) => sum + BigInt(agreed.ceiling), 0n);
  const { loanToValueBp } = valued;
  return { eligible, loanToValueBp, lendable: lendableValue(eligible, loanToValueBp), ceiling };
}

/** E_LIMIT unless principal is within the limit and the lendable, and the whole debt within what the pledges secure. */
export function checkDrawn(
  debt: Debt,
  limit: number,
  { lendable, ceiling }: Drawable,
  loanId: Uint8Array,
): ContractRefusal | undefined {
  const { principal } = debt;
  const over = (facts: Facts): ContractRefusal => refused('E_LIMIT', facts, loanId);
  if (principal > limit) return over({ principal, limit });
  if (BigInt(principal) > lendable) return over({ principal, lendable: String(lendable) });
  const total = totalDebt(debt);
  return total > ceiling ? over({ debt: String(total), ceiling: String(ceiling) }) : undefined;
}

/** The most principal that `checkDrawn` lets be added to the debt; 0 when nothing. */
export function headroomOf(debt: Debt, limit: number, { lendable, ceiling }: Drawable): bigint {
  const byPrincipal = (BigInt(limit) < lendable ? BigInt(limit) : lendable) - BigInt(debt.principal);
  const byDebt = ceiling - totalDebt(debt);
  const least = byPrincipal < byDebt ? byPrincipal : byDebt;
  return least > 0n ? least : 0n;
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

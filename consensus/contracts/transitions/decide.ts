/** Row 12: the bank approves up to a limit that the evaluation supports, or declines with its reason. */

import { equalBytes } from '../../codec/bytes.ts';
import { hash32, int, maybe, record, tagged, text, timeMs } from '../../codec/schema.ts';
import { runningAt } from '../clock.ts';
import type { ValueOf } from '../object.ts';
import { evaluation } from '../objects/evaluation.ts';
import { grant } from '../objects/grant.ts';
import { type LoanState, loan } from '../objects/loan.ts';
import { status } from '../objects/status.ts';
import { versionOf } from '../objects/version.ts';
import { checkCompliance, compliant } from '../rules/compliance.ts';
import { usableLimit } from '../rules/credit-limits.ts';
import { checkFuture } from '../rules/dates.ts';
import { checkLive } from '../rules/grants.ts';
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

const approval = record('approval', {
  grant: hash32,
  evaluation: hash32,
  limit: int(1),
  until: timeMs,
  /** A credit limit of the bank's that it stands under `[CRD-2]`. */
  creditLimit: maybe(hash32),
});

const undecided: readonly LoanState[] = ['APPLIED', 'AUTHORISED', 'EVALUATED'];

export const decide = transition({
  name: 'decide',
  row: 12,
  summary: 'Approves a loan with a limit and its end, or declines it.',
  args: {
    v0: { loan: hash32 },
    v2: {
      decision: tagged('decision', {
        approve: approval,
        decline: record('refusal', { reason: text(80, 1) }),
      }),
    },
  },
  signedBy: [{ who: 'bank', role: 'bank', party: partyIn(loan, 'loan', 'bank') }],
  preconditions: {
    ...compliant,
    E_FROZEN: 'a credit limit named is not frozen',
    E_LIMIT: 'limit ≤ lendable, and ≤ a credit limit named',
    E_NOT_FOUND: 'what it names exists',
    E_PRICE_STALE: 'the price is still fresh',
    E_SCHEMA: 'the approval ends in the future',
    E_SCOPE: 'the grant cited is the loan’s and live; a credit limit named is of its parties and currency',
    E_STALE: 'the statuses are still fresh',
    E_STATE:
      'the loan is EVALUATED, by the evaluation cited; for a decline, undecided; a credit limit named is ACTIVE and runs',
  },
  effects: 'APPROVED with limit and end, or DECLINED with the reason',
  visibility: 'V2',
  apply: ({ loan: loanId, decision }, context) => {
    const asked = lookUp(context, loan, loanId);
    if (isRefusal(asked)) return asked;
    if (decision.type === 'decline') {
      if (!undecided.includes(asked.state)) return wrongState(asked.state, undecided, loanId);
      context.put(loan, loanId, {
        ...asked,
        state: 'DECLINED',
        reason: decision.reason,
        ...versionOf(context),
      });
      return undefined;
    }
    if (asked.state !== 'EVALUATED') return wrongState(asked.state, ['EVALUATED'], loanId);
    const { applicant: borrower, bank } = asked;
    const refusal =
      checkCited(decision, asked, loanId, context) ?? checkCompliance({ borrower, bank }, context);
    if (refusal !== undefined) return refusal;
    const { limit, creditLimit } = decision;
    const beyond = creditLimit && checkCreditLimit(creditLimit, limit, asked, context);
    if (beyond !== undefined) return beyond;
    const limitUntil = runningAt(decision.until, context);
    context.put(loan, loanId, {
      ...asked,
      ...{ state: 'APPROVED', limit, limitUntil, creditLimit },
      ...versionOf(context),
    });
    return undefined;
  },
});

/** The credit limit is of the same two parties and currency, in use, and no smaller than the loan's. */
function checkCreditLimit(
  id: Uint8Array,
  limit: number,
  { bank, applicant, currency }: ValueOf<typeof loan>,
  context: Context,
): ContractRefusal | undefined {
  const held = usableLimit(id, context);
  if (isRefusal(held)) return held;
  if (!equalBytes(held.bank, bank) || !equalBytes(held.applicant, applicant) || held.currency !== currency)
    return refused('E_SCOPE', { reason: 'a credit limit of other parties, or in another currency' }, id);
  return limit > held.limit ? refused('E_LIMIT', { limit, creditLimit: held.limit }, id) : undefined;
}

/** Everything cited is the loan's own and still good: grant, statuses, price; the limit is within the lendable. */
function checkCited(
  {
    grant: grantId,
    evaluation: evaluationId,
    limit,
    until,
  }: { grant: Uint8Array; evaluation: Uint8Array; limit: number; until: number },
  asked: ValueOf<typeof loan>,
  loanId: Uint8Array,
  context: Context,
): ContractRefusal | undefined {
  const { time, policy } = context;
  const given = lookUp(context, grant, grantId);
  if (isRefusal(given)) return given;
  const valued = lookUp(context, evaluation, evaluationId);
  if (isRefusal(valued)) return valued;
  if (asked.grant === undefined || !equalBytes(asked.grant, grantId))
    return refused('E_SCOPE', { reason: 'not the loan’s grant' }, grantId);
  if (asked.evaluation === undefined || !equalBytes(asked.evaluation, evaluationId)) {
    return refused('E_STATE', { reason: 'not the loan’s newest evaluation' }, asked.evaluation ?? loanId);
  }
  const dead = checkLive(given, grantId, context);
  if (dead !== undefined) return dead;
  if (time - valued.priceTime > policy.priceAgeMs)
    return refused('E_PRICE_STALE', { priceTime: valued.priceTime, most: policy.priceAgeMs }, evaluationId);
  for (const line of valued.lines) {
    const supplied = lookUp(context, status, line.status);
    if (isRefusal(supplied)) return supplied;
    if (time - supplied.asOf > policy.statusAgeMs)
      return refused('E_STALE', { asOf: supplied.asOf, most: policy.statusAgeMs }, line.status);
  }
  if (limit > valued.lendable) return refused('E_LIMIT', { limit, lendable: valued.lendable }, evaluationId);
  return checkFuture('until', until, context);
}

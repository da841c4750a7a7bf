/** Row 11: what goods are worth as security, computed exactly from stored inputs (semantics §6 "Value"). */

import { equalBytes, toHex } from '../../codec/bytes.ts';
import { hash32, int, list, record } from '../../codec/schema.ts';
import type { ValueOf } from '../object.ts';
import { type EvaluatedLine, evaluation, valuationFields } from '../objects/evaluation.ts';
import { grant } from '../objects/grant.ts';
import { loan } from '../objects/loan.ts';
import { status } from '../objects/status.ts';
import { unit } from '../objects/unit.ts';
import { versionOf } from '../objects/version.ts';
import { eligibleValue, exactInteger, isWithin, lendableValue } from '../rules/amounts.ts';
import { checkLive } from '../rules/grants.ts';
import { ineligibility, lapseExpired } from '../rules/holdings.ts';
import { includesId } from '../rules/lists.ts';
import {
  type Context,
  type ContractRefusal,
  isRefusal,
  lookUp,
  refused,
  transition,
  wrongState,
} from '../transition.ts';

/** A line as asked for; its unit follows from the status. */
const line = record('line', { status: hash32, quantity: int(1), price: int(0), pricedQuantity: int(1) });

export const evaluate = transition({
  name: 'evaluate',
  row: 11,
  summary: 'Values goods of an application from their supplied status, a price and haircuts.',
  args: {
    v0: { loan: hash32 },
    v1: { evaluator: hash32 },
    v2: { lines: list(line, 16, 1), ...valuationFields },
  },
  signedBy: [
    {
      who: 'bank, or the appraiser that the grant names',
      role: ['bank', 'appraiser'],
      party: (args, context) => {
        const asked = lookUp(context, loan, args.loan);
        if (isRefusal(asked)) return asked;
        const appraiser = asked.grant && context.get(grant, asked.grant)?.appraiser;
        const named = [asked.bank, appraiser].some((id) => id && equalBytes(args.evaluator, id));
        return named
          ? args.evaluator
          : refused('E_ROLE', {
              field: 'evaluator',
              reason: 'neither the bank nor the appraiser that the grant names',
            });
      },
    },
  ],
  preconditions: {
    E_INELIGIBLE: 'the goods are named, the applicant’s, in store, as the book says, free',
    E_NOT_FOUND: 'what it names exists',
    E_POLICY: 'loan to value is within policy',
    E_PRICE_STALE: 'the price is not older than allowed',
    E_RANGE: 'the result is an exact integer',
    E_ROLE: 'the evaluator is the bank or the appraiser named',
    E_SCHEMA: 'haircuts are no more than the whole',
    E_SCOPE: 'the statuses were supplied under the loan’s live grant',
    E_STALE: 'the statuses are not older than allowed',
    E_STATE: 'the loan is AUTHORISED or EVALUATED',
  },
  effects: 'the evaluation is on record with all its inputs; the loan is EVALUATED',
  evidence: 'formula inputs',
  visibility: 'V2',
  apply: ({ loan: loanId, evaluator, lines: asked, ...terms }, context) => {
    const applied = lookUp(context, loan, loanId);
    if (isRefusal(applied)) return applied;
    const grantId = checkLoan(applied, loanId, context);
    if (isRefusal(grantId)) return grantId;
    const badTerms = checkTerms(terms, context);
    if (badTerms !== undefined) return badTerms;
    const lines: EvaluatedLine[] = [];
    for (const entry of asked) {
      const supplied = checkStatus(entry.status, grantId, context);
      if (isRefusal(supplied)) return supplied;
      const repeated = lines.some(({ unit: id }) => equalBytes(id, supplied.unit));
      if (repeated)
        return refused(
          'E_INELIGIBLE',
          { reason: 'the goods are valued twice', unit: toHex(supplied.unit) },
          supplied.unit,
        );
      const refusal = checkEligible(supplied, entry.quantity, loanId, applied, context);
      if (refusal !== undefined) return refusal;
      lines.push({ unit: supplied.unit, ...entry });
    }
    const value = eligibleValue(lines, terms);
    const eligible = exactInteger(value, 'eligible');
    const lendable = exactInteger(lendableValue(value, terms.loanToValueBp), 'lendable');
    if (typeof eligible !== 'number') return eligible;
    if (typeof lendable !== 'number') return lendable;
    const { applicant: enterprise, bank } = applied;
    const written = versionOf(context);
    context.put(evaluation, context.callId, {
      ...terms,
      loan: loanId,
      grant: grantId,
      evaluator,
      enterprise,
      bank,
      lines,
      eligible,
      lendable,
      ...written,
    });
    context.put(loan, loanId, {
      ...applied,
      state: 'EVALUATED',
      evaluation: context.callId,
      limit: 0,
      limitUntil: 0,
      ...written,
    });
    return undefined;
  },
});

/** The live grant that the loan stands on; an approval that still runs is not evaluated away. */
function checkLoan(
  applied: ValueOf<typeof loan>,
  loanId: Uint8Array,
  context: Context,
): Uint8Array | ContractRefusal {
  const lapsed = applied.state === 'APPROVED' && applied.limitUntil < context.running;
  if (!lapsed && applied.state !== 'AUTHORISED' && applied.state !== 'EVALUATED') {
    return wrongState(applied.state, ['AUTHORISED', 'EVALUATED'], loanId);
  }
  if (applied.grant === undefined) return refused('E_SCOPE', { reason: 'no grant' }, loanId);
  const given = lookUp(context, grant, applied.grant);
  if (isRefusal(given)) return given;
  return checkLive(given, applied.grant, context) ?? applied.grant;
}

type Terms = Pick<ValueOf<typeof evaluation>, keyof typeof valuationFields>;

function checkTerms(terms: Terms, { time, policy }: Context): ContractRefusal | undefined {
  const { priceTime } = terms;
  if (priceTime > time || time - priceTime > policy.priceAgeMs)
    return refused('E_PRICE_STALE', { priceTime, time, most: policy.priceAgeMs });
  if (terms.loanToValueBp > policy.loanToValueBp) {
    return refused('E_POLICY', {
      field: 'loanToValueBp',
      got: terms.loanToValueBp,
      most: policy.loanToValueBp,
    });
  }
  if (terms.haircutBp + terms.fxHaircutBp > 10_000)
    return refused('E_SCHEMA', { field: 'haircutBp', reason: 'haircuts exceed the whole' });
  return undefined;
}

function checkStatus(
  id: Uint8Array,
  grantId: Uint8Array,
  context: Context,
): ValueOf<typeof status> | ContractRefusal {
  const supplied = lookUp(context, status, id);
  if (isRefusal(supplied)) return supplied;
  if (!equalBytes(supplied.grant, grantId))
    return refused('E_SCOPE', { reason: 'supplied under another grant' }, id);
  const ageMs = context.time - supplied.asOf;
  return ageMs > context.policy.statusAgeMs
    ? refused('E_STALE', { ageMs, most: context.policy.statusAgeMs }, id)
    : supplied;
}

/** Goods count when named, owned, stored, there as the book says, and held for nobody but this loan. */
function checkEligible(
  supplied: ValueOf<typeof status>,
  quantity: number,
  loanId: Uint8Array,
  applied: ValueOf<typeof loan>,
  context: Context,
): ContractRefusal | undefined {
  const unitId = supplied.unit;
  const goods = lookUp(context, unit, unitId);
  if (isRefusal(goods)) return goods;
  const ineligible = (reason: string, facts = {}) =>
    refused('E_INELIGIBLE', { reason, unit: toHex(unitId), ...facts }, unitId);
  if (!includesId(applied.units, unitId)) return ineligible('not named in the application');
  const others = lapseExpired(unitId, context).filter(({ agreed }) => !equalBytes(agreed.loan, loanId));
  const reason = ineligibility(goods, quantity, applied.applicant, others, context);
  if (reason !== undefined) return ineligible(reason, { asked: quantity, state: goods.state });
  if (
    !isWithin(BigInt(supplied.weight), BigInt(goods.quantity), context.policy.toleranceBp) ||
    supplied.packages !== goods.packages
  ) {
    return ineligible('the status differs from the book', {
      weight: supplied.weight,
      packages: supplied.packages,
    });
  }
  return undefined;
}

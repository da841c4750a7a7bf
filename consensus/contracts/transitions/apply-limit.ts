/** Row 12, credit limits: a party applies for one, and the bank validates it or declines `[CRD-1]`. */

import { hash32, int, list, record, tagged, text, timeMs } from '../../codec/schema.ts';
import { runningAt } from '../clock.ts';
import { checkCurrency } from '../identifiers.ts';
import { creditLimit, membersMax, memberTerms, unmeasured } from '../objects/credit-limit.ts';
import { versionOf } from '../objects/version.ts';
import { party, roles } from '../registry.ts';
import { checkCompliance, compliant } from '../rules/compliance.ts';
import {
  type CreditLimit,
  checkMembers,
  checkUnclaimed,
  putLimit,
  setMembership,
} from '../rules/credit-limits.ts';
import { checkFuture } from '../rules/dates.ts';
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

export const applyLimit = transition({
  name: 'apply-limit',
  row: 12,
  summary: 'Applies to a bank for a credit limit, for loans or carried by the output of own things.',
  args: {
    v2: {
      applicant: hash32,
      bank: hash32,
      currency: text(3),
      purpose: text(80, 1),
      /** Minor units. */
      amount: int(1),
      periodMs: int(2, 366 * 86_400_000),
      members: list(memberTerms, membersMax),
    },
  },
  signedBy: [{ who: 'applicant', role: roles, party: ({ applicant }) => applicant }],
  preconditions: {
    ...compliant,
    E_DEVICE_STATE: 'every member is an ACTIVE device of the applicant, and has a key',
    E_NOT_FOUND: 'what it names exists',
    E_ROLE: 'the bank is one',
    E_SCHEMA: 'the currency is well formed; no member is named twice',
  },
  effects: 'the limit is APPLIED; nothing may be used',
  visibility: 'V2',
  apply: ({ amount, members, ...args }, context) => {
    if (!context.get(party, args.bank)?.roles.includes('bank'))
      return refused(
        'E_ROLE',
        { field: 'bank', role: 'bank', reason: 'the party does not have the role' },
        args.bank,
      );
    const defect = checkCurrency(args.currency);
    if (defect !== undefined) return refused('E_SCHEMA', { field: 'currency', reason: defect });
    const unfit =
      checkCompliance({ borrower: args.applicant, bank: args.bank }, context) ??
      checkMembers(members, args.applicant, context);
    if (unfit !== undefined) return unfit;
    context.put(creditLimit, context.callId, {
      ...args,
      state: 'APPLIED',
      asked: amount,
      ...{ granted: 0, limit: 0, used: 0, drawn: 0, until: 0, decidedAt: 0 },
      byOutput: members.length > 0,
      members: members.map((terms) => ({ ...terms, ...unmeasured })),
      frozenBy: undefined,
      reason: '',
      ...versionOf(context),
    });
    return undefined;
  },
});

export const validateLimit = transition({
  name: 'validate-limit',
  row: 12,
  summary: 'Grants a credit limit up to what was asked, until a date, or declines it.',
  args: {
    v0: { limit: hash32 },
    v2: {
      decision: tagged('limit-decision', {
        grant: record('limit-grant', { amount: int(1), until: timeMs }),
        decline: record('limit-refusal', { reason: text(80, 1) }),
      }),
    },
  },
  signedBy: [{ who: 'bank', role: 'bank', party: partyIn(creditLimit, 'limit', 'bank') }],
  preconditions: {
    ...compliant,
    E_DEVICE_STATE: 'every member is still an ACTIVE device of the applicant',
    E_ID_LIVE: 'no member stands in another live limit',
    E_LIMIT: 'no more than was asked',
    E_NOT_FOUND: 'what it names exists',
    E_SCHEMA: 'it ends in the future',
    E_STATE: 'the limit is APPLIED',
  },
  effects: 'ACTIVE with amount and end, and its members stand in it; or DECLINED with the reason',
  visibility: 'V2',
  apply: ({ limit: id, decision }, context) => {
    const asked = lookUp(context, creditLimit, id);
    if (isRefusal(asked)) return asked;
    if (asked.state !== 'APPLIED') return wrongState(asked.state, ['APPLIED'], id);
    const decidedAt = context.time;
    if (decision.type === 'decline') {
      putLimit(id, { ...asked, state: 'DECLINED', reason: decision.reason, decidedAt }, context);
      return undefined;
    }
    const { amount, until } = decision;
    const refusal = checkGrant(id, asked, amount, until, context);
    if (refusal !== undefined) return refusal;
    setMembership(asked.members, id, context);
    const end = runningAt(until, context);
    putLimit(id, { ...asked, state: 'ACTIVE', granted: amount, until: end, decidedAt }, context);
    return undefined;
  },
});

function checkGrant(
  id: Uint8Array,
  asked: CreditLimit,
  amount: number,
  until: number,
  context: Context,
): ContractRefusal | undefined {
  if (amount > asked.asked) return refused('E_LIMIT', { amount, asked: asked.asked }, id);
  return (
    checkFuture('until', until, context) ??
    checkCompliance({ borrower: asked.applicant, bank: asked.bank }, context) ??
    checkMembers(asked.members, asked.applicant, context) ??
    checkUnclaimed(asked.members, id, context)
  );
}

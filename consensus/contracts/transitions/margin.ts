/** Rows 18 and 19: the debt has passed the call line; more cover is called for, and brought. */

import { equalBytes } from '../../codec/bytes.ts';
import { limits } from '../../codec/limits.ts';
import { hash32, int, maybe, text } from '../../codec/schema.ts';
import { addBusinessDays, runningAt } from '../clock.ts';
import { loan, pledgesPerLoanMax } from '../objects/loan.ts';
import { marginCall } from '../objects/margin-call.ts';
import { pledge } from '../objects/pledge.ts';
import { versionOf } from '../objects/version.ts';
import { lendableValue, totalDebt } from '../rules/amounts.ts';
import { checkAttach, holderOf } from '../rules/attach.ts';
import { meetCall } from '../rules/calls.ts';
import { checkCovered, coverValue, isAbove } from '../rules/cover.ts';
import { readingProofs } from '../rules/evidence.ts';
import { writeHoldings } from '../rules/holdings.ts';
import { applyRepayment, bankUnlessOwnMoney, checkPayment } from '../rules/repayment.ts';
import { childId, raiseWarning } from '../rules/warnings.ts';
import { isRefusal, lookUp, partyIn, refused, transition, wrongState } from '../transition.ts';

export const callMargin = transition({
  name: 'call-margin',
  row: 18,
  summary: 'Calls for more cover: the debt has passed the call line at a fresh price.',
  args: { v0: { loan: hash32 } },
  signedBy: [],
  preconditions: {
    E_NOT_DUE: 'debt > call line of the value',
    E_NOT_FOUND: 'what it names exists',
    E_PRICE_STALE: 'the value is computed at fresh prices',
    E_STATE: 'the loan is DRAWN, no call is open',
  },
  effects: 'pledges are WARNED; amount and cure time stand, two business days',
  evidence: 'the prices',
  visibility: 'V2',
  apply: ({ loan: id }, context) => {
    const lent = lookUp(context, loan, id);
    if (isRefusal(lent)) return lent;
    if (lent.state !== 'DRAWN') return wrongState(lent.state, ['DRAWN'], id);
    if (lent.marginCall !== undefined)
      return refused('E_STATE', { reason: 'a call is open' }, lent.marginCall);
    const value = coverValue(id, context);
    if (typeof value !== 'bigint') return value;
    const debt = totalDebt(lent.debt);
    const { callLineBp, enforcementLineBp, loanToValueBp, marginDays } = context.policy;
    const facts = { debt: String(debt), eligible: String(value), callLineBp };
    if (!isAbove(debt, value, callLineBp)) return refused('E_NOT_DUE', facts, id);
    const cureUntil = runningAt(addBusinessDays(context.time, marginDays), context);
    const { applicant: enterprise, bank, currency } = lent;
    const amount = Number(debt - lendableValue(value, loanToValueBp));
    context.put(marginCall, context.callId, {
      state: 'OPEN',
      ...{ loan: id, enterprise, bank, currency, amount, cureUntil },
      ...versionOf(context),
    });
    context.put(loan, id, { ...lent, marginCall: context.callId, ...versionOf(context) });
    const level = isAbove(debt, value, enforcementLineBp) ? 'critical' : 'warning';
    const measured = { mantissa: amount, exponent: 0 };
    for (const [index, pledgeId] of lent.pledges.entries()) {
      const held = context.get(pledge, pledgeId);
      if (held?.state !== 'PERFECTED' && held?.state !== 'WARNED') continue;
      const raised = { trigger: 'cover', level, measured, evidenceRoot: context.callId } as const;
      raiseWarning(pledgeId, held, raised, cureUntil, context, childId(context.callId, index));
    }
    return undefined;
  },
});

const openCall = 'a margin call of the loan is open';

export const topUpCash = transition({
  name: 'top-up-cash',
  row: 19,
  summary: 'Answers a margin call with cash: a payment that restores the cover.',
  args: {
    v0: { loan: hash32 },
    v1: { payer: hash32 },
    v2: { currency: text(3), amount: int(1), reference: text(80), money: maybe(hash32) },
  },
  signedBy: [
    { who: 'payer', role: 'enterprise', party: ({ payer }) => payer },
    {
      who: 'bank, which acknowledges',
      role: 'bank',
      party: bankUnlessOwnMoney,
      when: 'unless it is paid on the ledger in the bank’s own money',
    },
  ],
  preconditions: {
    E_COVER: 'the payment restores the cover; less is a plain repayment',
    E_CURRENCY: 'it is the debt’s currency',
    E_FUNDS: 'a payment is named, or the account has so much',
    E_NOT_FOUND: 'what it names exists',
    E_PRICE_STALE: 'the cover is computed at fresh prices',
    E_STATE: openCall,
  },
  effects: 'cash is applied to the debt; the call is met, pledges PERFECTED',
  visibility: 'V2',
  apply: (args, context) => {
    const lent = lookUp(context, loan, args.loan);
    if (isRefusal(lent)) return lent;
    if (lent.marginCall === undefined) return refused('E_STATE', { reason: 'no call is open' }, args.loan);
    const unpaid = checkPayment(args, lent, context);
    if (unpaid !== undefined) return unpaid;
    const short = checkCovered(args.loan, context, {}, BigInt(args.amount));
    if (short !== undefined) return short;
    applyRepayment(args, lent, context);
    meetCall(args.loan, context);
    return undefined;
  },
});

export const topUpGoods = transition({
  name: 'top-up-goods',
  row: 19,
  summary: 'Answers a margin call with goods: they are pledged at once, and restore the cover.',
  args: {
    v0: { loan: hash32, unit: hash32 },
    v1: { quantity: int(1), evidence: readingProofs },
    v2: { ceiling: int(1) },
  },
  signedBy: [
    { who: 'applicant', role: 'enterprise', party: partyIn(loan, 'loan', 'applicant') },
    { who: 'monitor, who attorns', role: 'monitor', party: holderOf('monitor'), missing: 'E_NO_CONTROL' },
    {
      who: 'custodian, who attorns',
      role: 'warehouse',
      party: holderOf('custodian'),
      missing: 'E_NO_CONTROL',
    },
  ],
  preconditions: {
    E_AFFILIATE: 'the enterprise controls no holder of the goods',
    E_COVER: 'the goods restore the cover',
    E_ENCUMBERED: 'the goods are free',
    E_EVIDENCE: 'a fresh count agrees with the book',
    E_INELIGIBLE: 'the goods are the enterprise’s, in store',
    E_INSUFFICIENT: 'so much is there',
    E_NOT_FOUND: 'what it names exists',
    E_NO_CONTROL: 'monitor and custodian sign',
    E_POLICY: 'neither goods nor loan carry too many pledges',
    E_PRICE_STALE: 'the cover is computed at fresh prices',
    E_RECEIPT_OUT: 'the goods stand in no receipt',
    E_STATE: openCall,
  },
  effects: 'a further pledge, PERFECTED by this position; the call is met',
  evidence: 'root over the count',
  visibility: 'V1',
  apply: ({ loan: loanId, unit: unitId, quantity, evidence, ceiling }, context) => {
    const lent = lookUp(context, loan, loanId);
    if (isRefusal(lent)) return lent;
    if (lent.marginCall === undefined) return refused('E_STATE', { reason: 'no call is open' }, loanId);
    const attached = checkAttach({ unit: unitId, quantity, pledgor: lent.applicant, evidence }, context);
    if (isRefusal(attached)) return attached;
    const { goods, holdings, countRoot } = attached;
    const tooMany = holdings.length >= limits.pledgesPerUnitMax || lent.pledges.length >= pledgesPerLoanMax;
    if (tooMany) return refused('E_POLICY', { reason: 'too many pledges', most: pledgesPerLoanMax });
    const short = checkCovered(loanId, context, { added: { unit: unitId, quantity } });
    if (short !== undefined) return short;
    context.put(pledge, context.callId, {
      state: 'PERFECTED',
      rank: 1,
      perfectedAt: context.height,
      ...{ unit: unitId, receipt: undefined, quantity, countRoot, loan: loanId, ceiling },
      ...{ pledgor: lent.applicant, pledgee: lent.bank, currency: lent.currency },
      ...{ monitor: goods.monitor, custodian: goods.custodian, reservedUntil: 0, cureUntil: 0 },
      ...{
        openWarnings: [],
        orders: [],
        triggers: undefined,
        sale: undefined,
        defaulted: undefined,
        behind: undefined,
        line: undefined,
      },
      ...versionOf(context),
    });
    const entry = { pledge: context.callId, rank: 1, state: 'PLEDGED', quantity } as const;
    writeHoldings(unitId, [...holdings, entry], context);
    const pledges = [...lent.pledges.filter((id) => !equalBytes(id, context.callId)), context.callId];
    context.put(loan, loanId, { ...lent, pledges, ...versionOf(context) });
    meetCall(loanId, context);
    return undefined;
  },
});

export const closeCall = transition({
  name: 'close-call',
  row: 19,
  summary: 'Closes a margin call whose cover is restored, by repayment or by a rising price.',
  args: { v0: { loan: hash32 } },
  signedBy: [],
  preconditions: {
    E_COVER: 'the debt is within the loan to value again',
    E_NOT_FOUND: 'what it names exists',
    E_PRICE_STALE: 'the cover is computed at fresh prices',
    E_STATE: openCall,
  },
  effects: 'the call is met, pledges PERFECTED',
  evidence: 'the prices',
  visibility: 'V2',
  apply: ({ loan: id }, context) => {
    const lent = lookUp(context, loan, id);
    if (isRefusal(lent)) return lent;
    if (lent.marginCall === undefined) return refused('E_STATE', { reason: 'no call is open' }, id);
    const short = checkCovered(id, context);
    if (short !== undefined) return short;
    meetCall(id, context);
    return undefined;
  },
});

/** Row 42, the family of credit: a thing draws for its owner, and repays what its owner owes `[THG-17]`. */

import { equalBytes } from '../../codec/bytes.ts';
import { hash32, type Infer, int, record, tagged, text } from '../../codec/schema.ts';
import { creditLimit } from '../objects/credit-limit.ts';
import { loan } from '../objects/loan.ts';
import { moneyId } from '../objects/money.ts';
import {
  type Actor,
  actArgs,
  actSigners,
  checkSides,
  readActor,
  recordAct,
  takeAct,
  withinMandate,
} from '../rules/acts.ts';
import { allocateRepayment, exactInteger, totalDebt } from '../rules/amounts.ts';
import { compliant } from '../rules/compliance.ts';
import { drawnLimit, drawOnLimit, repayOnLimit } from '../rules/limit-use.ts';
import { drawOnLoan } from '../rules/loan-drawing.ts';
import { applyRepayment, checkOwed, checkPayment } from '../rules/repayment.ts';
import { book } from '../rules/thing-results.ts';
import {
  type Context,
  type ContractRefusal,
  isRefusal,
  lookUp,
  partyIn,
  refused,
  transition,
} from '../transition.ts';

const reference = text(80, 1);
const onLimit = record('on-limit', { limit: hash32 });

const drawnOn = tagged('drawn-on', {
  limit: onLimit,
  loan: record('drawn-on-loan', {
    loan: hash32,
    /** Agreed for this drawing and owed from now on. */
    interest: int(0),
    costs: int(0),
  }),
});

export const drawByThing = transition({
  name: 'draw-by-thing',
  row: 42,
  summary: 'Draws on a credit limit or a loan under a mandate, by the thing itself.',
  args: { v0: { mandate: hash32 }, v2: { ...actArgs, on: drawnOn, amount: int(1), reference } },
  signedBy: [
    ...actSigners,
    {
      who: 'bank',
      role: 'bank',
      party: ({ on }, context) => (on.type === 'loan' ? bankOf(on, context) : undefined),
      when: 'for a loan',
    },
  ],
  preconditions: {
    ...withinMandate,
    ...compliant,
    E_EXPOSURE: 'what the owner owes to all banks stays within the pack’s cap',
    E_FROZEN: 'the owner’s account is open; the credit limit is not frozen',
    E_FUNDS: 'the bank’s account has so much',
    E_LIMIT: 'as for the owner: used ≤ limit; principal ≤ limit and lendable, debt ≤ ceilings',
    E_PRICE_STALE: 'goods that came after the evaluation have a fresh price',
    E_RANGE: 'sums are exact integers',
    E_SCOPE:
      'the thing is a member of the limit, the loan is its owner’s, and the bank another than the owner',
    E_STALE: 'what carries the limit was measured within its period',
    E_STATE: 'the mandate is ACTIVE; limit or loan can be drawn on',
  },
  effects: 'the money comes to the owner’s account; so much more is owed; the thing’s result has it',
  evidence: 'the event’s mark and root',
  visibility: 'V2',
  apply: (args, context) => {
    const { on, amount, content } = args;
    const actor = readActor(args, context);
    if (isRefusal(actor)) return actor;
    const lender = on.type === 'limit' ? limitSides(on, actor, context) : loanSides(on, context);
    if (isRefusal(lender)) return lender;
    const wrong = checkSides(actor, lender);
    if (wrong !== undefined) return wrong;
    const owed = exactInteger(
      on.type === 'loan' ? totalDebt({ ...on, principal: amount }) : BigInt(amount),
      'debt',
    );
    if (typeof owed !== 'number') return owed;
    const deed = { family: 'credit', payee: lender.with, content, amount: owed } as const;
    const counted = takeAct(actor, deed, args.event, context);
    if (isRefusal(counted)) return counted;
    const { thing, owner } = actor.given;
    const { money } = lender;
    const refusal =
      on.type === 'limit'
        ? drawOnLimit({ limit: on.limit, thing, amount, reference: args.reference }, context)
        : drawOnLoan({ ...debtFields(on, amount), reference: args.reference, money }, context);
    if (refusal !== undefined) return refusal;
    book({ thing, owner, money }, { borrowed: amount }, context);
    const subject = on.type === 'limit' ? on.limit : on.loan;
    recordAct(
      actor,
      counted,
      { kind: 'draw', counterparty: lender.with, subject, received: amount },
      context,
    );
    return undefined;
  },
});

const owedOn = tagged('owed-on', { limit: onLimit, loan: record('on-loan', { loan: hash32 }) });

export const repayByThing = transition({
  name: 'repay-by-thing',
  row: 42,
  summary: 'Repays what the owner owes on a credit limit or a loan, by the thing itself, under a mandate.',
  args: { v0: { mandate: hash32 }, v2: { ...actArgs, on: owedOn, amount: int(1), reference } },
  signedBy: actSigners,
  preconditions: {
    ...withinMandate,
    E_FUNDS: 'the owner’s account has so much',
    E_SCOPE: 'the debt is the owner’s, and the bank another than the owner',
    E_STATE: 'the mandate is ACTIVE; something is owed',
  },
  effects: 'the money moves, no more than is owed; so much less is owed; the thing’s result has it',
  evidence: 'the event’s mark and root',
  visibility: 'V2',
  apply: (args, context) => {
    const { on, content } = args;
    const actor = readActor(args, context);
    if (isRefusal(actor)) return actor;
    const debt =
      on.type === 'limit' ? limitDebt(on, args.amount, context) : loanDebt(on, args.amount, context);
    if (isRefusal(debt)) return debt;
    const wrong = checkSides(actor, debt);
    if (wrong !== undefined) return wrong;
    const amount = debt.interest + debt.principal;
    const deed = { family: 'credit', payee: debt.with, content, amount } as const;
    const counted = takeAct(actor, deed, args.event, context);
    if (isRefusal(counted)) return counted;
    const { thing, owner } = actor.given;
    const paid = { thing, payer: owner, amount, reference: args.reference };
    const refusal =
      on.type === 'limit'
        ? repayOnLimit({ ...paid, limit: on.limit }, context)
        : repayLoan({ ...paid, loan: on.loan, money: debt.money }, context);
    if (refusal !== undefined) return refusal;
    const { interest, principal: repaid } = debt;
    book({ thing, owner, money: debt.money }, { repaid, interest }, context);
    const subject = on.type === 'limit' ? on.limit : on.loan;
    const moved = { spent: amount, interest };
    recordAct(actor, counted, { kind: 'repay', counterparty: debt.with, subject, ...moved }, context);
    return undefined;
  },
});

type OnLimit = Infer<typeof onLimit>;
interface OnLoan {
  readonly loan: Uint8Array;
}

const bankOf = partyIn(loan, 'loan', 'bank');

const sidesOf = ({
  applicant,
  bank,
  currency,
}: {
  readonly applicant: Uint8Array;
  readonly bank: Uint8Array;
  readonly currency: string;
}) => ({ forWhom: applicant, with: bank, money: moneyId(bank, currency) });

/** A thing draws on a limit that it is a member of: the bank has validated with it in view. */
function limitSides({ limit: id }: OnLimit, { given }: Actor, context: Context) {
  const held = lookUp(context, creditLimit, id);
  if (isRefusal(held)) return held;
  return held.members.some(({ device }) => equalBytes(device, given.thing))
    ? sidesOf(held)
    : refused('E_SCOPE', { reason: 'not a member of the limit' }, given.thing);
}

function loanSides({ loan: id }: OnLoan, context: Context) {
  const asked = lookUp(context, loan, id);
  return isRefusal(asked) ? asked : sidesOf(asked);
}

const debtFields = (
  {
    loan: id,
    interest,
    costs,
  }: { readonly loan: Uint8Array; readonly interest: number; readonly costs: number },
  principal: number,
) => ({ loan: id, interest, costs, principal });

/** What the payment does to the debt; the rest of it is not taken. */
function limitDebt({ limit: id }: OnLimit, amount: number, context: Context) {
  const held = drawnLimit(id, context);
  if (isRefusal(held)) return held;
  return { ...sidesOf(held), interest: 0, principal: Math.min(amount, held.drawn) };
}

function loanDebt({ loan: id }: OnLoan, amount: number, context: Context) {
  const owed = lookUp(context, loan, id);
  if (isRefusal(owed)) return owed;
  const unowed = checkOwed(id, owed);
  if (unowed !== undefined) return unowed;
  const { costs, interest, principal } = allocateRepayment(owed.debt, amount).applied;
  return { ...sidesOf(owed), interest: costs + interest, principal };
}

function repayLoan(
  paid: {
    readonly loan: Uint8Array;
    readonly payer: Uint8Array;
    readonly amount: number;
    readonly reference: string;
    readonly money: Uint8Array;
  },
  context: Context,
): ContractRefusal | undefined {
  const owed = context.get(loan, paid.loan)!;
  const repayment = { ...paid, currency: owed.currency };
  const refusal = checkPayment(repayment, owed, context);
  if (refusal === undefined) applyRepayment(repayment, owed, context);
  return refusal;
}

/** Row 12, credit limits: money is drawn on one directly, by a party or by a thing, and paid back `[CRD-7]`. */

import { equalBytes } from '../../codec/bytes.ts';
import { hash32, int, maybe, text } from '../../codec/schema.ts';
import { creditLimit } from '../objects/credit-limit.ts';
import { limitPayment } from '../objects/limit-payment.ts';
import { moneyId } from '../objects/money.ts';
import { versionOf } from '../objects/version.ts';
import { roles } from '../registry.ts';
import { changeExposure, checkCompliance, checkExposure, compliant } from '../rules/compliance.ts';
import { type CreditLimit, checkUse, putLimit } from '../rules/credit-limits.ts';
import { checkFunds, pay } from '../rules/money.ts';
import { activeDevice } from '../rules/things.ts';
import {
  type Context,
  type ContractRefusal,
  isRefusal,
  lookUp,
  refused,
  transition,
  wrongState,
} from '../transition.ts';

export const drawLimit = transition({
  name: 'draw-limit',
  row: 12,
  summary: 'Draws on a credit limit, to the applicant’s account in the bank’s money.',
  args: {
    v0: { limit: hash32 },
    v2: {
      /** The member that draws, by its own key. */
      thing: maybe(hash32),
      amount: int(1),
      reference: text(80, 1),
    },
  },
  signedBy: [
    {
      who: 'applicant',
      role: roles,
      party: ({ limit: id, thing }, context) => {
        const held = lookUp(context, creditLimit, id);
        if (isRefusal(held)) return held;
        return thing === undefined ? held.applicant : undefined;
      },
      when: 'unless a thing draws',
    },
    { who: 'the thing, by its device key', role: roles, party: () => undefined, when: 'if it draws' },
  ],
  preconditions: {
    ...compliant,
    E_DEVICE_STATE: 'the thing is ACTIVE and the applicant’s',
    E_EXPOSURE: 'what the applicant owes to all banks stays within the pack’s cap',
    E_FROZEN: 'the limit is not frozen',
    E_FUNDS: 'the bank’s account has so much',
    E_LIMIT: 'used ≤ limit in force',
    E_NOT_FOUND: 'what it names exists; the bank has issued such money',
    E_RANGE: 'the sum of what is owed is an exact integer',
    E_ROLE: 'the thing signs',
    E_SCOPE: 'the thing is a member',
    E_STALE: 'what its members carry was measured within the period',
    E_STATE: 'the limit is ACTIVE and has not run out',
  },
  effects: 'the money moves, and so much more is used',
  visibility: 'V2',
  apply: ({ limit: id, thing, amount, reference }, context) => {
    const held = lookUp(context, creditLimit, id);
    if (isRefusal(held)) return held;
    const unfit = thing && checkThing(thing, held, context);
    if (unfit !== undefined) return unfit;
    const over = checkUse(id, amount, context);
    if (over !== undefined) return over;
    const { bank, applicant, currency } = held;
    const barred =
      checkCompliance({ borrower: applicant, bank }, context) ??
      checkExposure(applicant, currency, amount, context);
    if (barred !== undefined) return barred;
    const money = moneyId(bank, currency);
    const short = checkFunds(money, bank, amount, currency, context);
    if (short !== undefined) return short;
    pay(money, bank, applicant, amount, context);
    changeExposure(applicant, currency, amount, context);
    putLimit(id, { ...held, used: held.used + amount, drawn: held.drawn + amount }, context);
    context.put(limitPayment, context.callId, {
      kind: 'draw',
      ...{ limit: id, payer: bank, payee: applicant, thing, money, amount, at: context.time, reference },
      ...versionOf(context),
    });
    return undefined;
  },
});

function checkThing(thing: Uint8Array, held: CreditLimit, context: Context): ContractRefusal | undefined {
  if (!held.members.some(({ device }) => equalBytes(device, thing)))
    return refused('E_SCOPE', { reason: 'not a member of the limit' }, thing);
  const active = activeDevice(thing, held.applicant, context);
  if (isRefusal(active)) return active;
  return context.signedByKey(active.key)
    ? undefined
    : refused('E_ROLE', { reason: 'the thing did not sign' }, thing);
}

export const repayLimit = transition({
  name: 'repay-limit',
  row: 12,
  summary: 'Pays back what was drawn on a credit limit, in the bank’s money.',
  args: {
    v0: { limit: hash32 },
    v2: { payer: hash32, amount: int(1), reference: text(80, 1) },
  },
  signedBy: [{ who: 'payer', role: roles, party: ({ payer }) => payer }],
  preconditions: {
    E_FUNDS: 'the payer’s account has so much',
    E_NOT_FOUND: 'what it names exists',
    E_STATE: 'something is drawn',
  },
  effects: 'the money moves, no more than is drawn, and so much less is used',
  visibility: 'V2',
  apply: ({ limit: id, payer, amount: offered, reference }, context) => {
    const held = lookUp(context, creditLimit, id);
    if (isRefusal(held)) return held;
    if (held.drawn === 0) return wrongState('nothing is drawn', ['something drawn'], id);
    const { bank, applicant, currency } = held;
    const amount = Math.min(offered, held.drawn);
    const money = moneyId(bank, currency);
    const short = checkFunds(money, payer, amount, currency, context);
    if (short !== undefined) return short;
    pay(money, payer, bank, amount, context);
    changeExposure(applicant, currency, -amount, context);
    putLimit(id, { ...held, used: held.used - amount, drawn: held.drawn - amount }, context);
    context.put(limitPayment, context.callId, {
      kind: 'repayment',
      ...{ limit: id, payer, payee: bank, thing: undefined, money, amount, at: context.time, reference },
      ...versionOf(context),
    });
    return undefined;
  },
});

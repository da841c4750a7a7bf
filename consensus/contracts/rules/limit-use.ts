/** Money drawn on a credit limit itself, and paid back on it `[CRD-7]`: by a party, or by a thing under its mandate. */

import type { ValueOf } from '../object.ts';
import { creditLimit } from '../objects/credit-limit.ts';
import { limitPayment } from '../objects/limit-payment.ts';
import { moneyId } from '../objects/money.ts';
import { versionOf } from '../objects/version.ts';
import { type Context, type ContractRefusal, isRefusal, lookUp, wrongState } from '../transition.ts';
import { changeExposure, checkCompliance, checkExposure } from './compliance.ts';
import { checkUse, putLimit } from './credit-limits.ts';
import { checkFunds, pay } from './money.ts';

export interface LimitUse {
  readonly limit: Uint8Array;
  /** The thing that does it; absent when a party does. */
  readonly thing: Uint8Array | undefined;
  readonly amount: number;
  readonly reference: string;
}

export function drawOnLimit(
  { limit: id, thing, amount, reference }: LimitUse,
  context: Context,
): ContractRefusal | undefined {
  const held = lookUp(context, creditLimit, id);
  if (isRefusal(held)) return held;
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
}

/** The limit, when something is drawn on it. */
export function drawnLimit(id: Uint8Array, context: Context): ValueOf<typeof creditLimit> | ContractRefusal {
  const held = lookUp(context, creditLimit, id);
  if (isRefusal(held)) return held;
  return held.drawn === 0 ? wrongState('nothing is drawn', ['something drawn'], id) : held;
}

/** No more than is drawn. */
export function repayOnLimit(
  { limit: id, thing, payer, amount: offered, reference }: LimitUse & { readonly payer: Uint8Array },
  context: Context,
): ContractRefusal | undefined {
  const held = drawnLimit(id, context);
  if (isRefusal(held)) return held;
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
    ...{ limit: id, payer, payee: bank, thing, money, amount, at: context.time, reference },
    ...versionOf(context),
  });
  return undefined;
}

/** Row 20: a loan is repaid in another currency, at the bank's quote. Money and debt move at one position (R096). */

import { equalBytes } from '../../codec/bytes.ts';
import { hash32, int, record, timeMs } from '../../codec/schema.ts';
import { runningAt } from '../clock.ts';
import { exchange } from '../objects/exchange.ts';
import { loan } from '../objects/loan.ts';
import { money } from '../objects/money.ts';
import { versionOf } from '../objects/version.ts';
import { roles } from '../registry.ts';
import { exactInteger, totalDebt } from '../rules/amounts.ts';
import { checkFunds, pay } from '../rules/money.ts';
import { applyRepayment, checkOwed } from '../rules/repayment.ts';
import {
  type Context,
  type ContractRefusal,
  isRefusal,
  lookUp,
  partyIn,
  refused,
  transition,
} from '../transition.ts';

/** Minor units of the debt's currency for so many of the money that is paid. */
const rate = record('exchange-rate', { numerator: int(1), denominator: int(1) });
type Rate = { readonly numerator: number; readonly denominator: number };

export const repayExchanged = transition({
  name: 'repay-exchanged',
  row: 20,
  summary: 'Repays a loan in another currency on the ledger, at the bank’s quote; the difference is booked.',
  args: {
    v0: { loan: hash32 },
    v1: { payer: hash32 },
    v2: {
      money: hash32,
      /** Minor units of that money. */
      amount: int(1),
      /** What the bank gives, and what the exchange is held against, such as a central bank's fixing. */
      quote: rate,
      reference: rate,
      /** Until when the quote lives. */
      quoteUntil: timeMs,
    },
  },
  signedBy: [
    { who: 'payer', role: roles, party: ({ payer }) => payer },
    { who: 'bank, whose quote it is', role: 'bank', party: partyIn(loan, 'loan', 'bank') },
  ],
  preconditions: {
    E_CURRENCY: 'the money is of another currency than the debt',
    E_DEBT: 'what is credited is no more than what is owed',
    E_FUNDS: 'the account has so much; the bank does not pay itself',
    E_NOT_FOUND: 'what it names exists',
    E_PVP_TIMEOUT: 'the quote lives',
    E_RANGE: 'what is credited is at least one minor unit, and sums are exact integers',
    E_STATE: 'the loan is DRAWN or WRITTEN_OFF',
  },
  effects:
    'the money is the bank’s; costs, interest, principal, in that order, REPAID when nothing is left; gain or loss against the reference is booked',
  visibility: 'V2',
  apply: (args, context) => {
    const owed = lookUp(context, loan, args.loan);
    if (isRefusal(owed)) return owed;
    const unowed = checkOwed(args.loan, owed);
    if (unowed !== undefined) return unowed;
    const quoteUntil = runningAt(args.quoteUntil, context);
    if (quoteUntil < context.running)
      return refused('E_PVP_TIMEOUT', { quoteUntil, running: context.running });
    const paidIn = lookUp(context, money, args.money);
    if (isRefusal(paidIn)) return paidIn;
    if (paidIn.currency === owed.currency)
      return refused(
        'E_CURRENCY',
        { got: paidIn.currency, wanted: `another than ${owed.currency}` },
        args.money,
      );
    const credited = exchanged(args.amount, args.quote, 'credited');
    if (typeof credited !== 'number') return credited;
    const value = exchanged(args.amount, args.reference, 'value');
    if (typeof value !== 'number') return value;
    if (credited < 1) return refused('E_RANGE', { field: 'credited', reason: 'less than one minor unit' });
    const debt = totalDebt(owed.debt);
    if (BigInt(credited) > debt) return refused('E_DEBT', { credited, owed: String(debt) }, args.loan);
    const short = checkPayable(args, owed.bank, paidIn.currency, context);
    if (short !== undefined) return short;
    const { payer, amount } = args;
    const { bank, currency } = owed;
    pay(args.money, payer, bank, amount, context);
    const repaid = { loan: args.loan, payer, currency, amount: credited };
    applyRepayment(
      { ...repaid, reference: `exchanged from ${paidIn.currency}`, money: undefined },
      owed,
      context,
    );
    context.put(exchange, context.callId, {
      ...{
        loan: args.loan,
        payer,
        bank,
        paidCurrency: paidIn.currency,
        paid: amount,
        currency,
        credited,
        value,
      },
      ...{ gain: Math.max(0, value - credited), loss: Math.max(0, credited - value) },
      ...versionOf(context),
    });
    return undefined;
  },
});

/** Rounded down, in favour of whoever is owed. */
function exchanged(
  amount: number,
  { numerator, denominator }: Rate,
  field: string,
): number | ContractRefusal {
  return exactInteger((BigInt(amount) * BigInt(numerator)) / BigInt(denominator), field);
}

function checkPayable(
  {
    money: moneyKey,
    payer,
    amount,
  }: { readonly money: Uint8Array; readonly payer: Uint8Array; readonly amount: number },
  bank: Uint8Array,
  currency: string,
  context: Context,
): ContractRefusal | undefined {
  if (equalBytes(payer, bank)) return refused('E_FUNDS', { reason: 'the bank pays itself' }, payer);
  return checkFunds(moneyKey, payer, amount, currency, context);
}

/** Row 37: a bank buys an accepted bill before it is due. Bill and money change hands in one step. */

import { choice, hash32, int } from '../../codec/schema.ts';
import { bill } from '../objects/bill.ts';
import { roles } from '../registry.ts';
import { checkPassing, daysUntil, discountedPrice, passBill } from '../rules/bills.ts';
import { checkFunds, pay } from '../rules/money.ts';
import { isRefusal, lookUp, partyIn, refused, transition } from '../transition.ts';

export const discountBill = transition({
  name: 'discount-bill',
  row: 37,
  summary: 'Sells an accepted bill to a bank, delivery against payment.',
  args: {
    v0: { bill: hash32 },
    v1: { bank: hash32 },
    v2: { money: hash32, rateBp: int(0, 10_000), dayBasis: choice('360', '365') },
  },
  signedBy: [
    { who: 'holder', role: roles, party: partyIn(bill, 'bill', 'holder'), missing: 'E_NOT_HOLDER' },
    { who: 'bank', role: 'bank', party: ({ bank }) => bank },
  ],
  preconditions: {
    E_CURRENCY: 'it is paid in the bill’s currency',
    E_FUNDS: 'the bank’s account has so much',
    E_NOT_FOUND: 'what it names exists',
    E_NOT_HOLDER: 'the holder signs',
    E_POLICY: 'it has not passed too often',
    E_SCHEMA: 'the bank is another than the holder; the discount is less than the face',
    E_STATE: 'the bill is ACCEPTED, not yet due, not marked non-transferable',
  },
  effects: 'the bank holds it, the seller is liable; paid face − ceil(face × rate × days / day-basis)',
  evidence: 'rate, days, day basis and price',
  visibility: 'V2',
  apply: ({ bill: id, bank, money, rateBp, dayBasis }, context) => {
    const held = lookUp(context, bill, id);
    if (isRefusal(held)) return held;
    const refusal = checkPassing(id, held, bank, ['ACCEPTED'], context);
    if (refusal !== undefined) return refusal;
    const terms = { rateBp, days: daysUntil(held.due, context.time), dayBasis: Number(dayBasis) };
    const price = discountedPrice(held.face, terms);
    if (price <= 0n)
      return refused('E_SCHEMA', { field: 'rateBp', reason: 'eats the face', price: String(price) });
    const paid = Number(price);
    const short = checkFunds(money, bank, paid, held.currency, context);
    if (short !== undefined) return short;
    pay(money, bank, held.holder, paid, context);
    passBill(id, held, bank, { ...terms, paid, money }, context);
    return undefined;
  },
});

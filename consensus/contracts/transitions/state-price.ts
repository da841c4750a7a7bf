/** Row 11, prices: a bank or an appraiser states what goods cost; lines, margin calls and releases go by it. */

import { hash32, int, text, timeMs } from '../../codec/schema.ts';
import { checkCurrency } from '../identifiers.ts';
import { price, priceId } from '../objects/price.ts';
import { unit } from '../objects/unit.ts';
import { versionOf } from '../objects/version.ts';
import { isRefusal, lookUp, refused, transition } from '../transition.ts';

export const statePrice = transition({
  name: 'state-price',
  row: 11,
  summary: 'States a price of goods, in place of the party’s earlier one.',
  args: {
    v0: { unit: hash32 },
    v1: { statedBy: hash32 },
    v2: {
      currency: text(3),
      price: int(0),
      pricedQuantity: int(1),
      haircutBp: int(0, 10_000),
      asOf: timeMs,
      source: text(80, 1),
    },
  },
  signedBy: [{ who: 'bank or appraiser', role: ['bank', 'appraiser'], party: ({ statedBy }) => statedBy }],
  preconditions: {
    E_NOT_FOUND: 'what it names exists',
    E_PRICE_STALE: 'the price is of now, not older than allowed',
    E_SCHEMA: 'the currency is well formed',
    E_STALE: 'it is newer than the party’s earlier price',
  },
  effects: 'the price is the party’s newest',
  evidence: 'source and time of the price',
  visibility: 'V2',
  apply: (args, context) => {
    const goods = lookUp(context, unit, args.unit);
    if (isRefusal(goods)) return goods;
    const defect = checkCurrency(args.currency);
    if (defect !== undefined) return refused('E_SCHEMA', { field: 'currency', reason: defect });
    const { time, policy } = context;
    if (args.asOf > time || time - args.asOf > policy.priceAgeMs)
      return refused('E_PRICE_STALE', { asOf: args.asOf, time, most: policy.priceAgeMs });
    const id = priceId(args.unit, args.statedBy);
    const before = context.get(price, id);
    if (before !== undefined && before.asOf >= args.asOf)
      return refused('E_STALE', { asOf: args.asOf, newest: before.asOf }, id);
    context.put(price, id, { ...args, ...versionOf(context) });
    return undefined;
  },
});

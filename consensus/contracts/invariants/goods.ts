/** Invariants of goods, receipts and encumbrances (semantics §7: 1–6, 9, 27). */

import { equalBytes, toHex } from '../../codec/bytes.ts';
import type { ObjectReader, ValueOf } from '../object.ts';
import { encumbrance } from '../objects/encumbrance.ts';
import { evidenceUse } from '../objects/evidence-use.ts';
import { endedStates, pledge } from '../objects/pledge.ts';
import { receipt } from '../objects/receipt.ts';
import { unit } from '../objects/unit.ts';
import { type Holding, heldQuantity, holdingsOf, readHoldings } from '../rules/holdings.ts';
import { includesId } from '../rules/lists.ts';
import { type Found, hasRole, type Invariant } from './survey.ts';

type Goods = ValueOf<typeof unit>;
type Document = ValueOf<typeof receipt>;

function isLiveReceipt({ state }: Document): boolean {
  return state === 'ISSUED' || state === 'HELD';
}

/** Grams of a unit's goods that live receipts over it do not stand for. */
const unreceipted = (goods: Goods): number => goods.quantity - goods.receipted;

export const goodsInvariants: readonly Invariant[] = [
  {
    number: 1,
    rule: 'per unit: 0 ≤ reserved + first-rank pledged ≤ registered in custody',
    *find(state) {
      for (const { id, name, value: goods } of state.all(unit)) {
        const held = heldQuantity(readHoldings(id, state));
        if (held < 0 || held > goods.quantity) yield `${name}: ${held} g held of ${goods.quantity} g`;
      }
    },
  },
  {
    number: 2,
    rule: 'live receipts ≤ registered; each logistic unit in at most one; the unit names exactly its live receipts',
    *find(state) {
      const issued = new Map<string, Found<Document>[]>();
      for (const document of state.all(receipt)) {
        if (!isLiveReceipt(document.value)) continue;
        const unitName = toHex(document.value.unit);
        issued.set(unitName, [...(issued.get(unitName) ?? []), document]);
      }
      for (const { id, name, value: goods } of state.all(unit)) {
        const live = issued.get(toHex(id)) ?? [];
        const sum = live.reduce((grams, { value }) => grams + value.quantity, 0);
        if (sum > goods.quantity) yield `${name}: ${sum} g on receipts of ${goods.quantity} g`;
        if (sum !== goods.receipted) yield `${name}: ${sum} g on receipts, ${goods.receipted} g recorded`;
        if (goods.scheme === 'sscc' && live.length > 1)
          yield `${name}: a logistic unit in ${live.length} receipts`;
        if (
          live.length !== goods.receipts.length ||
          !live.every((document) => includesId(goods.receipts, document.id))
        ) {
          yield `${name}: names other receipts than the live ones`;
        }
      }
    },
  },
  {
    number: 3,
    rule: 'at most one active first-ranking pledge per unit of quantity',
    *find(state) {
      for (const { id, name, value: goods } of state.all(unit)) {
        const holdings = readHoldings(id, state);
        if (holdings.some(({ rank }) => rank > 1)) yield `${name}: a junior pledge`;
        for (const [whole, of] of wholesOf(goods, holdings, state)) {
          if (heldQuantity(of) > whole) yield `${name}: ${heldQuantity(of)} g held out of ${whole} g`;
        }
      }
    },
  },
  {
    number: 4,
    rule: 'no pledge of goods bypasses a live receipt',
    *find(state) {
      for (const { id, name, value: goods } of state.all(unit)) {
        const direct = heldQuantity(holdingsOf(readHoldings(id, state), undefined));
        if (direct > unreceipted(goods))
          yield `${name}: ${direct} g pledged beside receipts, ${unreceipted(goods)} g unreceipted`;
      }
    },
  },
  {
    number: 5,
    rule: 'an encumbrance names exactly the live pledges of its unit, with their state; OUT goods carry none',
    *find(state) {
      for (const { id, name, value } of state.all(encumbrance)) {
        const goods = state.get(unit, id);
        if (goods === undefined || goods.state === 'OUT') yield `${name}: of goods that are not there`;
        if (value.entries.length !== value.quantities.length)
          yield `${name}: entries and quantities differ in number`;
        for (const { agreed, state: held, quantity, rank } of readHoldings(id, state)) {
          const expected = agreed.state === 'AGREED' ? 'RESERVED' : 'PLEDGED';
          const same =
            held === expected &&
            quantity === agreed.quantity &&
            rank === agreed.rank &&
            equalBytes(agreed.unit, id);
          if (!same || endedStates.includes(agreed.state))
            yield `${name}: says ${held} of a pledge that is ${agreed.state}`;
        }
      }
      for (const { id, name, value } of state.all(pledge)) {
        const entries =
          state.get(encumbrance, value.unit)?.entries.filter((entry) => equalBytes(entry.pledge, id)) ?? [];
        const expected = endedStates.includes(value.state) ? 0 : 1;
        if (entries.length !== expected)
          yield `${name}: ${value.state}, in its unit's encumbrance ${entries.length} times`;
      }
    },
  },
  {
    number: 6,
    rule: 'each live receipt has one controller: the pledgee while it is held as security, else the depositor',
    *find(state) {
      for (const { id, name, value: document } of state.all(receipt)) {
        if (!isLiveReceipt(document)) continue;
        const [holding, second] = holdingsOf(readHoldings(document.unit, state), id);
        if (second !== undefined) yield `${name}: security for two`;
        const secured = holding?.state === 'PLEDGED';
        if (secured !== (document.state === 'HELD'))
          yield `${name}: ${document.state} while ${secured ? '' : 'not '}pledged`;
        const controller = secured ? holding.agreed.pledgee : document.depositor;
        if (!equalBytes(document.controller, controller))
          yield `${name}: controlled by another than the ${secured ? 'pledgee' : 'depositor'}`;
      }
    },
  },
  {
    number: 9,
    rule: 'every registered quantity has one owner, one custodian and one monitor, each with its role',
    *find(state) {
      for (const { name, value: goods } of state.all(unit)) {
        if (!hasRole(state, goods.owner, 'enterprise')) yield `${name}: owner without the role`;
        if (!hasRole(state, goods.custodian, 'warehouse')) yield `${name}: custodian without the role`;
        if (!hasRole(state, goods.monitor, 'monitor')) yield `${name}: monitor without the role`;
      }
    },
  },
  {
    number: 27,
    rule: 'every registered unit has readings of its own; no reading speaks for two units',
    *find(state) {
      const proved = new Map<string, number>();
      for (const { value } of state.all(evidenceUse))
        proved.set(toHex(value.unit), (proved.get(toHex(value.unit)) ?? 0) + 1);
      for (const { id, name } of state.all(unit)) {
        if ((proved.get(toHex(id)) ?? 0) < 2)
          yield `${name}: registered on fewer than two readings of its own`;
      }
    },
  },
];

/** What is pledged from separately: each receipt, and the goods under none; with the holdings of each. */
function wholesOf(
  goods: Goods,
  holdings: readonly Holding[],
  state: ObjectReader,
): [number, readonly Holding[]][] {
  return [
    [unreceipted(goods), holdingsOf(holdings, undefined)],
    ...goods.receipts.map((id): [number, readonly Holding[]] => [
      state.get(receipt, id)?.quantity ?? 0,
      holdingsOf(holdings, id),
    ]),
  ];
}

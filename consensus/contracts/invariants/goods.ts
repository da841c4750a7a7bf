/** Invariants of goods, receipts and encumbrances (semantics §7: 1–6, 9, 10, 13, 26, 27). */

import { equalBytes, toHex } from '../../codec/bytes.ts';
import type { ObjectReader, ValueOf } from '../object.ts';
import { claim } from '../objects/claim.ts';
import { encumbrance } from '../objects/encumbrance.ts';
import { evidenceUse } from '../objects/evidence-use.ts';
import { endedStates, pledge } from '../objects/pledge.ts';
import { receipt } from '../objects/receipt.ts';
import { tenure } from '../objects/tenure.ts';
import { isWhole, unit } from '../objects/unit.ts';
import { zone } from '../objects/zone.ts';
import { defaultPolicy } from '../policy.ts';
import { type Holding, heldQuantity, holdingsOf, isJunior, readHoldings } from '../rules/holdings.ts';
import { includesId } from '../rules/lists.ts';
import { type Found, hasRole, type Invariant, type Survey } from './survey.ts';

type Goods = ValueOf<typeof unit>;
type Document = ValueOf<typeof receipt>;

function isLiveReceipt({ state }: Document): boolean {
  return state === 'ISSUED' || state === 'HELD';
}

/** The default of policy.toleranceBp: an audit that knows another policy compares by that. */
const toleranceBp = BigInt(defaultPolicy.toleranceBp);

/** Does a claim, or an open warning of a pledge of the goods, speak of what is missing? */
function isExplained(unitId: Uint8Array, state: Survey): boolean {
  for (const { value } of state.all(claim)) if (equalBytes(value.unit, unitId)) return true;
  return readHoldings(unitId, state).some(({ agreed }) => agreed.openWarnings.length > 0);
}

/** Grams of a unit's goods that live receipts over it do not stand for. */
const unreceipted = (goods: Goods): number => goods.quantity - goods.receipted;

export const goodsInvariants: readonly Invariant[] = [
  {
    number: 1,
    rule: 'per unit: 0 ≤ reserved + first-rank pledged ≤ registered in custody + recorded shortfall; a shortfall has a claim or an open warning',
    *find(state) {
      for (const { id, name, value: goods } of state.all(unit)) {
        const held = heldQuantity(readHoldings(id, state));
        if (held < 0 || held > goods.quantity + goods.shortfall)
          yield `${name}: ${held} g held of ${goods.quantity} g, ${goods.shortfall} g short`;
        if (goods.shortfall > 0 && !isExplained(id, state))
          yield `${name}: ${goods.shortfall} g short, and neither claim nor warning`;
      }
    },
  },
  {
    number: 2,
    rule: 'live receipts ≤ registered + recorded shortfall; each logistic unit in at most one; the unit names exactly its live receipts',
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
        if (sum > goods.quantity + goods.shortfall)
          yield `${name}: ${sum} g on receipts of ${goods.quantity} g`;
        if (sum !== goods.receipted) yield `${name}: ${sum} g on receipts, ${goods.receipted} g recorded`;
        if (isWhole(goods) && live.length > 1) yield `${name}: a logistic unit in ${live.length} receipts`;
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
        for (const [whole, of] of wholesOf(goods, holdings, state)) {
          if (heldQuantity(of) > whole + goods.shortfall)
            yield `${name}: ${heldQuantity(of)} g held out of ${whole} g`;
          for (const holding of of) {
            if (holding.state !== 'PLEDGED') continue;
            if (holding.rank > 1 && holding.agreed.behind === undefined)
              yield `${name}: ranks ${holding.rank} behind nobody`;
            if (isJunior(holding, of) && holding.rank < 2) yield `${name}: a junior pledge ranks first`;
          }
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
        if (direct > Math.max(0, unreceipted(goods)) + goods.shortfall)
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
    rule: 'each live receipt has one controller: the pledgee while it is held as security, else the owner',
    *find(state) {
      for (const { id, name, value: document } of state.all(receipt)) {
        if (!isLiveReceipt(document)) continue;
        const of = holdingsOf(readHoldings(document.unit, state), id);
        const [holding, second] = of.filter((entry) => !isJunior(entry, of));
        if (second !== undefined) yield `${name}: security for two`;
        const secured = holding?.state === 'PLEDGED';
        if (secured !== (document.state === 'HELD'))
          yield `${name}: ${document.state} while ${secured ? '' : 'not '}pledged`;
        const controller = secured ? holding.agreed.pledgee : document.owner;
        if (!equalBytes(document.controller, controller))
          yield `${name}: controlled by another than the ${secured ? 'pledgee' : 'owner'}`;
      }
    },
  },
  {
    number: 9,
    rule: 'every registered quantity has one owner, one custodian and one monitor, each with its role',
    *find(state) {
      for (const { name, value: goods } of state.all(unit)) {
        if (!hasRole(state, goods.owner, 'enterprise') && !hasRole(state, goods.owner, 'bank'))
          yield `${name}: owner without the role`;
        if (!hasRole(state, goods.custodian, 'warehouse')) yield `${name}: custodian without the role`;
        if (!hasRole(state, goods.monitor, 'monitor')) yield `${name}: monitor without the role`;
      }
    },
  },
  {
    number: 10,
    rule: 'stock = in − out − lost − permitted loss ± corrections',
    *find(state) {
      for (const { name, value: goods } of state.all(unit)) {
        const { entered, left, lost, shrunk, corrected } = goods.stock;
        const expected = entered - left - lost - shrunk + corrected;
        if (expected !== goods.quantity)
          yield `${name}: ${goods.quantity} g booked, ${expected} g by its movements`;
        const gone = goods.state === 'OUT' || goods.state === 'LOST';
        if (gone !== (goods.quantity === 0)) yield `${name}: ${goods.state} with ${goods.quantity} g`;
      }
    },
  },
  {
    number: 26,
    rule: 'from registration to exit, intervals of ownership and custody neither overlap nor gap',
    *find(state) {
      for (const { name, value: goods } of state.all(unit)) {
        const running = state.get(tenure, goods.tenure);
        const gone = goods.quantity === 0;
        if (running === undefined || (running.until === undefined) === gone)
          yield `${name}: ${goods.state}, and its tenure ${running?.until === undefined ? 'runs' : 'has ended'}`;
        if (
          running !== undefined &&
          !(equalBytes(running.owner, goods.owner) && equalBytes(running.custodian, goods.custodian))
        )
          yield `${name}: its tenure names others`;
      }
      for (const { name, value: document } of state.all(receipt)) {
        if (!isLiveReceipt(document)) continue;
        const running = state.get(tenure, document.tenure);
        if (running?.until !== undefined || !equalBytes(running?.owner ?? document.unit, document.owner))
          yield `${name}: its tenure has ended, or names another`;
      }
      for (const { name, value } of state.all(tenure)) {
        const before = value.previous && state.get(tenure, value.previous);
        if (before !== undefined && before.until !== value.since)
          yield `${name}: begins at ${value.since}, the one before ended at ${before.until}`;
      }
    },
  },
  {
    number: 27,
    rule: 'per zone: registered ≤ measured + tolerance, or a difference is named; every unit has readings of its own, none speaks for two',
    *find(state) {
      const there = new Map<string, number>();
      for (const { value: goods } of state.all(unit)) {
        if (goods.state !== 'STORED') continue;
        const place = `${goods.gln}/${goods.zone}`;
        there.set(place, (there.get(place) ?? 0) + goods.quantity);
      }
      for (const { name, value } of state.all(zone)) {
        const registered = there.get(`${value.gln}/${value.zone}`) ?? 0;
        if (registered !== value.registered)
          yield `${name}: ${value.registered} g recorded, ${registered} g registered there`;
        if (value.capacity > 0 && registered > value.capacity) yield `${name}: beyond its capacity`;
        const excess = BigInt(registered) * 10_000n > BigInt(value.measured) * (10_000n + toleranceBp);
        if (excess !== (value.state === 'DIFFERS'))
          yield `${name}: ${value.state}, ${registered} g registered, ${value.measured} g measured`;
      }
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

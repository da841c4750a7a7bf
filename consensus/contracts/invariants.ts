/**
 * The invariants of semantics §7 that this set of transitions could break, as functions over a whole state. For
 * tests, simulations and audits: no node runs them on every checkpoint. The numbers are those of §7.
 */

import { equalBytes, toHex } from '../codec/bytes.ts';
import { type ObjectReader, type ObjectType, readObject, type StoredObject, type ValueOf } from './object.ts';
import { encumbrance } from './objects/encumbrance.ts';
import { evaluation } from './objects/evaluation.ts';
import { evidenceUse } from './objects/evidence-use.ts';
import { loan } from './objects/loan.ts';
import { orderReceipt } from './objects/order-receipt.ts';
import { payment } from './objects/payment.ts';
import { endedStates, pledge, securedStates } from './objects/pledge.ts';
import { receipt } from './objects/receipt.ts';
import { status } from './objects/status.ts';
import { unit } from './objects/unit.ts';
import { callRecord, key, party, type Role } from './registry.ts';
import { isControlledBy } from './rules/affiliation.ts';
import { totalDebt } from './rules/amounts.ts';
import { heldQuantity, type Holding, holdingsOf, readHoldings } from './rules/holdings.ts';
import { includesId } from './rules/lists.ts';
import { objectTypes } from './views.ts';

export interface WholeState extends ObjectReader {
  objects(): Iterable<StoredObject>;
}

export interface Breach {
  /** Number in semantics §7. */
  readonly invariant: number;
  readonly what: string;
}

interface Invariant {
  readonly number: number;
  readonly rule: string;
  /** Yields what is wrong. */
  readonly find: (state: WholeState) => Iterable<string>;
}

interface Found<T> {
  readonly id: Uint8Array;
  readonly name: string;
  readonly value: T;
}

function* all<T>(state: WholeState, type: ObjectType<T>): Iterable<Found<T>> {
  for (const stored of state.objects()) {
    if (stored.type !== type.name) continue;
    yield { id: stored.id, name: `${type.name} ${toHex(stored.id).slice(0, 8)}`, value: readObject(type, stored) };
  }
}

type Goods = ValueOf<typeof unit>;
type Document = ValueOf<typeof receipt>;

function isLiveReceipt({ state }: Document): boolean {
  return state === 'ISSUED' || state === 'HELD';
}

function hasRole(state: ObjectReader, id: Uint8Array, role: Role): boolean {
  return state.get(party, id)?.roles.includes(role) ?? false;
}

/** Grams of a unit's goods that live receipts over it do not stand for. */
const unreceipted = (goods: Goods): number => goods.quantity - goods.receipted;

export const invariants: readonly Invariant[] = [
  {
    number: 1,
    rule: 'per unit: 0 ≤ reserved + first-rank pledged ≤ registered in custody',
    *find(state) {
      for (const { id, name, value: goods } of all(state, unit)) {
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
      for (const document of all(state, receipt)) {
        if (!isLiveReceipt(document.value)) continue;
        const unitName = toHex(document.value.unit);
        issued.set(unitName, [...(issued.get(unitName) ?? []), document]);
      }
      for (const { id, name, value: goods } of all(state, unit)) {
        const live = issued.get(toHex(id)) ?? [];
        const sum = live.reduce((grams, { value }) => grams + value.quantity, 0);
        if (sum > goods.quantity) yield `${name}: ${sum} g on receipts of ${goods.quantity} g`;
        if (sum !== goods.receipted) yield `${name}: ${sum} g on receipts, ${goods.receipted} g recorded`;
        if (goods.scheme === 'sscc' && live.length > 1) yield `${name}: a logistic unit in ${live.length} receipts`;
        if (live.length !== goods.receipts.length || !live.every((document) => includesId(goods.receipts, document.id))) {
          yield `${name}: names other receipts than the live ones`;
        }
      }
    },
  },
  {
    number: 3,
    rule: 'at most one active first-ranking pledge per unit of quantity',
    *find(state) {
      for (const { id, name, value: goods } of all(state, unit)) {
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
      for (const { id, name, value: goods } of all(state, unit)) {
        const direct = heldQuantity(holdingsOf(readHoldings(id, state), undefined));
        if (direct > unreceipted(goods)) yield `${name}: ${direct} g pledged beside receipts, ${unreceipted(goods)} g unreceipted`;
      }
    },
  },
  {
    number: 5,
    rule: 'an encumbrance names exactly the live pledges of its unit, with their state; OUT goods carry none',
    *find(state) {
      for (const { id, name, value } of all(state, encumbrance)) {
        const goods = state.get(unit, id);
        if (goods === undefined || goods.state === 'OUT') yield `${name}: of goods that are not there`;
        if (value.entries.length !== value.quantities.length) yield `${name}: entries and quantities differ in number`;
        for (const { agreed, state: held, quantity, rank } of readHoldings(id, state)) {
          const expected = agreed.state === 'AGREED' ? 'RESERVED' : 'PLEDGED';
          const same = held === expected && quantity === agreed.quantity && rank === agreed.rank && equalBytes(agreed.unit, id);
          if (!same || endedStates.includes(agreed.state)) yield `${name}: says ${held} of a pledge that is ${agreed.state}`;
        }
      }
      for (const { id, name, value } of all(state, pledge)) {
        const entries = state.get(encumbrance, value.unit)?.entries.filter((entry) => equalBytes(entry.pledge, id)) ?? [];
        const expected = endedStates.includes(value.state) ? 0 : 1;
        if (entries.length !== expected) yield `${name}: ${value.state}, in its unit's encumbrance ${entries.length} times`;
      }
    },
  },
  {
    number: 6,
    rule: 'each live receipt has one controller: the pledgee while it is held as security, else the depositor',
    *find(state) {
      for (const { id, name, value: document } of all(state, receipt)) {
        if (!isLiveReceipt(document)) continue;
        const [holding, second] = holdingsOf(readHoldings(document.unit, state), id);
        if (second !== undefined) yield `${name}: security for two`;
        const secured = holding?.state === 'PLEDGED';
        if (secured !== (document.state === 'HELD')) yield `${name}: ${document.state} while ${secured ? '' : 'not '}pledged`;
        const controller = secured ? holding.agreed.pledgee : document.depositor;
        if (!equalBytes(document.controller, controller)) yield `${name}: controlled by another than the ${secured ? 'pledgee' : 'depositor'}`;
      }
    },
  },
  {
    number: 7,
    rule: 'every version of an object was written by a call on record at its height',
    *find(state) {
      for (const stored of state.objects()) {
        const written = versionIn(stored);
        if (written === undefined) continue;
        if (state.get(callRecord, written.call)?.height !== written.height) yield `${stored.type} ${toHex(stored.id).slice(0, 8)}: no such call`;
      }
    },
  },
  {
    number: 8,
    rule: 'every secured pledge is attorned by the goods’ own monitor and custodian, neither controlled by the pledgor',
    *find(state) {
      for (const { name, value: held } of all(state, pledge)) {
        if (!securedStates.includes(held.state)) continue;
        const goods = state.get(unit, held.unit);
        if (held.perfectedAt === 0 || held.rank === 0 || held.countRoot === undefined) yield `${name}: ${held.state} and never perfected`;
        for (const [holder, of] of [
          [held.monitor, goods?.monitor],
          [held.custodian, goods?.custodian],
        ] as const) {
          if (of === undefined || !equalBytes(holder, of)) yield `${name}: a holder that does not hold the goods`;
          if (isControlledBy(holder, held.pledgor, state)) yield `${name}: a holder controlled by the pledgor`;
        }
      }
    },
  },
  {
    number: 9,
    rule: 'every registered quantity has one owner, one custodian and one monitor, each with its role',
    *find(state) {
      for (const { name, value: goods } of all(state, unit)) {
        if (!hasRole(state, goods.owner, 'enterprise')) yield `${name}: owner without the role`;
        if (!hasRole(state, goods.custodian, 'warehouse')) yield `${name}: custodian without the role`;
        if (!hasRole(state, goods.monitor, 'monitor')) yield `${name}: monitor without the role`;
      }
    },
  },
  {
    number: 11,
    rule: 'principal ≤ limit ≤ lendable; a loan owes something exactly while it is drawn',
    *find(state) {
      for (const { name, value: lent } of all(state, loan)) {
        const { principal } = lent.debt;
        const lendable = lent.evaluation === undefined ? 0 : (state.get(evaluation, lent.evaluation)?.lendable ?? 0);
        if (principal > lent.limit) yield `${name}: principal ${principal} above limit ${lent.limit}`;
        if (lent.limit > lendable) yield `${name}: limit ${lent.limit} above lendable ${lendable}`;
        const owes = totalDebt(lent.debt) > 0n;
        if (owes !== (lent.state === 'DRAWN' || lent.state === 'WRITTEN_OFF')) yield `${name}: ${lent.state} owing ${totalDebt(lent.debt)}`;
      }
    },
  },
  {
    number: 27,
    rule: 'every registered unit has readings of its own; no reading speaks for two units',
    *find(state) {
      const proved = new Map<string, number>();
      for (const { value } of all(state, evidenceUse)) proved.set(toHex(value.unit), (proved.get(toHex(value.unit)) ?? 0) + 1);
      for (const { id, name } of all(state, unit)) {
        if ((proved.get(toHex(id)) ?? 0) < 2) yield `${name}: registered on fewer than two readings of its own`;
      }
    },
  },
];

/** What is pledged from separately: each receipt, and the goods under none; with the holdings of each. */
function wholesOf(goods: Goods, holdings: readonly Holding[], state: ObjectReader): [number, readonly Holding[]][] {
  return [
    [unreceipted(goods), holdingsOf(holdings, undefined)],
    ...goods.receipts.map((id): [number, readonly Holding[]] => [state.get(receipt, id)?.quantity ?? 0, holdingsOf(holdings, id)]),
  ];
}

/** The version stamp of an object whose type has one. */
function versionIn(stored: StoredObject): { readonly call: Uint8Array; readonly height: number } | undefined {
  const type = objectTypes.get(stored.type);
  if (type === undefined || !type.classes[0].fieldNames.includes('call')) return undefined;
  return readObject(type, stored) as { readonly call: Uint8Array; readonly height: number };
}

/** Types whose objects stay as they were written. */
const fixedTypes: readonly string[] = [callRecord, evidenceUse, orderReceipt, status, evaluation, payment].map(({ name }) => name);

/** Every invariant that `state` breaks, in the order of their numbers. */
export function findBreaches(state: WholeState): Breach[] {
  return invariants.flatMap(({ number, find }) => Array.from(find(state), (what) => ({ invariant: number, what })));
}

/**
 * Invariant 22 between the objects of two states, the later after the earlier: nothing is deleted but an encumbrance
 * that came to its end, records stay as they were written, and what has ended does not come back.
 */
export function findRewrites(earlier: Iterable<StoredObject>, later: Iterable<StoredObject>): Breach[] {
  const kept = new Map<string, StoredObject>();
  for (const stored of later) kept.set(`${stored.type} ${toHex(stored.id)}`, stored);
  const breaches: Breach[] = [];
  for (const before of earlier) {
    const name = `${before.type} ${toHex(before.id)}`;
    const after = kept.get(name);
    if (after === before) continue;
    const what = after === undefined ? deletion(before) : rewriting(before, after);
    if (what !== undefined) breaches.push({ invariant: 22, what: `${name.slice(0, -56)}: ${what}` });
  }
  return breaches;
}

function deletion(before: StoredObject): string | undefined {
  return before.type === encumbrance.name ? undefined : 'deleted';
}

function rewriting(before: StoredObject, after: StoredObject): string | undefined {
  if (fixedTypes.includes(before.type)) {
    return before.parts.every((part, index) => equalBytes(part.value, after.parts[index]!.value)) ? undefined : 'rewritten';
  }
  if (before.type === key.name && readObject(key, before).state === 'REVOKED') {
    return readObject(key, after).state === 'REVOKED' ? undefined : 'a revoked key came back';
  }
  if (before.type === pledge.name && endedStates.includes(readObject(pledge, before).state)) {
    return readObject(pledge, after).state === readObject(pledge, before).state ? undefined : 'an ended pledge came back';
  }
  return undefined;
}

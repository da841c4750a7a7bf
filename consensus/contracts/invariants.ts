/**
 * The invariants of semantics §7 that this set of transitions could break, as functions over a whole state. For
 * tests, simulations and audits: no node runs them on every checkpoint. The numbers are those of §7.
 */

import { equalBytes, toHex } from '../codec/bytes.ts';
import { invariant } from '../codec/result.ts';
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
import { type Holding, heldQuantity, holdingsOf, readHoldings } from './rules/holdings.ts';
import { includesId } from './rules/lists.ts';
import { objectTypes } from './views.ts';

export interface WholeState {
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
  readonly find: (state: Survey) => Iterable<string>;
}

interface Found<T> {
  readonly id: Uint8Array;
  readonly name: string;
  readonly value: T;
}

/** A state as it is looked over once: every object decoded at most once. */
class Survey implements ObjectReader {
  readonly #found = new Map<string, Map<string, Found<unknown>>>();

  constructor(state: WholeState) {
    for (const stored of state.objects()) {
      const type = objectTypes.get(stored.type);
      invariant(type !== undefined, `an object of unknown type ${stored.type}`);
      const id = toHex(stored.id);
      const found = {
        id: stored.id,
        name: `${stored.type} ${id.slice(0, 8)}`,
        value: readObject(type, stored),
      };
      const ofType = this.#found.get(stored.type) ?? new Map<string, Found<unknown>>();
      this.#found.set(stored.type, ofType.set(id, found));
    }
  }

  get<T>(type: ObjectType<T>, id: Uint8Array): T | undefined {
    return this.#found.get(type.name)?.get(toHex(id))?.value as T | undefined;
  }

  all<T>(type: ObjectType<T>): Iterable<Found<T>> {
    return (this.#found.get(type.name)?.values() ?? []) as Iterable<Found<T>>;
  }

  *versioned(): Iterable<Found<{ readonly call: Uint8Array; readonly height: number }>> {
    for (const [name, ofType] of this.#found) {
      if (!objectTypes.get(name)!.classes[0].fieldNames.includes('call')) continue;
      yield* ofType.values() as Iterable<Found<{ readonly call: Uint8Array; readonly height: number }>>;
    }
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
    number: 7,
    rule: 'every version of an object was written by a call on record at its height',
    *find(state) {
      for (const { name, value } of state.versioned()) {
        if (state.get(callRecord, value.call)?.height !== value.height) yield `${name}: no such call`;
      }
    },
  },
  {
    number: 8,
    rule: 'every secured pledge is attorned by the goods’ own monitor and custodian, neither controlled by the pledgor',
    *find(state) {
      for (const { name, value: held } of state.all(pledge)) {
        if (!securedStates.includes(held.state)) continue;
        const goods = state.get(unit, held.unit);
        if (held.perfectedAt === 0 || held.rank === 0 || held.countRoot === undefined)
          yield `${name}: ${held.state} and never perfected`;
        for (const [holder, of] of [
          [held.monitor, goods?.monitor],
          [held.custodian, goods?.custodian],
        ] as const) {
          if (of === undefined || !equalBytes(holder, of))
            yield `${name}: a holder that does not hold the goods`;
          if (isControlledBy(holder, held.pledgor, state))
            yield `${name}: a holder controlled by the pledgor`;
        }
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
    number: 11,
    rule: 'principal ≤ limit ≤ lendable; a loan owes something exactly while it is drawn',
    *find(state) {
      for (const { name, value: lent } of state.all(loan)) {
        const { principal } = lent.debt;
        const lendable =
          lent.evaluation === undefined ? 0 : (state.get(evaluation, lent.evaluation)?.lendable ?? 0);
        if (principal > lent.limit) yield `${name}: principal ${principal} above limit ${lent.limit}`;
        if (lent.limit > lendable) yield `${name}: limit ${lent.limit} above lendable ${lendable}`;
        const owes = totalDebt(lent.debt) > 0n;
        if (owes !== (lent.state === 'DRAWN' || lent.state === 'WRITTEN_OFF'))
          yield `${name}: ${lent.state} owing ${totalDebt(lent.debt)}`;
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

/** Types whose objects stay as they were written. */
const fixedTypes: readonly string[] = [
  callRecord,
  evidenceUse,
  orderReceipt,
  status,
  evaluation,
  payment,
].map(({ name }) => name);

/** Every invariant that `state` breaks, in the order of their numbers. */
export function findBreaches(state: WholeState): Breach[] {
  const survey = new Survey(state);
  return invariants.flatMap(({ number, find }) =>
    Array.from(find(survey), (what) => ({ invariant: number, what })),
  );
}

/**
 * Invariant 22 between the objects of two states, the later after the earlier: nothing is deleted but an encumbrance
 * that came to its end, records stay as they were written, and what has ended does not come back.
 */
export function findRewrites(earlier: Iterable<StoredObject>, later: Iterable<StoredObject>): Breach[] {
  const before = new Set(earlier);
  const written = new Map<string, StoredObject>();
  for (const stored of later) {
    // What nobody wrote is the very same record in both.
    if (!before.delete(stored)) written.set(nameOf(stored), stored);
  }
  const breaches: Breach[] = [];
  for (const old of before) {
    const after = written.get(nameOf(old));
    const what = after === undefined ? deletion(old) : rewriting(old, after);
    if (what !== undefined)
      breaches.push({ invariant: 22, what: `${old.type} ${toHex(old.id).slice(0, 8)}: ${what}` });
  }
  return breaches;
}

const nameOf = ({ type, id }: StoredObject): string => `${type} ${toHex(id)}`;

function deletion(before: StoredObject): string | undefined {
  return before.type === encumbrance.name ? undefined : 'deleted';
}

function rewriting(before: StoredObject, after: StoredObject): string | undefined {
  if (fixedTypes.includes(before.type)) {
    return before.parts.every((part, index) => equalBytes(part.value, after.parts[index]!.value))
      ? undefined
      : 'rewritten';
  }
  if (before.type === key.name && readObject(key, before).state === 'REVOKED') {
    return readObject(key, after).state === 'REVOKED' ? undefined : 'a revoked key came back';
  }
  if (before.type === pledge.name && endedStates.includes(readObject(pledge, before).state)) {
    return readObject(pledge, after).state === readObject(pledge, before).state
      ? undefined
      : 'an ended pledge came back';
  }
  return undefined;
}

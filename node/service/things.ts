/**
 * What came of things (R110): of one thing, or of all of an owner with the sums of them, as far as this node's party may see
 * `[THG-20]`. The sums are the ledger's own; what is added up here are those, and the open accounts that have none yet.
 */

import { equalBytes, toHex } from '../../consensus/codec/bytes.ts';
import { type Result, refuse } from '../../consensus/codec/result.ts';
import { type ObjectReader, readObject, type StoredObject } from '../../consensus/contracts/object.ts';
import { money as moneyType } from '../../consensus/contracts/objects/money.ts';
import { type ResultSum, resultSums, thingResult } from '../../consensus/contracts/objects/thing-result.ts';
import { virtualAccount } from '../../consensus/contracts/objects/virtual-account.ts';
import { changeOf, resultOf, type Sums } from '../../consensus/contracts/rules/thing-results.ts';
import type { Ledger } from '../replica/ledger.ts';
import type { Access } from './access.ts';
import type { DurableHead } from './durable-head.ts';
import type { Views } from './views.ts';

export const thingsMax = 500;

/** Minor units, in decimal digits. */
interface Earned {
  readonly sums: { readonly [S in ResultSum]: string };
  /** What it made or lost: earned − paid − interest + gain − loss. */
  readonly result: string;
  /** By how much all that it did changed its owner's account. */
  readonly change: string;
}

export interface ThingAccount extends Earned {
  readonly thing: string;
  readonly owner: string;
  readonly money: string;
  readonly currency: string;
}

export interface MoneyTotal extends Earned {
  readonly money: string;
  readonly currency: string;
}

export interface ThingsView {
  readonly height: number;
  /** Checkpoint time, ms. */
  readonly time: number;
  /** Ascending by thing, owner and money. */
  readonly accounts: readonly ThingAccount[];
  /** Of all these, by money. */
  readonly totals: readonly MoneyTotal[];
}

const noSums = Object.fromEntries(resultSums.map((sum) => [sum, '0'])) as Sums;

const earned = (sums: Sums): Earned => ({
  sums: Object.fromEntries(resultSums.map((sum) => [sum, sums[sum]])) as Sums,
  result: String(resultOf(sums)),
  change: String(changeOf(sums)),
});

const added = (a: Sums, b: Sums): Sums =>
  Object.fromEntries(resultSums.map((sum) => [sum, String(BigInt(a[sum]) + BigInt(b[sum]))])) as Sums;

/** Of the thing or the owner with that id; only what `access` shows in full. */
export function readThings(
  id: Uint8Array,
  state: ObjectReader & { objects(): Iterable<StoredObject> },
  access: Pick<Access, 'classesOf'>,
): Pick<ThingsView, 'accounts' | 'totals'> {
  const found = new Map<string, ThingAccount>();
  const totals = new Map<string, { readonly currency: string; readonly sums: Sums }>();
  const note = (
    { thing, owner, money }: { readonly [N in 'thing' | 'owner' | 'money']: Uint8Array },
    sums: Sums,
  ): void => {
    const ids = { thing: toHex(thing), owner: toHex(owner), money: toHex(money) };
    const name = `${ids.thing} ${ids.owner} ${ids.money}`;
    if (found.has(name)) return;
    const { currency } = state.get(moneyType, money)!;
    found.set(name, { ...ids, currency, ...earned(sums) });
    const before = totals.get(ids.money)?.sums ?? noSums;
    totals.set(ids.money, { currency, sums: added(before, sums) });
  };
  const unbooked: Parameters<typeof note>[0][] = [];
  for (const stored of state.objects()) {
    if (stored.type !== thingResult.name && stored.type !== virtualAccount.name) continue;
    if (!access.classesOf(stored).includes(2)) continue;
    if (stored.type === thingResult.name) {
      const value = readObject(thingResult, stored);
      if (isOf(value, id)) note(value, value);
    } else {
      const value = readObject(virtualAccount, stored);
      if (value.state === 'OPEN' && isOf(value, id)) unbooked.push(value);
    }
  }
  for (const value of unbooked) note(value, noSums);
  const accounts = [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
  return {
    accounts: accounts.slice(0, thingsMax),
    totals: [...totals]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([money, { currency, sums }]) => ({ money, currency, ...earned(sums) })),
  };
}

const isOf = (
  { thing, owner }: { readonly thing: Uint8Array; readonly owner: Uint8Array },
  id: Uint8Array,
): boolean => equalBytes(thing, id) || equalBytes(owner, id);

export class Things {
  readonly #ledger: Ledger;
  readonly #head: DurableHead;
  readonly #access: Access;
  readonly #views: Views;

  constructor(ports: {
    readonly ledger: Ledger;
    readonly head: DurableHead;
    readonly access: Access;
    readonly views: Views;
  }) {
    this.#ledger = ports.ledger;
    this.#head = ports.head;
    this.#access = ports.access;
    this.#views = ports.views;
  }

  /** By id or by name, `device:…` or `lei:…`. */
  async results(subject: string): Promise<Result<ThingsView>> {
    const parsed = this.#views.parseId(subject);
    if (!parsed.ok) return parsed;
    const read = await this.#head.atRest(({ header: { height, time } }) => ({
      ...{ height, time },
      ...readThings(parsed.value, this.#ledger.state, this.#access),
    }));
    if (!read.ok || read.value.accounts.length > 0) return read;
    return refuse('E_NOT_FOUND', {
      type: thingResult.name,
      id: toHex(parsed.value),
      reason: 'there is no account of it, or this party may not see it',
    });
  }
}

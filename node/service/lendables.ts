/**
 * What this bank could lend an enterprise now (R119): the cover of its loans and the free goods that it may be told
 * of, at its own fresh prices, times the loan to value, less the debt. The same rules as `evaluate` and `call-margin`.
 *
 * Goods are counted whole or not at all, as `evaluate` would take them: that a part is held for another is told by a
 * yes or no, never by how much (V4).
 */

import { equalBytes, toHex } from '../../consensus/codec/bytes.ts';
import { ok, type Refusal, type Result, refuse } from '../../consensus/codec/result.ts';
import { objectPath, readObject, type ValueOf } from '../../consensus/contracts/object.ts';
import { grant } from '../../consensus/contracts/objects/grant.ts';
import { loan } from '../../consensus/contracts/objects/loan.ts';
import { status } from '../../consensus/contracts/objects/status.ts';
import { unit } from '../../consensus/contracts/objects/unit.ts';
import { lendableValue, totalDebt } from '../../consensus/contracts/rules/amounts.ts';
import { coverValue } from '../../consensus/contracts/rules/cover.ts';
import { checkLive, checkScope } from '../../consensus/contracts/rules/grants.ts';
import {
  ineligibility,
  isExpiredReservation,
  readHoldings,
} from '../../consensus/contracts/rules/holdings.ts';
import { newestPrice, priceValue } from '../../consensus/contracts/rules/prices.ts';
import {
  type Context,
  type ContractRefusal,
  isRefusal,
  refused,
} from '../../consensus/contracts/transition.ts';
import type { Ledger } from '../replica/ledger.ts';
import type { Access } from './access.ts';
import { type Amount, type AsOf, amount, type Covers, type RefusalView, viewRefusal } from './covers.ts';

/** Goods as they are asked about; without a quantity the whole that this party was told of. */
export interface AskedGoods {
  readonly unit: Uint8Array;
  readonly grams: number | undefined;
}

export interface LendableView {
  readonly bank: string;
  readonly enterprise: string;
  readonly currency: string;
  readonly goods: readonly {
    readonly unit: string;
    readonly grams: number;
    /** Before and after the haircut; 0 where refused. */
    readonly value: Amount;
    readonly eligible: Amount;
    readonly refusal: RefusalView | null;
  }[];
  readonly loans: readonly {
    readonly loan: string;
    readonly eligible: Amount;
    readonly debt: Amount;
    readonly refusal: RefusalView | null;
  }[];
  /** Σ of both lists. */
  readonly eligible: Amount;
  readonly loanToValueBp: number;
  readonly lendable: Amount;
  readonly debt: Amount;
  /** Lendable less debt; below 0 where the debt is more. */
  readonly available: Amount;
}

type Grant = ValueOf<typeof grant>;

export class Lendables {
  readonly #ledger: Ledger;
  readonly #access: Access;
  readonly #covers: Covers;

  constructor(ports: { readonly ledger: Ledger; readonly access: Access; readonly covers: Covers }) {
    this.#ledger = ports.ledger;
    this.#access = ports.access;
    this.#covers = ports.covers;
  }

  /** Without goods named: those that the enterprise's live grants to this bank name, and what secures its loans. */
  lendable(
    enterprise: Uint8Array,
    currency: string,
    asked: readonly AskedGoods[],
  ): Promise<Result<AsOf<LendableView>>> {
    return this.#covers.asked((context) => {
      const bank = this.#access.party;
      if (bank === undefined) return refuse('E_SCOPE', { reason: 'this node’s key is no party’s' });
      return this.#view(bank, enterprise, currency, asked, context);
    });
  }

  #view(
    bank: Uint8Array,
    enterprise: Uint8Array,
    currency: string,
    asked: readonly AskedGoods[],
    context: Context,
  ): Result<LendableView> {
    const grants = this.#liveGrants(bank, enterprise, context);
    const named = asked.length > 0 ? asked : this.#namedIn(grants, context);
    const goods: LendableView['goods'][number][] = [];
    let eligible = 0n;
    for (const { unit: id, grams } of named) {
      const quantity = this.#toldQuantity(id, grams, bank, grants, context);
      if (typeof quantity !== 'number') return quantity;
      const worth = worthOf(id, quantity, { bank, enterprise, currency, grants }, context);
      const isWorth = !isRefusal(worth);
      if (isWorth) eligible += worth.eligible;
      goods.push({
        ...{ unit: toHex(id), grams: quantity },
        value: isWorth ? amount(worth.value) : 0,
        eligible: isWorth ? amount(worth.eligible) : 0,
        refusal: isWorth ? null : viewRefusal(worth),
      });
    }
    const loans: LendableView['loans'][number][] = [];
    let owed = 0n;
    for (const { id, value } of this.#loansOf(bank, enterprise, currency)) {
      const cover = coverValue(id, context);
      const debt = totalDebt(value.debt);
      owed += debt;
      if (typeof cover === 'bigint') eligible += cover;
      loans.push({
        ...{ loan: toHex(id), debt: amount(debt) },
        eligible: typeof cover === 'bigint' ? amount(cover) : 0,
        refusal: typeof cover === 'bigint' ? null : viewRefusal(cover),
      });
    }
    const { loanToValueBp } = context.policy;
    const lendable = lendableValue(eligible, loanToValueBp);
    return ok({
      ...{ bank: toHex(bank), enterprise: toHex(enterprise), currency, goods, loans, loanToValueBp },
      ...{ eligible: amount(eligible), lendable: amount(lendable), debt: amount(owed) },
      available: amount(lendable - owed),
    });
  }

  /** The quantity asked about, or the whole; E_SCOPE without a live grant of status, or a part in the goods' file. */
  #toldQuantity(
    id: Uint8Array,
    grams: number | undefined,
    bank: Uint8Array,
    grants: readonly Grant[],
    context: Context,
  ): number | Refusal {
    const goods = context.get(unit, id);
    if (goods === undefined) return refuse('E_NOT_FOUND', { type: unit.name, id: toHex(id) });
    const stored = this.#ledger.state.find(toHex(objectPath(unit.name, id)))!;
    if (this.#access.classesOf(stored).includes(1)) return grams ?? goods.quantity;
    const covered = grants.some((given) => checkScope(given, 'status', id, goods) === undefined);
    const told = covered ? (grams ?? this.#newestStatus(bank, id)) : undefined;
    return (
      told ??
      refuse('E_SCOPE', {
        ...{ type: unit.name, id: toHex(id) },
        reason: covered
          ? 'no status of these goods was supplied'
          : 'no live grant of status covers these goods',
      })
    );
  }

  #newestStatus(bank: Uint8Array, id: Uint8Array): number | undefined {
    let newest: ValueOf<typeof status> | undefined;
    for (const stored of this.#ledger.state.objects()) {
      if (stored.type !== status.name) continue;
      const supplied = readObject(status, stored);
      if (!equalBytes(supplied.unit, id) || !equalBytes(supplied.bank, bank)) continue;
      if (newest === undefined || supplied.asOf > newest.asOf) newest = supplied;
    }
    return newest?.weight;
  }

  #liveGrants(bank: Uint8Array, enterprise: Uint8Array, context: Context): Grant[] {
    const live: Grant[] = [];
    for (const stored of this.#ledger.state.objects()) {
      if (stored.type !== grant.name) continue;
      const given = readObject(grant, stored);
      const isTheirs = equalBytes(given.bank, bank) && equalBytes(given.enterprise, enterprise);
      if (isTheirs && checkLive(given, stored.id, context) === undefined) live.push(given);
    }
    return live;
  }

  #namedIn(grants: readonly Grant[], context: Context): AskedGoods[] {
    const named = new Map<string, AskedGoods>();
    for (const id of grants.flatMap(({ scope }) => scope)) {
      if (context.get(unit, id) !== undefined) named.set(toHex(id), { unit: id, grams: undefined });
    }
    return [...named.values()];
  }

  #loansOf(
    bank: Uint8Array,
    enterprise: Uint8Array,
    currency: string,
  ): { readonly id: Uint8Array; readonly value: ValueOf<typeof loan> }[] {
    const found: { readonly id: Uint8Array; readonly value: ValueOf<typeof loan> }[] = [];
    for (const stored of this.#ledger.state.objects()) {
      if (stored.type !== loan.name) continue;
      const value = readObject(loan, stored);
      const isTheirs = equalBytes(value.bank, bank) && equalBytes(value.applicant, enterprise);
      if (isTheirs && value.currency === currency && value.pledges.length > 0)
        found.push({ id: stored.id, value });
    }
    return found;
  }
}

/** Free goods at this bank's fresh price, as `evaluate` would take them. */
function worthOf(
  id: Uint8Array,
  grams: number,
  {
    bank,
    enterprise,
    currency,
    grants,
  }: {
    readonly bank: Uint8Array;
    readonly enterprise: Uint8Array;
    readonly currency: string;
    readonly grants: readonly Grant[];
  },
  context: Context,
): { readonly value: bigint; readonly eligible: bigint } | ContractRefusal {
  const goods = context.get(unit, id)!;
  const holdings = readHoldings(id, context).filter(
    ({ agreed }) => !isExpiredReservation(agreed, context.running),
  );
  const reason = ineligibility(goods, grams, enterprise, holdings, context);
  if (reason !== undefined) return refused('E_INELIGIBLE', { reason, asked: grams, state: goods.state }, id);
  const sources = [bank, ...grants.map(({ appraiser }) => appraiser)];
  const stated = newestPrice(id, sources, currency, context);
  if (isRefusal(stated)) return stated;
  return {
    value: priceValue(BigInt(grams), { ...stated, haircutBp: 0 }),
    eligible: priceValue(BigInt(grams), stated),
  };
}

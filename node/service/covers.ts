/**
 * What a loan's security is worth now, and what may be lent on goods (R116, R119). Every figure comes from the rules that
 * the transitions decide by (contracts/rules): what is called headroom here is exactly what `draw` lets through.
 */

import { toHex } from '../../consensus/codec/bytes.ts';
import { ok, type Result, refuse } from '../../consensus/codec/result.ts';
import { objectPath, type ValueOf } from '../../consensus/contracts/object.ts';
import { evaluation } from '../../consensus/contracts/objects/evaluation.ts';
import { loan } from '../../consensus/contracts/objects/loan.ts';
import { pledge, securedStates } from '../../consensus/contracts/objects/pledge.ts';
import { lendableValue, totalDebt } from '../../consensus/contracts/rules/amounts.ts';
import { coverValue, isAbove, pledgedWorth } from '../../consensus/contracts/rules/cover.ts';
import {
  checkApproved,
  checkUndisputed,
  type Drawable,
  headroomOf,
  measureDrawable,
  readPerfected,
} from '../../consensus/contracts/rules/drawing.ts';
import { type Context, type ContractRefusal, isRefusal } from '../../consensus/contracts/transition.ts';
import type { Clock } from '../ports.ts';
import type { Ledger } from '../replica/ledger.ts';
import { nextTime, readingContext } from '../replica/reading-context.ts';
import type { Access } from './access.ts';
import type { DurableHead } from './durable-head.ts';

type Loan = ValueOf<typeof loan>;

/** An amount in minor units: a number, or its digits where a number is not exact. */
export type Amount = number | string;

/** Amounts are of the loan's currency, rates basis points. */
export interface CoverView {
  readonly loan: string;
  readonly state: string;
  readonly currency: string;
  readonly debt: { readonly costs: number; readonly interest: number; readonly principal: number };
  readonly total: Amount;
  /** Of an EVALUATED loan: the most that `decide` approves; null otherwise. */
  readonly approvable: number | null;
  /** What may still be drawn, and on what; or why nothing. */
  readonly drawable: {
    readonly limit: number;
    readonly eligible: Amount;
    readonly loanToValueBp: number;
    readonly lendable: Amount;
    readonly ceiling: Amount;
    readonly headroom: Amount;
  } | null;
  readonly notDrawable: RefusalView | null;
  /** The secured goods at fresh prices; or why they cannot be priced. */
  readonly cover: {
    readonly pledges: readonly {
      readonly pledge: string;
      readonly state: string;
      /** Grams that count. */
      readonly grams: number;
      /** Before and after the haircut. */
      readonly value: Amount;
      readonly eligible: Amount;
    }[];
    readonly value: Amount;
    readonly eligible: Amount;
    /** Debt over eligible, rounded up; null where nothing is eligible. */
    readonly loanToValueBp: Amount | null;
    readonly loanToValueMostBp: number;
    readonly callLineBp: number;
    /** By how much the debt may grow before the cover is short; below 0 what is missing. */
    readonly headroom: Amount;
    /** `call-margin` would pass, if no call is open. */
    readonly aboveCallLine: boolean;
  } | null;
  readonly notCovered: RefusalView | null;
}

export interface RefusalView {
  readonly code: string;
  readonly facts: ContractRefusal['facts'];
  readonly conflict: string | null;
}

export interface AsOf<T> {
  readonly height: number;
  /** Time that it was asked for, ms: prices age by it. */
  readonly time: number;
  readonly value: T;
}

export class Covers {
  readonly #ledger: Ledger;
  readonly #access: Access;
  readonly #head: DurableHead;
  readonly #clock: Clock;

  constructor(ports: {
    readonly ledger: Ledger;
    readonly access: Access;
    readonly head: DurableHead;
    readonly clock: Clock;
  }) {
    this.#ledger = ports.ledger;
    this.#access = ports.access;
    this.#head = ports.head;
    this.#clock = ports.clock;
  }

  /** For the loan's parties; E_SCOPE for others. */
  cover(loanId: Uint8Array): Promise<Result<AsOf<CoverView>>> {
    return this.asked((context) => {
      const lent = context.get(loan, loanId);
      if (lent === undefined) return refuse('E_NOT_FOUND', { type: loan.name, id: toHex(loanId) });
      const stored = this.#ledger.state.find(toHex(objectPath(loan.name, loanId)))!;
      if (!this.#access.classesOf(stored).includes(2))
        return refuse('E_SCOPE', { type: loan.name, id: toHex(loanId), reason: 'not a party of the loan' });
      return ok(viewCover(loanId, lent, context));
    });
  }

  /** Answers over the state under the durable head, at the time at which a call would be tried now. */
  async asked<T>(read: (context: Context) => Result<T>): Promise<Result<AsOf<T>>> {
    const rest = await this.#head.atRest(({ header }) => {
      const time = nextTime(this.#ledger, this.#clock.now());
      return { height: header.height, time, answer: read(readingContext(this.#ledger, time)) };
    });
    if (!rest.ok) return rest;
    const { height, time, answer } = rest.value;
    return answer.ok ? ok({ height, time, value: answer.value }) : answer;
  }
}

function viewCover(id: Uint8Array, lent: Loan, context: Context): CoverView {
  const { state, currency, debt, limit } = lent;
  const valued = lent.evaluation && context.get(evaluation, lent.evaluation);
  const drawable = readDrawable(id, lent, context);
  const cover = readCover(id, lent, context);
  return {
    ...{ loan: toHex(id), state, currency, debt, total: amount(totalDebt(debt)) },
    approvable: state === 'EVALUATED' && valued !== undefined ? valued.lendable : null,
    drawable: isRefusal(drawable) ? null : viewDrawable(drawable, debt, limit),
    notDrawable: isRefusal(drawable) ? viewRefusal(drawable) : null,
    cover: isRefusal(cover) ? null : cover,
    notCovered: isRefusal(cover) ? viewRefusal(cover) : null,
  };
}

/** The checks of `draw`, in its order. */
function readDrawable(id: Uint8Array, lent: Loan, context: Context): Drawable | ContractRefusal {
  const blocked = checkApproved(lent, id, context) ?? checkUndisputed(lent, id, context);
  if (blocked !== undefined) return blocked;
  const perfected = readPerfected(lent, id, context);
  return isRefusal(perfected) ? perfected : measureDrawable(lent, perfected, context);
}

function viewDrawable(
  drawable: Drawable,
  debt: Loan['debt'],
  limit: number,
): NonNullable<CoverView['drawable']> {
  const { eligible, loanToValueBp, lendable, ceiling } = drawable;
  return {
    ...{ limit, loanToValueBp, eligible: amount(eligible), lendable: amount(lendable) },
    ...{ ceiling: amount(ceiling), headroom: amount(headroomOf(debt, limit, drawable)) },
  };
}

function readCover(
  id: Uint8Array,
  lent: Loan,
  context: Context,
): NonNullable<CoverView['cover']> | ContractRefusal {
  const pledges: NonNullable<CoverView['cover']>['pledges'][number][] = [];
  let value = 0n;
  for (const pledgeId of lent.pledges) {
    const held = context.get(pledge, pledgeId);
    if (held === undefined || !securedStates.includes(held.state)) continue;
    const worth = pledgedWorth(pledgeId, held, held.quantity, id, context);
    if (isRefusal(worth)) return worth;
    value += worth.value;
    const { state } = held;
    const shown = { grams: worth.grams, value: amount(worth.value), eligible: amount(worth.eligible) };
    pledges.push({ pledge: toHex(pledgeId), state, ...shown });
  }
  const eligible = coverValue(id, context);
  if (typeof eligible !== 'bigint') return eligible;
  const { loanToValueBp: most, callLineBp } = context.policy;
  const debt = totalDebt(lent.debt);
  return {
    ...{ pledges, value: amount(value), eligible: amount(eligible) },
    loanToValueBp: eligible === 0n ? null : amount((debt * 10_000n + eligible - 1n) / eligible),
    ...{ loanToValueMostBp: most, callLineBp },
    headroom: amount(lendableValue(eligible, most) - debt),
    aboveCallLine: isAbove(debt, eligible, callLineBp),
  };
}

export function amount(value: bigint): Amount {
  return value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER)
    ? String(value)
    : Number(value);
}

export function viewRefusal({ code, facts, conflict }: ContractRefusal): RefusalView {
  return { code, facts, conflict: conflict === undefined ? null : toHex(conflict) };
}

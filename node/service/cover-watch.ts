/**
 * Watches the cover of this party's drawn loans (R116): measured again at every checkpoint that changed what it depends
 * on, and told when it crosses a line. A price also ages by itself: every loan is measured again once a minute.
 */

import { fromHex, toHex } from '../../consensus/codec/bytes.ts';
import { readObject, type StoredObject } from '../../consensus/contracts/object.ts';
import { encumbrance } from '../../consensus/contracts/objects/encumbrance.ts';
import { loan } from '../../consensus/contracts/objects/loan.ts';
import { pledge } from '../../consensus/contracts/objects/pledge.ts';
import { price } from '../../consensus/contracts/objects/price.ts';
import { receipt } from '../../consensus/contracts/objects/receipt.ts';
import { releaseOrder } from '../../consensus/contracts/objects/release-order.ts';
import { unit } from '../../consensus/contracts/objects/unit.ts';
import { totalDebt } from '../../consensus/contracts/rules/amounts.ts';
import { coverValue, isAbove } from '../../consensus/contracts/rules/cover.ts';
import type { Change } from '../../consensus/contracts/state.ts';
import type { Context } from '../../consensus/contracts/transition.ts';
import type { Ledger } from '../replica/ledger.ts';
import { readingContext } from '../replica/reading-context.ts';
import type { Access } from './access.ts';
import { type Amount, amount } from './covers.ts';

/** `unpriced`: no fresh price, so that nobody can tell. */
export type CoverLevel = 'within' | 'call' | 'enforcement' | 'unpriced';

export interface Crossing {
  readonly loan: string;
  readonly level: CoverLevel;
  readonly before: CoverLevel;
  readonly debt: Amount;
  /** Null where it cannot be priced. */
  readonly eligible: Amount | null;
}

/** Measured in one checkpoint; the rest waits for the next. */
const LOANS_PER_CHECKPOINT_MAX = 500;
const AGEING_MS = 60_000;
/** What cover depends on, but for time. */
const causes: ReadonlySet<string> = new Set(
  [loan, pledge, price, unit, receipt, encumbrance, releaseOrder].map(({ name }) => name),
);

export class CoverWatch {
  readonly #ledger: Ledger;
  readonly #access: Access;
  /** Own drawn loans by id, hex, with the level last told; `undefined` before the first measure. */
  #levels: Map<string, CoverLevel | undefined> | undefined;
  #due: string[] = [];
  #agedMs = 0;

  constructor(ports: { readonly ledger: Ledger; readonly access: Access }) {
    this.#ledger = ports.ledger;
    this.#access = ports.access;
  }

  /** The crossings that a checkpoint brought; `changes` are the objects that it wrote. */
  note(changes: readonly Change[], time: number): Crossing[] {
    const levels = this.#levels ?? this.#begin();
    for (const { object } of changes)
      if (object?.type === loan.name && this.#isOwn(object) && !levels.has(toHex(object.id)))
        levels.set(toHex(object.id), undefined);
    // What was removed is an encumbrance that came to its end, or says nothing of cover.
    const touched = changes.some(({ object }) => object === undefined || causes.has(object.type));
    if (touched || time - this.#agedMs >= AGEING_MS) {
      this.#agedMs = time;
      const waiting = new Set(this.#due);
      this.#due.push(...[...levels.keys()].filter((id) => !waiting.has(id)));
    }
    if (this.#due.length === 0) return [];
    const context = readingContext(this.#ledger, time);
    return this.#due.splice(0, LOANS_PER_CHECKPOINT_MAX).flatMap((id) => this.#measure(id, levels, context));
  }

  #measure(id: string, levels: Map<string, CoverLevel | undefined>, context: Context): Crossing[] {
    const loanId = fromHex(id)!;
    const lent = context.get(loan, loanId);
    if (lent?.state !== 'DRAWN') {
      // Not drawn yet, or over; it is watched again from its next change on.
      levels.set(id, undefined);
      return [];
    }
    const debt = totalDebt(lent.debt);
    const eligible = coverValue(loanId, context);
    const priced = typeof eligible === 'bigint';
    const level = priced ? levelOf(debt, eligible, context) : 'unpriced';
    const before = levels.get(id);
    levels.set(id, level);
    if (before === undefined || before === level) return [];
    return [{ loan: id, level, before, debt: amount(debt), eligible: priced ? amount(eligible) : null }];
  }

  #begin(): Map<string, CoverLevel | undefined> {
    this.#levels = new Map();
    for (const stored of this.#ledger.state.objects())
      if (stored.type === loan.name && this.#isOwn(stored)) this.#levels.set(toHex(stored.id), undefined);
    return this.#levels;
  }

  #isOwn(stored: StoredObject): boolean {
    const own = this.#access.party;
    if (own === undefined) return false;
    const { applicant, bank } = readObject(loan, stored);
    return [applicant, bank].some((party) => toHex(party) === toHex(own));
  }
}

function levelOf(debt: bigint, eligible: bigint, { policy }: Pick<Context, 'policy'>): CoverLevel {
  if (isAbove(debt, eligible, policy.enforcementLineBp)) return 'enforcement';
  return isAbove(debt, eligible, policy.callLineBp) ? 'call' : 'within';
}

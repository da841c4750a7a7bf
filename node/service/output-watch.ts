/**
 * Watches the output that carries this party's credit limits (R117): told at the checkpoint whose measurement shows that a line
 * or a truck has fallen, and within a minute when none came in time, before any payment is missed.
 */

import { fromHex, toHex } from '../../consensus/codec/bytes.ts';
import { readObject, type StoredObject } from '../../consensus/contracts/object.ts';
import { creditLimit, liveLimitStates } from '../../consensus/contracts/objects/credit-limit.ts';
import type { Change } from '../../consensus/contracts/state.ts';
import { type EarlyWarning, earlyWarnings } from '../advice/early-warning.ts';
import type { Ledger } from '../replica/ledger.ts';
import type { Access } from './access.ts';

export interface OutputWarning extends EarlyWarning {
  readonly limit: string;
}

/** Looked at in one checkpoint; the rest waits for the next. */
const LIMITS_PER_CHECKPOINT_MAX = 500;
const AGEING_MS = 60_000;

export class OutputWatch {
  readonly #ledger: Ledger;
  readonly #access: Access;
  /** Own limits that output carries, by id, hex, with what was told of each when it was last looked at. */
  #told: Map<string, ReadonlySet<string>> | undefined;
  #due: string[] = [];
  #agedMs = 0;

  constructor(ports: { readonly ledger: Ledger; readonly access: Access }) {
    this.#ledger = ports.ledger;
    this.#access = ports.access;
  }

  /** The warnings that are new at a checkpoint; `changes` are the objects that it wrote. */
  note(changes: readonly Change[], time: number): OutputWarning[] {
    const told = this.#told ?? this.#begin();
    const due = new Set(this.#due);
    for (const { object } of changes) {
      if (object === undefined || !this.#isOwn(object)) continue;
      const id = toHex(object.id);
      if (!told.has(id)) told.set(id, new Set());
      due.add(id);
    }
    if (time - this.#agedMs >= AGEING_MS) {
      this.#agedMs = time;
      for (const id of told.keys()) due.add(id);
    }
    this.#due = [...due];
    return this.#due.splice(0, LIMITS_PER_CHECKPOINT_MAX).flatMap((id) => this.#look(id, told, time));
  }

  #look(id: string, told: Map<string, ReadonlySet<string>>, time: number): OutputWarning[] {
    const held = this.#ledger.state.get(creditLimit, fromHex(id)!);
    const isLive = held !== undefined && liveLimitStates.includes(held.state);
    const warnings = isLive ? earlyWarnings(held, time) : [];
    const before = told.get(id);
    told.set(id, new Set(warnings.map(nameOf)));
    return warnings
      .filter((warning) => !before?.has(nameOf(warning)))
      .map((warning) => ({ limit: id, ...warning }));
  }

  #begin(): Map<string, ReadonlySet<string>> {
    this.#told = new Map();
    for (const stored of this.#ledger.state.objects())
      if (this.#isOwn(stored)) this.#told.set(toHex(stored.id), new Set());
    return this.#told;
  }

  #isOwn(stored: StoredObject): boolean {
    if (stored.type !== creditLimit.name || !readObject(creditLimit, stored).byOutput) return false;
    return this.#access.classesOf(stored).includes(2);
  }
}

/** A period that is measured anew and still low is told anew. */
const nameOf = ({ device, cause, measuredAt }: EarlyWarning): string => `${device} ${cause} ${measuredAt}`;

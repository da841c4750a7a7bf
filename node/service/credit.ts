/**
 * Credit for this node's stakeholder: what may still be drawn, and advice. Advice is computed from what the stakeholder may see
 * in full, at one durable checkpoint, and is kept nowhere `[ADV-1]` `[ADV-2]`. docs/spec/contracts/credit.md.
 */

import { outcomeCode } from '../../consensus/checkpoint/outcome.ts';
import { equalBytes, toHex } from '../../consensus/codec/bytes.ts';
import { ok, type Result, refuse } from '../../consensus/codec/result.ts';
import { pausedMs } from '../../consensus/contracts/clock.ts';
import { readObject, type StoredObject } from '../../consensus/contracts/object.ts';
import { creditLimit } from '../../consensus/contracts/objects/credit-limit.ts';
import { loan } from '../../consensus/contracts/objects/loan.ts';
import type { CoverContext } from '../../consensus/contracts/rules/cover.ts';
import { signedCall } from '../../consensus/vertex/call.ts';
import { type Position, positionOfLimit, positionOfLoan } from '../advice/available.ts';
import {
  type Attempt,
  compareThings,
  type Scenario,
  scenarios,
  type ThingIndicators,
  thingsOf,
  WINDOW_DAYS,
} from '../advice/indicators.ts';
import { adviceTypes, LedgerView, type Moment, type VisibleObject } from '../advice/ledger-view.ts';
import { rateSubject, type SubjectRating } from '../advice/subject-rating.ts';
import type { Store } from '../ports.ts';
import type { Ledger } from '../replica/ledger.ts';
import type { Access } from './access.ts';
import type { DurableHead } from './durable-head.ts';
import type { Prover } from './proofs.ts';
import type { Views } from './views.ts';

/** How far back calls are looked for, in checkpoints and in vertices. */
const HEIGHTS_MAX = 20_000;
const VERTICES_MAX = 5_000;
/** Objects looked at before other work of the node has its turn. */
const SCAN_SLICE = 1_000;
export const positionsMax = 500;
const DAY_MS = 86_400_000;

export interface IndicatorsView {
  readonly scenario: Scenario;
  readonly weights: readonly number[];
  readonly height: number;
  /** Checkpoint time, ms, and the window that ends with it. */
  readonly time: number;
  readonly windowMs: number;
  /** Lowest height whose calls were looked at: the window may begin before it. */
  readonly callsFrom: number;
  readonly things: readonly ThingIndicators[];
}

export interface PositionsView extends Omit<Moment, 'running'> {
  readonly positions: readonly Position[];
}

export class Credit {
  readonly #ledger: Ledger;
  readonly #store: Store;
  readonly #head: DurableHead;
  readonly #access: Access;
  readonly #views: Views;
  readonly #prover: Prover;

  constructor(ports: {
    readonly ledger: Ledger;
    readonly store: Store;
    readonly head: DurableHead;
    readonly access: Access;
    readonly views: Views;
    readonly prover: Prover;
  }) {
    this.#ledger = ports.ledger;
    this.#store = ports.store;
    this.#head = ports.head;
    this.#access = ports.access;
    this.#views = ports.views;
    this.#prover = ports.prover;
  }

  /** The rating of a party or a device, by id or by name such as `lei:…` or `device:…`. */
  async rating(subject: string): Promise<Result<SubjectRating>> {
    const id = this.#views.parseId(subject);
    if (!id.ok) return id;
    const view = await this.#view();
    return view.ok ? rateSubject(id.value, view.value) : view;
  }

  /** The indicators of a party's things, or of a device beside its owner's others. */
  async indicators(subject: string, scenario: Scenario): Promise<Result<IndicatorsView>> {
    const id = this.#views.parseId(subject);
    if (!id.ok) return id;
    const seen = await this.#view();
    if (!seen.ok) return seen;
    const view = seen.value;
    const devices = thingsOf(id.value, view);
    if (!devices.ok) return devices;
    const { height, time } = view.now;
    const windowMs = WINDOW_DAYS * DAY_MS;
    const { attempts, callsFrom } = await this.#attempts(height, time - windowMs);
    const weights = scenarios[scenario];
    const things = compareThings(devices.value, attempts, view, weights);
    if (!things.ok) return things;
    return ok({ scenario, weights, height, time, windowMs, callsFrom, things: things.value });
  }

  /** What may be drawn: on a limit, on a loan; on all of a party, or on those that a device carries. */
  async positions(subject: string): Promise<Result<PositionsView>> {
    const parsed = this.#views.parseId(subject);
    if (!parsed.ok) return parsed;
    const id = parsed.value;
    const read = await this.#head.atRest(({ header }) => {
      const { height, time } = header;
      const { state } = this.#ledger;
      const running = time - pausedMs(state);
      const { policy } = this.#ledger.genesis.record;
      const context: CoverContext = { get: (type, of) => state.get(type, of), policy, time, running };
      const positions: Position[] = [];
      for (const stored of state.objects()) {
        if (positions.length === positionsMax) break;
        if (!concerns(stored, id) || !this.#access.classesOf(stored).includes(2)) continue;
        const position =
          stored.type === loan.name
            ? positionOfLoan(stored.id, context)
            : positionOfLimit(stored.id, context);
        if (position !== undefined) positions.push(position);
      }
      positions.sort((a, b) => (a.id < b.id ? -1 : 1));
      return { height, time, positions };
    });
    if (!read.ok || read.value.positions.length > 0) return read;
    return refuse('E_NOT_FOUND', {
      type: 'credit-limit or loan',
      id: toHex(id),
      reason: 'there is none of it, or this party may not see it',
    });
  }

  /** What may be seen in full, at the newest durable checkpoint. */
  async #view(): Promise<Result<LedgerView>> {
    const read = await this.#head.atRest(({ header: { height, time } }) => {
      const stored: StoredObject[] = [];
      for (const object of this.#ledger.state.objects())
        if (adviceTypes.has(object.type)) stored.push(object);
      return { now: { height, time, running: time - pausedMs(this.#ledger.state) }, stored };
    });
    if (!read.ok) return read;
    const { now, stored } = read.value;
    const visible: VisibleObject[] = [];
    for (const [index, object] of stored.entries()) {
      if (index % SCAN_SLICE === SCAN_SLICE - 1) await new Promise((resolve) => setImmediate(resolve));
      visible.push({ stored: object, classes: this.#access.classesOf(object) });
    }
    return ok(new LedgerView(visible, now));
  }

  /** Signed calls that became final after `since`, newest first, as far back as one question may look. */
  async #attempts(newest: number, since: number): Promise<{ attempts: Attempt[]; callsFrom: number }> {
    const attempts: Attempt[] = [];
    const times = new Map<number, number>();
    let looked = 0;
    let callsFrom = newest;
    for (let height = newest; height >= Math.max(1, newest - HEIGHTS_MAX); height--) {
      const checkpoint = await this.#store.checkpoint(height);
      if (checkpoint === undefined || checkpoint.header.time <= since) break;
      const { header, outcomes } = checkpoint;
      looked += outcomes.length;
      if (looked > VERTICES_MAX) break;
      callsFrom = height;
      for (const outcome of outcomes) {
        const vertex = await this.#prover.storedVertex(toHex(outcome.id));
        if (vertex?.kind !== 'transaction') continue;
        const call = signedCall.decode(vertex.payload);
        if (!call.ok) continue;
        attempts.push({
          keys: call.value.signatures.map(({ key }) => toHex(key)),
          code: outcomeCode(outcome),
          citedTime: await this.#citedTime(toHex(vertex.checkpoint), times),
          finalTime: header.time,
        });
      }
    }
    return { attempts, callsFrom };
  }

  /** Time of a certified header; of the genesis where a vertex cites no later one. */
  async #citedTime(header: string, times: Map<number, number>): Promise<number> {
    const height = this.#ledger.heightOf(header) ?? 0;
    const known = times.get(height);
    if (known !== undefined) return known;
    const time =
      (height === 0 ? undefined : (await this.#store.checkpoint(height))?.header.time) ??
      this.#ledger.genesis.record.time;
    times.set(height, time);
    return time;
  }
}

/** Is it a limit or a loan that is meant by this id: its own, its applicant's, or that of a device that carries it? */
function concerns(stored: StoredObject, id: Uint8Array): boolean {
  if (stored.type === loan.name)
    return equalBytes(stored.id, id) || equalBytes(readObject(loan, stored).applicant, id);
  if (stored.type !== creditLimit.name) return false;
  const { applicant, members } = readObject(creditLimit, stored);
  return [stored.id, applicant, ...members.map(({ device }) => device)].some((entry) =>
    equalBytes(entry, id),
  );
}

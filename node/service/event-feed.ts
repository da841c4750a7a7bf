/**
 * What happens on the ledger, for whoever listens at the API: a bounded ring from which a listener that was away goes
 * on where it was. Shows no more than the views do.
 */

import { headerId } from '../../consensus/checkpoint/header.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import type { Json } from '../../consensus/codec/schema.ts';
import type { StoredObject } from '../../consensus/contracts/object.ts';
import { evidenceUse } from '../../consensus/contracts/objects/evidence-use.ts';
import { warning } from '../../consensus/contracts/objects/warning.ts';
import { callRecord, chain, usedNonce } from '../../consensus/contracts/registry.ts';
import type { Change } from '../../consensus/contracts/state.ts';
import { objectTypes } from '../../consensus/contracts/views.ts';
import { batch } from '../../consensus/vertex/batch.ts';
import type { Vertex } from '../../consensus/vertex/vertex.ts';
import type { Notice } from '../replica/events.ts';
import type { CoverWatch } from './cover-watch.ts';
import type { OutputWatch } from './output-watch.ts';
import type { Readings } from './readings.ts';
import { describeOutcome, type Submissions } from './submissions.ts';
import type { Views } from './views.ts';

export const eventTypes = [
  'checkpoint',
  'outcome',
  'object',
  'reading',
  'warning',
  'pending',
  'cover',
  'early-warning',
] as const;
export type EventType = (typeof eventTypes)[number];

export interface FeedEvent {
  /** Names the event in this life of the node: `<life>.<number>`. */
  readonly id: string;
  readonly type: EventType;
  /** JSON text. */
  readonly data: string;
}

const EVENTS_MAX = 1_000;
const EVENT_BYTES_MAX = 8 << 20;
/** Of one checkpoint; what a busier one changed is asked for, not waited for. */
const OBJECTS_PER_CHECKPOINT_MAX = 500;
/** Bookkeeping that changes with every vertex and says nothing to a person. */
const silent: ReadonlySet<string> = new Set([chain.name, callRecord.name, usedNonce.name, evidenceUse.name]);

export class EventFeed {
  readonly #life: string;
  readonly #views: Views;
  readonly #readings: Readings;
  readonly #submissions: Submissions;
  readonly #coverWatch: CoverWatch;
  readonly #outputWatch: OutputWatch;
  readonly #publicKey: string;
  readonly #listeners = new Set<(event: FeedEvent) => void>();
  #events: FeedEvent[] = [];
  #bytes = 0;
  #next = 1;

  constructor(ports: {
    readonly views: Views;
    readonly readings: Readings;
    readonly submissions: Submissions;
    readonly coverWatch: CoverWatch;
    readonly outputWatch: OutputWatch;
    readonly publicKey: Uint8Array;
    readonly startedMs: number;
  }) {
    this.#life = ports.startedMs.toString(36);
    this.#views = ports.views;
    this.#readings = ports.readings;
    this.#submissions = ports.submissions;
    this.#coverWatch = ports.coverWatch;
    this.#outputWatch = ports.outputWatch;
    this.#publicKey = toHex(ports.publicKey);
  }

  /** `changes`: the objects that a checkpoint wrote. */
  note(notice: Notice, changes: readonly Change[]): void {
    if (notice.type === 'vertex' || notice.type === 'batch') this.#onVertex(notice.vertex);
    else if (notice.type === 'checkpoint') this.#onCheckpoint(notice, changes);
    else if (notice.type === 'pending') {
      const { call, transition, deadline, state } = notice;
      this.#publish('pending', { callId: call, transition, deadline, state });
    }
  }

  /** Calls `listen` for every event from now on; returns how to end it. */
  subscribe(listen: (event: FeedEvent) => void): () => void {
    this.#listeners.add(listen);
    return () => this.#listeners.delete(listen);
  }

  /** What came after the event `lastId`, and whether something between was lost. */
  since(lastId: string): { readonly events: readonly FeedEvent[]; readonly lost: boolean } {
    const [life, number] = lastId.split('.');
    const last = life === this.#life ? Number(number) : Number.NaN;
    if (!Number.isSafeInteger(last)) return { events: this.#events.slice(), lost: true };
    const first = this.#next - this.#events.length;
    return { events: this.#events.slice(Math.max(0, last + 1 - first)), lost: last + 1 < first };
  }

  #onVertex(vertex: Vertex): void {
    if (vertex.kind !== 'readings' || vertex.payload.length === 0) return;
    const payload = batch.decodeShared(vertex.payload);
    if (!payload.ok) return;
    const { frames } = this.#readings.frames(vertex, payload.value, undefined);
    if (frames.length > 0)
      this.#publish('reading', { vertex: vertex.key, final: false, readings: frames as unknown as Json });
  }

  #onCheckpoint(
    { header, outcomes, vertices }: Notice & { readonly type: 'checkpoint' },
    changes: readonly Change[],
  ): void {
    const { height, time } = header;
    this.#publish('checkpoint', {
      height,
      time,
      header: toHex(headerId(header)),
      stateRoot: toHex(header.stateRoot),
      outcomes: outcomes.length,
    });
    for (const [index, vertex] of vertices.entries()) {
      if (
        vertex.kind !== 'transaction' &&
        !(vertex.kind === 'readings' && vertex.authorKey === this.#publicKey)
      )
        continue;
      const { callId, transition } = this.#submissions.callOf(vertex.key) ?? {
        callId: null,
        transition: null,
      };
      const outcome = describeOutcome(outcomes[index]!, index, header);
      this.#publish('outcome', { vertex: vertex.key, kind: vertex.kind, callId, transition, ...outcome });
    }
    let shown = 0;
    for (const { object } of changes) {
      if (object === undefined || silent.has(object.type)) continue;
      if (++shown > OBJECTS_PER_CHECKPOINT_MAX) break;
      this.#publishObject(object, height);
    }
    for (const crossing of this.#coverWatch.note(changes, time))
      this.#publish('cover', { height, time, ...crossing });
    for (const warned of this.#outputWatch.note(changes, time))
      this.#publish('early-warning', { height, time, ...warned });
  }

  #publishObject(stored: StoredObject, height: number): void {
    const type = objectTypes.get(stored.type);
    if (type === undefined) return;
    const view = this.#views.show(type, stored);
    const kind = stored.type === warning.name && view.classes.length > 1 ? 'warning' : 'object';
    this.#publish(kind, { height, ...view });
  }

  #publish(type: EventType, data: { readonly [field: string]: Json }): void {
    const event = { id: `${this.#life}.${this.#next++}`, type, data: JSON.stringify(data) };
    this.#events.push(event);
    this.#bytes += event.data.length;
    if (this.#events.length > 2 * EVENTS_MAX || this.#bytes > EVENT_BYTES_MAX) this.#dropOldest();
    for (const listen of this.#listeners) listen(event);
  }

  /** Down to half of what is allowed, so that it happens seldom. */
  #dropOldest(): void {
    let old = 0;
    while (
      old < this.#events.length &&
      (this.#events.length - old > EVENTS_MAX || this.#bytes > EVENT_BYTES_MAX / 2)
    ) {
      this.#bytes -= this.#events[old++]!.data.length;
    }
    this.#events = this.#events.slice(old);
  }
}

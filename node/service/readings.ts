/**
 * Frames of readings for this node's stakeholder (semantics §3, V3). Only batches whose payload this node holds: those that
 * gateways gave it, and those that it fetched under a grant `[RDG-6]`. Which frames are shown is replica/disclosure.ts.
 */

import { encodeReadingProof } from '../../consensus/checkpoint/evidence.ts';
import { outcomeCode } from '../../consensus/checkpoint/outcome.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import { ok, type Result, refuse } from '../../consensus/codec/result.ts';
import type { Batch } from '../../consensus/vertex/batch.ts';
import { formatDecimal } from '../../consensus/vertex/decimal.ts';
import type { Frame } from '../../consensus/vertex/frame.ts';
import type { Vertex } from '../../consensus/vertex/vertex.ts';
import type { Store } from '../ports.ts';
import type { Disclosure } from '../replica/disclosure.ts';
import type { Access } from './access.ts';
import type { Prover } from './proofs.ts';
import type { Views } from './views.ts';

/** How far back one page looks; its `next` goes on from there. */
const VERTICES_PER_PAGE_MAX = 5_000;
const HEIGHTS_PER_PAGE_MAX = 20_000;
const SCAN_SLICE = 100;

export interface FrameView {
  readonly vertex: string;
  readonly index: number;
  readonly device: string;
  readonly session: string;
  readonly counter: number;
  /** The sensor's clock, ms: a claim. */
  readonly time: number;
  /** In the unit of each quantity (docs/spec/readings.md); exact as text in `exact`. */
  readonly values: { readonly [quantity: string]: number };
  readonly exact: { readonly [quantity: string]: string };
  /** The sensor itself signed. */
  readonly signed: boolean;
  /** Key that authored the batch, hex. */
  readonly gateway: string;
  /** Height and time of the checkpoint that made it final; absent before. */
  readonly height?: number;
  readonly finalTime?: number;
}

export interface ReadingsPage {
  readonly readings: readonly FrameView[];
  /** `before` of the next page, or null at the ledger's beginning. */
  readonly next: string | null;
  /** Frames held here that this party may not be shown. */
  readonly withheld: number;
}

export interface Cursor {
  readonly height: number;
  /** Outcomes below this index of that checkpoint. */
  readonly index: number;
}

export class Readings {
  readonly #disclosure: Disclosure;
  readonly #store: Store;
  readonly #access: Access;
  readonly #prover: Prover;
  readonly #views: Views;

  constructor(ports: {
    readonly disclosure: Disclosure;
    readonly store: Store;
    readonly access: Access;
    readonly prover: Prover;
    readonly views: Views;
  }) {
    this.#disclosure = ports.disclosure;
    this.#store = ports.store;
    this.#access = ports.access;
    this.#prover = ports.prover;
    this.#views = ports.views;
  }

  /** Final frames, newest first, that came before `from`; of one device if it is named. */
  async page(filter: {
    readonly device: string | undefined;
    readonly limit: number;
    readonly from: Cursor | undefined;
  }): Promise<ReadingsPage> {
    const readings: FrameView[] = [];
    let withheld = 0;
    let looked = 0;
    const newest = this.#prover.head.height;
    const first = filter.from ?? { height: newest, index: Number.MAX_SAFE_INTEGER };
    // After joining by a snapshot the store begins later.
    const oldest = Math.max(1, await this.#store.firstHeight());
    const lowest = Math.max(oldest, first.height - HEIGHTS_PER_PAGE_MAX);
    for (let height = Math.min(first.height, newest); height >= lowest; height--) {
      const checkpoint = await this.#store.checkpoint(height);
      if (checkpoint === undefined) break;
      const { header, outcomes } = checkpoint;
      const below = height === first.height ? Math.min(first.index, outcomes.length) : outcomes.length;
      for (let index = below - 1; index >= 0; index--) {
        if (readings.length >= filter.limit || looked >= VERTICES_PER_PAGE_MAX)
          return { readings, next: `${height}.${index + 1}`, withheld };
        if (++looked % SCAN_SLICE === 0) await new Promise((resolve) => setImmediate(resolve));
        const outcome = outcomes[index]!;
        if (outcomeCode(outcome) !== 'OK') continue;
        const held = await this.#prover.heldBatch(toHex(outcome.id));
        if (!held.ok) continue;
        const shown = this.frames(held.value.vertex, held.value.batch, { height, finalTime: header.time });
        withheld += shown.withheld;
        // Newest first also inside a batch, as far as its devices' counters tell.
        readings.push(
          ...shown.frames
            .filter((frame) => filter.device === undefined || frame.device === filter.device)
            .reverse(),
        );
      }
    }
    return { readings, next: lowest > oldest ? `${lowest}.0` : null, withheld };
  }

  /** The frames of a batch that may be shown here, and how many may not. */
  frames(
    vertex: Vertex,
    { frames }: Batch,
    final: { readonly height: number; readonly finalTime: number } | undefined,
  ): { readonly frames: FrameView[]; readonly withheld: number } {
    const shown: FrameView[] = [];
    const mayShow = this.#sight(vertex);
    for (const [index, frame] of frames.entries()) {
      if (mayShow(frame)) shown.push({ ...frameView(vertex, frame, index), ...final });
    }
    return { frames: shown, withheld: frames.length - shown.length };
  }

  /** That a sensor said this, with the device's record where it is enrolled. */
  async bundle(vertexKey: string, index: number): Promise<Result<Uint8Array>> {
    const allowed = await this.#demand(vertexKey, index);
    if (!allowed.ok) return allowed;
    const proved = await this.#prover.reading(vertexKey, index, (stored) => this.#access.classesOf(stored));
    if (!proved.ok) return proved;
    const { proof, device: enrolled, anchor } = proved.value;
    return this.#views.encodeBundle({ statement: { type: 'reading', proof, device: enrolled }, anchor });
  }

  /** The reading's proof as calls carry it. */
  async evidence(vertexKey: string, index: number): Promise<Result<Uint8Array>> {
    const allowed = await this.#demand(vertexKey, index);
    if (!allowed.ok) return allowed;
    const proved = await this.#prover.reading(vertexKey, index, () => [0]);
    return proved.ok ? encodeReadingProof(proved.value.proof) : proved;
  }

  async #demand(vertexKey: string, index: number): Promise<Result<void>> {
    const held = await this.#prover.heldBatch(vertexKey);
    if (!held.ok) return held;
    const { vertex, batch } = held.value;
    const frame = batch.frames[index];
    if (frame === undefined || this.#sight(vertex)(frame)) return ok(undefined);
    return refuse('E_SCOPE', {
      vertex: vertexKey,
      frame: index,
      reason: 'no live grant of kind readings, and neither device nor goods are this party’s',
    });
  }

  /** Which frames of its batch this party may be shown. */
  #sight({ author }: Vertex): (frame: Frame) => boolean {
    const own = this.#access.party;
    return own === undefined ? () => false : this.#disclosure.sight(author, own);
  }
}

/** `before` as it stands in `next`. */
export function parseCursor(text: string): Cursor | undefined {
  const match = /^(\d{1,15})\.(\d{1,9})$/.exec(text);
  return match === null ? undefined : { height: Number(match[1]), index: Number(match[2]) };
}

function frameView(vertex: Vertex, frame: Frame, index: number): FrameView {
  const exact = Object.fromEntries(
    frame.readings.map(({ quantity, value }) => [quantity, formatDecimal(value)]),
  );
  return {
    ...{
      vertex: vertex.key,
      index,
      device: frame.device,
      session: frame.session,
      counter: frame.counter,
      time: frame.time,
    },
    values: Object.fromEntries(Object.entries(exact).map(([quantity, text]) => [quantity, Number(text)])),
    exact,
    signed: frame.signature.length > 0,
    gateway: vertex.authorKey,
  };
}

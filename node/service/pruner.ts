/**
 * Lets go of old batches of readings `[STO-3]`: vertex, signature and everything that proves them stay, and so does each
 * batch of which a contract has ever cited a frame. docs/spec/replica.md.
 */

import { outcomeCode } from '../../consensus/checkpoint/outcome.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import { invariant } from '../../consensus/codec/result.ts';
import { evidenceUse, evidenceUseId } from '../../consensus/contracts/objects/evidence-use.ts';
import { labelKey } from '../../consensus/contracts/registry.ts';
import { batch } from '../../consensus/vertex/batch.ts';
import { decodeVertex, encodeVertex, withoutPayload } from '../../consensus/vertex/vertex.ts';
import type { Store, VertexRecord } from '../ports.ts';
import type { Ledger } from '../replica/ledger.ts';

/** Vertices that one look reads; the next goes on at the height after it. */
const VERTICES_PER_LOOK = 256;
/** Those read at a stretch. */
const VERTICES_PER_SLICE = 16;
/** Heights without any vertices cost little, but not nothing. */
const HEIGHTS_PER_LOOK = 64;
/** A call that cites a batch so young, or a bank that fetches it, may be on its way. */
export const GRACE_MS = 60_000;
const DAY_MS = 86_400_000;

/** What one look looks at: heights above `from`, up to `upTo`, confirmed before `before`, ms. */
interface Range {
  readonly from: number;
  readonly upTo: number;
  readonly before: number;
}

/** A batch that may go. */
interface Candidate {
  readonly vertex: VertexRecord;
  readonly freed: number;
  readonly uses: readonly Uint8Array[];
}

interface Looked {
  /** Up to which height it looked; `from` where it could look no further. */
  readonly height: number;
  readonly bytes: number;
}

export class Pruner {
  readonly #ledger: Ledger;
  readonly #store: Pick<Store, 'checkpoint' | 'vertex' | 'pruned' | 'write'>;
  readonly #keepMs: number | undefined;

  /** `days`: how long batches are kept, by the time of the checkpoint that confirmed them; for ever where it is left out. */
  constructor(ports: { readonly ledger: Ledger; readonly store: Store }, days: number | undefined) {
    this.#ledger = ports.ledger;
    this.#store = ports.store;
    this.#keepMs = days === undefined ? undefined : days * DAY_MS;
  }

  /** Looks at the next heights that are old enough, after each checkpoint, one call at a time; gives the bytes freed. */
  async look(): Promise<number> {
    if (this.#keepMs === undefined) return 0;
    const { height: from } = await this.#store.pruned();
    const before = this.#ledger.header.time - this.#keepMs;
    return (await this.#lookAt({ from, upTo: Number.POSITIVE_INFINITY, before })).bytes;
  }

  /** Lets go of the oldest, whatever their age, until so many bytes are freed or none is left; gives how many were. */
  async letGo(bytes: number): Promise<number> {
    const before = this.#ledger.header.time - GRACE_MS;
    for (let freed = 0; ; ) {
      if (freed >= bytes) return freed;
      const { height, late } = await this.#store.pruned();
      const range =
        late === undefined
          ? { from: height, upTo: Number.POSITIVE_INFINITY, before }
          : { from: late - 1, upTo: height, before };
      const looked = await this.#lookAt(range);
      if (looked.height === range.from) return freed;
      freed += looked.bytes;
    }
  }

  async #lookAt({ from, upTo, before }: Range): Promise<Looked> {
    const found: Candidate[] = [];
    let height = from;
    for (let seen = 0; seen < VERTICES_PER_LOOK && height < Math.min(upTo, from + HEIGHTS_PER_LOOK); ) {
      const checkpoint = await this.#store.checkpoint(height + 1);
      if (checkpoint === undefined || checkpoint.header.time >= before) break;
      height += 1;
      for (const outcome of checkpoint.outcomes) {
        // Batches are large, and the node has other things to do.
        if (++seen % VERTICES_PER_SLICE === 0) await new Promise((resolve) => setImmediate(resolve));
        const candidate = await this.#candidate(toHex(outcome.id), outcomeCode(outcome) === 'OK');
        if (candidate !== undefined) found.push(candidate);
      }
    }
    if (height === from) return { height, bytes: 0 };
    // A call may have cited one since it was looked at.
    const gone = found.filter(({ uses }) => !this.#isCited(uses));
    const freed = gone.reduce((sum, candidate) => sum + candidate.freed, 0);
    const vertices = gone.map(({ vertex }) => vertex);
    // Not durable by itself: what a crash undoes is done again.
    await this.#store.write([{ type: 'prune', from, height, vertices, freed }], false);
    return { height, bytes: freed };
  }

  /** The vertex without its batch, where it has one that may go. `isGood`: others were never evidence. */
  async #candidate(key: string, isGood: boolean): Promise<Candidate | undefined> {
    const stored = await this.#store.vertex(key);
    const vertex = stored && decodeVertex(stored);
    invariant(stored !== undefined && vertex?.ok, `vertex ${key} is confirmed and not stored`);
    const { kind, payload } = vertex.value;
    if (kind !== 'readings' || payload.length === 0) return undefined;
    const uses = isGood ? this.#usesOf(payload) : [];
    if (this.#isCited(uses)) return undefined;
    const envelope = encodeVertex(withoutPayload(vertex.value));
    return { vertex: { key, envelope }, freed: stored.length - envelope.length, uses };
  }

  /** Under which ids the use of its frames as evidence would be on the ledger. */
  #usesOf(payload: Uint8Array): Uint8Array[] {
    const decoded = batch.decode(payload);
    invariant(decoded.ok, 'a stored batch decodes');
    const { network } = this.#ledger.genesis;
    return decoded.value.frames.map(({ device, session, counter }) =>
      evidenceUseId({ device: labelKey(network, 'device', device), session, counter }),
    );
  }

  #isCited(uses: readonly Uint8Array[]): boolean {
    const { state } = this.#ledger;
    return uses.some((use) => state.get(evidenceUse, use) !== undefined);
  }
}

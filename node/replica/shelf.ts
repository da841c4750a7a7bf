/** The pending calls that a node keeps, bounded by party and in all `[GTH-8]`, and their way to the store. */

import { ok, type Result, refuse } from '../../consensus/codec/result.ts';
import type { Effect } from './events.ts';
import { encodePending, isClosed, type PendingCall } from './pending-call.ts';

export const pendingLimits = {
  perPartyMax: 64,
  perPartyBytesMax: 512 << 10,
  totalMax: 1_024,
  totalBytesMax: 8 << 20,
} as const;
/** What is over is kept so long after its deadline, in checkpoint time, to be looked at. */
const KEPT_MS = 3_600_000;
/** What one party's signature and decline add to a call, at most. */
const GROWTH_BYTES = 440;

export interface Kept {
  pending: PendingCall;
  /** Room it takes. */
  bytes: number;
  /** Parties asked, as of the last review. */
  asked: ReadonlySet<string>;
  /** Hash (hex) of the payload of the vertex that will carry it, once it is complete. */
  payload: string | undefined;
  /** ms. */
  reviewedAt: number;
  expiredTold: boolean;
}

export class Shelf {
  readonly #effect: (wanted: Effect) => void;
  readonly #onDrop: (id: string) => void;
  readonly #kept = new Map<string, Kept>();

  constructor(effect: (wanted: Effect) => void, onDrop: (id: string) => void) {
    this.#effect = effect;
    this.#onDrop = onDrop;
  }

  get size(): number {
    return this.#kept.size;
  }

  get(id: string): Kept | undefined {
    return this.#kept.get(id);
  }

  all(): Iterable<Kept> {
    return this.#kept.values();
  }

  /** Takes over what the store held. */
  restore(pending: PendingCall): void {
    this.#kept.set(pending.id, begin(pending, encodePending(pending).length));
  }

  /**
   * Adds a call that `signers` parties may still sign or decline, at the cost of what is over, the oldest first. What
   * others ask of this node leaves room for its `own` calls.
   */
  add(pending: PendingCall, signers: number, timeMs: number, own: boolean): Result<void> {
    const grown = encodePending(pending).length + signers * GROWTH_BYTES;
    const over = [...this.#kept.values()].filter((kept) => isOver(kept.pending, timeMs));
    for (;;) {
      const { count, bytes, countAll, bytesAll } = this.#sums(pending.author);
      const { perPartyMax, perPartyBytesMax, totalMax, totalBytesMax } = pendingLimits;
      const partyFull = count >= perPartyMax || bytes + grown > perPartyBytesMax;
      const full = !own && (countAll >= totalMax || bytesAll + grown > totalBytesMax);
      if (!partyFull && !full) break;
      const oldest = over.findIndex((kept) => !partyFull || kept.pending.author === pending.author);
      const reason = `too many pending calls${partyFull ? ' of this party' : ''}`;
      if (oldest < 0) return refuse('E_FULL', { reason, party: pending.author });
      this.#drop(over.splice(oldest, 1)[0]!.pending.id);
    }
    this.put(pending);
    return ok(undefined);
  }

  put(pending: PendingCall): void {
    const entry = encodePending(pending);
    const kept = this.#kept.get(pending.id);
    if (kept === undefined) this.#kept.set(pending.id, begin(pending, entry.length));
    else {
      kept.pending = pending;
      kept.bytes = entry.length;
    }
    this.#effect({ type: 'store', write: { type: 'pending', call: pending.id, entry } });
  }

  /** Drops what was over long ago; ids of those whose deadline has passed since this was asked last. */
  expire(timeMs: number): string[] {
    const expired: string[] = [];
    for (const kept of [...this.#kept.values()]) {
      const { deadline } = kept.pending.call.header;
      if (timeMs > deadline + KEPT_MS) this.#drop(kept.pending.id);
      else if (timeMs > deadline && kept.pending.ending === undefined && !kept.expiredTold) {
        kept.expiredTold = true;
        expired.push(kept.pending.id);
      }
    }
    return expired;
  }

  #drop(id: string): void {
    this.#kept.delete(id);
    this.#onDrop(id);
    this.#effect({ type: 'store', write: { type: 'pending', call: id, entry: undefined } });
  }

  #sums(author: string) {
    const sums = { count: 0, bytes: 0, countAll: this.#kept.size, bytesAll: 0 };
    for (const { pending, bytes } of this.#kept.values()) {
      sums.bytesAll += bytes;
      if (pending.author !== author) continue;
      sums.count += 1;
      sums.bytes += bytes;
    }
    return sums;
  }
}

const begin = (pending: PendingCall, bytes: number): Kept => ({
  ...{ pending, bytes, asked: new Set<string>(), payload: undefined, reviewedAt: 0, expiredTold: false },
});

/** Over for good: a vertex under way is not, its outcome is still to come. */
function isOver(pending: PendingCall, timeMs: number): boolean {
  const { ending, vertex } = pending;
  return ending !== undefined || (vertex === undefined && isClosed(pending, timeMs));
}

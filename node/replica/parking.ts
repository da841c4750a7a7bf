/**
 * Vertices that wait for ancestors `[VTX-7]`, and what is asked of whom meanwhile. Bounded in count and bytes and
 * freely evicted: whatever a proposal needs is asked for again.
 */

import { toHex } from '../../consensus/codec/bytes.ts';
import type { Vertex } from '../../consensus/vertex/vertex.ts';
import type { PeerKey } from '../ports.ts';

const PARKED_MAX = 4_096;
const PARKED_BYTES_MAX = 16 << 20;
const WANTED_MAX = 8_192;
const ASK_AGAIN_MS = 400;

interface Parked {
  readonly vertex: Vertex;
  readonly peer: PeerKey | undefined;
  readonly bytes: number;
}

interface Wanted {
  readonly id: Uint8Array;
  askedAt: number;
  asked: number;
}

export class Parking {
  readonly #parked = new Map<string, Parked>();
  /** Missing id → vertices that wait for it. */
  readonly #waiting = new Map<string, Set<string>>();
  readonly #wanted = new Map<string, Wanted>();
  #bytes = 0;

  get size(): number {
    return this.#parked.size;
  }

  has(vertexKey: string): boolean {
    return this.#parked.has(vertexKey);
  }

  /** Parks a vertex until `missing` (ids of ancestors, or of the checkpoint it cites) turn up. */
  park(vertex: Vertex, missing: readonly Uint8Array[], peer: PeerKey | undefined): void {
    const bytes = vertex.headerBytes.length + vertex.payload.length;
    while (this.#parked.size >= PARKED_MAX || (this.#bytes + bytes > PARKED_BYTES_MAX && this.#parked.size > 0)) this.#evictOldest();
    this.#parked.set(vertex.key, { vertex, peer, bytes });
    this.#bytes += bytes;
    for (const id of missing) {
      const key = toHex(id);
      const waiting = this.#waiting.get(key) ?? new Set<string>();
      waiting.add(vertex.key);
      this.#waiting.set(key, waiting);
    }
  }

  /** Takes out the vertices that waited for `key`; they are tried again and may park for something else. */
  release(key: string): { readonly vertex: Vertex; readonly peer: PeerKey | undefined }[] {
    this.#wanted.delete(key);
    const released: Parked[] = [];
    for (const vertexKey of this.#waiting.get(key) ?? []) {
      const parked = this.#parked.get(vertexKey);
      if (parked === undefined) continue;
      released.push(parked);
      this.#remove(vertexKey, parked);
    }
    this.#waiting.delete(key);
    return released;
  }

  wants(vertexKey: string): boolean {
    return this.#wanted.has(vertexKey);
  }

  /** Notes that these ids are to be fetched; those not asked for lately are returned. */
  want(ids: readonly Uint8Array[], nowMs: number): Uint8Array[] {
    const fresh: Uint8Array[] = [];
    for (const id of ids) {
      const key = toHex(id);
      if (this.#wanted.has(key) || this.#wanted.size >= WANTED_MAX) continue;
      this.#wanted.set(key, { id, askedAt: nowMs, asked: 1 });
      fresh.push(id);
    }
    return fresh;
  }

  /** Ids to ask for once more, each with how often it was asked for; given up after `triesMax`. */
  overdue(nowMs: number, triesMax: number): { readonly id: Uint8Array; readonly asked: number }[] {
    const due: { id: Uint8Array; asked: number }[] = [];
    for (const [key, wanted] of this.#wanted) {
      if (nowMs - wanted.askedAt < ASK_AGAIN_MS) continue;
      if (wanted.asked >= triesMax) {
        this.#wanted.delete(key);
        continue;
      }
      wanted.askedAt = nowMs;
      due.push({ id: wanted.id, asked: wanted.asked++ });
    }
    return due;
  }

  /** When `overdue` next has something, ms. */
  get wakeAt(): number {
    let least = Number.POSITIVE_INFINITY;
    for (const { askedAt } of this.#wanted.values()) least = Math.min(least, askedAt + ASK_AGAIN_MS);
    return least;
  }

  #evictOldest(): void {
    for (const [key, parked] of this.#parked) {
      this.#remove(key, parked);
      return;
    }
  }

  #remove(key: string, parked: Parked): void {
    this.#parked.delete(key);
    this.#bytes -= parked.bytes;
    // Entries of `waiting` that name an evicted vertex are skipped by `release`; they go once nobody waits.
    if (this.#parked.size === 0) this.#waiting.clear();
  }
}

/**
 * Vertices that wait for ancestors `[VTX-7]`, and what is asked of whom meanwhile. Bounded in count and bytes and
 * freely evicted, first of all from whoever made this node park the most; what a proposal needs is asked for again.
 */

import { equalBytes, toHex } from '../../consensus/codec/bytes.ts';
import type { Vertex } from '../../consensus/vertex/vertex.ts';
import { VERTICES_PER_REQUEST_MAX } from '../../consensus/wire/messages.ts';
import type { PeerKey } from '../ports.ts';

export const PARKED_MAX = 4_096;
const PARKED_BYTES_MAX = 16 << 20;
const WANTED_MAX = 8_192;
/** No single peer may make this node look for more than this. */
const WANTED_PER_PEER_MAX = 1_024;
const ASK_AGAIN_MS = 400;
const ASK_AGAIN_MAX_MS = 25_600;
/** Whoever else sends what waits for an id is asked for it as well, if nobody was asked for so long. */
const ASK_ANOTHER_MS = 50;
/** Tries in quick succession; then ever slower. */
const QUICK_TRIES = 8;
/** Tries before an id that nothing parked waits for is given up. */
const TRIES_MAX = 20;

type Sender = PeerKey | undefined;

interface Parked {
  readonly vertex: Vertex;
  readonly peer: Sender;
  readonly bytes: number;
  /** Ids (hex) of the ancestors it waits for; or the checkpoint that it cites, as `citing` names it. */
  readonly missing: readonly string[];
  readonly early: boolean;
  /** More than its author asks for it: it was taken free of allowance. */
  readonly pressed: boolean;
}

/** How a vertex comes to be parked. */
export interface ParkedAs {
  readonly peer: Sender;
  readonly pressed: boolean;
  /** It waits for the checkpoint that it cites. */
  readonly early?: boolean;
}

/**
 * What waits for a checkpoint waits for this name. Not for the bare id: anybody may name that of a header as a parent, and
 * what waits for a vertex that never was must not be taken for it.
 */
export function citing(checkpointKey: string): string {
  return `checkpoint ${checkpointKey}`;
}

interface Wanted {
  readonly id: Uint8Array;
  readonly peer: Sender;
  /** Whom its last turn came from, as far as senders are asked. */
  askedOf: Sender;
  askedAt: number;
  asked: number;
}

export class Parking {
  readonly #parked = new Map<string, Parked>();
  /** Keys of parked vertices by who sent them, oldest first. */
  readonly #bySender = new Map<Sender, Set<string>>();
  /** How many are parked of each author. */
  readonly #byAuthor = new Map<string, number>();
  /** Missing id, or name of a checkpoint → vertices that wait for it. */
  readonly #waiting = new Map<string, Set<string>>();
  readonly #wanted = new Map<string, Wanted>();
  readonly #wantedOf = new Map<Sender, number>();
  #bytes = 0;

  get size(): number {
    return this.#parked.size;
  }

  has(vertexKey: string): boolean {
    return this.#parked.has(vertexKey);
  }

  /** Parks a vertex until its `missing` ancestors turn up; an early one until its checkpoint does. */
  park(vertex: Vertex, missing: readonly Uint8Array[], { peer, pressed, early = false }: ParkedAs): void {
    const bytes = vertex.headerBytes.length + vertex.payload.length;
    while (
      this.#parked.size > 0 &&
      (this.#parked.size >= PARKED_MAX || this.#bytes + bytes > PARKED_BYTES_MAX)
    )
      this.#evict();
    const keys = early ? [citing(toHex(vertex.checkpoint))] : missing.map(toHex);
    this.#parked.set(vertex.key, { vertex, peer, bytes, missing: keys, early, pressed });
    this.#unwant(vertex.key);
    this.#bytes += bytes;
    setOf(this.#bySender, peer).add(vertex.key);
    this.#byAuthor.set(vertex.authorKey, this.countOf(vertex.authorKey) + 1);
    for (const key of keys) setOf(this.#waiting, key).add(vertex.key);
  }

  /** Vertices of this author that are parked. */
  countOf(authorKey: string): number {
    return this.#byAuthor.get(authorKey) ?? 0;
  }

  /** Something parked waits for this vertex, or for what `citing` names. */
  isAwaited(key: string): boolean {
    return this.#waiting.has(key);
  }

  /** Takes out the vertices that waited for `key`; they are tried again and may park for something else. */
  release(key: string): Pick<Parked, 'vertex' | 'peer' | 'pressed'>[] {
    this.#unwant(key);
    return [...(this.#waiting.get(key) ?? [])].map((vertexKey) => {
      // Not what it waited for: it may come to wait for something else.
      const { vertex, peer, pressed } = this.#remove(vertexKey);
      return { vertex, peer, pressed };
    });
  }

  /** What a parked vertex waits for in the end: ids (hex) that are not parked themselves, `most` of them or fewer. */
  missingFor(vertexKey: string, most: number): string[] {
    const missing: string[] = [];
    const seen = new Set([vertexKey]);
    for (const key of seen) {
      const parked = this.#parked.get(key);
      if (parked === undefined) missing.push(key);
      else if (!parked.early) for (const next of parked.missing) seen.add(next);
      if (missing.length === most) break;
    }
    return missing;
  }

  /**
   * What to ask for with this id: where a vertex of its own author waits for it as the one before, as many of the chain as are
   * parked of that author. `payer`: that author, whose allowance all of it costs as long as nobody else waits for it.
   */
  chainWanted(id: Uint8Array): { readonly count: number; readonly payer: string | undefined } {
    let count = 1;
    let payer: string | undefined;
    for (const key of this.#waiting.get(toHex(id)) ?? []) {
      const { vertex, pressed } = this.#parked.get(key)!;
      if (!equalBytes(vertex.previous, id)) return { count, payer: undefined };
      count = Math.min(this.countOf(vertex.authorKey), VERTICES_PER_REQUEST_MAX);
      payer = vertex.authorKey;
      if (pressed) return { count, payer: undefined };
    }
    return { count, payer };
  }

  /** Who sent a vertex that waits for `key`. */
  senderOf(key: string): Sender {
    for (const vertexKey of this.#waiting.get(key) ?? []) return this.#parked.get(vertexKey)!.peer;
    return undefined;
  }

  /**
   * Whether somebody else than its author waits for a vertex: another author's vertex rests on it, or one that is itself
   * waited for so. What only the author's own later vertices, or the names of tips, ask for costs the author its allowance.
   */
  isPressedFor({ key, authorKey }: Vertex): boolean {
    for (const waiter of this.#waiting.get(key) ?? []) {
      const { vertex, pressed } = this.#parked.get(waiter)!;
      if (pressed || vertex.authorKey !== authorKey) return true;
    }
    return false;
  }

  /** Notes that these ids are to be fetched, because of what `peer` said; those not looked for yet are returned. */
  want(ids: readonly Uint8Array[], peer: Sender, nowMs: number): Uint8Array[] {
    const fresh: Uint8Array[] = [];
    for (const id of ids) {
      const key = toHex(id);
      const ofPeer = this.#wantedOf.get(peer) ?? 0;
      if (this.#wanted.has(key) || this.#wanted.size >= WANTED_MAX) continue;
      if (peer !== undefined && ofPeer >= WANTED_PER_PEER_MAX) continue;
      this.#wanted.set(key, { id, peer, askedOf: peer, askedAt: nowMs, asked: 1 });
      this.#wantedOf.set(peer, ofPeer + 1);
      fresh.push(id);
    }
    return fresh;
  }

  /**
   * Those of `ids` that are looked for already and that `peer`, who sent what waits for them, is to be asked for too:
   * whoever was asked first may have named them only to keep this node waiting.
   */
  turnTo(ids: readonly Uint8Array[], peer: PeerKey, nowMs: number): Uint8Array[] {
    const due = ids.filter((id) => {
      const wanted = this.#wanted.get(toHex(id));
      return wanted !== undefined && wanted.askedOf !== peer && nowMs >= wanted.askedAt + ASK_ANOTHER_MS;
    });
    for (const id of due) Object.assign(this.#wanted.get(toHex(id))!, { askedOf: peer, askedAt: nowMs });
    return due;
  }

  /** This id is looked for no more: whoever has it, has what can never be valid. */
  giveUp(key: string): void {
    this.#unwant(key);
  }

  /** Ids to ask for once more, each with how often it was asked for. */
  overdue(nowMs: number): { readonly id: Uint8Array; readonly asked: number }[] {
    const due: { id: Uint8Array; asked: number }[] = [];
    for (const [key, wanted] of this.#wanted) {
      if (nowMs < nextAsk(wanted)) continue;
      if (wanted.asked >= TRIES_MAX && !this.#waiting.has(key)) {
        this.#unwant(key);
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
    for (const wanted of this.#wanted.values()) least = Math.min(least, nextAsk(wanted));
    return least;
  }

  #unwant(key: string): void {
    const wanted = this.#wanted.get(key);
    if (wanted === undefined) return;
    this.#wanted.delete(key);
    const left = this.#wantedOf.get(wanted.peer)! - 1;
    if (left === 0) this.#wantedOf.delete(wanted.peer);
    else this.#wantedOf.set(wanted.peer, left);
  }

  /** The oldest vertex of the sender with the most of them goes: a flood drives out itself. */
  #evict(): void {
    let most: Set<string> | undefined;
    for (const keys of this.#bySender.values()) if (keys.size > (most?.size ?? 0)) most = keys;
    for (const key of most!) {
      const { vertex, peer } = this.#remove(key);
      // Whoever waits for it still does.
      if (this.#waiting.has(key)) this.want([vertex.id], peer, Number.NEGATIVE_INFINITY);
      return;
    }
  }

  #remove(vertexKey: string): Parked {
    const parked = this.#parked.get(vertexKey)!;
    this.#parked.delete(vertexKey);
    this.#bytes -= parked.bytes;
    removeFrom(this.#bySender, parked.peer, vertexKey);
    const left = this.countOf(parked.vertex.authorKey) - 1;
    if (left === 0) this.#byAuthor.delete(parked.vertex.authorKey);
    else this.#byAuthor.set(parked.vertex.authorKey, left);
    for (const key of parked.missing) removeFrom(this.#waiting, key, vertexKey);
    return parked;
  }
}

function nextAsk({ askedAt, asked }: Wanted): number {
  return askedAt + Math.min(ASK_AGAIN_MS * 2 ** Math.max(0, asked - QUICK_TRIES), ASK_AGAIN_MAX_MS);
}

function setOf<K>(sets: Map<K, Set<string>>, key: K): Set<string> {
  const found = sets.get(key) ?? new Set();
  sets.set(key, found);
  return found;
}

function removeFrom<K>(sets: Map<K, Set<string>>, key: K, item: string): void {
  const found = sets.get(key);
  found?.delete(item);
  if (found?.size === 0) sets.delete(key);
}

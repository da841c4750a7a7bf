/**
 * `[RDG-6]` Fetches batches of readings that this node's party may be told under a grant: first from the nodes of the party whose
 * gateway carried them, then from the others, one after the other, each once. Bounded; what is given up is no loss to the
 * ledger, which needs no batch.
 */

import { toHex } from '../../consensus/codec/bytes.ts';
import { decodeVertex, type Vertex } from '../../consensus/vertex/vertex.ts';
import { BATCHES_PER_REQUEST_MAX } from '../../consensus/wire/messages.ts';
import type { PeerKey } from '../ports.ts';
import type { Disclosure } from './disclosure.ts';
import type { Effect } from './events.ts';

const WANTED_MAX = 1_024;
/** Peers that are asked for one batch. */
const ASKED_MAX = 8;
/** A peer that has not answered by then is passed over. */
const PATIENCE_MS = 1_000;

interface Wanted {
  readonly id: Uint8Array;
  readonly gateway: Uint8Array;
  readonly asked: Set<PeerKey>;
  /** When the next peer is asked. */
  nextMs: number;
}

export interface BatchSeekerHooks {
  effect(wanted: Effect): void;
  /** Takes the vertex with its batch; false when it is not what it says. */
  take(envelope: Uint8Array, peer: PeerKey, nowMs: number): boolean;
  /** Would it be stored? */
  takes(gateway: Uint8Array): boolean;
  readonly peers: ReadonlySet<PeerKey>;
}

export class BatchSeeker {
  readonly #disclosure: Disclosure;
  readonly #hooks: BatchSeekerHooks;
  /** By the vertex's key, oldest first. */
  readonly #wanted = new Map<string, Wanted>();

  constructor(disclosure: Disclosure, hooks: BatchSeekerHooks) {
    this.#disclosure = disclosure;
    this.#hooks = hooks;
  }

  get wakeAt(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { nextMs } of this.#wanted.values()) next = Math.min(next, nextMs);
    return next;
  }

  /** A vertex of readings has come without its batch. */
  onAdded(vertex: Vertex, nowMs: number): void {
    const { key, id, kind, author, payload } = vertex;
    if (kind !== 'readings' || payload.length > 0 || this.#wanted.has(key)) return;
    if (!this.#disclosure.concernsOwn(vertex) || !this.#hooks.takes(author)) return;
    if (this.#wanted.size >= WANTED_MAX) this.#wanted.delete(this.#wanted.keys().next().value!);
    this.#wanted.set(key, { id, gateway: author, asked: new Set(), nextMs: nowMs });
  }

  /** Asks for what is due, several of one peer at once. */
  progress(nowMs: number): void {
    const asks = new Map<PeerKey, Uint8Array[]>();
    for (const [key, wanted] of this.#wanted) {
      if (wanted.nextMs > nowMs) continue;
      const peer = wanted.asked.size < ASKED_MAX ? this.#nextPeer(wanted) : undefined;
      if (peer === undefined) {
        this.#wanted.delete(key);
        continue;
      }
      wanted.asked.add(peer);
      wanted.nextMs = nowMs + PATIENCE_MS;
      asks.set(peer, [...(asks.get(peer) ?? []), wanted.id]);
    }
    for (const [peer, ids] of asks)
      for (let from = 0; from < ids.length; from += BATCHES_PER_REQUEST_MAX) {
        const message = { type: 'getBatches', ids: ids.slice(from, from + BATCHES_PER_REQUEST_MAX) } as const;
        this.#hooks.effect({ type: 'send', peer, message });
      }
  }

  /** Only what was asked of this peer is taken; of what it refuses the next one is asked. */
  onAnswer(
    peer: PeerKey,
    {
      vertices,
      refused,
    }: { readonly vertices: readonly Uint8Array[]; readonly refused: readonly Uint8Array[] },
    nowMs: number,
  ): void {
    for (const envelope of vertices) {
      const decoded = decodeVertex(envelope);
      if (!decoded.ok || !this.#wasAsked(decoded.value.key, peer)) continue;
      const vertex = decoded.value;
      if (vertex.payload.length === 0 || !this.#hooks.take(envelope, peer, nowMs)) continue;
      this.#wanted.delete(vertex.key);
      this.#hooks.effect({ type: 'notice', notice: { type: 'batch', vertex } });
    }
    for (const id of refused) {
      const key = toHex(id);
      if (this.#wasAsked(key, peer)) this.#wanted.get(key)!.nextMs = nowMs;
    }
  }

  #wasAsked(key: string, peer: PeerKey): boolean {
    return this.#wanted.get(key)?.asked.has(peer) ?? false;
  }

  #nextPeer({ gateway, asked }: Wanted): PeerKey | undefined {
    let other: PeerKey | undefined;
    for (const peer of this.#hooks.peers) {
      if (asked.has(peer)) continue;
      const party = this.#disclosure.partyOf(peer);
      if (party !== undefined && this.#disclosure.isOwnGateway(gateway, party)) return peer;
      other ??= peer;
    }
    return other;
  }
}

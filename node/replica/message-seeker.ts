/**
 * `[MSG-7]` Fetches the ciphertexts of messages to this node's party: from the connected nodes of the sender, one after the
 * other, again ever more slowly, and at once when one connects. What is wanted is bounded by the mailbox.
 */

import { fromHex } from '../../consensus/codec/bytes.ts';
import { SEALED_PER_REQUEST_MAX } from '../../consensus/wire/messages.ts';
import type { PeerKey } from '../ports.ts';
import type { Effect } from './events.ts';

/** A peer that has not answered by then is passed over. */
const PATIENCE_MS = 2_000;
const AGAIN_MS = 2_000;
const AGAIN_MAX_MS = 60_000;

interface Wanted {
  readonly sender: string;
  /** Peers that may still answer. */
  readonly asked: Set<PeerKey>;
  /** Those asked in this round. */
  readonly tried: Set<PeerKey>;
  /** Whose answer is waited for. */
  awaited: PeerKey | undefined;
  nextMs: number;
  /** Until the next round. */
  waitMs: number;
}

export interface MessageSeekerHooks {
  effect(wanted: Effect): void;
  /** The party of a peer, hex. */
  partyOf(peer: PeerKey): string | undefined;
  readonly peers: ReadonlySet<PeerKey>;
}

export class MessageSeeker {
  readonly #hooks: MessageSeekerHooks;
  /** By id, hex, oldest first. */
  readonly #wanted = new Map<string, Wanted>();

  constructor(hooks: MessageSeekerHooks) {
    this.#hooks = hooks;
  }

  get wakeAt(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { nextMs } of this.#wanted.values()) next = Math.min(next, nextMs);
    return next;
  }

  get size(): number {
    return this.#wanted.size;
  }

  ids(): readonly string[] {
    return [...this.#wanted.keys()];
  }

  has(id: string): boolean {
    return this.#wanted.has(id);
  }

  countOf(sender: string): number {
    let count = 0;
    for (const wanted of this.#wanted.values()) if (wanted.sender === sender) count += 1;
    return count;
  }

  want(id: string, sender: string, nowMs: number): void {
    const asked = new Set<PeerKey>();
    const tried = new Set<PeerKey>();
    this.#wanted.set(id, { sender, asked, tried, awaited: undefined, nextMs: nowMs, waitMs: AGAIN_MS });
  }

  forget(id: string): void {
    this.#wanted.delete(id);
  }

  wasAsked(id: string, peer: PeerKey): boolean {
    return this.#wanted.get(id)?.asked.has(peer) ?? false;
  }

  /** The peer has it not, or gave something else: the next one is asked. */
  passOver(id: string, peer: PeerKey, nowMs: number): void {
    const wanted = this.#wanted.get(id);
    if (wanted === undefined || wanted.awaited !== peer) return;
    wanted.awaited = undefined;
    wanted.nextMs = nowMs;
  }

  onConnected(peer: PeerKey, nowMs: number): void {
    const party = this.#hooks.partyOf(peer);
    for (const wanted of this.#wanted.values()) {
      if (wanted.sender !== party) continue;
      wanted.tried.delete(peer);
      wanted.nextMs = nowMs;
      wanted.waitMs = AGAIN_MS;
    }
  }

  /** Asks for what is due, several of one peer at once. */
  progress(nowMs: number): void {
    if (this.wakeAt > nowMs) return;
    const nodes = this.#nodesByParty();
    const asks = new Map<PeerKey, Uint8Array[]>();
    for (const [id, wanted] of this.#wanted) {
      if (wanted.nextMs > nowMs) continue;
      const peer = nodes.get(wanted.sender)?.find((each) => !wanted.tried.has(each));
      wanted.awaited = undefined;
      if (peer === undefined) {
        wanted.tried.clear();
        wanted.nextMs = nowMs + wanted.waitMs;
        wanted.waitMs = Math.min(2 * wanted.waitMs, AGAIN_MAX_MS);
        continue;
      }
      wanted.asked.add(peer);
      wanted.tried.add(peer);
      wanted.awaited = peer;
      wanted.nextMs = nowMs + PATIENCE_MS;
      asks.set(peer, [...(asks.get(peer) ?? []), fromHex(id)!]);
    }
    for (const [peer, ids] of asks)
      for (let from = 0; from < ids.length; from += SEALED_PER_REQUEST_MAX) {
        const message = { type: 'getSealed', ids: ids.slice(from, from + SEALED_PER_REQUEST_MAX) } as const;
        this.#hooks.effect({ type: 'send', peer, message });
      }
  }

  #nodesByParty(): Map<string, PeerKey[]> {
    const nodes = new Map<string, PeerKey[]>();
    for (const peer of this.#hooks.peers) {
      const party = this.#hooks.partyOf(peer);
      if (party !== undefined) nodes.set(party, [...(nodes.get(party) ?? []), peer]);
    }
    return nodes;
  }
}

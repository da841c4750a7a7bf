/**
 * What each connected peer has shown to know of each pending call, and when it is told again `[GTH-5]`. In memory alone:
 * whoever connects is told anew.
 */

import type { PeerKey } from '../ports.ts';

const AGAIN_MS = 2_000;
const AGAIN_MAX_MS = 60_000;

interface Told {
  /** What the peer has shown to know; absent while it has not said a word about the call. */
  heard: string | undefined;
  /** What it was told last. */
  told: string | undefined;
  againAt: number;
  waitMs: number;
}

export class CallTalk {
  readonly #peers = new Map<PeerKey, Map<string, Told>>();

  /** The peer shows what it knows of a call. */
  hear(peer: PeerKey, call: string, knowledge: string): void {
    this.#of(peer, call).heard = knowledge;
  }

  /** Has the peer shown that it has this call? */
  hasCall(peer: PeerKey, call: string): boolean {
    return this.#peers.get(peer)?.get(call)?.heard !== undefined;
  }

  /** Does the peer lack some of `knowledge`, and is it time to tell it? */
  isDue(peer: PeerKey, call: string, knowledge: string, nowMs: number): boolean {
    const known = this.#peers.get(peer)?.get(call);
    if (known === undefined) return true;
    if (known.heard === knowledge) return false;
    return known.told !== knowledge || nowMs >= known.againAt;
  }

  /** It was told, and asked whether it heard. */
  tell(peer: PeerKey, call: string, knowledge: string, nowMs: number): void {
    const known = this.#of(peer, call);
    known.waitMs = known.told === knowledge ? Math.min(2 * known.waitMs, AGAIN_MAX_MS) : AGAIN_MS;
    known.told = knowledge;
    known.againAt = nowMs + known.waitMs;
  }

  forgetPeer(peer: PeerKey): void {
    this.#peers.delete(peer);
  }

  forgetCall(call: string): void {
    for (const calls of this.#peers.values()) calls.delete(call);
  }

  #of(peer: PeerKey, call: string): Told {
    const calls = this.#peers.get(peer) ?? new Map<string, Told>();
    this.#peers.set(peer, calls);
    const known = calls.get(call) ?? { heard: undefined, told: undefined, againAt: 0, waitMs: AGAIN_MS };
    calls.set(call, known);
    return known;
  }
}

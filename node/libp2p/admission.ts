/** Who may be connected `[ADM-3]`: whom the node admits, less those who broke the framing a moment ago. */

import type { NetworkHandlers, PeerKey } from '../ports.ts';
import type { NetworkStats } from './counters.ts';

export interface AdmissionParts {
  readonly handlers: NetworkHandlers;
  readonly counters: NetworkStats;
  /** Runs a handler of ours: what it throws is our own fault, and no peer's. */
  readonly guard: (call: () => void) => void;
  readonly cutMs: number;
}

export class Admission {
  readonly #parts: AdmissionParts;
  /** Until when a peer stays out; only enrolled keys come here, so it stays small. */
  readonly #cutUntil = new Map<PeerKey, number>();

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  admits(peer: PeerKey): boolean {
    let admitted = false;
    this.#parts.guard(() => {
      admitted = this.#parts.handlers.admits(peer);
    });
    return admitted;
  }

  /** Code of a refusal, or `undefined` when the peer may be connected now. */
  refusalOf(peer: PeerKey): 'E_PEER' | 'E_ALLOWANCE' | undefined {
    if (!this.admits(peer)) return 'E_PEER';
    const until = this.#cutUntil.get(peer);
    if (until === undefined) return undefined;
    if (until > Date.now()) return 'E_ALLOWANCE';
    this.#cutUntil.delete(peer);
    return undefined;
  }

  refuse(peer: PeerKey, code: string): void {
    const { refused } = this.#parts.counters;
    refused[code] = (refused[code] ?? 0) + 1;
    this.#parts.guard(() => this.#parts.handlers.onRefused(peer, code));
  }

  /** The peer broke the framing: it is refused for a while. */
  cut(peer: PeerKey, code: string): void {
    this.#parts.counters.cuts += 1;
    this.#cutUntil.set(peer, Date.now() + this.#parts.cutMs);
    this.refuse(peer, code);
  }
}

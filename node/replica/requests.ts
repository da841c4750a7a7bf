/**
 * How many vertices each peer was asked for and has not sent: only so many of what it sends are answers, free of their
 * authors' allowance where others wait for them `[ADM-2]`. The rest it sends of its own accord.
 */

import type { PeerMessage } from '../../consensus/wire/messages.ts';
import type { PeerKey } from '../ports.ts';

/** A checkpoint's vertices, asked for twice. */
const OUTSTANDING_MAX = 40_000;

export function verticesAskedFor(message: PeerMessage): number {
  if (message.type === 'getVertices') return message.ids.length;
  return message.type === 'getChain' ? message.count : 0;
}

export class Requests {
  readonly #outstanding = new Map<PeerKey, number>();

  /** `peer` was asked for so many. */
  note(peer: PeerKey, vertices: number): void {
    if (vertices === 0) return;
    const before = this.#outstanding.get(peer) ?? 0;
    this.#outstanding.set(peer, Math.min(OUTSTANDING_MAX, before + vertices));
  }

  /** Of so many that `peer` sends now: how many are answers. */
  settle(peer: PeerKey, vertices: number): number {
    const before = this.#outstanding.get(peer) ?? 0;
    const answers = Math.min(before, vertices);
    if (answers === before) this.#outstanding.delete(peer);
    else this.#outstanding.set(peer, before - answers);
    return answers;
  }

  forget(peer: PeerKey): void {
    this.#outstanding.delete(peer);
  }
}

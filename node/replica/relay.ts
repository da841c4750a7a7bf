/**
 * Which bundles are passed on `[NET-1]`. Whoever publishes one sends it to all its peers, and every node tells its peers
 * who its own are; what all one's own have from the publisher itself is not sent to them again. Among nodes that are all
 * connected to each other each bundle so crosses each link once. What a lie or a lost message leaves missing is fetched.
 */

import { fromHex, toHex } from '../../consensus/codec/bytes.ts';
import { LINKS_TOLD_MAX, type PeerMessage } from '../../consensus/wire/messages.ts';
import type { PeerKey } from '../ports.ts';

export class Relay {
  readonly #peers: ReadonlySet<PeerKey>;
  readonly #linksOf = new Map<PeerKey, ReadonlySet<PeerKey>>();

  /** @param peers those that this node is connected to, now and from then on. */
  constructor(peers: ReadonlySet<PeerKey>) {
    this.#peers = peers;
  }

  /** What this node tells its peers of its own links: all of them, or as many as the message holds. */
  get links(): PeerMessage {
    return { type: 'links', peers: [...this.#peers].slice(0, LINKS_TOLD_MAX).map((key) => fromHex(key)!) };
  }

  /** A peer tells who its own peers are; forgotten when it leaves. */
  note(peer: PeerKey, links: readonly Uint8Array[]): void {
    if (this.#peers.has(peer)) this.#linksOf.set(peer, new Set(links.map(toHex)));
  }

  forget(peer: PeerKey): void {
    this.#linksOf.delete(peer);
  }

  /** Some peer may not have got this bundle from its publisher. */
  isNeeded(from: PeerKey, publisher: Uint8Array): boolean {
    if (toHex(publisher) !== from) return true;
    const reached = this.#linksOf.get(from);
    for (const peer of this.#peers) if (peer !== from && !reached?.has(peer)) return true;
    return false;
  }
}

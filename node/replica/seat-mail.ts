/**
 * Messages of seats that are a little ahead: kept until this node reaches their height. One height ahead, a few a peer;
 * whether a peer has the seat it speaks for is judged when they are read, by the committee of that height.
 */

import type { SeatMessage } from '../../consensus/pbft/outputs.ts';
import type { PeerKey } from '../ports.ts';

const PER_PEER_MAX = 8;
const PEERS_MAX = 64;

export interface Letter {
  readonly peer: PeerKey;
  readonly message: SeatMessage;
}

export class SeatMail {
  #height = 0;
  readonly #byPeer = new Map<PeerKey, Letter[]>();

  /** Keeps a message for the height after the one being decided; anything further away is dropped. */
  keep(peer: PeerKey, message: SeatMessage, height: number, ownHeight: number): void {
    if (height !== ownHeight + 2) return;
    if (height !== this.#height) this.#byPeer.clear();
    this.#height = height;
    const kept = this.#byPeer.get(peer);
    if (kept === undefined && this.#byPeer.size >= PEERS_MAX) return;
    if ((kept?.length ?? 0) < PER_PEER_MAX) this.#byPeer.set(peer, [...(kept ?? []), { peer, message }]);
  }

  /** The messages kept for `height`, now being decided. */
  take(height: number): Letter[] {
    if (height !== this.#height) return [];
    const letters = [...this.#byPeer.values()].flat();
    this.#byPeer.clear();
    return letters;
  }
}

/**
 * Selective: at each height talks to another half of its peers, and for the rest does not exist: they get neither its
 * votes and proposals nor its vertices and answers. Stopped by: whoever got a vertex serves it, tips are named again
 * and again `[VTX-7]` `[STO-2]`; view changes and certificates from others bring the rest along `[BFT-5]` `[BFT-7]`.
 */

import { concatBytes, fromHex, uint32Bytes } from '../../consensus/codec/bytes.ts';
import { hash } from '../../consensus/crypto/hash.ts';
import type { PeerMessage } from '../../consensus/wire/messages.ts';
import type { PeerKey } from '../../node/ports.ts';
import type { Actor, ActorKind, Stage } from './actor.ts';

class Selective implements Actor {
  readonly acts = { messages: 0, vertices: 0 };
  readonly #stage: Stage;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  onSend(peer: PeerKey, message: PeerMessage): readonly PeerMessage[] {
    if (this.#favours(peer)) return [message];
    this.acts.messages += 1;
    return [];
  }

  onGossip(envelopes: readonly Uint8Array[]): readonly Uint8Array[] {
    for (const peer of this.#stage.peers) {
      if (this.#favours(peer)) this.#stage.send(peer, { type: 'vertices', vertices: envelopes });
      else this.acts.vertices += envelopes.length;
    }
    return [];
  }

  #favours(peer: PeerKey): boolean {
    const height = this.#stage.replica?.ledger.height ?? 0;
    const lot = hash('salt', concatBytes(fromHex(peer)!, this.#stage.signer.publicKey, uint32Bytes(height)));
    return lot[0]! % 2 === 0;
  }
}

export const selective: ActorKind = {
  name: 'selective',
  summary: 'talks to half of its peers, at each height to others',
  needs: 'seat',
  create: (stage) => new Selective(stage),
};

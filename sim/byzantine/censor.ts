/**
 * Censor: has one victim, the first author whom it hears, and keeps everything by it from its own node, which therefore
 * witnesses nothing of it, confirms nothing of it as leader, and votes for nothing that does. Stopped by: q seats
 * without it suffice to confirm `[ORD-1]`; the leader changes with each height and each timeout `[BFT-7]`.
 */

import { fromHex } from '../../consensus/codec/bytes.ts';
import type { PeerMessage } from '../../consensus/wire/messages.ts';
import { bundle } from '../../consensus/wire/messages.ts';
import type { PeerKey } from '../../node/ports.ts';
import type { Actor, ActorKind, Stage } from './actor.ts';
import { ownKey, readVertices } from './pen.ts';

class Censor implements Actor {
  readonly acts = { 'vertices kept out': 0, 'proposals without the victim': 0 };
  readonly #stage: Stage;
  #victim: string | undefined;
  #led = 0;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  onSend(_peer: PeerKey, message: PeerMessage): readonly PeerMessage[] {
    if (message.type === 'proposal' && message.header.height > this.#led) {
      this.#led = message.header.height;
      if (this.#victim !== undefined) this.acts['proposals without the victim'] += 1;
    }
    return [message];
  }

  onHear(peer: PeerKey, envelopes: readonly Uint8Array[]): boolean {
    const passed = this.#without(envelopes);
    if (passed.length === envelopes.length) return true;
    if (passed.length > 0)
      this.#stage.tell({
        type: 'gossip',
        peer,
        data: bundle.encode({ publisher: fromHex(peer)!, vertices: passed }),
      });
    return false;
  }

  onReceive(_peer: PeerKey, message: PeerMessage): boolean {
    if (message.type !== 'vertices') return true;
    const { replica } = this.#stage;
    // What is certified is past censoring: without it the own node would stand still for ever.
    if (replica === undefined || replica.gauges().target > replica.ledger.height) return true;
    return this.#without(message.vertices).length === message.vertices.length;
  }

  #without(envelopes: readonly Uint8Array[]): readonly Uint8Array[] {
    const crooked = [ownKey(this.#stage), ...this.#stage.accomplices];
    const vertices = readVertices(envelopes);
    this.#victim ??= vertices.find(
      ({ vertex }) => vertex.kind !== 'witness' && !crooked.includes(vertex.authorKey),
    )?.vertex.authorKey;
    const passed = vertices.filter(({ vertex }) => vertex.authorKey !== this.#victim);
    this.acts['vertices kept out'] += vertices.length - passed.length;
    return passed.map(({ envelope }) => envelope);
  }
}

export const censor: ActorKind = {
  name: 'censor',
  summary: 'neither witnesses nor confirms anything by one victim',
  needs: 'seat',
  create: (stage) => new Censor(stage),
};

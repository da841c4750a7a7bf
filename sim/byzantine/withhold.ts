/**
 * Withholding: answers nobody who asks for vertices or checkpoints, and writes witnesses over vertices of its own that
 * only one seat ever gets. Stopped by: nothing is relayed or witnessed before it is solid `[ADM-3]` `[WIT-1]`; what is
 * missing is asked of everybody in turn, and whoever covered a vertex has it `[VTX-7]`; parking is bounded.
 */

import { toHex, uint32Bytes } from '../../consensus/codec/bytes.ts';
import { limits } from '../../consensus/codec/limits.ts';
import { hash } from '../../consensus/crypto/hash.ts';
import { encodeVertex } from '../../consensus/vertex/vertex.ts';
import type { PeerMessage } from '../../consensus/wire/messages.ts';
import type { PeerKey } from '../../node/ports.ts';
import type { Replica } from '../../node/replica/replica.ts';
import type { Actor, ActorKind, Stage } from './actor.ts';
import { every, honestSeats, ownSeat, readVertices, tipsOf, writeOwn } from './pen.ts';

const INTERVAL_MS = 500;
/** How long even the one seat waits. */
const KEPT_MS = 1_000;

class Withholder implements Actor {
  readonly acts = { 'answers withheld': 0, 'vertices kept': 0 };
  readonly #stage: Stage;
  #started = false;
  readonly #kept = new Set<string>();

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  onStart(): void {
    if (this.#started) return;
    this.#started = true;
    every(this.#stage, INTERVAL_MS, (replica) => this.#keep(replica));
  }

  onSend(_peer: PeerKey, message: PeerMessage): readonly PeerMessage[] {
    if (message.type !== 'vertices' && message.type !== 'checkpoint') return [message];
    this.acts['answers withheld'] += 1;
    return [];
  }

  onGossip(envelopes: readonly Uint8Array[]): readonly Uint8Array[] {
    const kept = readVertices(envelopes).filter(({ vertex }) => this.#kept.delete(vertex.key));
    const kinds = new Set(kept.map(({ envelope }) => envelope));
    return envelopes.filter((envelope) => !kinds.has(envelope));
  }

  #keep(replica: Replica): void {
    const payloadHash = hash('salt', uint32Bytes(Math.floor(this.#stage.chance() * 2 ** 32)));
    const vertex = writeOwn(this.#stage, { kind: 'readings', time: this.#stage.nowMs(), payloadHash });
    if (vertex === undefined) return;
    this.acts['vertices kept'] += 1;
    this.#kept.add(toHex(vertex.id));
    const [one] = honestSeats(this.#stage);
    this.#stage.after(KEPT_MS * this.#stage.chance(), () => {
      if (one !== undefined) this.#stage.send(one, { type: 'vertices', vertices: [encodeVertex(vertex)] });
    });
    if (ownSeat(this.#stage) === undefined) return;
    const parents = tipsOf(replica, limits.witnessParentsMax);
    writeOwn(this.#stage, { kind: 'witness', time: vertex.time + 1, parents });
  }
}

export const withhold: ActorKind = {
  name: 'withhold',
  summary: 'witnesses what it does not serve',
  needs: 'any',
  create: (stage) => new Withholder(stage),
};

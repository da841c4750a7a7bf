/**
 * Tip spammer: floods the pool with tips. Since a chain has one tip, it forks its own at one number, forty times every
 * tenth of a second, half of them only named as tips so that others fetch them; and begins with more at once than its
 * allowance. Stopped by: an allowance for each author
 * `[ADM-2]`; tip choice takes no more than half of its parents from one author, and more of them as the pool grows
 * `[VTX-4]`; a witness takes up to 64 `[WIT-1]`; the key is suspended with the first fork `[VTX-2]`.
 */

import { toHex, uint32Bytes } from '../../consensus/codec/bytes.ts';
import { limits } from '../../consensus/codec/limits.ts';
import { hash } from '../../consensus/crypto/hash.ts';
import { encodeVertex, type Vertex } from '../../consensus/vertex/vertex.ts';
import type { PeerMessage } from '../../consensus/wire/messages.ts';
import type { PeerKey } from '../../node/ports.ts';
import type { Replica } from '../../node/replica/replica.ts';
import type { Actor, ActorKind, Stage } from './actor.ts';
import { chainEnd, every, gossip, signNext } from './pen.ts';

const INTERVAL_MS = 100;
/** Envelopes of about 250 bytes in bundles of 64 KiB. */
const PER_BUNDLE = 200;

/** How much it says. */
export interface FloodSize {
  /** At once when it begins: above what an author may say (`allowance.ts`). */
  readonly firstBurst: number;
  /** Each `INTERVAL_MS` after that. */
  readonly burst: number;
  /** A flood is as bad after one second as after an hour, and every vertex costs the simulator time. */
  readonly verticesMax: number;
}

const usual: FloodSize = { firstBurst: 1_100, burst: 40, verticesMax: 1_400 };

export class TipSpammer implements Actor {
  readonly acts = { tips: 0, 'tips fetched': 0 };
  readonly #stage: Stage;
  readonly #size: FloodSize;
  #started = false;
  /** Vertices that were named and not told, by id. */
  readonly #named = new Map<string, Uint8Array>();

  constructor(stage: Stage, size = usual) {
    this.#stage = stage;
    this.#size = size;
  }

  onStart(): void {
    if (this.#started) return;
    this.#started = true;
    every(this.#stage, INTERVAL_MS, (replica) => {
      const { firstBurst, burst, verticesMax } = this.#size;
      if (this.acts.tips >= verticesMax) return;
      if (this.acts.tips < firstBurst) this.#tell(this.#make(replica, firstBurst));
      else {
        this.#tell(this.#make(replica, burst / 2));
        this.#name(this.#make(replica, burst / 2));
      }
    });
  }

  /** Others ask for what was named to them. */
  onReceive(peer: PeerKey, message: PeerMessage): boolean {
    if (message.type !== 'getVertices') return true;
    const vertices = message.ids.flatMap((id) => this.#named.get(toHex(id)) ?? []);
    this.acts['tips fetched'] += vertices.length;
    if (vertices.length > 0) this.#stage.send(peer, { type: 'vertices', vertices });
    return true;
  }

  #make(replica: Replica, count: number): Vertex[] {
    const end = chainEnd(this.#stage, replica);
    const time = this.#stage.nowMs();
    return Array.from({ length: count }, () => {
      const payloadHash = hash('salt', uint32Bytes(this.acts.tips++));
      return signNext(this.#stage, replica, end, { kind: 'readings', time, payloadHash });
    });
  }

  #tell(vertices: readonly Vertex[]): void {
    for (let at = 0; at < vertices.length; at += PER_BUNDLE)
      gossip(this.#stage, vertices.slice(at, at + PER_BUNDLE));
  }

  /** What a node asks for itself is free of its author's allowance `[ADM-2]`. */
  #name(vertices: readonly Vertex[]): void {
    for (const vertex of vertices) this.#named.set(vertex.key, encodeVertex(vertex));
    for (let at = 0; at < vertices.length; at += limits.witnessParentsMax) {
      const ids = vertices.slice(at, at + limits.witnessParentsMax).map((vertex) => vertex.id);
      for (const peer of this.#stage.peers) this.#stage.send(peer, { type: 'tips', ids });
    }
  }
}

export const tipSpam: ActorKind = {
  name: 'tip-spam',
  summary: 'author that floods the network with tips',
  needs: 'any',
  create: (stage) => new TipSpammer(stage),
};

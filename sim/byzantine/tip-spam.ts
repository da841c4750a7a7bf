/**
 * Tip spammer: floods the pool with tips. Since a chain has one tip, it forks its own at one number, forty times every
 * tenth of a second, and begins with more at once than its allowance. Stopped by: an allowance for each author
 * `[ADM-2]`; tip choice takes no more than half of its parents from one author, and more of them as the pool grows
 * `[VTX-4]`; a witness takes up to 64 `[WIT-1]`; the key is suspended with the first fork `[VTX-2]`.
 */

import { uint32Bytes } from '../../consensus/codec/bytes.ts';
import { hash } from '../../consensus/crypto/hash.ts';
import { encodeVertex } from '../../consensus/vertex/vertex.ts';
import type { Replica } from '../../node/replica/replica.ts';
import type { Actor, ActorKind, Stage } from './actor.ts';
import { chainEnd, every, signNext } from './pen.ts';

const INTERVAL_MS = 100;
const BURST = 40;
/** Above what an author may say at once (`allowance.ts`). */
const FIRST_BURST = 1_200;
/** Envelopes of about 250 bytes in bundles of 64 KiB. */
const PER_BUNDLE = 200;
/** A flood is as bad after one second as after an hour, and every vertex costs the simulator time. */
const VERTICES_MAX = 1_600;

class TipSpammer implements Actor {
  readonly acts = { tips: 0 };
  readonly #stage: Stage;
  #started = false;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  onStart(): void {
    if (this.#started) return;
    this.#started = true;
    every(this.#stage, INTERVAL_MS, (replica) => {
      if (this.acts.tips < VERTICES_MAX) this.#flood(replica, this.acts.tips === 0 ? FIRST_BURST : BURST);
    });
  }

  #flood(replica: Replica, count: number): void {
    const end = chainEnd(this.#stage, replica);
    const time = this.#stage.nowMs();
    const envelopes = Array.from({ length: count }, () => {
      const payloadHash = hash('salt', uint32Bytes(this.acts.tips++));
      return encodeVertex(signNext(this.#stage, replica, end, { kind: 'readings', time, payloadHash }));
    });
    for (let at = 0; at < count; at += PER_BUNDLE) this.#stage.gossip(envelopes.slice(at, at + PER_BUNDLE));
  }
}

export const tipSpam: ActorKind = {
  name: 'tip-spam',
  summary: 'author that floods the network with tips',
  needs: 'any',
  create: (stage) => new TipSpammer(stage),
};

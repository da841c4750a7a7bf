/**
 * Withholding: answers nobody who asks for vertices or checkpoints, and writes witnesses over vertices of its own that
 * only one seat ever gets. Stopped by: nothing is relayed or witnessed before it is solid `[ADM-3]` `[WIT-1]`; what is
 * missing is asked of everybody in turn, and whoever covered a vertex has it `[VTX-7]`; parking is bounded.
 */

import { limits } from '../../consensus/codec/limits.ts';
import type { PeerMessage } from '../../consensus/wire/messages.ts';
import type { PeerKey } from '../../node/ports.ts';
import type { Replica } from '../../node/replica/replica.ts';
import type { Actor, ActorKind, Stage } from './actor.ts';
import {
  anyHash,
  type Draft,
  every,
  gossip,
  honestSeats,
  ownSeat,
  sendTo,
  tipsOf,
  writeSecretly,
} from './pen.ts';

const INTERVAL_MS = 500;
/** How long even the one seat waits. */
const KEPT_MS = 1_000;

class Withholder implements Actor {
  readonly acts = { 'answers withheld': 0, 'vertices kept': 0 };
  readonly #stage: Stage;
  #started = false;

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

  #keep(replica: Replica): void {
    const time = this.#stage.nowMs();
    const drafts: Draft[] = [{ kind: 'readings', time, payloadHash: anyHash(this.#stage) }];
    if (ownSeat(this.#stage) !== undefined)
      drafts.push({ kind: 'witness', time: time + 1, parents: tipsOf(replica, limits.witnessParentsMax) });
    const [kept, ...over] = writeSecretly(this.#stage, drafts);
    if (kept === undefined) return;
    this.acts['vertices kept'] += 1;
    gossip(this.#stage, over);
    const [one] = honestSeats(this.#stage);
    this.#stage.after(KEPT_MS * this.#stage.chance(), () =>
      sendTo(this.#stage, [kept], (peer) => peer === one),
    );
  }
}

export const withhold: ActorKind = {
  name: 'withhold',
  summary: 'witnesses what it does not serve',
  needs: 'seat',
  create: (stage) => new Withholder(stage),
};

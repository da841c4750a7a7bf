/**
 * Slow but not late: holds its proposals back for half of the view's timeout and its votes for a fifth, so that nobody
 * may pass it over and everything takes as long as can be. Stopped by: the leader changes with each height, and nobody
 * needs the votes of any one seat `[BFT-5]`; what it costs is bounded by the timeout `[BFT-7]`.
 */

import type { PeerMessage } from '../../consensus/wire/messages.ts';
import type { PeerKey } from '../../node/ports.ts';
import type { Actor, ActorKind, Stage } from './actor.ts';

const PROPOSAL_PART = 0.5;
const OTHERS_PART = 0.2;

class Slow implements Actor {
  readonly acts = { proposals: 0, votes: 0, vertices: 0 };
  readonly #stage: Stage;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  onSend(peer: PeerKey, message: PeerMessage): readonly PeerMessage[] {
    const { pace } = this.#stage.genesis.record;
    if (message.type === 'proposal') this.acts.proposals += 1;
    else if (message.type === 'vote') this.acts.votes += 1;
    else return [message];
    const part = message.type === 'proposal' ? PROPOSAL_PART : OTHERS_PART;
    this.#stage.after(pace.viewTimeoutMs * part, () => this.#stage.send(peer, message));
    return [];
  }

  onGossip(envelopes: readonly Uint8Array[]): readonly Uint8Array[] {
    this.acts.vertices += envelopes.length;
    const { pace } = this.#stage.genesis.record;
    this.#stage.after(pace.viewTimeoutMs * OTHERS_PART, () => this.#stage.gossip(envelopes));
    return [];
  }
}

export const slow: ActorKind = {
  name: 'slow',
  summary: 'says everything as late as it can without being passed over',
  needs: 'seat',
  create: (stage) => new Slow(stage),
};

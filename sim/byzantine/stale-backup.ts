/**
 * Restored from an old backup: a seat that lost its vote log and signs anew. It proposes another value in a view in
 * which it had proposed, votes for every value that a leader shows in one view, votes in views that it left, and asks
 * for views without the value that it had committed to. Stopped by: it is one of f, and the honest do none of this
 * `[BFT-1]` `[BFT-4]`; any two quorums share an honest seat `[BFT-5]`.
 */

import { headerId } from '../../consensus/checkpoint/header.ts';
import { equalBytes } from '../../consensus/codec/bytes.ts';
import type { PeerMessage } from '../../consensus/wire/messages.ts';
import type { PeerKey } from '../../node/ports.ts';
import type { Actor, ActorKind, Stage } from './actor.ts';
import {
  honestSeats,
  isFree,
  type Proposal,
  retime,
  signProposal,
  signViewChange,
  signVotes,
} from './pen.ts';

/** A height takes four one-way delays; whoever comes back later has nothing left to sign. */
const RESTART_MS = 80;
/** Proposals of one height that are remembered; more than any run sees. */
const PROPOSALS_MAX = 64;

class StaleBackup implements Actor {
  readonly acts = { 'second proposals': 0, 'second votes': 0, 'votes in left views': 0, 'lost locks': 0 };
  readonly #stage: Stage;
  #height = 0;
  #proposals: Proposal[] = [];
  /** Heights and views dealt with already: each message is sent to every peer. */
  #done = new Set<string>();

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  onSend(_peer: PeerKey, message: PeerMessage): readonly PeerMessage[] {
    if (message.type === 'proposal' && this.#isFirst(message.header.height, `propose ${message.view}`)) {
      this.#proposals.push(message);
      if (isFree(message)) this.#restart(() => this.#proposeAgain(message));
    }
    if (message.type !== 'viewChange') return [message];
    const { height, view } = message;
    if (this.#isFirst(height, `leave ${view}`)) this.#restart(() => this.#voteBelow(height, view));
    if (message.prepared === undefined || this.#stage.chance() < 0.5) return [message];
    this.acts['lost locks'] += 1;
    return [signViewChange(this.#stage, { height, view, prepared: undefined })];
  }

  onReceive(_peer: PeerKey, message: PeerMessage): boolean {
    if (message.type !== 'proposal') return true;
    this.#open(message.header.height);
    const ofView = this.#proposals.filter((known) => known.view === message.view);
    const known = ofView.some(({ header }) => equalBytes(headerId(header), headerId(message.header)));
    if (known || this.#proposals.length >= PROPOSALS_MAX) return true;
    this.#proposals.push(message);
    if (ofView.length > 0) {
      this.acts['second votes'] += 1;
      this.#say(signVotes(this.#stage, message));
    }
    return true;
  }

  #proposeAgain(proposal: Proposal): void {
    const { replica } = this.#stage;
    const header =
      replica && retime(replica, proposal.header, Math.max(this.#stage.nowMs(), proposal.header.time + 1));
    if (header === undefined) return;
    const second = signProposal(this.#stage, { ...proposal, header });
    this.acts['second proposals'] += 1;
    this.#say([second, ...signVotes(this.#stage, second)]);
  }

  #voteBelow(height: number, view: number): void {
    if (height !== this.#height) return;
    for (const proposal of this.#proposals) {
      if (proposal.view >= view) continue;
      this.acts['votes in left views'] += 1;
      this.#say(signVotes(this.#stage, proposal));
    }
  }

  #say(messages: readonly PeerMessage[]): void {
    for (const seat of honestSeats(this.#stage))
      for (const message of messages) this.#stage.send(seat, message);
  }

  #restart(call: () => void): void {
    this.#stage.after(RESTART_MS * this.#stage.chance(), call);
  }

  #isFirst(height: number, what: string): boolean {
    this.#open(height);
    if (this.#done.has(what)) return false;
    this.#done.add(what);
    return true;
  }

  #open(height: number): void {
    if (height <= this.#height) return;
    this.#height = height;
    this.#proposals = [];
    this.#done = new Set();
  }
}

export const staleBackup: ActorKind = {
  name: 'stale-backup',
  summary: 'votes as if it had lost its vote log: again, and otherwise',
  needs: 'seat',
  create: (stage) => new StaleBackup(stage),
};

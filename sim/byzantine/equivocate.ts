/**
 * Equivocation: as leader shows one half of the seats one value and the other half another, both with roots that are
 * right, and votes for each where it was shown, commit included, before anybody prepared it; with accomplices that do
 * the same. Stopped by: two quorums share an honest seat, which votes once in a view `[BFT-1]` `[BFT-5]`; prepared
 * certificates carry over to the next view `[BFT-4]`.
 */

import { headerId } from '../../consensus/checkpoint/header.ts';
import { equalBytes, toHex } from '../../consensus/codec/bytes.ts';
import type { PeerMessage } from '../../consensus/wire/messages.ts';
import type { PeerKey } from '../../node/ports.ts';
import type { Actor, ActorKind, Stage } from './actor.ts';
import {
  honestSeats,
  isFree,
  isInSecondHalf,
  type Proposal,
  retime,
  signProposal,
  signVote,
  signVotes,
} from './pen.ts';

/** How often somebody hears both of two votes that contradict each other. */
const BOTH = 0.2;

class Equivocator implements Actor {
  readonly acts = { proposals: 0, votes: 0, 'early commits': 0 };
  readonly #stage: Stage;
  #height = 0;
  /** By `view/header id` of the value that the own node knows: the one for the second half. */
  readonly #twins = new Map<string, Proposal>();
  /** The first proposal of each view by somebody else. */
  readonly #first = new Map<number, Proposal>();

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  onSend(peer: PeerKey, message: PeerMessage): readonly PeerMessage[] {
    if (message.type === 'proposal') return this.#propose(peer, message);
    if (message.type !== 'vote' || !isInSecondHalf(this.#stage, peer)) return [message];
    const twin = this.#twins.get(`${message.view}/${toHex(message.headerId)}`);
    // Of an accomplice's two values the second may still be on its way, and the first vote is the one that counts.
    if (twin === undefined) return this.#first.has(message.view) ? [] : [message];
    this.acts.votes += 1;
    const other = signVote(this.#stage, { ...message, headerId: headerId(twin.header) });
    return this.#stage.chance() < BOTH ? [other, message] : [other];
  }

  /** Accomplices show both values to each other, and their nodes only the first. */
  onReceive(peer: PeerKey, message: PeerMessage): boolean {
    if (message.type !== 'proposal' || !this.#stage.accomplices.includes(peer) || !isFree(message))
      return true;
    this.#open(message.header.height);
    const first = this.#first.get(message.view);
    if (first !== undefined && equalBytes(headerId(first.header), headerId(message.header))) return true;
    this.#say(message, first !== undefined);
    if (first === undefined) this.#first.set(message.view, message);
    else this.#twins.set(`${message.view}/${toHex(headerId(first.header))}`, message);
    return first === undefined;
  }

  /** Prepare and commit at once, to the half that sees this value. */
  #say(proposal: Proposal, toSecondHalf: boolean): void {
    const votes = signVotes(this.#stage, proposal);
    for (const seat of honestSeats(this.#stage))
      if (isInSecondHalf(this.#stage, seat) === toSecondHalf)
        for (const vote of votes) this.#stage.send(seat, vote);
    this.acts['early commits'] += 1;
  }

  #propose(peer: PeerKey, proposal: Proposal): readonly PeerMessage[] {
    this.#open(proposal.header.height);
    const twin = this.#twinOf(proposal);
    if (twin === undefined) return [proposal];
    if (this.#stage.accomplices.includes(peer)) return [proposal, twin];
    const shown = isInSecondHalf(this.#stage, peer) ? twin : proposal;
    if (shown === twin) this.acts.proposals += 1;
    this.acts['early commits'] += 1;
    return [shown, ...signVotes(this.#stage, shown)];
  }

  #twinOf(proposal: Proposal): Proposal | undefined {
    const name = `${proposal.view}/${toHex(headerId(proposal.header))}`;
    const known = this.#twins.get(name);
    if (known !== undefined || !isFree(proposal) || this.#stage.replica === undefined) return known;
    const header = retime(this.#stage.replica, proposal.header, proposal.header.time + 1);
    if (header === undefined) return undefined;
    const twin = signProposal(this.#stage, { ...proposal, header });
    this.#twins.set(name, twin);
    return twin;
  }

  #open(height: number): void {
    if (height === this.#height) return;
    this.#height = height;
    this.#twins.clear();
    this.#first.clear();
  }
}

export const equivocate: ActorKind = {
  name: 'equivocate',
  summary: 'as leader shows two values, and votes for both',
  needs: 'seat',
  create: (stage) => new Equivocator(stage),
};

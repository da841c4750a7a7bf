/** A leader that shows all others another value than its own node proposed, and votes for what it showed. */

import { type Header, headerId } from '../../consensus/checkpoint/header.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import { type NewViewProof, newViewHash } from '../../consensus/pbft/messages.ts';
import type { Stage } from './actor.ts';
import { type Proposal, signProposal, signVote, type Vote } from './pen.ts';

/** Values of a few heights; older ones are of no use. */
const KEPT_MAX = 64;

export interface Shown {
  readonly header: Header;
  /** The anchor's envelope; the node's own where left out. */
  readonly anchor?: Uint8Array;
  /** The view-changes that the view rests on; the node's own where left out. */
  readonly newView?: NewViewProof;
}

export class Swap {
  readonly #stage: Stage;
  /** By `view/header id` of what the own node proposed. */
  readonly #shown = new Map<string, Proposal>();

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** What is shown instead of `proposal`; chosen once, and the same towards everybody. */
  propose(proposal: Proposal, choose: () => Shown | undefined): Proposal {
    const name = `${proposal.view}/${toHex(headerId(proposal.header))}`;
    const known = this.#shown.get(name);
    if (known !== undefined) return known;
    const chosen = choose();
    const shown = chosen ? signProposal(this.#stage, { ...proposal, ...chosen }) : proposal;
    if (this.#shown.size >= KEPT_MAX) this.#shown.clear();
    this.#shown.set(name, shown);
    return shown;
  }

  /** The own node's vote, for what was shown. */
  vote(vote: Vote): Vote {
    const shown = this.#shown.get(`${vote.view}/${toHex(vote.headerId)}`);
    if (shown === undefined) return vote;
    const newView = vote.phase === 'prepare' ? newViewHash(shown.newView) : vote.newView;
    return signVote(this.#stage, { ...vote, headerId: headerId(shown.header), newView });
  }
}

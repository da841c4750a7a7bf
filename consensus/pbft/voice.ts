/**
 * What a seat says at one height, in the order in which it must happen: its line in the vote log first, then the message
 * `[BFT-1]`; and what it says again while nothing happens `[BFT-7]`. What to say is decided in height.ts, whether it may
 * be said in own-votes.ts.
 */

import type { Certificate, VotePhase } from '../checkpoint/certificate.ts';
import { type Header, headerId } from '../checkpoint/header.ts';
import {
  type NewViewProof,
  newViewHash,
  type PreparedProof,
  type ProposalMessage,
  type ViewChangeMessage,
  type VoteLogEntry,
  type VoteMessage,
} from './messages.ts';
import type { PbftOutput, SeatMessage } from './outputs.ts';
import { type OwnVotes, preparedValue } from './own-votes.ts';
import type { Patience } from './patience.ts';

/** A value to propose, and what goes with it. */
export interface Proposed {
  readonly header: Header;
  readonly newView: NewViewProof | undefined;
  readonly anchor: Uint8Array;
  readonly previousCertificate: Certificate | undefined;
}

export class Voice {
  readonly #own: OwnVotes;
  readonly #patience: Patience;
  readonly #emit: (output: PbftOutput) => void;
  /** Own messages of the current view. */
  #said: SeatMessage[] = [];

  constructor(own: OwnVotes, patience: Patience, emit: (output: PbftOutput) => void) {
    this.#own = own;
    this.#patience = patience;
    this.#emit = emit;
  }

  /** What was said in the view before is not said again. */
  enterView(): void {
    this.#said = [];
  }

  /** Nothing, as in `vote` and `changeView`, where something else was signed in this view and phase before. */
  propose(view: number, proposed: Proposed, nowMs: number): ProposalMessage | undefined {
    const id = headerId(proposed.header);
    if (!this.#claim('proposal', view, id)) return undefined;
    const signature = this.#own.signProposal(view, id, newViewHash(proposed.newView));
    const message = { view, ...proposed, seat: this.#own.seat, signature };
    this.#say({ type: 'proposal', ...message });
    this.#patience.said(nowMs);
    return message;
  }

  /** A commit rests on `prepared`: a later life of this seat has to know it. */
  vote(
    phase: VotePhase,
    view: number,
    id: Uint8Array,
    newView: Uint8Array,
    prepared?: PreparedProof,
  ): VoteMessage | undefined {
    if (!this.#claim(phase, view, id, prepared)) return undefined;
    const message = this.#own.signVote(phase, view, id, newView);
    this.#say({ type: 'vote', ...message });
    return message;
  }

  changeView(
    view: number,
    prepared: PreparedProof | undefined,
    nowMs: number,
  ): ViewChangeMessage | undefined {
    if (!this.#claim('view-change', view, preparedValue(prepared?.header), prepared)) return undefined;
    const message = this.#own.signViewChange(view, prepared);
    this.enterView();
    this.#say({ type: 'viewChange', ...message });
    this.#patience.said(nowMs);
    return message;
  }

  /** A view-change that was logged may never have been sent, and others may wait for it: it is said again at once. */
  resume({ view, prepared }: VoteLogEntry): ViewChangeMessage {
    const message = this.#own.signViewChange(view, prepared);
    this.#said = [{ type: 'viewChange', ...message }];
    this.#patience.sayAgain();
    return message;
  }

  sayAgain(nowMs: number): void {
    for (const message of this.#said) this.#emit({ type: 'send', message });
    this.#patience.said(nowMs);
  }

  /** Logs a signature about to be made; false when another value was signed at this (view, phase) before. */
  #claim(phase: VoteLogEntry['phase'], view: number, value: Uint8Array, prepared?: PreparedProof): boolean {
    const claim = this.#own.claim(phase, view, value, prepared);
    if (claim.verdict === 'new') this.#emit({ type: 'log', entry: claim.line });
    return claim.verdict !== 'never';
  }

  #say(message: SeatMessage): void {
    this.#said.push(message);
    this.#emit({ type: 'send', message });
  }
}

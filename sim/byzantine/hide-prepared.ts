/**
 * Hides what was prepared. As leader it gathers a certificate that only it holds, keeps it, and asks for the next view
 * as if it had prepared nothing; as leader of that view it rests on view-changes that know of no value, if it can find
 * q of them, and proposes another; elsewhere it drops the proof from its view-changes, and asks for views while it
 * commits. In the end it shows the certificate. Stopped by: among any q view-changes is one of an honest seat that
 * prepared what was certified, and its proof binds the new view `[BFT-4]`; one seat moves nobody `[BFT-5]`.
 */

import type { PeerMessage } from '../../consensus/wire/messages.ts';
import type { PeerKey } from '../../node/ports.ts';
import type { Actor, ActorKind, Stage } from './actor.ts';
import {
  honestSeats,
  isFree,
  type Proposal,
  retime,
  signViewChange,
  signVotes,
  type ViewChange,
} from './pen.ts';
import { type Shown, Swap } from './swap.ts';

const EARLY = 0.05;
const HIDE = 0.5;

class HidePrepared implements Actor {
  readonly acts = {
    'hidden certificates': 0,
    'stripped view-changes': 0,
    'early view-changes': 0,
    'forgetful new views': 0,
  };
  readonly #stage: Stage;
  readonly #swap: Swap;
  /** Height whose certificate nobody else shall have, while that is so. */
  #hiding = 0;
  /** The last height that it led and decided on whether to hide. */
  #led = 0;
  #turn = '';
  #turnMs = 0;
  #height = 0;
  /** View-changes that name no prepared value, the last of each seat; the own ones among them. */
  readonly #forgetful = new Map<number, ViewChange>();

  constructor(stage: Stage) {
    this.#stage = stage;
    this.#swap = new Swap(stage);
  }

  onSend(peer: PeerKey, message: PeerMessage): readonly PeerMessage[] {
    switch (message.type) {
      case 'proposal':
        if (message.newView !== undefined) return this.#leadLater(message);
        this.#lead(message.header.height);
        return this.#hides(message.header.height) && this.#isLeftOut(peer) ? [] : [message];
      case 'vote':
        if (message.phase === 'commit' && this.#hides(message.height)) return [];
        if (message.phase === 'commit' && this.#stage.chance() < EARLY)
          return [
            this.#swap.vote(message),
            this.#forget(message.height, message.view + 1, 'early view-changes'),
          ];
        return [this.#swap.vote(message)];
      case 'certified':
      case 'checkpoint':
        return this.#hides(message.header.height) ? [] : [message];
      case 'viewChange':
        this.#keep(message);
        if (message.prepared === undefined) return [message];
        return [this.#forget(message.height, message.view, 'stripped view-changes')];
      default:
        return [message];
    }
  }

  onReceive(_peer: PeerKey, message: PeerMessage): boolean {
    if (message.type === 'viewChange') this.#keep(message);
    // In a later view it is for whatever is proposed there.
    if (message.type === 'proposal' && message.view > 0 && message.header.height === this.#hiding)
      this.#sayToAll(signVotes(this.#stage, message));
    if (message.type === 'certified' && this.#hiding !== 0 && message.header.height >= this.#hiding)
      this.#reveal();
    return true;
  }

  /** Once it leads: whether it hides this height; and if so, when it will pretend to have prepared nothing. */
  #lead(height: number): void {
    if (this.#led === height) return;
    this.#led = height;
    if (this.#stage.chance() >= HIDE) return;
    this.#hiding = height;
    this.#stage.after(this.#stage.genesis.record.pace.viewTimeoutMs, () => this.#pretend(height));
  }

  #pretend(height: number): void {
    // Only if the others' votes have made the certificate here.
    if ((this.#stage.replica?.ledger.height ?? 0) < height) return;
    this.acts['hidden certificates'] += 1;
    this.#sayToAll([signViewChange(this.#stage, { height, view: 1, prepared: undefined })]);
  }

  /** Others certified the height as well. If it was another value, two certificates contradict each other. */
  #reveal(): void {
    this.#hiding = 0;
    const { header, certificate } = this.#stage.replica?.ledger ?? {};
    if (header === undefined || certificate === undefined) return;
    this.#sayToAll([{ type: 'certified', speaks: true, header, certificate: [certificate] }]);
  }

  /** Others may still say that they know of no value: until its node says it again, the leader waits for that. */
  #leadLater(proposal: Proposal): readonly PeerMessage[] {
    const { height } = proposal.header;
    const turn = `${height}/${proposal.view}`;
    const now = this.#stage.nowMs();
    if (this.#turn !== turn) this.#turnMs = now;
    this.#turn = turn;
    const enough = this.#forgetfulOf(proposal.view).length >= this.#stage.genesis.committee.quorum;
    if (!enough && !isFree(proposal) && this.#turnMs === now) return [];
    return [this.#swap.propose(proposal, () => this.#forgetfulValue(proposal))];
  }

  #forgetfulOf(view: number): ViewChange[] {
    return [...this.#forgetful.values()]
      .filter((change) => change.view === view)
      .sort((a, b) => a.seat - b.seat);
  }

  /** Another value, in a view that rests on q seats of which none knows that one was prepared. */
  #forgetfulValue(proposal: Proposal): Shown | undefined {
    const { replica, genesis } = this.#stage;
    const { view, header } = proposal;
    const ofView = this.#forgetfulOf(view);
    if (isFree(proposal) || replica === undefined || ofView.length < genesis.committee.quorum)
      return undefined;
    const other = retime(replica, header, header.time + 1);
    if (other === undefined) return undefined;
    this.acts['forgetful new views'] += 1;
    return { header: other, newView: { viewChanges: ofView.slice(0, genesis.committee.quorum) } };
  }

  #keep(change: ViewChange): void {
    if (change.height > this.#height) {
      this.#height = change.height;
      this.#forgetful.clear();
    }
    if (change.height === this.#height && change.prepared === undefined)
      this.#forgetful.set(change.seat, change);
  }

  #hides(height: number): boolean {
    return this.#hiding !== 0 && height >= this.#hiding;
  }

  /** As many honest seats as a quorum can do without see no proposal. */
  #isLeftOut(peer: PeerKey): boolean {
    const { size, quorum } = this.#stage.genesis.committee;
    return honestSeats(this.#stage)
      .slice(quorum - size)
      .includes(peer);
  }

  #forget(height: number, view: number, act: 'stripped view-changes' | 'early view-changes'): ViewChange {
    this.acts[act] += 1;
    const change = signViewChange(this.#stage, { height, view, prepared: undefined });
    this.#keep(change);
    return change;
  }

  #sayToAll(messages: readonly PeerMessage[]): void {
    for (const seat of this.#stage.peers) for (const message of messages) this.#stage.send(seat, message);
  }
}

export const hidePrepared: ActorKind = {
  name: 'hide-prepared',
  summary: 'asks for new views as if it had prepared nothing, and keeps certificates to itself',
  needs: 'seat',
  create: (stage) => new HidePrepared(stage),
};

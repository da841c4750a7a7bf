/**
 * PBFT for one height (protocol §8): a state machine without clock, network or disk. Inputs are method calls with the
 * time; outputs are returned in the order in which they must happen: a `log` before the `send` that it covers.
 * docs/spec/pbft.md.
 */

import {
  type Certificate,
  makeQuorum,
  phaseDomain,
  type VotePhase,
  voteBytes,
} from '../checkpoint/certificate.ts';
import { type Header, headerId } from '../checkpoint/header.ts';
import { equalBytes } from '../codec/bytes.ts';
import type { Code } from '../codec/codes.ts';
import type { Facts } from '../codec/result.ts';
import { verifyDigest } from '../crypto/ed25519.ts';
import { zero32 } from '../crypto/hash.ts';
import {
  type NewViewProof,
  newViewHash,
  type PreparedProof,
  type ProposalMessage,
  type ViewChangeMessage,
  type VoteLogEntry,
  type VoteMessage,
} from './messages.ts';
import { checkNewView, checkViewChange } from './new-view.ts';
import { type DecisionProof, proposalSaying, viewChangeSaying, voteSaying } from './offence.ts';
import type { PbftOutput, PbftRules, SeatMessage } from './outputs.ts';
import { type OwnSeat, OwnVotes } from './own-votes.ts';
import { Patience } from './patience.ts';
import { Trail } from './trail.ts';
import { ViewChanges } from './view-changes.ts';
import { Voice } from './voice.ts';
import { VoteBox } from './vote-box.ts';

interface Accepted {
  readonly header: Header;
  readonly id: Uint8Array;
  readonly newView: Uint8Array;
  checked: boolean;
}

export class PbftHeight {
  readonly height: number;
  readonly #rules: PbftRules;
  /** Absent where this node has no seat, or must not use it. */
  readonly #own: OwnVotes | undefined;
  readonly #voice: Voice | undefined;
  /** The view in which this seat takes part; votes in lower ones are never signed again `[BFT-4]`. */
  #view = 0;
  /** In views above 0: whether the view's new-view has been seen or made. */
  #entered = true;
  readonly #patience: Patience;
  readonly #proposals = new Map<number, Accepted>();
  readonly #votes: VoteBox;
  readonly #viewChanges: ViewChanges;
  #newView: NewViewProof | undefined;
  #prepared: PreparedProof | undefined;
  /** The last view in which this life of the seat sent its commit. */
  #committedIn = -1;
  /** The value for which q commits are held, before and after it is decided. */
  #committed:
    | { readonly view: number; readonly id: Uint8Array; readonly signatures: ReadonlyMap<number, Uint8Array> }
    | undefined;
  #decided = false;
  readonly #trail: Trail;
  #outputs: PbftOutput[] = [];

  constructor(height: number, rules: PbftRules, own: OwnSeat | undefined, log: readonly VoteLogEntry[] = []) {
    this.height = height;
    this.#rules = rules;
    this.#own = own && new OwnVotes(height, rules, own, log);
    this.#patience = new Patience(rules, height, own?.number);
    this.#voice =
      this.#own && new Voice(this.#own, this.#patience, (output) => void this.#outputs.push(output));
    this.#votes = new VoteBox(rules.committee.quorum);
    this.#viewChanges = new ViewChanges(rules.committee);
    this.#trail = new Trail(rules.committee, height, (offence) =>
      this.#outputs.push({ type: 'offence', offence }),
    );
    for (const entry of log) this.#recall(entry);
    this.#resumeViewChange(log);
  }

  get view(): number {
    return this.#view;
  }

  /** When `tick` wants to be called, ms; infinity when there is nothing to wait for. */
  get wakeAt(): number {
    return this.#patience.wakeAt;
  }

  /** Since the last view's timer started here; `undefined` where none did. */
  waitedMs(nowMs: number): number | undefined {
    return this.#patience.waitedMs(nowMs);
  }

  /** A timer runs, or this seat waits for others to join a view change: `arm` would change nothing. */
  get armed(): boolean {
    return this.#patience.runs || !this.#entered || this.#decided;
  }

  /** This seat leads the current view, has not proposed in it, and is free to choose a value. */
  get mayPropose(): boolean {
    return (
      !this.#decided &&
      this.#leads(this.#view) &&
      this.#entered &&
      this.#own?.signed('proposal', this.#view) === undefined
    );
  }

  /** There is something to decide: view 0's timer starts `[BFT-7]`. */
  arm(nowMs: number): void {
    if (!this.armed) this.#patience.start(this.#view, nowMs);
  }

  /** A seat's connection broke: if it leads the view, its time is cut short. */
  onAbsent(nowMs: number): void {
    this.#patience.shorten(this.#view, nowMs);
  }

  /** As leader: proposes a header built and executed by this node. */
  propose(
    header: Header,
    anchor: Uint8Array,
    previousCertificate: Certificate | undefined,
    nowMs: number,
  ): PbftOutput[] {
    if (this.mayPropose) this.#sendProposal(header, anchor, previousCertificate, nowMs);
    return this.#flush();
  }

  receive(message: SeatMessage, nowMs: number): PbftOutput[] {
    if (!this.#decided) {
      if (message.type === 'proposal') this.#onProposal(message, nowMs);
      else if (message.type === 'vote') this.#onVote(message, nowMs);
      else this.#onViewChange(message, nowMs);
    }
    return this.#flush();
  }

  /** Whether this seat has signed a commit of this value in this view, in this life or one that its log tells of. */
  hasCommitted(view: number, id: Uint8Array): boolean {
    return this.#own?.knows('commit', view, id) ?? false;
  }

  /** What is held of one seat's words: told to its node when it comes back, in case it has lost its log `[BFT-1]`. */
  saidBy(seat: number): SeatMessage[] {
    const votes = this.#votes.of(seat).map((vote) => ({ type: 'vote' as const, ...vote }));
    const change = this.#viewChanges.of(seat);
    return change === undefined ? votes : [...votes, { type: 'viewChange', ...change }];
  }

  /** The node's verdict on a proposal that it was asked to check. Silence is the answer to a bad one. */
  checked(id: Uint8Array, good: boolean, nowMs: number): PbftOutput[] {
    const accepted = this.#proposals.get(this.#view);
    if (!this.#decided && good && accepted !== undefined && equalBytes(accepted.id, id)) {
      accepted.checked = true;
      this.#vote('prepare', accepted);
      this.#advance(this.#view, nowMs);
    }
    return this.#flush();
  }

  tick(nowMs: number): PbftOutput[] {
    if (this.#decided) return [];
    if (this.#patience.isOver(nowMs)) this.#changeView(this.#view + 1, nowMs);
    else if (this.#patience.isResendDue(nowMs)) this.#voice?.sayAgain(nowMs);
    return this.#flush();
  }

  #onProposal(message: ProposalMessage, nowMs: number): void {
    const { header, view, seat } = message;
    const { committee } = this.#rules;
    if (seat !== committee.leader(this.height, view))
      return this.#refuse('E_VOTE', { reason: 'not the leader', seat, view });
    if (view < this.#view) return;
    const id = headerId(header);
    const known = this.#proposals.get(view);
    if (known !== undefined && (equalBytes(known.id, id) || this.#trail.isGuilty(seat))) return;
    const newView = newViewHash(message.newView);
    const body = this.#voteBytes(view, id, newView);
    if (
      !verifyDigest(message.signature, 'proposal', this.#rules.network, body, committee.record.seats[seat]!)
    ) {
      return this.#refuse('E_SIG', { part: 'proposal', seat, view });
    }
    this.#trail.note(seat, proposalSaying(view, id, newView, message.signature));
    if (known !== undefined)
      return this.#refuse('E_VOTE', { reason: 'two proposals in one view', seat, view });
    let prepared: PreparedProof | undefined;
    if (view === 0 && message.newView !== undefined)
      return this.#refuse('E_VOTE', { reason: 'a new-view in view 0', seat });
    if (view > 0) {
      const choice = checkNewView(message.newView, this.height, view, this.#rules);
      if (!choice.ok) return this.#refuse(choice.code, { ...choice.facts, seat, view });
      for (const change of message.newView!.viewChanges) this.#recognise(change);
      this.#trail.keep(view, message.newView!);
      prepared = choice.value;
      if (prepared !== undefined && !equalBytes(headerId(prepared.header), id)) {
        return this.#refuse('E_VOTE', { reason: 'not the prepared value', seat, view });
      }
    }
    this.#enter(view, nowMs);
    this.#proposals.set(view, { header, id, newView, checked: false });
    this.#outputs.push({
      type: 'check',
      header,
      anchor: message.anchor,
      seat,
      prepared: prepared !== undefined,
      view,
    });
    this.#advance(view, nowMs);
  }

  #onVote(message: VoteMessage, nowMs: number): void {
    const { phase, view, seat } = message;
    const voter = this.#rules.committee.record.seats[seat];
    if (voter === undefined) return;
    if (seat === this.#own?.seat) return this.#onOwnVote(message, this.#own);
    const verdict = this.#votes.room(message, this.#view);
    if (verdict === 'known' || verdict === 'far') return;
    if (verdict === 'conflict' && this.#trail.isGuilty(seat)) return;
    const body = this.#voteBytes(view, message.headerId, message.newView);
    if (!verifyDigest(message.signature, phaseDomain[phase], this.#rules.network, body, voter)) {
      return this.#refuse('E_SIG', { part: phase, seat, view });
    }
    this.#trail.note(seat, voteSaying(message));
    if (verdict === 'conflict')
      return this.#refuse('E_VOTE', { reason: 'two votes in one view and phase', seat, view, phase });
    this.#votes.add(message);
    this.#advance(view, nowMs);
  }

  /** A peer repeats to this seat what it heard from it: nothing new to a seat that has its log `[BFT-1]`. */
  #onOwnVote(message: VoteMessage, own: OwnVotes): void {
    const { phase, view } = message;
    const verdict = own.judgeEcho(message);
    if (verdict === 'forged') this.#refuse('E_SIG', { part: `own ${phase}`, view });
    if (verdict === 'forgotten') this.#outputs.push({ type: 'forgotten', phase, view });
  }

  /** Looks for signatures of this seat's in a view-change that was checked, and whether its log knows them `[BFT-1]`. */
  #recognise(message: ViewChangeMessage): void {
    const forgotten = this.#own?.forgottenIn(message);
    if (forgotten !== undefined) this.#outputs.push({ type: 'forgotten', ...forgotten });
  }

  /** Moves on where votes of `view` now suffice: prepared → commit, committed → decided. */
  #advance(view: number, nowMs: number): void {
    const commits = this.#votes.quorum('commit', view);
    if (commits !== undefined)
      this.#committed = { view, id: commits.headerId, signatures: commits.signatures };
    if (this.#decideIfChecked()) return;
    const accepted = this.#proposals.get(view);
    if (view !== this.#view || accepted?.checked !== true || this.#committedIn === view) return;
    const prepares = this.#votes.quorum('prepare', view);
    if (
      prepares === undefined ||
      !equalBytes(prepares.headerId, accepted.id) ||
      !equalBytes(prepares.newView, accepted.newView)
    )
      return;
    const quorum = makeQuorum(prepares.signatures, this.#rules.committee);
    this.#prepared = { view, header: accepted.header, newView: accepted.newView, quorum };
    this.#committedIn = view;
    this.#vote('commit', { ...accepted, newView: zero32 });
    this.#advance(view, nowMs);
  }

  /** Decided only once the value was executed here as well; until then this seat goes on taking part. */
  #decideIfChecked(): boolean {
    const committed = this.#committed;
    const proposals = [...this.#proposals.values()];
    if (
      committed === undefined ||
      !proposals.some(({ id, checked }) => checked && equalBytes(id, committed.id))
    )
      return false;
    this.#decided = true;
    this.#patience.end();
    const quorum = makeQuorum(committed.signatures, this.#rules.committee);
    this.#outputs.push({
      type: 'decided',
      headerId: committed.id,
      certificate: { height: this.height, view: committed.view, quorum },
      proof: this.#proofOf(committed),
    });
    return true;
  }

  #proofOf({ view, id }: { readonly view: number; readonly id: Uint8Array }): DecisionProof {
    const prepares = this.#votes.quorum('prepare', view);
    const fits = prepares !== undefined && equalBytes(prepares.headerId, id);
    return this.#trail.proof(view, this.#proposals.get(view)?.header, fits ? prepares : undefined);
  }

  #onViewChange(message: ViewChangeMessage, nowMs: number): void {
    if (this.#viewChanges.isStale(message)) return;
    // Another one for the same view than before: worth a look only while that proves something.
    if (this.#viewChanges.of(message.seat)?.view === message.view && this.#trail.isGuilty(message.seat))
      return;
    const checked = checkViewChange(message, this.height, this.#rules);
    if (!checked.ok) return this.#refuse(checked.code, { ...checked.facts, seat: message.seat });
    this.#recognise(message);
    if (message.seat === this.#own?.seat) return;
    this.#trail.note(message.seat, viewChangeSaying(message));
    if (!this.#viewChanges.put(message)) return;
    const joined = this.#viewChanges.joinable(this.#view);
    if (joined !== undefined) this.#changeView(joined, nowMs);
    this.#openView(nowMs);
  }

  #changeView(view: number, nowMs: number): void {
    if (this.#voice === undefined) return;
    this.#view = view;
    this.#entered = false;
    this.#patience.pause();
    this.#newView = undefined;
    const prepared = this.#prepared;
    const said = this.#voice.changeView(view, prepared, nowMs);
    if (said === undefined) return;
    this.#viewChanges.put(said);
    this.#openView(nowMs);
  }

  /** Once q view-changes for the current view are held: its timer runs, and its leader may propose `[BFT-7]`. */
  #openView(nowMs: number): void {
    if (this.#entered || this.#own === undefined || !this.#viewChanges.isOpen(this.#view)) return;
    if (!this.#patience.runs) this.#patience.start(this.#view, nowMs);
    const proof = this.#leads(this.#view) ? this.#viewChanges.proofFor(this.#view) : undefined;
    if (proof === undefined) return;
    this.#newView = proof;
    this.#entered = true;
    this.#trail.keep(this.#view, proof);
    const choice = checkNewView(proof, this.height, this.#view, this.#rules);
    if (choice.ok && choice.value !== undefined)
      this.#sendProposal(choice.value.header, new Uint8Array(0), undefined, nowMs, true);
  }

  #sendProposal(
    header: Header,
    anchor: Uint8Array,
    previousCertificate: Certificate | undefined,
    nowMs: number,
    prepared = false,
  ): void {
    const view = this.#view;
    const newView = this.#newView;
    const said = this.#voice?.propose(view, { header, newView, anchor, previousCertificate }, nowMs);
    if (said === undefined) return;
    const value = { header, id: headerId(header), newView: newViewHash(newView) };
    this.#proposals.set(view, { ...value, checked: false });
    // The leader checks its own value as everyone else does: a re-proposed one may not be its own.
    this.#outputs.push({ type: 'check', header, anchor, seat: said.seat, prepared, view });
    if (!this.#patience.runs) this.#patience.start(view, nowMs);
  }

  #vote(phase: VotePhase, { id, newView }: { readonly id: Uint8Array; readonly newView: Uint8Array }): void {
    const prepared = phase === 'commit' ? this.#prepared : undefined;
    const said = this.#voice?.vote(phase, this.#view, id, newView, prepared);
    if (said !== undefined) this.#votes.add(said);
  }

  /** Restores what an earlier life of this seat had signed. */
  #recall(entry: VoteLogEntry): void {
    if (
      entry.prepared !== undefined &&
      (this.#prepared === undefined || entry.prepared.view >= this.#prepared.view)
    ) {
      this.#prepared = entry.prepared;
    }
    if (entry.view < this.#view) return;
    this.#view = entry.view;
    // Whoever signed anything else in a view had entered it; its own view-change came before that.
    this.#entered = entry.phase !== 'view-change';
  }

  #resumeViewChange(log: readonly VoteLogEntry[]): void {
    const last = log.filter((entry) => entry.phase === 'view-change').at(-1);
    if (this.#voice !== undefined && !this.#entered && last !== undefined)
      this.#viewChanges.put(this.#voice.resume(last));
  }

  #enter(view: number, nowMs: number): void {
    if (view > this.#view || !this.#entered) {
      this.#view = view;
      this.#entered = true;
      this.#newView = undefined;
      this.#voice?.enterView();
      this.#patience.start(view, nowMs);
    } else if (!this.#patience.runs) this.#patience.start(view, nowMs);
  }

  #leads(view: number): boolean {
    return this.#own !== undefined && this.#rules.committee.leader(this.height, view) === this.#own.seat;
  }

  #voteBytes(view: number, id: Uint8Array, newView: Uint8Array): Uint8Array {
    const { network, committee } = this.#rules;
    return voteBytes({
      network,
      committeeHash: committee.hash,
      height: this.height,
      view,
      headerId: id,
      newView,
    });
  }

  #refuse(code: Code, facts: Facts): void {
    this.#outputs.push({ type: 'refused', code, facts: { ...facts, height: this.height } });
  }

  #flush(): PbftOutput[] {
    const outputs = this.#outputs;
    this.#outputs = [];
    return outputs;
  }
}

/**
 * The whole node as a pure state machine: `step(event, now) → effects`. No clock, disk or network; `node/` wires it to
 * real ones and `sim/` wires this same file to virtual ones. docs/spec/replica.md.
 */

import { type Certificate, checkCertificate } from '../../consensus/checkpoint/certificate.ts';
import type { Genesis } from '../../consensus/checkpoint/genesis.ts';
import { type Header, headerId } from '../../consensus/checkpoint/header.ts';
import { equalBytes, toHex } from '../../consensus/codec/bytes.ts';
import type { Code } from '../../consensus/codec/codes.ts';
import { limits } from '../../consensus/codec/limits.ts';
import { type Facts, invariant, ok, type Result, refuse } from '../../consensus/codec/result.ts';
import { chain } from '../../consensus/contracts/registry.ts';
import type { Signer } from '../../consensus/crypto/ed25519.ts';
import { zero32 } from '../../consensus/crypto/hash.ts';
import { type AncestorFacts, OpenDag } from '../../consensus/dag/open-dag.ts';
import type { VoteLogEntry } from '../../consensus/pbft/messages.ts';
import {
  type Decision,
  type DecisionProof,
  decisionProof,
  findGuilty,
  findOutside,
} from '../../consensus/pbft/offence.ts';
import type { SeatMessage } from '../../consensus/pbft/outputs.ts';
import {
  checkPayload,
  decodeVertex,
  encodeVertex,
  type Vertex,
  type VertexKind,
} from '../../consensus/vertex/vertex.ts';
import { bundle, type Certified, type PeerMessage, peerMessage } from '../../consensus/wire/messages.ts';
import type { PeerKey } from '../ports.ts';
import { Accuser } from './accuser.ts';
import { Allowance } from './allowance.ts';
import { Author, type ChainEnd, chooseTips, LAZY_HEIGHTS, witnessParents } from './author.ts';
import { CatchUp } from './catch-up.ts';
import type { Effect, Event, Reply, StepResult } from './events.ts';
import { Intake, type IntakeVerdict } from './intake.ts';
import { Ledger, type LedgerStart } from './ledger.ts';
import type { BuiltCheckpoint } from './proposal.ts';
import { Seat, type SeatHooks } from './seat.ts';
import { SeatMail } from './seat-mail.ts';
import { Silence, type SilenceReport, type SilenceStart } from './silence.ts';

export interface ReplicaStart {
  readonly genesis: Genesis;
  readonly signer: Signer;
  readonly ledger: LedgerStart;
  /** The last confirmed vertex of this node's own chain, if there is one. */
  readonly ownEnd: ChainEnd | undefined;
  /** Vertices settled by the last K checkpoints, lowest height first. */
  readonly settled: readonly {
    readonly height: number;
    readonly vertices: readonly { readonly key: string; readonly facts: AncestorFacts }[];
  }[];
  /** Encoded open vertices in the order of their arrival. */
  readonly openVertices: readonly Uint8Array[];
  readonly voteLog: readonly VoteLogEntry[];
  readonly silence: SilenceStart;
  /** Why the newest height was decided, if that is known. */
  readonly decision: DecisionProof | undefined;
  /** Seed of tip selection: policy, so that it need not be agreed on. */
  readonly seed: number;
}

/** How often a node names its tips to its peers while something is open. */
const TIPS_INTERVAL_MS = 2_000;
/** What a forged signature costs its sender, in vertices of allowance: it is checked twice, slowly `[SIG-1]`. */
const FORGERY_COST = 50;
const none: Reply = { type: 'none' };

export class Replica {
  readonly ledger: Ledger;
  readonly dag: OpenDag;
  readonly #signer: Signer;
  readonly #seat: Seat;
  readonly #author: Author;
  readonly #intake: Intake;
  readonly #catchUp: CatchUp;
  readonly #mail = new SeatMail();
  readonly #silence: Silence;
  readonly #accuser: Accuser;
  /** Why the newest height was decided, if this node saw that. */
  #decision: DecisionProof | undefined;
  readonly #peers = new Set<PeerKey>();
  /** What this node still puts up with, by peer. */
  readonly #patience = new Allowance();
  #nowMs = 0;
  #tipsAt = 0;
  /** Height when the tips were last named. */
  #toldAt = -1;
  #seed: number;
  #effects: Effect[] = [];

  constructor(start: ReplicaStart) {
    const { genesis, signer } = start;
    this.ledger = new Ledger(genesis, start.ledger);
    this.dag = new OpenDag(genesis.record.pace.settledWindow);
    this.#signer = signer;
    this.#seed = start.seed;
    const effect = (wanted: Effect) => void this.#effects.push(wanted);
    this.#silence = new Silence(this.ledger, signer.publicKey, start.silence);
    this.#accuser = new Accuser(this.ledger, effect);
    this.#decision = start.decision;
    const hooks: SeatHooks = {
      effect,
      refuse: (code, facts, peer) => this.#refuse(code, facts, peer),
      write: (...vertex) => this.#write(...vertex),
      forgot: (why) => this.#fallSilent(why),
      mayVote: (height) => this.#silence.mayVote(height) && this.#catchUp.target < height,
      isConnected: (peer) => this.#peers.has(peer),
      advance: (...checkpoint) => this.#advance(...checkpoint),
      accuse: (offence) => this.#accuser.accuse(offence, this.#nowMs),
    };
    this.#catchUp = new CatchUp(this.ledger, this.dag, effect);
    this.#seat = new Seat(signer, this.ledger, this.dag, hooks, start.voteLog);
    this.#intake = new Intake(this.ledger, this.dag, {
      effect,
      onAdded: (vertex, checkpointHeight) => {
        this.#author.follow(vertex, checkpointHeight);
        this.#seat.onAdded(vertex);
        this.#accuser.onAdded(vertex, this.#nowMs);
      },
      isAwaited: (vertexKey) => this.#catchUp.isAwaited(vertexKey),
      refuse: (code, facts, peer) => this.#refuse(code, facts, peer),
    });
    this.#author = new Author(signer, genesis.network, this.#ownChainEnd(start));
    for (const { height, vertices } of start.settled) this.dag.settle(height, vertices);
    if (start.ownEnd !== undefined) this.#recallOwn(start.ownEnd);
    for (const envelope of start.openVertices)
      this.#intake.take(envelope, { peer: undefined, as: 'needed' }, 0);
    // What was restored is stored and told already; only look-ups for it are still to be done.
    this.#effects = this.#effects.filter((wanted) => wanted.type === 'recall');
    this.#tellSilence();
  }

  /** When a `tick` is wanted, ms. */
  get wakeAt(): number {
    const retell = this.#seat.quiet ? Number.POSITIVE_INFINITY : this.#tipsAt;
    const { parking } = this.#intake;
    return Math.min(
      ...[this.#seat.wakeAt, this.#catchUp.wakeAt, parking.wakeAt, this.#accuser.wakeAt, retell],
    );
  }

  /** Number of this node's seat in the committee, if it has one. */
  get seat(): number | undefined {
    return this.#seat.number;
  }

  get view(): number {
    return this.#seat.view;
  }

  /** What this node waits for before it speaks again; absent unless it was restored. */
  get silence(): SilenceReport | undefined {
    return this.#silence.report;
  }

  /** Counts for metrics: open vertices, tips, parked, peers, and the height others have shown. */
  gauges(): {
    readonly open: number;
    readonly tips: number;
    readonly parked: number;
    readonly peers: number;
    readonly target: number;
  } {
    const tips = [...this.dag.tips()].length;
    return {
      open: this.dag.size,
      tips,
      parked: this.#intake.parking.size,
      peers: this.#peers.size,
      target: this.#catchUp.target,
    };
  }

  step(event: Event, nowMs: number): StepResult {
    this.#nowMs = nowMs;
    const reply = this.#handle(event, nowMs);
    this.#followCertified(nowMs);
    this.#endSilence();
    this.#seat.progress(nowMs);
    this.#tellOffences(nowMs);
    const effects = this.#effects;
    this.#effects = [];
    return { effects, reply };
  }

  #handle(event: Event, nowMs: number): Reply {
    switch (event.type) {
      case 'connected':
        this.#peers.add(event.peer);
        this.#greet(event.peer);
        return none;
      case 'disconnected':
        this.#peers.delete(event.peer);
        this.#catchUp.forget(event.peer);
        this.#seat.onDisconnected(nowMs);
        return none;
      case 'message':
        return this.#onMessage(event.peer, event.frame, nowMs);
      case 'gossip':
        return this.#onGossip(event.peer, event.data, nowMs);
      case 'submit':
        return this.#onSubmit(event.envelope, nowMs);
      case 'author': {
        // Before it is signed: a vertex that everybody refuses would leave a hole in the own chain.
        const checked = checkPayload(event, this.ledger.genesis.network);
        if (!checked.ok) return { type: 'refused', refusal: checked };
        const parents = chooseTips(this.dag, this.ledger.height, (below) => this.#pick(below));
        const written = this.#write(event.kind, event.payload, event.payloadHash, parents, nowMs);
        return written.ok ? { type: 'taken', vertex: written.value } : { type: 'refused', refusal: written };
      }
      case 'recalled':
        for (const { key, facts } of event.found) {
          this.dag.recall(key, facts);
          this.#intake.release(key, nowMs);
        }
        for (const envelope of event.unconfirmed)
          this.#intake.take(envelope, { peer: undefined, as: 'needed' }, nowMs);
        this.#intake.askSenders(event.absent, this.#peers);
        return none;
      case 'tick':
        this.#seat.tick(nowMs);
        this.#intake.chase(this.#peers, nowMs);
        this.#retellTips(nowMs);
        return none;
    }
  }

  /** A peer that forged signatures is not heard until it has worked that off. */
  #isTiredOf(peer: PeerKey, nowMs: number): boolean {
    const patient = this.#patience.take(peer, FORGERY_COST, nowMs);
    if (patient) this.#patience.giveBack(peer, FORGERY_COST);
    return !patient;
  }

  #onMessage(peer: PeerKey, frame: Uint8Array, nowMs: number): Reply {
    if (this.#isTiredOf(peer, nowMs)) return { type: 'verdict', verdict: 'ignore' };
    const decoded = peerMessage.decode(frame, limits.frameBytesMax);
    if (!decoded.ok) {
      this.#refuse(decoded.code, decoded.facts, peer);
      return { type: 'verdict', verdict: 'reject' };
    }
    const message = decoded.value;
    switch (message.type) {
      case 'certified':
        this.#onCertified(peer, message, nowMs);
        break;
      case 'getCheckpoint':
        if (message.height <= this.ledger.height)
          this.#effects.push({ type: 'serveCheckpoint', peer, height: message.height });
        break;
      case 'checkpoint': {
        const taken = this.#catchUp.take(message);
        if (!taken.ok) this.#refuse(taken.code, taken.facts, peer);
        else if (taken.value === 'taken') this.#seat.recognise(message.header, message.certificate);
        break;
      }
      case 'tips':
        this.#intake.fetch(message.ids, peer, nowMs);
        break;
      case 'getVertices':
        this.#effects.push({ type: 'serveVertices', peer, ids: message.ids });
        break;
      case 'vertices':
        for (const envelope of message.vertices) this.#intake.take(envelope, { peer, as: 'answer' }, nowMs);
        break;
      default:
        this.#onSeatMessage(peer, message, nowMs);
    }
    return none;
  }

  #onSeatMessage(peer: PeerKey, message: SeatMessage, nowMs: number): void {
    const height = message.type === 'proposal' ? message.header.height : message.height;
    // Certified already: the answer brings its sender up to date `[BFT-7]`.
    if (height <= this.ledger.height) return this.#send(peer, this.#newest());
    if (height > this.ledger.height + 1) {
      // Past the end of an epoch anybody may turn out to have a seat.
      const { committee, endsNext } = this.ledger;
      if (endsNext || committee.seatOf.get(peer) === message.seat)
        this.#mail.keep(peer, message, height, this.ledger.height);
      return;
    }
    // Each seat speaks for itself: nobody else takes up its room, or makes this node check signatures. But a seat may
    // tell this one what it once said.
    const { seatOf } = this.ledger.committee;
    const echo = message.seat === this.#seat.number && message.type !== 'proposal' && seatOf.has(peer);
    if (seatOf.get(peer) !== message.seat && !echo)
      return this.#refuse('E_VOTE', { reason: 'another’s seat', seat: message.seat }, peer);
    // Decided elsewhere: it is caught up with, not voted on.
    if (height > this.#catchUp.target) this.#onVoting(peer, message, height, nowMs);
  }

  /** A seat's message about the height that is being decided. */
  #onVoting(peer: PeerKey, message: SeatMessage, height: number, nowMs: number): void {
    if (message.type !== 'proposal') return this.#seat.receive(message, nowMs, peer);
    const leads = message.seat === this.ledger.committee.leader(height, message.view);
    if (leads && message.anchor.length > 0) this.#intake.take(message.anchor, { peer, as: 'needed' }, nowMs);
    this.#seat.receive(message, nowMs, peer);
    const anchor = this.#seat.awaitedAnchor;
    if (anchor !== undefined) this.#intake.fetch([anchor], peer, nowMs);
  }

  #onCertified(
    peer: PeerKey,
    { header, certificate: [certificate], speaks }: Certified,
    nowMs: number,
  ): void {
    const id = headerId(header);
    if (speaks) this.#silence.hear(peer);
    const level = header.height === this.ledger.height && equalBytes(id, this.ledger.headerId);
    // A height below the own one proves nothing and need not: the greatest counts.
    if (speaks && (level || header.height < this.ledger.height)) this.#silence.note(peer, header.height);
    if (level || certificate === undefined || this.#isOutlived(header, certificate)) return;
    const noted = this.#catchUp.note(peer, header, certificate);
    if (!noted.ok) return this.#refuse(noted.code, noted.facts, peer);
    // Of a later epoch: claimed, not shown.
    if (header.epoch > this.ledger.committee.epoch) return;
    if (speaks) this.#silence.note(peer, header.height);
    if (header.height === this.ledger.height) {
      // More than f seats are Byzantine, and nobody may go on.
      this.#accuseFork({ header, certificate, proof: undefined }, nowMs);
      const facts = { height: header.height, own: toHex(this.ledger.headerId), other: toHex(id) };
      this.#effects.push({ type: 'halt', reason: 'two certified headers at one height', facts });
      return;
    }
    const built = this.#seat.built(toHex(id));
    if (built === undefined) return;
    // Not every certificate of a header was checked, but the one that is kept must be good.
    const { committee, genesis } = this.ledger;
    const checked = checkCertificate(header, certificate, committee, genesis.network);
    if (checked.ok) this.#advance(built, certificate, nowMs);
    else this.#refuse(checked.code, checked.facts, peer);
  }

  /** q seats of a former committee certified a height after its end: each of them is convicted by that `[BFT-2]`. */
  #isOutlived(header: Header, certificate: Certificate): boolean {
    const { committee, genesis, height } = this.ledger;
    const former = header.height > height ? this.ledger.committeeOf(header.committeeHash) : undefined;
    if (former === undefined || former.epoch >= committee.epoch) return false;
    if (!checkCertificate(header, certificate, former, genesis.network).ok) return false;
    for (const offence of findOutside(header, certificate, former))
      this.#accuser.accuse(offence, this.#nowMs);
    return true;
  }

  /** Another certified header at the newest height: whoever can be named is, before this node stops (R050). */
  #accuseFork(other: Decision, nowMs: number): void {
    const { header, certificate, newestCommittee: committee, genesis } = this.ledger;
    invariant(certificate !== undefined, 'height 0 has no other header');
    const own = { header, certificate, proof: this.#decision };
    for (const offence of findGuilty(own, other, { network: genesis.network, committee }))
      this.#accuser.accuse(offence, nowMs);
    this.#tellOffences(nowMs);
  }

  #tellOffences(nowMs: number): void {
    const write = (payload: Uint8Array, payloadHash: Uint8Array): Result<Vertex> => {
      const parents = chooseTips(this.dag, this.ledger.height, (below) => this.#pick(below));
      return this.#write('evidence', payload, payloadHash, parents, nowMs);
    };
    this.#accuser.progress(write, nowMs);
  }

  #onGossip(peer: PeerKey, data: Uint8Array, nowMs: number): Reply {
    if (this.#isTiredOf(peer, nowMs)) return { type: 'verdict', verdict: 'ignore' };
    const decoded = bundle.decode(data, limits.frameBytesMax);
    if (!decoded.ok) {
      this.#refuse(decoded.code, decoded.facts, peer);
      return { type: 'verdict', verdict: 'reject' };
    }
    const verdicts = decoded.value.vertices.map((envelope) => this.#takeRelayed(envelope, peer, nowMs).kind);
    if (verdicts.includes('invalid')) return { type: 'verdict', verdict: 'reject' };
    // Nothing is relayed before it is solid; what is parked now is fetched by whoever needs it.
    const relay = verdicts.every((kind) => kind === 'added' || kind === 'known');
    return { type: 'verdict', verdict: relay ? 'accept' : 'ignore' };
  }

  #takeRelayed(envelope: Uint8Array, peer: PeerKey, nowMs: number): IntakeVerdict {
    const verdict = this.#intake.take(envelope, { peer, as: 'relayed' }, nowMs);
    if (verdict.kind === 'ignored') this.#refuse(verdict.refusal.code, verdict.refusal.facts, peer);
    return verdict;
  }

  #onSubmit(envelope: Uint8Array, nowMs: number): Reply {
    const verdict = this.#intake.take(envelope, { peer: undefined, as: 'relayed' }, nowMs);
    if (verdict.kind === 'added') {
      // The client may forget what was taken here, so it must survive a kill.
      this.#effects.push({ type: 'sync' }, { type: 'gossip', vertices: [verdict.vertex] });
      return { type: 'taken', vertex: verdict.vertex };
    }
    if ('refusal' in verdict) return { type: 'refused', refusal: verdict.refusal };
    // It may have come another way, and not be durable yet.
    if (verdict.kind !== 'parked') this.#effects.push({ type: 'sync' });
    return verdict.kind === 'parked' ? { type: 'refused', refusal: refuse('E_PARKED') } : none;
  }

  /** Follows what others certified, one checkpoint after the other. */
  #followCertified(nowMs: number): void {
    this.#catchUp.ask(nowMs);
    const result = this.#catchUp.tryExecute();
    if (result.kind === 'built') this.#advance(result.built, result.certificate, nowMs);
    else if (result.kind === 'diverged') {
      this.#effects.push({
        type: 'halt',
        reason: 'own execution disagrees with a certified checkpoint',
        facts: result.facts,
      });
    }
  }

  /** A checkpoint is certified and executed: store it, settle it, tell everybody, open the next height. */
  #advance(
    { header, vertices, execution }: BuiltCheckpoint,
    certificate: Certificate,
    nowMs: number,
    proof?: DecisionProof,
  ): void {
    if (header.height !== this.ledger.height + 1) return;
    this.#decision = proof;
    const historyNodes = this.ledger.advance(header, certificate, execution);
    this.dag.settle(
      header.height,
      vertices.map((vertex) => this.#factsOf(vertex)),
    );
    const { outcomes } = execution;
    // The first checkpoint brings the genesis objects to the store along with its own changes.
    const changes = header.height === 1 ? this.ledger.state.all() : execution.changes;
    const checkpoint = {
      header,
      certificate,
      outcomes,
      vertices: vertices.map((vertex) => vertex.key),
      changes,
      historyNodes,
      decision: proof && decisionProof.encode(proof),
    };
    this.#effects.push({ type: 'store', write: { type: 'checkpoint', checkpoint } }, { type: 'sync' });
    this.#buryDead();
    this.#effects.push({ type: 'broadcast', to: 'peers', message: this.#newest() });
    this.#effects.push({
      type: 'notice',
      notice: { type: 'checkpoint', header, certificate, outcomes, vertices },
    });

    this.#catchUp.advanced();
    this.#seat.onAdvanced();
    this.#intake.release(toHex(this.ledger.headerId), nowMs);
    for (const { peer, message } of this.#mail.take(this.ledger.height + 1))
      this.#onSeatMessage(peer, message, nowMs);
    this.#followCertified(nowMs);
  }

  /** Tells a seat that comes (back) what it said about this height, in case it has lost its log `[BFT-1]`. */
  #echo(peer: PeerKey): void {
    const seat = this.ledger.committee.seatOf.get(peer);
    if (seat === undefined || this.#seat.number === undefined) return;
    for (const message of this.#seat.saidBy(seat)) this.#send(peer, message);
  }

  #fallSilent(why: string): void {
    // Of heights below the one from which it votes, a silent seat is shown what it does not know.
    if (this.#silence.report !== undefined) return;
    this.#silence.begin(why);
    this.#seat.fallSilent();
    this.#effects.push({ type: 'store', write: { type: 'votesFrom', height: undefined } }, { type: 'sync' });
    this.#tellSilence();
  }

  #tellSilence(): void {
    const silent = this.#silence.report;
    if (silent !== undefined)
      this.#effects.push({ type: 'notice', notice: { type: 'silent', why: silent.why } });
  }

  #endSilence(): void {
    const { votesFrom, over } = this.#silence.progress();
    if (votesFrom !== undefined)
      this.#effects.push(
        { type: 'store', write: { type: 'votesFrom', height: votesFrom } },
        { type: 'sync' },
      );
    if (!over) return;
    this.#effects.push({ type: 'notice', notice: { type: 'speaking' } });
    this.#effects.push({ type: 'broadcast', to: 'peers', message: this.#newest() });
  }

  #factsOf({ key }: Vertex): { readonly key: string; readonly facts: AncestorFacts } {
    const { authorKey, sequence, time, checkpointHeight } = this.dag.get(key)!;
    return { key, facts: { authorKey, sequence, time, checkpointHeight } };
  }

  /** Drops open vertices that can never be confirmed: branches that lost, beyond the window `[VTX-2]`. */
  #buryDead(): void {
    const horizon = this.ledger.height - this.ledger.genesis.record.pace.settledWindow;
    if (horizon <= 0) return;
    const dead: string[] = [];
    for (const { vertex, checkpointHeight, sequence } of this.dag.nodes()) {
      if (checkpointHeight >= horizon) continue;
      const top = this.ledger.state.get(chain, vertex.author)?.topSequence ?? 0;
      if (sequence <= top) dead.push(vertex.key);
    }
    for (const key of dead) this.dag.drop(key);
    if (dead.length > 0) this.#effects.push({ type: 'store', write: { type: 'bury', keys: dead } });
  }

  /** Signs the next vertex of the own chain, takes it in, stores it durably and gossips it. */
  #write(
    kind: VertexKind,
    payload: Uint8Array,
    payloadHash: Uint8Array,
    parents: readonly Uint8Array[],
    nowMs: number,
  ): Result<Vertex> {
    const silent = this.#silence.report;
    if (silent !== undefined) return refuse('E_SILENT', { why: silent.why });
    // Far behind, the own chain may go on in what is still to come; and nobody builds on such a vertex.
    const { target } = this.#catchUp;
    if (target > this.ledger.height + LAZY_HEIGHTS)
      return refuse('E_STALE', { height: this.ledger.height, certified: target });
    if (!this.#standsOnOwnEnd()) return refuse('E_PARKED', { reason: 'the own chain is not whole yet' });
    const vertex = this.#author.write(kind, payload, payloadHash, parents, this.ledger.headerId, nowMs);
    const verdict = this.#intake.take(encodeVertex(vertex), { peer: undefined, as: 'needed' }, nowMs);
    if ('refusal' in verdict) return verdict.refusal;
    // Taking it in stored it. A vertex seen by others and then forgotten here would fork the own chain.
    invariant(verdict.kind === 'added', 'all that an own vertex stands on is here');
    this.#effects.push({ type: 'sync' }, { type: 'gossip', vertices: [vertex] });
    return ok(vertex);
  }

  /** The end of the own chain is here; or it was confirmed so long ago that it left the window, and is recalled. */
  #standsOnOwnEnd(): boolean {
    const { end } = this.#author;
    if (end.sequence === 0 || this.dag.knows(toHex(end.id))) return true;
    const confirmed = this.ledger.state.get(chain, this.#signer.publicKey);
    // After a restart an open one may still wait for its ancestors; recalled, it would be missing in past cones.
    if (confirmed === undefined || !equalBytes(confirmed.lastId, end.id)) return false;
    this.#recallOwn(end);
    return true;
  }

  #recallOwn({ id, sequence, time, checkpointHeight }: ChainEnd): void {
    this.dag.recall(toHex(id), {
      authorKey: toHex(this.#signer.publicKey),
      sequence,
      time,
      checkpointHeight,
    });
  }

  /** Where the own chain goes on: after the last confirmed vertex, or the last open one, be it solid already or not. */
  #ownChainEnd({ ownEnd, openVertices }: ReplicaStart): ChainEnd {
    let end = ownEnd ?? { sequence: 0, id: zero32, time: this.ledger.header.time, checkpointHeight: 0 };
    for (const envelope of openVertices) {
      const decoded = decodeVertex(envelope);
      if (
        !decoded.ok ||
        decoded.value.sequence <= end.sequence ||
        !equalBytes(decoded.value.author, this.#signer.publicKey)
      )
        continue;
      const { id, sequence, time, checkpoint } = decoded.value;
      end = {
        id,
        sequence,
        time,
        checkpointHeight: this.ledger.heightOf(toHex(checkpoint)) ?? this.ledger.height,
      };
    }
    return end;
  }

  #newest(): PeerMessage {
    const { header, certificate } = this.ledger;
    const speaks = this.#silence.report === undefined;
    return { type: 'certified', header, certificate: certificate === undefined ? [] : [certificate], speaks };
  }

  #tips(): PeerMessage {
    return { type: 'tips', ids: witnessParents(this.dag).ids };
  }

  /**
   * Gossip may lose what only this node holds; while something is open, its tips are named again and again. When no
   * checkpoint came meanwhile, perhaps because a seat still waits for a greeting that a link lost, peers are greeted anew.
   */
  #retellTips(nowMs: number): void {
    if (nowMs < this.#tipsAt) return;
    this.#tipsAt = nowMs + TIPS_INTERVAL_MS;
    const stuck = this.#toldAt === this.ledger.height;
    this.#toldAt = this.ledger.height;
    if (this.#seat.quiet) return;
    if (stuck) for (const peer of this.#peers) this.#greet(peer);
    else this.#effects.push({ type: 'broadcast', to: 'peers', message: this.#tips() });
  }

  #greet(peer: PeerKey): void {
    // The echo first: whoever has heard this node's newest header has heard all that it knows of that seat.
    this.#echo(peer);
    this.#send(peer, this.#newest());
    this.#send(peer, this.#tips());
  }

  #send(peer: PeerKey, message: PeerMessage): void {
    this.#effects.push({ type: 'send', peer, message });
  }

  #refuse(code: Code, facts: Facts, peer?: PeerKey): void {
    if (peer !== undefined && (code === 'E_SIG' || code === 'E_CERTIFICATE'))
      this.#patience.take(peer, FORGERY_COST, this.#nowMs);
    const notice = { type: 'refused', code, facts } as const;
    this.#effects.push({ type: 'notice', notice: peer === undefined ? notice : { ...notice, peer } });
  }

  /** A small linear congruential generator: tip choice wants spread, not secrecy. */
  #pick(below: number): number {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#seed / 2 ** 32) * below);
  }
}

/**
 * The whole node as a pure state machine: `step(event, now) → effects`. No clock, disk or network; `node/` wires it to
 * real ones and `sim/` wires this same file to virtual ones. docs/spec/replica.md.
 */

import type { Certificate } from '../../consensus/checkpoint/certificate.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import type { Code } from '../../consensus/codec/codes.ts';
import { limits } from '../../consensus/codec/limits.ts';
import { type Facts, refuse } from '../../consensus/codec/result.ts';
import { OpenDag } from '../../consensus/dag/open-dag.ts';
import type { DecisionProof } from '../../consensus/pbft/offence.ts';
import { checkPayload } from '../../consensus/vertex/vertex.ts';
import { bundle, peerMessage } from '../../consensus/wire/messages.ts';
import type { PeerKey } from '../ports.ts';
import { Accuser } from './accuser.ts';
import { Allowance } from './allowance.ts';
import { BatchDoor } from './batch-door.ts';
import { BatchSeeker } from './batch-seeker.ts';
import { CatchUp } from './catch-up.ts';
import { DecisionWindow } from './decision-window.ts';
import { Disclosure } from './disclosure.ts';
import type { Effect, Event, Reply, StepResult } from './events.ts';
import { Gathering } from './gathering.ts';
import { Greetings } from './greetings.ts';
import { HeaderSeeker } from './header-seeker.ts';
import { Intake, type IntakeHooks } from './intake.ts';
import { Ledger } from './ledger.ts';
import { Mailbox } from './mailbox.ts';
import { OwnChain } from './own-chain.ts';
import { citing } from './parking.ts';
import type { BuiltCheckpoint } from './proposal.ts';
import { Relay } from './relay.ts';
import { Requests, verticesAskedFor } from './requests.ts';
import { Seat, type SeatHooks } from './seat.ts';
import { SeatTalk } from './seat-talk.ts';
import { Serving } from './serving.ts';
import { deadIn, factsOf, recordOf } from './settlement.ts';
import { Silence, type SilenceReport } from './silence.ts';
import type { ReplicaStart } from './start.ts';

export interface ReplicaOptions {
  /** Vertices a second that an author is allowed `[ADM-2]`; twice as many may come at once. */
  readonly authorPerS?: number;
  /** Whose batches of readings are taken beside those of the own party `[STO-3]`; everybody's where it is left out. */
  readonly batchesOf?: readonly Uint8Array[];
}

/** What a forged signature costs its sender, in vertices of allowance: it is checked twice, slowly `[SIG-1]`. */
const FORGERY_COST = 50;
const none: Reply = { type: 'none' };

export class Replica {
  readonly ledger: Ledger;
  readonly dag: OpenDag;
  /** Calls whose signatures are gathered. */
  readonly gathering: Gathering;
  /** Messages between banks. */
  readonly mailbox: Mailbox;
  /** Who may be told which readings. */
  readonly disclosure: Disclosure;
  /** Its store has every checkpoint. */
  readonly isWhole: boolean;
  /** Of this node's own key, 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly #seat: Seat;
  readonly #chain: OwnChain;
  readonly #intake: Intake;
  readonly #catchUp: CatchUp;
  readonly #talk: SeatTalk;
  readonly #silence: Silence;
  readonly #accuser: Accuser;
  /** Why the newest height was decided, if this node saw that. */
  #decision: DecisionProof | undefined;
  readonly #decisions: DecisionWindow;
  readonly #greetings: Greetings;
  readonly #relay: Relay;
  readonly #batches: BatchSeeker;
  readonly #door: BatchDoor;
  /** What this node still puts up with, by peer. */
  readonly #patience = new Allowance();
  readonly #requests = new Requests();
  readonly #serving: Serving;
  /** Absent where the store has every header. */
  readonly #headers: HeaderSeeker | undefined;
  #nowMs = 0;
  #effects: Effect[] = [];

  constructor(start: ReplicaStart, options: ReplicaOptions = {}) {
    const { genesis, signer } = start;
    this.publicKey = signer.publicKey;
    this.isWhole = start.isWhole;
    this.ledger = new Ledger(genesis, start.ledger);
    this.dag = new OpenDag(genesis.record.pace.settledWindow, start.salt);
    const effect = (wanted: Effect): void => {
      if (wanted.type === 'send') this.#requests.note(wanted.peer, verticesAskedFor(wanted.message));
      this.#effects.push(wanted);
    };
    this.#silence = new Silence(this.ledger, signer.publicKey, start.silence);
    this.#accuser = new Accuser(this.ledger, effect);
    this.#decision = start.decision;
    this.#decisions = new DecisionWindow(genesis.record.pace, this.ledger.header, start.decisionMarks);
    const hooks: SeatHooks = {
      effect,
      refuse: (code, facts, peer) => this.#refuse(code, facts, peer),
      write: (...vertex) => this.#chain.write(...vertex),
      forgot: (why) => this.#fallSilent(why),
      mayVote: (height) => this.#silence.mayVote(height) && this.#catchUp.target < height,
      isConnected: (peer) => this.#greetings.peers.has(peer),
      advance: (...checkpoint) => this.#advance(...checkpoint),
      accuse: (offence) => this.#accuser.accuse(offence, this.#nowMs),
    };
    this.#catchUp = new CatchUp(this.ledger, this.dag, effect);
    this.#seat = new Seat(signer, this.ledger, this.dag, hooks, start.voteLog);
    this.#greetings = new Greetings(this.ledger, this.dag, this.#seat, this.#silence, effect);
    this.#relay = new Relay(this.#greetings.peers);
    this.disclosure = new Disclosure(this.ledger, signer.publicKey);
    this.#door = new BatchDoor(this.ledger, signer.publicKey, options.batchesOf);
    this.#batches = new BatchSeeker(this.disclosure, {
      effect,
      take: (envelope, peer, nowMs) =>
        this.#intake.take(envelope, { peer, as: 'answer' }, nowMs).kind === 'known',
      takes: (gateway) => this.#door.refusal(gateway, 1) === undefined,
      peers: this.#greetings.peers,
    });
    const intakeHooks: IntakeHooks = {
      effect,
      onAdded: (vertex, checkpointHeight) => {
        this.#chain.follow(vertex, checkpointHeight);
        this.#seat.onAdded(vertex);
        this.#accuser.onAdded(vertex, this.#nowMs);
        this.#batches.onAdded(vertex, this.#nowMs);
      },
      isAwaited: (vertexKey) => this.#catchUp.isAwaited(vertexKey),
      refuse: (...refusal) => this.#refuse(...refusal),
      door: this.#door,
    };
    this.#intake = new Intake(this.ledger, this.dag, intakeHooks, options.authorPerS);
    const { parking } = this.#intake;
    if (!start.isWhole)
      this.#headers = new HeaderSeeker({
        ...{ ledger: this.ledger, peers: this.#greetings.peers, effect },
        isAwaited: (idKey) => parking.isAwaited(citing(idKey)),
      });
    this.#chain = new OwnChain(start, this.ledger, this.dag, {
      effect,
      take: (envelope, nowMs) => this.#intake.take(envelope, { peer: undefined, as: 'needed' }, nowMs),
      silentWhy: () => this.#silence.report?.why,
      target: () => this.#catchUp.target,
    });
    this.gathering = new Gathering(
      signer,
      this.ledger,
      {
        effect,
        refuse: (code, facts, peer) => this.#refuse(code, facts, peer),
        say: (payload, payloadHash, nowMs) => this.#chain.say('transaction', payload, payloadHash, nowMs),
        peers: this.#greetings.peers,
      },
      start.pendingCalls,
    );
    this.mailbox = new Mailbox(
      signer.publicKey,
      this.ledger,
      {
        effect,
        refuse: (...refusal) => this.#refuse(...refusal),
        peers: this.#greetings.peers,
      },
      start.messages,
    );
    this.#serving = new Serving(this.ledger, this.mailbox, effect);
    this.#talk = new SeatTalk({
      ...{ ledger: this.ledger, seat: this.#seat, silence: this.#silence, accuser: this.#accuser },
      ...{ catchUp: this.#catchUp, greetings: this.#greetings, intake: this.#intake, effect },
      refuse: (...refusal) => this.#refuse(...refusal),
      decision: () => this.#decision,
      advance: (...checkpoint) => this.#advance(...checkpoint),
      tellOffences: (nowMs) => this.#tellOffences(nowMs),
    });
    for (const { height, vertices } of start.settled) this.dag.settle(height, vertices);
    for (const envelope of start.openVertices)
      this.#intake.take(envelope, { peer: undefined, as: 'needed' }, 0);
    // What was restored is stored and told already; only look-ups for it are still to be done.
    this.#effects = this.#effects.filter(({ type }) => type === 'recall' || type === 'recallHeader');
    this.#tellSilence();
  }

  /** When a `tick` is wanted, ms. */
  get wakeAt(): number {
    const { parking } = this.#intake;
    const own = [this.#seat, this.#catchUp, parking, this.#accuser, this.#greetings];
    const waiting = [...own, this.gathering, this.mailbox, this.#batches];
    return Math.min(
      ...waiting.map(({ wakeAt }) => wakeAt),
      this.#headers?.wakeAt ?? Number.POSITIVE_INFINITY,
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
      peers: this.#greetings.peers.size,
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
    this.#batches.progress(nowMs);
    this.mailbox.progress(nowMs);
    const effects = this.#effects;
    this.#effects = [];
    return { effects, reply };
  }

  #handle(event: Event, nowMs: number): Reply {
    switch (event.type) {
      case 'connected':
        this.#greetings.peers.add(event.peer);
        this.#greetings.greet(event.peer);
        this.#tellLinks();
        this.gathering.onConnected(nowMs);
        this.mailbox.onConnected(event.peer, nowMs);
        return none;
      case 'disconnected':
        this.#greetings.peers.delete(event.peer);
        this.#relay.forget(event.peer);
        this.#requests.forget(event.peer);
        this.#tellLinks();
        this.#catchUp.forget(event.peer);
        this.gathering.onDisconnected(event.peer);
        this.#seat.onDisconnected(nowMs);
        return none;
      case 'message':
        return this.#onMessage(event.peer, event.frame, nowMs);
      case 'gossip':
        return this.#onGossip(event.peer, event.data, nowMs);
      case 'submit':
        return this.#onSubmit([event.envelope], event.client, nowMs)[0]!;
      case 'submitMany':
        return { type: 'each', replies: this.#onSubmit(event.envelopes, event.client, nowMs) };
      case 'author': {
        // Before it is signed: a vertex that everybody refuses would leave a hole in the own chain.
        const checked = checkPayload(event, this.ledger.genesis.network);
        if (!checked.ok) return { type: 'refused', refusal: checked };
        const written = this.#chain.say(event.kind, event.payload, event.payloadHash, nowMs);
        return written.ok ? { type: 'taken', vertex: written.value } : { type: 'refused', refusal: written };
      }
      case 'pending':
        return this.gathering.act(event.act, nowMs);
      case 'mailbox':
        return this.mailbox.act(event.act, nowMs);
      case 'recalled':
        for (const { key, facts } of event.found) {
          this.dag.recall(key, facts);
          this.#intake.release(key, nowMs);
        }
        for (const envelope of event.unconfirmed)
          this.#intake.take(envelope, { peer: undefined, as: 'needed' }, nowMs);
        this.#intake.seeker.askSenders(event.absent, this.#greetings.peers, nowMs);
        return none;
      case 'recalledHeader':
        if (event.height === undefined) this.#headers?.seek(event.id, nowMs);
        else this.#recallHeader(event.id, event.height, nowMs);
        return none;
      case 'room':
        this.#door.setRoom(event.batchBytes);
        return none;
      case 'tick':
        this.#seat.tick(nowMs);
        this.#headers?.tick(nowMs);
        this.#intake.seeker.chase(this.#greetings.peers, nowMs);
        this.#greetings.retell(nowMs);
        this.gathering.look(nowMs);
        return none;
    }
  }

  /** A peer, or a light client, that forged signatures is not heard until it has worked that off. */
  #isTiredOf(peer: PeerKey, nowMs: number): boolean {
    return this.#patience.left(peer, nowMs) < FORGERY_COST;
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
        this.#talk.onCertified(peer, message, nowMs);
        break;
      case 'checkpoint': {
        const taken = this.#catchUp.take(message);
        if (!taken.ok) this.#refuse(taken.code, taken.facts, peer);
        else if (taken.value === 'taken') this.#seat.recognise(message.header, message.certificate);
        break;
      }
      case 'tips':
        this.#intake.seeker.fetch(message.ids, peer, nowMs);
        break;
      case 'getCheckpoint':
      case 'getVertices':
      case 'getChain':
      case 'getBatches':
      case 'getChanges':
      case 'getPeaks':
      case 'getHeader':
      case 'getSnapshot':
      case 'getState':
      case 'getSealed':
        this.#serving.onAsked(peer, message, nowMs);
        break;
      case 'provedHeader': {
        const proved = this.#headers?.take(message);
        if (proved === undefined) break;
        if (!proved.ok) this.#refuse(proved.code, proved.facts, peer);
        else if (proved.value !== undefined) this.#learnHeader(proved.value, nowMs);
        break;
      }
      case 'changes':
      case 'snapshot':
      case 'state':
      case 'peaks':
        // Answers to somebody who joins: this node has.
        break;
      case 'batches':
        this.#batches.onAnswer(peer, message, nowMs);
        break;
      case 'sealed':
        this.mailbox.onAnswer(peer, message, nowMs);
        break;
      case 'vertices':
        this.#onVertices(peer, message.vertices, nowMs);
        break;
      case 'links':
        this.#relay.note(peer, message.peers);
        break;
      case 'callOffer':
      case 'callNews':
        this.gathering.onMessage(peer, message, nowMs);
        break;
      default:
        this.#talk.onMessage(peer, message, nowMs);
    }
    return none;
  }

  #tellOffences(nowMs: number): void {
    this.#accuser.progress((payload, hash) => this.#chain.say('evidence', payload, hash, nowMs), nowMs);
  }

  #onGossip(peer: PeerKey, data: Uint8Array, nowMs: number): Reply {
    if (this.#isTiredOf(peer, nowMs)) return { type: 'verdict', verdict: 'ignore' };
    // What is kept of it is stored before long.
    const decoded = bundle.decodeShared(data, limits.frameBytesMax);
    if (!decoded.ok) {
      this.#refuse(decoded.code, decoded.facts, peer);
      return { type: 'verdict', verdict: 'reject' };
    }
    const verdicts = this.#intake.takeAll(decoded.value.vertices, { peer, as: 'relayed' }, nowMs);
    for (const verdict of verdicts)
      if (verdict.kind === 'ignored') this.#refuse(verdict.refusal.code, verdict.refusal.facts, peer);
    if (verdicts.some(({ kind }) => kind === 'invalid')) return { type: 'verdict', verdict: 'reject' };
    // Nothing is relayed before it is solid; what is parked now is fetched by whoever needs it.
    const isSolid = verdicts.every(({ kind }) => kind === 'added' || kind === 'known');
    const passOn = isSolid && this.#relay.isNeeded(peer, decoded.value.publisher);
    return { type: 'verdict', verdict: passOn ? 'accept' : 'ignore' };
  }

  #recallHeader(id: Uint8Array, height: number, nowMs: number): void {
    this.ledger.recallHeight(toHex(id), height);
    this.#intake.releaseCiting(toHex(id), nowMs);
  }

  /** Stored, or a restart could not tell on what a confirmed vertex stands. */
  #learnHeader({ id, height }: { readonly id: Uint8Array; readonly height: number }, nowMs: number): void {
    this.#effects.push({ type: 'store', write: { type: 'header', id: toHex(id), height } });
    this.#recallHeader(id, height, nowMs);
  }

  /** More than was asked for counts as relayed. */
  #onVertices(peer: PeerKey, vertices: readonly Uint8Array[], nowMs: number): void {
    const answers = this.#requests.settle(peer, vertices.length);
    this.#intake.takeAll(vertices.slice(0, answers), { peer, as: 'answer' }, nowMs);
    this.#intake.takeAll(vertices.slice(answers), { peer, as: 'relayed' }, nowMs);
  }

  #onSubmit(envelopes: readonly Uint8Array[], client: PeerKey | undefined, nowMs: number): Reply[] {
    if (client !== undefined && this.#isTiredOf(client, nowMs)) {
      const refusal = refuse('E_ALLOWANCE', { reason: 'it forged signatures', client });
      return envelopes.map(() => ({ type: 'refused', refusal }));
    }
    const verdicts = this.#intake.takeAll(envelopes, { peer: undefined, client, as: 'relayed' }, nowMs);
    const added = verdicts.flatMap((verdict) => (verdict.kind === 'added' ? [verdict.vertex] : []));
    // The client may forget what was taken here, so it must survive a kill; and so must what was known: it may have come
    // another way, and not be durable yet.
    if (verdicts.some((verdict) => !('refusal' in verdict) && verdict.kind !== 'parked'))
      this.#effects.push({ type: 'sync' });
    if (added.length > 0) this.#effects.push({ type: 'gossip', vertices: added });
    return verdicts.map((verdict) => {
      if (verdict.kind === 'added') return { type: 'taken', vertex: verdict.vertex };
      if ('refusal' in verdict) return { type: 'refused', refusal: verdict.refusal };
      return verdict.kind === 'parked' ? { type: 'refused', refusal: refuse('E_PARKED') } : none;
    });
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
  #advance(built: BuiltCheckpoint, certificate: Certificate, nowMs: number, proof?: DecisionProof): void {
    const { header, vertices, execution } = built;
    if (header.height !== this.ledger.height + 1) return;
    this.#decision = proof;
    const historyNodes = this.ledger.advance(header, certificate, execution);
    this.dag.settle(header.height, factsOf(vertices, this.dag));
    const { outcomes } = execution;
    const droppedDecisions = this.#decisions.advance(header);
    const rest = { historyNodes, proof, droppedDecisions };
    const checkpoint = recordOf(built, certificate, this.ledger, rest);
    this.#effects.push({ type: 'store', write: { type: 'checkpoint', checkpoint } }, { type: 'sync' });
    this.#buryDead();
    this.#greetings.announce();
    this.#effects.push({
      type: 'notice',
      notice: { type: 'checkpoint', header, certificate, outcomes, vertices },
    });

    this.#serving.advanced(nowMs);
    this.disclosure.advanced(checkpoint.changes);
    this.mailbox.onAdvanced(checkpoint.changes, nowMs);
    this.gathering.onAdvanced(execution.changes, vertices, outcomes, nowMs);
    this.#catchUp.advanced();
    this.#seat.onAdvanced(nowMs);
    this.#intake.releaseCiting(toHex(this.ledger.headerId), nowMs);
    this.#talk.advanced(nowMs);
    this.#followCertified(nowMs);
  }

  #fallSilent(why: string): void {
    // Of heights below the one from which it votes, a silent seat is shown what it does not know.
    if (this.#silence.report !== undefined) return;
    this.#silence.begin(why);
    this.#seat.fallSilent();
    this.#effects.push({ type: 'store', write: { type: 'votesFrom', height: undefined } }, { type: 'sync' });
    this.#tellSilence();
  }

  #tellLinks(): void {
    this.#effects.push({ type: 'broadcast', to: 'peers', message: this.#relay.links });
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
    this.#greetings.announce();
  }

  #buryDead(): void {
    const dead = deadIn(this.dag, this.ledger);
    for (const key of dead) this.dag.drop(key);
    if (dead.length > 0) this.#effects.push({ type: 'store', write: { type: 'bury', keys: dead } });
  }

  #refuse(code: Code, facts: Facts, peer?: PeerKey, isForged = false): void {
    if (peer !== undefined && (isForged || code === 'E_SIG' || code === 'E_CERTIFICATE'))
      this.#patience.charge(peer, FORGERY_COST, this.#nowMs);
    const notice = { type: 'refused', code, facts } as const;
    this.#effects.push({ type: 'notice', notice: peer === undefined ? notice : { ...notice, peer } });
  }
}

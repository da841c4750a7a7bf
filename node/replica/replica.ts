/**
 * The whole node as a pure state machine: `step(event, now) → effects`. No clock, disk or network; `node/` wires it to
 * real ones and `sim/` wires this same file to virtual ones. docs/spec/replica.md.
 */

import { equalBytes, toHex } from '../../consensus/codec/bytes.ts';
import { limits } from '../../consensus/codec/limits.ts';
import { invariant, refuse } from '../../consensus/codec/result.ts';
import type { Certificate } from '../../consensus/checkpoint/certificate.ts';
import { type Header, headerId } from '../../consensus/checkpoint/header.ts';
import { chain } from '../../consensus/contracts/registry.ts';
import type { Signer } from '../../consensus/crypto/ed25519.ts';
import { zero32 } from '../../consensus/crypto/hash.ts';
import { OpenDag } from '../../consensus/dag/open-dag.ts';
import { PbftHeight, type PbftOutput, type SeatMessage } from '../../consensus/pbft/height.ts';
import { type VoteLogEntry, voteLogEntry } from '../../consensus/pbft/messages.ts';
import { encodeVertex, type Vertex, withoutPayload } from '../../consensus/vertex/vertex.ts';
import { bundle, type PeerMessage, peerMessage } from '../../consensus/wire/messages.ts';
import type { PeerKey } from '../ports.ts';
import { Author, type ChainEnd, chooseTips, trialWitness, witnessParents } from './author.ts';
import { CatchUp } from './catch-up.ts';
import type { Effect, Event, Reply, StepResult } from './events.ts';
import { Intake, type IntakeVerdict } from './intake.ts';
import { Ledger, type LedgerStart } from './ledger.ts';
import { type BuiltCheckpoint, buildCheckpoint, checkProposal, confirmedBy } from './proposal.ts';
import { SeatMail } from './seat-mail.ts';
import type { Genesis } from '../../consensus/checkpoint/genesis.ts';
import type { AncestorFacts } from '../../consensus/dag/open-dag.ts';

export interface ReplicaStart {
  readonly genesis: Genesis;
  readonly signer: Signer;
  readonly ledger: LedgerStart;
  /** Vertices settled by the last K checkpoints, lowest height first. */
  readonly settled: readonly { readonly height: number; readonly vertices: readonly { readonly key: string; readonly facts: AncestorFacts }[] }[];
  /** Encoded open vertices in the order of their arrival. */
  readonly openVertices: readonly Uint8Array[];
  readonly voteLog: readonly VoteLogEntry[];
  /** Seed of tip selection: policy, so that it need not be agreed on. */
  readonly seed: number;
}

/** How often a node names its tips to its peers while something is open. */
const TIPS_INTERVAL_MS = 2_000;

interface PendingCheck {
  readonly header: Header;
  readonly id: Uint8Array;
  readonly prepared: boolean;
  readonly view: number;
}

export class Replica {
  readonly ledger: Ledger;
  readonly dag: OpenDag;
  readonly #signer: Signer;
  readonly #seat: number | undefined;
  readonly #author: Author;
  readonly #intake: Intake;
  readonly #catchUp: CatchUp;
  readonly #mail = new SeatMail();
  readonly #peers = new Set<PeerKey>();
  #pbft: PbftHeight;
  /** Checkpoints executed here at the height being decided, by header id. */
  readonly #built = new Map<string, BuiltCheckpoint>();
  #pendingCheck: PendingCheck | undefined;
  /** An open vertex that is no witness has come since the own last witness. */
  #uncovered = false;
  #lastWitness: Vertex | undefined;
  /** The DAG has grown since the last look for something to propose. */
  #grown = true;
  #tipsAt = 0;
  #seed: number;
  #effects: Effect[] = [];

  constructor(start: ReplicaStart) {
    const { genesis, signer } = start;
    this.ledger = new Ledger(genesis, start.ledger);
    this.dag = new OpenDag(genesis.record.pace.settledWindow);
    this.#signer = signer;
    this.#seed = start.seed;
    this.#seat = genesis.committee.seatOf.get(toHex(signer.publicKey));
    const effect = (wanted: Effect) => this.#effects.push(wanted);
    this.#catchUp = new CatchUp(this.ledger, this.dag, effect);
    this.#intake = new Intake(this.ledger, this.dag, {
      effect,
      onAdded: (vertex) => this.#onAdded(vertex),
      isAwaited: (vertexKey) => this.#catchUp.isAwaited(vertexKey),
    });
    for (const { height, vertices } of start.settled) this.dag.settle(height, vertices);
    for (const envelope of start.openVertices) this.#intake.take(envelope, { peer: undefined, as: 'needed' }, 0);
    this.#author = new Author(signer, genesis.network, this.#ownChainEnd());
    this.#pbft = this.#openHeight(start.voteLog);
    // What was restored is stored and told already; only look-ups for it are still to be done.
    this.#effects = this.#effects.filter((wanted) => wanted.type === 'recall');
  }

  /** When a `tick` is wanted, ms. */
  get wakeAt(): number {
    const duties = Math.min(this.#pbft.wakeAt, this.#witnessAt(), this.#proposeAt(), this.#armAt());
    return Math.min(duties, this.#catchUp.wakeAt, this.#intake.parking.wakeAt, this.#quiet() ? Number.POSITIVE_INFINITY : this.#tipsAt);
  }

  get seat(): number | undefined {
    return this.#seat;
  }

  get view(): number {
    return this.#pbft.view;
  }

  /** Counts for metrics: open vertices, tips, parked, peers, and the height others have shown. */
  gauges(): { readonly open: number; readonly tips: number; readonly parked: number; readonly peers: number; readonly target: number } {
    return {
      open: this.dag.size,
      tips: [...this.dag.tips()].length,
      parked: this.#intake.parking.size,
      peers: this.#peers.size,
      target: this.#catchUp.target,
    };
  }

  step(event: Event, nowMs: number): StepResult {
    const reply = this.#handle(event, nowMs);
    this.#progress(nowMs);
    const effects = this.#effects;
    this.#effects = [];
    return { effects, reply };
  }

  #handle(event: Event, nowMs: number): Reply {
    switch (event.type) {
      case 'connected':
        this.#peers.add(event.peer);
        this.#send(event.peer, this.#newest());
        this.#send(event.peer, this.#tips());
        return none;
      case 'disconnected':
        this.#peers.delete(event.peer);
        this.#catchUp.forget(event.peer);
        return none;
      case 'message':
        return this.#onMessage(event.peer, event.frame, nowMs);
      case 'gossip':
        return this.#onGossip(event.peer, event.data, nowMs);
      case 'submit':
        return this.#onSubmit(event.envelope, nowMs);
      case 'author':
        return this.#onAuthor(event, nowMs);
      case 'recalled':
        for (const { key, facts } of event.found) {
          this.dag.recall(key, facts);
          this.#intake.release(key, nowMs);
        }
        this.#askFor(event.absent);
        return none;
      case 'tick':
        this.#run(this.#pbft.tick(nowMs), nowMs);
        this.#intake.chase([...this.#peers], nowMs);
        this.#retellTips(nowMs);
        return none;
    }
  }

  // --- what comes in -------------------------------------------------------------------------------------------

  #onMessage(peer: PeerKey, frame: Uint8Array, nowMs: number): Reply {
    const decoded = peerMessage.decode(frame, limits.frameBytesMax);
    if (!decoded.ok) {
      this.#refuse(decoded.code, decoded.facts, peer);
      return { type: 'verdict', verdict: 'reject' };
    }
    const message = decoded.value;
    switch (message.type) {
      case 'certified':
        this.#onCertified(peer, message.header, message.certificate[0], nowMs);
        break;
      case 'getCheckpoint':
        if (message.height <= this.ledger.height) this.#effects.push({ type: 'serveCheckpoint', peer, height: message.height });
        break;
      case 'checkpoint': {
        const taken = this.#catchUp.take(message);
        if (!taken.ok) this.#refuse(taken.code, taken.facts, peer);
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
    if (height <= this.ledger.height) this.#send(peer, this.#newest());
    else if (height > this.ledger.height + 1) this.#mail.keep(message, height, this.ledger.height);
    else {
      if (message.type === 'proposal' && message.anchor.length > 0) {
        this.#intake.take(message.anchor, { peer: peer === '' ? undefined : peer, as: 'needed' }, nowMs);
      }
      this.#run(this.#pbft.receive(message, nowMs), nowMs);
    }
  }

  #onCertified(peer: PeerKey, header: Header, certificate: Certificate | undefined, nowMs: number): void {
    if (certificate === undefined || header.height < this.ledger.height) return;
    if (header.height === this.ledger.height) {
      if (!equalBytes(headerId(header), this.ledger.headerId)) this.#onConflict(peer, header, certificate);
      return;
    }
    const built = this.#built.get(toHex(headerId(header)));
    const noted = this.#catchUp.note(peer, header, certificate);
    if (!noted.ok) this.#refuse(noted.code, noted.facts, peer);
    else if (built !== undefined) this.#advance(built, certificate, nowMs);
  }

  /** Another header is certified at the own height: more than f seats are Byzantine, and nobody may go on. */
  #onConflict(peer: PeerKey, header: Header, certificate: Certificate): void {
    const noted = this.#catchUp.note(peer, header, certificate);
    if (!noted.ok) return this.#refuse(noted.code, noted.facts, peer);
    const facts = { height: header.height, own: toHex(this.ledger.headerId), other: toHex(headerId(header)) };
    this.#effects.push({ type: 'halt', reason: 'two certified headers at one height', facts });
  }

  #onGossip(peer: PeerKey, data: Uint8Array, nowMs: number): Reply {
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
    return verdict.kind === 'parked' ? { type: 'refused', refusal: refuse('E_PARKED') } : none;
  }

  #onAuthor(event: Event & { readonly type: 'author' }, nowMs: number): Reply {
    const parents = chooseTips(this.dag, this.ledger.height, (below) => this.#pick(below));
    return { type: 'taken', vertex: this.#write(event.kind, event.payload, event.payloadHash, parents, nowMs) };
  }

  #onAdded(vertex: Vertex): void {
    this.#grown = true;
    if (vertex.kind !== 'witness') this.#uncovered = true;
    else if (this.#seat !== undefined && vertex.authorKey === toHex(this.#signer.publicKey)) this.#lastWitness = vertex;
  }

  // --- what this node does of its own accord -------------------------------------------------------------------

  /** Everything that may have become possible: check, catch up, witness, propose. */
  #progress(nowMs: number): void {
    this.#retryCheck(nowMs);
    this.#followCertified(nowMs);
    if (this.#seat === undefined) return;
    if (nowMs >= this.#witnessAt()) this.#witness(nowMs);
    if (this.#workWaits() || nowMs >= this.#heartbeatAt()) this.#pbft.arm(Math.max(nowMs, this.#pacedAt()));
    if (nowMs >= this.#proposeAt()) this.#propose(nowMs);
  }

  #followCertified(nowMs: number): void {
    this.#catchUp.ask(nowMs);
    const result = this.#catchUp.tryExecute();
    if (result.kind === 'built') this.#advance(result.built, result.certificate, nowMs);
    else if (result.kind === 'diverged') {
      this.#effects.push({ type: 'halt', reason: 'own execution disagrees with a certified checkpoint', facts: result.facts });
    }
  }

  /** Something is open that a checkpoint could confirm, and a witness over it exists. */
  #workWaits(): boolean {
    return this.#lastWitness !== undefined && this.dag.get(this.#lastWitness.key) !== undefined && !this.#quiet();
  }

  /** Only witnesses are open: nothing that anybody waits for. */
  #quiet(): boolean {
    for (const node of this.dag.nodes()) if (node.vertex.kind !== 'witness') return false;
    return true;
  }

  #witnessAt(): number {
    if (this.#seat === undefined || !this.#uncovered) return Number.POSITIVE_INFINITY;
    return (this.#lastWitness?.time ?? 0) + this.ledger.genesis.record.pace.witnessIntervalMs;
  }

  #witness(nowMs: number): Vertex {
    const { ids, complete } = witnessParents(this.dag);
    const vertex = this.#write('witness', new Uint8Array(0), zero32, ids, nowMs);
    this.#uncovered = !complete;
    return vertex;
  }

  #heartbeatAt(): number {
    return this.ledger.header.time + this.ledger.genesis.record.pace.heartbeatMs;
  }

  #proposeAt(): number {
    if (!this.#pbft.mayPropose) return Number.POSITIVE_INFINITY;
    const paced = this.#pacedAt();
    return this.#grown && this.#workWaits() ? paced : Math.max(paced, this.#heartbeatAt());
  }

  /** When this seat begins to expect a checkpoint although nothing waits: at the heartbeat. */
  #armAt(): number {
    return this.#seat === undefined || this.#pbft.armed ? Number.POSITIVE_INFINITY : this.#heartbeatAt();
  }

  /** No proposal before this time `[CKP-5]`. */
  #pacedAt(): number {
    return this.ledger.header.time + this.ledger.genesis.record.pace.checkpointIntervalMs;
  }

  /** As leader: gathers witnesses into an anchor when that confirms something; else the heartbeat repeats the last. */
  #propose(nowMs: number): void {
    this.#grown = false;
    const time = Math.max(nowMs, this.ledger.header.time + 1);
    const anchor = this.#gatheringWitness(nowMs);
    const heartbeatDue = nowMs >= this.#heartbeatAt();
    if (anchor === undefined && !heartbeatDue) return;
    const anchorId = anchor?.id ?? this.ledger.header.anchor;
    const vertices = confirmedBy(this.dag.get(toHex(anchorId)), this.dag, this.ledger);
    if (vertices.length === 0 && !heartbeatDue) return;
    const built = buildCheckpoint(anchorId, vertices, time, this.ledger);
    const envelope = anchor === undefined ? new Uint8Array(0) : encodeVertex(anchor);
    this.#run(this.#pbft.propose(built.header, envelope, this.ledger.certificate, nowMs), nowMs);
  }

  /** A witness whose cone confirms a vertex that is not itself a witness: the own last one, or a new one if needed. */
  #gatheringWitness(nowMs: number): Vertex | undefined {
    const confirms = (vertices: readonly Vertex[]) => vertices.some((vertex) => vertex.kind !== 'witness');
    const last = this.#lastWitness && this.dag.get(this.#lastWitness.key);
    const { nodes } = witnessParents(this.dag);
    if (last !== undefined && nodes.length === 1 && nodes[0] === last) {
      return confirms(confirmedBy(last, this.dag, this.ledger)) ? last.vertex : undefined;
    }
    // Tried on a vertex that is not signed: a witness is not worth sending when it would confirm nothing.
    const time = Math.max(nowMs, (this.#lastWitness?.time ?? 0) + 1);
    const trial = trialWitness(toHex(this.#signer.publicKey), nodes, time);
    return confirms(confirmedBy(trial, this.dag, this.ledger)) ? this.#witness(nowMs) : undefined;
  }

  #retryCheck(nowMs: number): void {
    const pending = this.#pendingCheck;
    if (pending === undefined) return;
    const { header, id, prepared, view } = pending;
    const known = this.#built.get(toHex(id));
    const verdict = known === undefined ? checkProposal(header, { dag: this.dag, ledger: this.ledger, nowMs, view, prepared }) : undefined;
    if (verdict === 'wait') return;
    this.#pendingCheck = undefined;
    if (verdict?.ok === false) this.#refuse(verdict.code, verdict.facts);
    if (verdict?.ok) this.#built.set(toHex(id), verdict.value);
    this.#run(this.#pbft.checked(id, verdict?.ok ?? true, nowMs), nowMs);
  }

  /** Carries out what the height's machine wants, in its order: a log before the messages it covers. */
  #run(outputs: readonly PbftOutput[], nowMs: number): void {
    for (const output of outputs) {
      switch (output.type) {
        case 'log': {
          const entry = voteLogEntry.encode(output.entry);
          this.#effects.push({ type: 'store', write: { type: 'vote', height: output.entry.height, entry } }, { type: 'sync' });
          if (output.entry.phase === 'view-change') {
            this.#effects.push({ type: 'notice', notice: { type: 'view', height: output.entry.height, view: output.entry.view } });
          }
          break;
        }
        case 'send':
          this.#effects.push({ type: 'broadcast', to: 'seats', message: output.message });
          break;
        case 'check':
          this.#pendingCheck = { header: output.header, id: headerId(output.header), prepared: output.prepared, view: output.view };
          this.#retryCheck(nowMs);
          break;
        case 'refused':
          this.#refuse(output.code, output.facts);
          break;
        case 'decided': {
          const built = this.#built.get(toHex(output.headerId));
          invariant(built !== undefined, 'what is decided was executed here');
          this.#advance(built, output.certificate, nowMs);
          break;
        }
      }
    }
  }

  /** A checkpoint is certified and executed: store it, settle it, tell everybody, open the next height. */
  #advance({ header, vertices, execution }: BuiltCheckpoint, certificate: Certificate, nowMs: number): void {
    if (header.height !== this.ledger.height + 1) return;
    const historyNodes = this.ledger.advance(header, certificate, execution);
    this.dag.settle(header.height, vertices.map((vertex) => this.#factsOf(vertex)));
    const { outcomes } = execution;
    // The first checkpoint brings the genesis objects to the store along with its own changes.
    const changes = header.height === 1 ? this.ledger.state.all() : execution.changes;
    const checkpoint = { header, certificate, outcomes, vertices: vertices.map((vertex) => vertex.key), changes, historyNodes };
    this.#effects.push({ type: 'store', write: { type: 'checkpoint', checkpoint } }, { type: 'sync' });
    this.#buryDead();
    this.#effects.push({ type: 'broadcast', to: 'peers', message: this.#newest() });
    this.#effects.push({ type: 'notice', notice: { type: 'checkpoint', header, certificate, outcomes, vertices } });

    this.#grown = true;
    this.#built.clear();
    this.#pendingCheck = undefined;
    this.#catchUp.advanced();
    this.#pbft = this.#openHeight([]);
    this.#intake.release(toHex(this.ledger.headerId), nowMs);
    for (const message of this.#mail.take(this.#pbft.height)) this.#onSeatMessage('', message, nowMs);
    this.#followCertified(nowMs);
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
    if (dead.length > 0) this.#effects.push({ type: 'store', write: { type: 'forget', keys: dead } });
  }

  // --- small things --------------------------------------------------------------------------------------------

  #openHeight(log: readonly VoteLogEntry[]): PbftHeight {
    const { network, committee, record } = this.ledger.genesis;
    const { viewTimeoutMs, viewTimeoutMaxMs } = record.pace;
    const height = this.ledger.height + 1;
    const own = this.#seat === undefined ? undefined : { number: this.#seat, signer: this.#signer };
    return new PbftHeight(height, { network, committee, viewTimeoutMs, viewTimeoutMaxMs }, own, log.filter((entry) => entry.height === height));
  }

  /** Signs, stores durably, gossips and takes in a vertex of this node's own. */
  #write(kind: Vertex['kind'], payload: Uint8Array, payloadHash: Uint8Array, parents: readonly Uint8Array[], nowMs: number): Vertex {
    const vertex = this.#author.write(kind, payload, payloadHash, parents, this.ledger.headerId, nowMs);
    this.#intake.take(encodeVertex(vertex), { peer: undefined, as: 'needed' }, nowMs);
    // Taking it in stored it. A vertex seen by others and then forgotten here would fork the own chain.
    this.#effects.push({ type: 'sync' });
    this.#effects.push({ type: 'gossip', vertices: [kind === 'readings' ? withoutPayload(vertex) : vertex] });
    return vertex;
  }

  /** Where the own chain goes on: after the last confirmed vertex, or the last open one that continues it. */
  #ownChainEnd(): ChainEnd {
    const confirmed = this.ledger.state.get(chain, this.#signer.publicKey);
    let end: ChainEnd = { sequence: confirmed?.lastSequence ?? 0, id: confirmed?.lastId ?? zero32, time: this.ledger.header.time };
    for (const { vertex } of this.dag.nodes()) {
      if (equalBytes(vertex.author, this.#signer.publicKey) && vertex.sequence > end.sequence) {
        end = { sequence: vertex.sequence, id: vertex.id, time: vertex.time };
      }
    }
    return end;
  }

  #askFor(ids: readonly Uint8Array[]): void {
    const [peer] = this.#peers;
    if (peer !== undefined && ids.length > 0) this.#send(peer, { type: 'getVertices', ids });
  }

  #newest(): PeerMessage {
    const { header, certificate } = this.ledger;
    return { type: 'certified', header, certificate: certificate === undefined ? [] : [certificate] };
  }

  #tips(): PeerMessage {
    return { type: 'tips', ids: witnessParents(this.dag).ids };
  }

  /** Gossip may lose what only this node holds; while something is open, its tips are named again and again. */
  #retellTips(nowMs: number): void {
    if (nowMs < this.#tipsAt) return;
    this.#tipsAt = nowMs + TIPS_INTERVAL_MS;
    if (!this.#quiet()) this.#effects.push({ type: 'broadcast', to: 'peers', message: this.#tips() });
  }

  #send(peer: PeerKey, message: PeerMessage): void {
    if (peer !== '') this.#effects.push({ type: 'send', peer, message });
  }

  #refuse(code: Parameters<typeof refuse>[0], facts: ReturnType<typeof refuse>['facts'], peer?: PeerKey): void {
    const notice = { type: 'refused', code, facts } as const;
    this.#effects.push({ type: 'notice', notice: peer === undefined ? notice : { ...notice, peer } });
  }

  /** A small linear congruential generator: tip choice wants spread, not secrecy. */
  #pick(below: number): number {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#seed / 2 ** 32) * below);
  }
}

const none: Reply = { type: 'none' };

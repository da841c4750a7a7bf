/**
 * What a node with a seat does besides following: witness, gather, propose, judge, vote (protocol §6–8). A node
 * without a seat has one of these too; it only counts votes and decides with the others.
 */

import { type Certificate, seatsOf } from '../../consensus/checkpoint/certificate.ts';
import { type Header, headerId } from '../../consensus/checkpoint/header.ts';
import { equalBytes, toHex } from '../../consensus/codec/bytes.ts';
import type { Code } from '../../consensus/codec/codes.ts';
import { type Facts, invariant, type Result } from '../../consensus/codec/result.ts';
import type { Signer } from '../../consensus/crypto/ed25519.ts';
import { zero32 } from '../../consensus/crypto/hash.ts';
import type { DagNode, OpenDag } from '../../consensus/dag/open-dag.ts';
import { PbftHeight } from '../../consensus/pbft/height.ts';
import { type VoteLogEntry, voteLogEntry } from '../../consensus/pbft/messages.ts';
import type { DecisionProof } from '../../consensus/pbft/offence.ts';
import type { PbftOutput, SeatMessage } from '../../consensus/pbft/outputs.ts';
import type { OwnSeat } from '../../consensus/pbft/own-votes.ts';
import { Tempo } from '../../consensus/pbft/tempo.ts';
import type { Offence } from '../../consensus/vertex/offence.ts';
import { encodeVertex, type Vertex, type VertexKind } from '../../consensus/vertex/vertex.ts';
import type { PeerKey } from '../ports.ts';
import { trialWitness, witnessParents } from './author.ts';
import type { Effect } from './events.ts';
import type { Ledger } from './ledger.ts';
import { type BuiltCheckpoint, buildCheckpoint, checkProposal, confirmedBy } from './proposal.ts';

export interface SeatHooks {
  effect(wanted: Effect): void;
  /** `peer` is whose words are refused, if somebody's. */
  refuse(code: Code, facts: Facts, peer?: PeerKey): void;
  /** Signs, stores and gossips a vertex of this node's own. */
  write(
    kind: VertexKind,
    payload: Uint8Array,
    payloadHash: Uint8Array,
    parents: readonly Uint8Array[],
    nowMs: number,
  ): Result<Vertex>;
  /** Somebody shows a vote of this seat that its log does not know `[BFT-1]`. */
  forgot(why: string): void;
  /** Whether this seat may vote at a height: its log is whole `[BFT-1]`, and nobody has shown a certificate of it. */
  mayVote(height: number): boolean;
  isConnected(peer: PeerKey): boolean;
  /** A checkpoint is certified and was executed here; `proof` is why it was decided. */
  advance(built: BuiltCheckpoint, certificate: Certificate, nowMs: number, proof?: DecisionProof): void;
  /** A seat signed what no honest one signs `[BFT-2]`. */
  accuse(offence: Offence): void;
}

interface PendingCheck {
  readonly header: Header;
  readonly id: Uint8Array;
  readonly prepared: boolean;
  readonly view: number;
}

/** An anchor and what it confirms, in order. */
interface Gathered {
  readonly anchor: Vertex;
  readonly vertices: readonly Vertex[];
}

export class Seat {
  readonly #signer: Signer;
  /** This node's seat at the height being decided, if it has one. */
  #own: OwnSeat | undefined;
  readonly #ledger: Ledger;
  readonly #dag: OpenDag;
  readonly #hooks: SeatHooks;
  readonly #tempo: Tempo;
  #pbft: PbftHeight;
  /** Checkpoints executed here at the height being decided, by header id. */
  readonly #built = new Map<string, BuiltCheckpoint>();
  #pendingCheck: PendingCheck | undefined;
  /** An open vertex that is no witness has come since the own last witness. */
  #uncovered = false;
  #lastWitness: Vertex | undefined;
  /** When the last witness was refused to this seat: it is far behind, or its chain is not whole yet. */
  #refusedAt = Number.NEGATIVE_INFINITY;
  /** The vote log of an earlier life, until this one may vote. */
  #voteLog: readonly VoteLogEntry[];
  /** Whether the height's machine was opened with this seat's vote. */
  #votes = false;
  /** A witness has come since the last look for something to propose: only witnesses make something confirmable. */
  #grown = true;

  constructor(
    signer: Signer,
    ledger: Ledger,
    dag: OpenDag,
    hooks: SeatHooks,
    voteLog: readonly VoteLogEntry[],
  ) {
    this.#signer = signer;
    this.#ledger = ledger;
    this.#dag = dag;
    this.#hooks = hooks;
    this.#voteLog = voteLog;
    this.#tempo = new Tempo(ledger.genesis.record.pace);
    this.#pbft = this.#openHeight();
  }

  get number(): number | undefined {
    return this.#own?.number;
  }

  get view(): number {
    return this.#pbft.view;
  }

  get wakeAt(): number {
    if (!this.#acts) return Number.POSITIVE_INFINITY;
    return Math.min(this.#pbft.wakeAt, this.#witnessAt(), this.#proposeAt(), this.#armAt());
  }

  /** A checkpoint of the next height that was executed here, if any. */
  built(idKey: string): BuiltCheckpoint | undefined {
    return this.#built.get(idKey);
  }

  /** Takes note of a vertex that entered the DAG. */
  onAdded(vertex: Vertex): void {
    if (vertex.kind !== 'witness') {
      this.#uncovered = true;
      return;
    }
    this.#grown = true;
    if (this.#own !== undefined && vertex.authorKey === toHex(this.#own.signer.publicKey))
      this.#lastWitness = vertex;
  }

  /** The ledger moved on: everything about the old height is over. */
  onAdvanced(nowMs: number): void {
    const tookMs = this.#pbft.waitedMs(nowMs);
    if (tookMs !== undefined) this.#tempo.note(tookMs);
    this.#built.clear();
    this.#pendingCheck = undefined;
    this.#grown = true;
    this.#voteLog = [];
    this.#pbft = this.#openHeight();
  }

  /** What is held of a seat's words about the height being decided. */
  saidBy(seat: number): SeatMessage[] {
    return this.#pbft.saidBy(seat);
  }

  /** A certificate of the height being decided, which was checked: does this seat know of its commit in it? */
  recognise(header: Header, { view, quorum }: Certificate): void {
    const { height } = header;
    const id = headerId(header);
    const signers = seatsOf(quorum.bitmap, this.#ledger.committee);
    if (this.#own === undefined || !signers?.includes(this.#own.number)) return;
    // The height's machine may not have been given the log yet.
    const isLogged = this.#voteLog.some(
      (line) =>
        line.height === height && line.phase === 'commit' && line.view === view && equalBytes(line.value, id),
    );
    if (!isLogged && !this.#pbft.hasCommitted(view, id))
      this.#hooks.forgot(`the certificate of height ${height} holds a commit that its log does not know`);
  }

  /** From now on this seat only listens; all that it knows of the height's votes is learned anew. */
  fallSilent(): void {
    this.#pendingCheck = undefined;
    this.#voteLog = [];
    this.#pbft = this.#openHeight();
  }

  receive(message: SeatMessage, nowMs: number, peer?: PeerKey): void {
    this.#run(this.#pbft.receive(message, nowMs), nowMs, peer);
  }

  /** The anchor of a proposal that cannot be judged before it is here. */
  get awaitedAnchor(): Uint8Array | undefined {
    return this.#pendingCheck?.header.anchor;
  }

  onDisconnected(nowMs: number): void {
    this.#pbft.onAbsent(nowMs);
  }

  tick(nowMs: number): void {
    if (this.#acts) this.#run(this.#pbft.tick(nowMs), nowMs);
  }

  /** Everything that may have become possible. */
  progress(nowMs: number): void {
    this.#retryCheck(nowMs);
    if (!this.#acts) return;
    // It had to hear others first; what they said of this height meanwhile they say again.
    if (!this.#votes) this.#pbft = this.#openHeight();
    if (nowMs >= this.#witnessAt()) this.#witness(nowMs);
    if (this.#workWaits() || nowMs >= this.#heartbeatAt()) this.#pbft.arm(Math.max(nowMs, this.#pacedAt()));
    if (nowMs >= this.#proposeAt()) this.#propose(nowMs);
  }

  /** There is a seat, and it may be used at this height. */
  get #acts(): boolean {
    return this.#own !== undefined && this.#hooks.mayVote(this.#ledger.height + 1);
  }

  /** Only witnesses are open: nothing that anybody waits for. */
  get quiet(): boolean {
    for (const node of this.#dag.nodes()) if (node.vertex.kind !== 'witness') return false;
    return true;
  }

  /** Something is open that a checkpoint could confirm, and the own witness is over it. */
  #workWaits(): boolean {
    return (
      this.#lastWitness !== undefined && this.#dag.get(this.#lastWitness.key) !== undefined && !this.quiet
    );
  }

  #witnessAt(): number {
    if (!this.#uncovered) return Number.POSITIVE_INFINITY;
    return (
      Math.max(this.#lastWitness?.time ?? 0, this.#refusedAt) +
      this.#ledger.genesis.record.pace.witnessIntervalMs
    );
  }

  #witness(nowMs: number): Vertex | undefined {
    const { ids, complete } = witnessParents(this.#dag, this.#ledger);
    const written = this.#hooks.write('witness', new Uint8Array(0), zero32, ids, nowMs);
    if (written.ok) this.#uncovered = !complete;
    else this.#refusedAt = nowMs;
    return written.ok ? written.value : undefined;
  }

  #heartbeatAt(): number {
    return this.#ledger.header.time + this.#ledger.genesis.record.pace.heartbeatMs;
  }

  /** No proposal before this time `[CKP-5]`. */
  #pacedAt(): number {
    return this.#ledger.header.time + this.#ledger.genesis.record.pace.checkpointIntervalMs;
  }

  #proposeAt(): number {
    if (!this.#pbft.mayPropose) return Number.POSITIVE_INFINITY;
    const paced = this.#pacedAt();
    return this.#grown && this.#workWaits() ? paced : Math.max(paced, this.#heartbeatAt());
  }

  /** When this seat begins to expect a checkpoint although nothing waits: at the heartbeat. */
  #armAt(): number {
    return this.#pbft.armed ? Number.POSITIVE_INFINITY : this.#heartbeatAt();
  }

  /** As leader: gathers witnesses into an anchor when that confirms something; else the heartbeat repeats the last. */
  #propose(nowMs: number): void {
    this.#grown = false;
    const gathered = this.#gather(nowMs);
    if (gathered === undefined && nowMs < this.#heartbeatAt()) return;
    const anchorId = gathered?.anchor.id ?? this.#ledger.header.anchor;
    const vertices =
      gathered?.vertices ?? confirmedBy(this.#dag.get(toHex(anchorId)), this.#dag, this.#ledger);
    const time = Math.max(nowMs, this.#ledger.header.time + 1);
    const built = buildCheckpoint(anchorId, vertices, time, this.#ledger);
    // Executed here already: it need not be judged.
    this.#built.set(toHex(headerId(built.header)), built);
    const envelope = gathered === undefined ? new Uint8Array(0) : encodeVertex(gathered.anchor);
    this.#run(this.#pbft.propose(built.header, envelope, this.#ledger.certificate, nowMs), nowMs);
  }

  /** A witness whose cone confirms a vertex that is not itself a witness: the own last one, or a new one if needed. */
  #gather(nowMs: number): Gathered | undefined {
    const last = this.#lastWitness && this.#dag.get(this.#lastWitness.key);
    const { nodes } = witnessParents(this.#dag, this.#ledger);
    if (last !== undefined && nodes.length === 1 && nodes[0] === last) return this.#confirming(last);
    // Tried on a vertex that is not signed: a witness is not worth sending when it would confirm nothing.
    const time = Math.max(nowMs, (this.#lastWitness?.time ?? 0) + 1);
    const trial = trialWitness(toHex(this.#own!.signer.publicKey), nodes, time);
    if (this.#confirming(trial) === undefined) return undefined;
    const written = this.#witness(nowMs);
    const anchor = written && this.#dag.get(written.key);
    return anchor && this.#confirming(anchor);
  }

  /** What `anchor` confirms, unless that is nothing but witnesses. */
  #confirming(anchor: DagNode): Gathered | undefined {
    const vertices = confirmedBy(anchor, this.#dag, this.#ledger);
    const confirms = vertices.some((vertex) => vertex.kind !== 'witness');
    return confirms ? { anchor: anchor.vertex, vertices } : undefined;
  }

  /** Judges the proposal under way, as soon as its anchor is solid here. */
  #retryCheck(nowMs: number): void {
    const pending = this.#pendingCheck;
    if (pending === undefined) return;
    const { header, id, prepared, view } = pending;
    const judge = { dag: this.#dag, ledger: this.#ledger, nowMs, view, prepared };
    const verdict = this.#built.has(toHex(id)) ? undefined : checkProposal(header, judge);
    if (verdict === 'wait') return;
    this.#pendingCheck = undefined;
    if (verdict?.ok === false) this.#hooks.refuse(verdict.code, verdict.facts);
    if (verdict?.ok) this.#built.set(toHex(id), verdict.value);
    this.#run(this.#pbft.checked(id, verdict?.ok ?? true, nowMs), nowMs);
  }

  /** Carries out what the height's machine wants, in its order: a log before the messages it covers. */
  #run(outputs: readonly PbftOutput[], nowMs: number, peer?: PeerKey): void {
    for (const output of outputs) {
      switch (output.type) {
        case 'log': {
          const { height, view, phase } = output.entry;
          this.#hooks.effect({
            type: 'store',
            write: { type: 'vote', height, entry: voteLogEntry.encode(output.entry) },
          });
          this.#hooks.effect({ type: 'sync' });
          if (phase === 'view-change')
            this.#hooks.effect({ type: 'notice', notice: { type: 'view', height, view } });
          break;
        }
        case 'send':
          this.#hooks.effect({ type: 'broadcast', to: 'seats', message: output.message });
          break;
        case 'check':
          this.#pendingCheck = {
            header: output.header,
            id: headerId(output.header),
            prepared: output.prepared,
            view: output.view,
          };
          this.#retryCheck(nowMs);
          break;
        case 'refused':
          this.#hooks.refuse(output.code, output.facts, peer);
          break;
        case 'forgotten':
          // Nothing that the machine still wants may happen: it does not know what it said.
          return this.#hooks.forgot(
            `a peer shows a ${output.phase} of this seat for view ${output.view} that its log does not know`,
          );
        case 'decided': {
          const built = this.#built.get(toHex(output.headerId));
          invariant(built !== undefined, 'what is decided was executed here');
          this.#hooks.advance(built, output.certificate, nowMs, output.proof);
          break;
        }
        case 'offence':
          this.#hooks.accuse(output.offence);
          break;
      }
    }
  }

  #openHeight(): PbftHeight {
    const { network, record } = this.#ledger.genesis;
    const { viewTimeoutMs, viewTimeoutMaxMs } = record.pace;
    const { committee } = this.#ledger;
    const height = this.#ledger.height + 1;
    const number = committee.seatOf.get(toHex(this.#signer.publicKey));
    this.#own = number === undefined ? undefined : { number, signer: this.#signer };
    const own = this.#voteLog.filter((entry) => entry.height === height);
    this.#votes = this.#acts;
    const isAbsent = (seat: number) => !this.#hooks.isConnected(toHex(committee.record.seats[seat]!));
    const { patienceMs } = this.#tempo;
    const rules = { network, committee, viewTimeoutMs, viewTimeoutMaxMs, patienceMs, isAbsent };
    return new PbftHeight(height, rules, this.#votes ? this.#own : undefined, own);
  }
}

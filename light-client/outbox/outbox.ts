/**
 * The gateway's durable outbox `[LC-3]`: frames wait, become signed vertices of one chain, and are kept with their
 * proofs once they are final. A kill at any instant loses no frame, doubles none, and never makes a fork: a vertex
 * is durable under its number before anybody sees it. docs/guides/gateway.md.
 */

import { headerId } from '../../consensus/checkpoint/header.ts';
import { outcomeCode, type VertexProof } from '../../consensus/checkpoint/outcome.ts';
import { equalBytes, toHex } from '../../consensus/codec/bytes.ts';
import { invariant } from '../../consensus/codec/result.ts';
import type { Signer } from '../../consensus/crypto/ed25519.ts';
import type { SignedCall } from '../../consensus/vertex/call.ts';
import type { Frame } from '../../consensus/vertex/frame.ts';
import type { GuardEntry } from '../intake/replay-guard.ts';
import type { AnchorProof, CertifiedHeader } from '../proof/anchor.ts';
import { Database, del, keyOf, type Operation, put } from './database.ts';
import { type OutboxOwner, readHead } from './head.ts';
import { decodeOwn, type OutboxHead, outboxHead, queuedFrame } from './records.ts';
import { signBatch, signTransaction, type WaitingFrame } from './sign.ts';
import { framesByDevice, Tallies } from './tallies.ts';
import { storeNewest } from './trust.ts';
import {
  dropVertex,
  findSequence,
  framesIn,
  type OutboxVertex,
  readChain,
  readVertex,
  type StoredVertex,
  storeProof,
  storeVertex,
} from './vertices.ts';

export interface OutboxLimits {
  /** Frames that wait to be signed; when there are as many, nothing more is accepted. */
  readonly queuedFramesMax: number;
  readonly queuedBytesMax: number;
  /** Final vertices kept, with their batches, to serve proofs from. The oldest go first. */
  readonly keptVerticesMax: number;
  readonly keptBytesMax: number;
}

export const outboxLimits: OutboxLimits = {
  queuedFramesMax: 1_000_000,
  queuedBytesMax: 256 << 20,
  keptVerticesMax: 100_000,
  keptBytesMax: 128 << 20,
};

/** What has come of what was accepted. */
export interface Counts {
  readonly finalVertices: number;
  readonly finalFrames: number;
  /** Single readings: a frame has one or more. */
  readonly finalReadings: number;
  /** Frames whose vertex was confirmed, but without effect. */
  readonly refusedFrames: number;
  readonly keptVertices: number;
  readonly keptBytes: number;
}

/** What one message brought. */
export interface Arrival {
  readonly frames: readonly Frame[];
  readonly receivedMs: number;
  /** What the replay guard changed by it. */
  readonly guard: readonly GuardEntry[];
  /** Frames that it repeated, by device. */
  readonly duplicates?: ReadonlyMap<string, number>;
  /** What else belongs into the same batch. */
  readonly beside?: readonly Operation[];
}

export interface CallTerms {
  readonly signer: Signer;
  /** The newest certified header that was verified `[VTX-3]`. */
  readonly checkpoint: CertifiedHeader;
  readonly nowMs: number;
}

export interface SigningTerms extends CallTerms {
  readonly framesMax: number;
  /** 32 unpredictable bytes. */
  readonly salt: Uint8Array;
}

export class Outbox {
  readonly database: Database;
  readonly tallies: Tallies;
  readonly #limits: OutboxLimits;
  readonly #inFlight: OutboxVertex[] = [];
  #head: OutboxHead;
  /** When the frame came that waits longest; `undefined` while none waits. */
  #waitingSinceMs: number | undefined;
  #busy = false;

  private constructor(database: Database, tallies: Tallies, head: OutboxHead, limits: OutboxLimits) {
    this.database = database;
    this.tallies = tallies;
    this.#head = head;
    this.#limits = limits;
    database.closeBatchesWith(() => put(keyOf('head'), outboxHead.encode(this.#head)));
  }

  /**
   * Opens the outbox in `directory`, or begins one there. Throws where it is another network's or another key's, in
   * use by another process, or damaged.
   */
  static async open(directory: string, owner: OutboxOwner, limits = outboxLimits): Promise<Outbox> {
    const database = await Database.open(directory);
    try {
      const head = readHead(database, owner);
      const outbox = new Outbox(database, await Tallies.open(database), head, limits);
      await outbox.#restore();
      return outbox;
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  // --- what waits ----------------------------------------------------------------------------------------------

  get queuedFrames(): number {
    return this.#head.queueEnd - this.#head.queueStart;
  }

  get queuedBytes(): number {
    return this.#head.queueBytes;
  }

  /** Nothing more may be accepted now. */
  get isFull(): boolean {
    return (
      this.queuedFrames >= this.#limits.queuedFramesMax || this.queuedBytes >= this.#limits.queuedBytesMax
    );
  }

  get waitingSinceMs(): number | undefined {
    return this.#waitingSinceMs;
  }

  /** What the replay guard said last, for `Intake.restore`. */
  async guardEntries(): Promise<GuardEntry[]> {
    const entries: GuardEntry[] = [];
    for await (const [rest, value] of this.database.entries('guard'))
      entries.push([new TextDecoder().decode(rest), Uint8Array.from(value)]);
    return entries;
  }

  /**
   * Takes what a message brought, in one batch. When it resolves that is durable, and the message may be
   * acknowledged.
   */
  append({ frames, receivedMs, guard, duplicates, beside = [] }: Arrival): Promise<void> {
    const operations: Operation[] = guard.map(([key, state]) =>
      put(keyOf('guard', new TextEncoder().encode(key)), state),
    );
    let { queueEnd, queueBytes } = this.#head;
    for (const frame of frames) {
      const value = queuedFrame.encode({ receivedMs, frame });
      operations.push(put(keyOf('queue', queueEnd++), value));
      queueBytes += value.length;
    }
    operations.push(...this.tallies.count('accepted', framesByDevice(frames)));
    if (duplicates !== undefined) operations.push(...this.tallies.count('duplicates', duplicates));
    this.#head = { ...this.#head, queueEnd, queueBytes };
    if (frames.length > 0) this.#waitingSinceMs ??= receivedMs;
    return this.database.write([...operations, ...beside], true);
  }

  /** Resolves once everything accepted so far is durable: a refused message may be acknowledged then, too. */
  flushed(): Promise<void> {
    return this.database.flushed();
  }

  // --- the chain -----------------------------------------------------------------------------------------------

  /** Vertices signed and not final, in chain order. */
  get inFlight(): readonly OutboxVertex[] {
    return this.#inFlight;
  }

  /** Number and id of the vertex signed last; 0 and zero before the first. */
  get end(): { readonly sequence: number; readonly id: Uint8Array } {
    return { sequence: this.#head.sequence, id: this.#head.lastId };
  }

  /** Id of the own vertex `sequence`, where it is remembered: in flight, or settled last. */
  idOf(sequence: number): Uint8Array | undefined {
    if (sequence === this.#head.settledSequence) return this.#head.settledId;
    return this.#inFlight.find(({ vertex }) => vertex.sequence === sequence)?.vertex.id;
  }

  /**
   * Signs the frames that have waited longest as the next vertex of the chain, and resolves once it is durable;
   * `undefined` when none waits. Throws when called again before that.
   */
  signNext(terms: SigningTerms): Promise<OutboxVertex | undefined> {
    return this.#alone(() => this.#signNext(terms));
  }

  /**
   * Signs a vertex around the call as the next of the chain, and resolves once it is durable, with what `beside` gives for
   * it in the same batch. Throws like `signNext`.
   */
  signCall(
    call: SignedCall,
    terms: CallTerms,
    beside: (signed: OutboxVertex) => readonly Operation[],
  ): Promise<OutboxVertex> {
    return this.#alone(async () => {
      const checkpoint = headerId(terms.checkpoint.header);
      const signed = signTransaction(call, this.#head, { ...terms, checkpoint });
      await this.#extend(signed, terms.checkpoint, beside(signed));
      return signed;
    });
  }

  /** Makes the ledger's end of the chain ours: for an outbox that was lost. Nothing may be in flight. */
  async adoptChain(sequence: number, id: Uint8Array): Promise<void> {
    if (this.#inFlight.length > 0) throw new Error('"adoptChain" expected no vertex in flight');
    await this.flushed();
    await this.#dropKept(Number.POSITIVE_INFINITY);
    this.#head = {
      ...this.#head,
      sequence,
      lastId: id,
      settledSequence: sequence,
      settledId: id,
      keptFrom: sequence + 1,
      keptBytes: 0,
    };
    await this.database.write([], true);
  }

  /** The oldest vertex in flight has an outcome, by proofs that the caller has checked. `beside`: into the same batch. */
  async settleFirst(
    proof: VertexProof,
    anchor: AnchorProof,
    provedMs: number,
    beside: readonly Operation[] = [],
  ): Promise<void> {
    const first = this.#inFlight.shift();
    invariant(
      first !== undefined && equalBytes(first.vertex.id, proof.outcome.id),
      'a vertex settles out of its order',
    );
    const { sequence, id } = first.vertex;
    const bytes = first.envelope.length + 1024 + 34 * (proof.path.length + anchor.path.length);
    const frames = framesIn(first.vertex);
    const tookEffect = outcomeCode(proof.outcome) === 'OK';
    const { finalVertices, finalFrames, finalReadings, refusedFrames, keptBytes } = this.#head;
    const readings = frames.reduce((sum, frame) => sum + frame.readings.length, 0);
    this.#head = {
      ...this.#head,
      ...{ settledSequence: sequence, settledId: id, keptBytes: keptBytes + bytes },
      ...(tookEffect
        ? {
            finalVertices: finalVertices + 1,
            finalFrames: finalFrames + frames.length,
            finalReadings: finalReadings + readings,
          }
        : { refusedFrames: refusedFrames + frames.length }),
    };
    const tallied = tookEffect ? this.tallies.count('final', framesByDevice(frames)) : [];
    const stored = storeProof(sequence, { proof, anchor, provedMs, bytes });
    await this.database.write([stored, ...tallied, ...beside], false);
    await this.#dropKept(sequence);
  }

  // --- what is kept --------------------------------------------------------------------------------------------

  get counts(): Counts {
    const { finalVertices, finalFrames, finalReadings, refusedFrames, settledSequence, keptFrom, keptBytes } =
      this.#head;
    return {
      finalVertices,
      finalFrames,
      finalReadings,
      refusedFrames,
      keptVertices: settledSequence + 1 - keptFrom,
      keptBytes,
    };
  }

  /** Sequences that can be read, oldest first: kept ones, then those in flight. */
  get readable(): { readonly from: number; readonly to: number } {
    return { from: this.#head.keptFrom, to: this.#head.sequence };
  }

  /** A vertex in flight or kept; `undefined` when it is neither. */
  read(sequence: number): StoredVertex | undefined {
    return sequence < this.#head.keptFrom ? undefined : readVertex(this.database, sequence);
  }

  sequenceOf(id: Uint8Array): number | undefined {
    return findSequence(this.database, id);
  }

  close(): Promise<void> {
    return this.database.close();
  }

  async #signNext({ checkpoint, framesMax, ...terms }: SigningTerms): Promise<OutboxVertex | undefined> {
    const { queueStart, queueEnd } = this.#head;
    const waiting = await this.#waiting(queueStart, queueEnd, framesMax + 1);
    if (waiting.length === 0) return undefined;
    const { signed, takenCount, takenBytes } = signBatch(waiting, framesMax, this.#head, {
      ...terms,
      checkpoint: headerId(checkpoint.header),
    });
    const queueBytes = this.#head.queueBytes - takenBytes;
    this.#head = { ...this.#head, queueStart: queueStart + takenCount, queueBytes };
    this.#waitingSinceMs =
      this.queuedFrames === 0 ? undefined : (waiting[takenCount]?.entry.receivedMs ?? terms.nowMs);
    const taken = Array.from({ length: takenCount }, (_, index) => del(keyOf('queue', queueStart + index)));
    await this.#extend(signed, checkpoint, taken);
    return signed;
  }

  /** The chain goes on with this vertex: durable before anybody sees it. */
  async #extend(
    signed: OutboxVertex,
    checkpoint: CertifiedHeader,
    beside: readonly Operation[],
  ): Promise<void> {
    const { sequence, id, time } = signed.vertex;
    this.#head = { ...this.#head, sequence, lastId: id, lastTime: time };
    await this.database.write([...beside, ...storeVertex(signed), storeNewest(checkpoint)], true);
    this.#inFlight.push(signed);
  }

  async #alone<T>(sign: () => Promise<T>): Promise<T> {
    if (this.#busy) throw new Error('"signNext" expected to be called once at a time');
    this.#busy = true;
    try {
      return await sign();
    } finally {
      this.#busy = false;
    }
  }

  async #waiting(from: number, to: number, limit: number): Promise<WaitingFrame[]> {
    const values = await this.database.values('queue', from, to, limit);
    return values.map((value, index) => ({
      entry: decodeOwn(queuedFrame, value, `queued frame ${from + index}`),
      size: value.length,
    }));
  }

  /** Drops kept vertices while there are more than the limits allow, none from `before` on. */
  async #dropKept(before: number): Promise<void> {
    const operations: Operation[] = [];
    const { keptVerticesMax, keptBytesMax } = this.#limits;
    const all = before === Number.POSITIVE_INFINITY;
    while (this.#head.keptFrom < Math.min(before, this.#head.settledSequence + 1)) {
      const { keptFrom, keptBytes } = this.#head;
      if (!all && this.counts.keptVertices <= keptVerticesMax && keptBytes <= keptBytesMax) break;
      const kept = this.read(keptFrom);
      invariant(kept?.settled !== undefined, `kept vertex ${keptFrom} is missing in the outbox`);
      operations.push(...dropVertex(kept.vertex));
      this.#head = { ...this.#head, keptFrom: keptFrom + 1, keptBytes: keptBytes - kept.settled.bytes };
    }
    if (operations.length > 0) await this.database.write(operations, false);
  }

  /** Reads what is in flight and checks it against the head: a chain, and no queued frame missing. */
  async #restore(): Promise<void> {
    const { sequence, lastId, settledSequence, settledId, queueStart, queueEnd } = this.#head;
    this.#inFlight.push(...(await readChain(this.database, settledSequence + 1, sequence + 1)));
    let before = settledId;
    for (const { vertex } of this.#inFlight) {
      invariant(equalBytes(vertex.previous, before), `vertex ${vertex.sequence} does not continue the chain`);
      before = vertex.id;
    }
    invariant(equalBytes(before, lastId), `the chain in the outbox does not end in ${toHex(lastId)}`);
    const [first] = await this.#waiting(queueStart, queueEnd, 1);
    invariant((first !== undefined) === queueEnd > queueStart, 'queued frames are missing in the outbox');
    this.#waitingSinceMs = first?.entry.receivedMs;
  }
}

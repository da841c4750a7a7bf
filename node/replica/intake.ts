/**
 * From foreign bytes to the DAG: checks a vertex, parks it, admits it `[ADM-1..3]` `[VTX-7]`. The one place where a
 * verdict on a vertex is made.
 */

import { equalBytes, toHex } from '../../consensus/codec/bytes.ts';
import type { Code } from '../../consensus/codec/codes.ts';
import { type Facts, type Refusal, type Result, refuse } from '../../consensus/codec/result.ts';
import type { OpenDag } from '../../consensus/dag/open-dag.ts';
import {
  checkVertex,
  checkVertices,
  decodeVertex,
  encodeVertex,
  type Vertex,
  withoutReadings,
} from '../../consensus/vertex/vertex.ts';
import type { PeerKey } from '../ports.ts';
import type { BatchDoor } from './batch-door.ts';
import type { Effect } from './events.ts';
import type { Ledger } from './ledger.ts';
import { citing, type ParkedAs, Parking } from './parking.ts';
import { Seeker } from './seeker.ts';
import { payerOf, type Source, Tolls } from './tolls.ts';

export const OPEN_VERTICES_MAX = 100_000;
/**
 * With so many open, this node takes no more from its own light clients: they keep what they have, and try again. What
 * others took is still heard, so the doors of all nodes close together and the network works off what is open.
 */
export const OPEN_AT_DOOR_MAX = 4_096;
export type IntakeVerdict =
  | { readonly kind: 'added'; readonly vertex: Vertex }
  | { readonly kind: 'known' | 'settled' | 'parked' }
  | { readonly kind: 'ignored' | 'invalid'; readonly refusal: Refusal };

/** A vertex whose author may speak; its signature is still to be checked. */
interface Heard {
  readonly kind: 'heard';
  readonly vertex: Vertex;
  readonly envelope: Uint8Array;
  /** It costs its author no allowance. */
  readonly free: boolean;
}

/** It was heard in the same bundle already; this copy may be another one. */
interface Repeated {
  readonly kind: 'repeated';
}

export interface IntakeHooks {
  effect(wanted: Effect): void;
  onAdded(vertex: Vertex, checkpointHeight: number): void;
  /** A certified checkpoint that is being caught up with confirms this vertex. */
  isAwaited(vertexKey: string): boolean;
  /** `isForged`: the bytes alone refute it, and whoever checks before it relays does not send such. */
  refuse(code: Code, facts: Facts, payer: PeerKey | undefined, isForged?: boolean): void;
  /** Which batches are taken `[STO-3]`. */
  readonly door: BatchDoor;
}

export class Intake {
  readonly parking = new Parking();
  readonly seeker: Seeker;
  readonly #ledger: Ledger;
  readonly #dag: OpenDag;
  readonly #tolls: Tolls;
  readonly #hooks: IntakeHooks;
  /** What is taken may have this node say something, which it takes as well. */
  #isTaking = false;
  /** `authorPerS`: vertices a second that an author is allowed; the default when it is left out. */
  constructor(ledger: Ledger, dag: OpenDag, hooks: IntakeHooks, authorPerS?: number) {
    this.#tolls = new Tolls(ledger, authorPerS);
    this.seeker = new Seeker(dag, this.parking, this.#tolls, (wanted) => hooks.effect(wanted));
    this.#ledger = ledger;
    this.#dag = dag;
    this.#hooks = hooks;
  }

  /** Takes one encoded vertex. Whatever waited for it is taken as well. */
  take(envelope: Uint8Array, source: Source, nowMs: number): IntakeVerdict {
    return this.takeAll([envelope], source, nowMs)[0]!;
  }

  /** Takes vertices that came together, in their order; their signatures are verified together. */
  takeAll(envelopes: readonly Uint8Array[], source: Source, nowMs: number): IntakeVerdict[] {
    const isOutermost = !this.#isTaking;
    this.#isTaking = true;
    // A copy is verified, and costs its author, only when the one before it turned out to be another.
    const keys = new Set<string>();
    const received = envelopes.map((envelope) => this.#receive(envelope, source, nowMs, keys));
    const heard = received.filter((one) => one.kind === 'heard');
    const checked = checkVertices(
      heard.map(({ vertex }) => vertex),
      this.#ledger.genesis.network,
    );
    let next = 0;
    const verdicts = received.map((one, place) => {
      if (one.kind === 'heard') return this.#judge(one, checked[next++]!, source, nowMs);
      // Those before it may have released it, or rest on it and wait for it by now: then it is free of allowance.
      const mayDiffer = one.kind === 'parked' || (one.kind === 'ignored' && source.as === 'answer');
      if (one.kind === 'repeated' || (mayDiffer && place > 0))
        return this.#takeNow(envelopes[place]!, source, nowMs);
      return one;
    });
    if (isOutermost) {
      this.#isTaking = false;
      this.seeker.settle(nowMs);
    }
    return verdicts;
  }

  /** Amid others that came with it. */
  #takeNow(envelope: Uint8Array, source: Source, nowMs: number): IntakeVerdict {
    const one = this.#receive(envelope, source, nowMs, new Set());
    if (one.kind !== 'heard') return one.kind === 'repeated' ? { kind: 'known' } : one;
    return this.#judge(one, checkVertex(one.vertex, this.#ledger.genesis.network), source, nowMs);
  }

  /** Cheap questions first: a signature is checked only for an author who may speak and has not spoken too much. */
  #receive(
    envelope: Uint8Array,
    source: Source,
    nowMs: number,
    heard: Set<string>,
  ): IntakeVerdict | Heard | Repeated {
    // What is refused must cost little, or a node that is full would be busy refusing.
    if (isAtDoor(source) && this.#dag.size >= OPEN_AT_DOOR_MAX) {
      return {
        kind: 'ignored',
        refusal: refuse('E_FULL', { open: this.#dag.size, most: OPEN_AT_DOOR_MAX }),
      };
    }
    if (source.as === 'relayed' && this.#tolls.isSpent(envelope, source, nowMs))
      return { kind: 'ignored', refusal: refuse('E_ALLOWANCE') };
    const decoded = decodeVertex(envelope);
    if (!decoded.ok) return { kind: 'invalid', refusal: decoded };
    const vertex = decoded.value;
    // Before anything else of it: whoever is told that it was taken, or known, may forget its batch.
    const unwanted = isAtDoor(source) ? this.#unwanted(vertex) : undefined;
    if (unwanted !== undefined) return { kind: 'ignored', refusal: unwanted };
    if (this.#dag.knows(vertex.key)) return this.#takeAgain(vertex, source, nowMs);
    if (this.parking.has(vertex.key)) return { kind: 'parked' };
    this.seeker.expect(vertex.key);
    if (heard.has(vertex.key)) return { kind: 'repeated' };
    const stranger = this.#unknownAuthor(vertex);
    if (stranger !== undefined) {
      // Its id says who wrote it, and citing what: nobody has a better copy.
      this.parking.giveUp(vertex.key);
      return this.#invalid(stranger, payerOf(source));
    }
    const free = source.as === 'needed' || this.#isAskedFor(vertex, source);
    const busy = free ? undefined : this.#overAllowance(vertex, source, nowMs);
    if (busy !== undefined) return { kind: 'ignored', refusal: busy };
    heard.add(vertex.key);
    return { kind: 'heard', vertex, envelope, free };
  }

  #judge(
    { vertex, envelope, free }: Heard,
    checked: Result<Vertex>,
    source: Source,
    nowMs: number,
  ): IntakeVerdict {
    const pressed = free || this.#isAskedFor(vertex, source);
    // It was charged, and its author did not say it; or a vertex that came with it waits for it by now.
    if (!free && (pressed || !checked.ok)) this.#tolls.giveBack(vertex, source);
    if (!checked.ok) return this.#invalid(checked, payerOf(source), true);
    const verdict = this.#place(vertex, { peer: source.peer, pressed }, nowMs, envelope);
    this.#releaseAfter(verdict, vertex.key, nowMs);
    return verdict;
  }

  /** It is an answer, and more than its author asks for it. */
  #isAskedFor(vertex: Vertex, { as }: Source): boolean {
    return as === 'answer' && (this.parking.isPressedFor(vertex) || this.#hooks.isAwaited(vertex.key));
  }

  /** Tries everything that waited for this checkpoint. */
  releaseCiting(checkpointKey: string, nowMs: number): void {
    this.release(citing(checkpointKey), nowMs);
  }

  /** Tries everything that waited for a vertex, and whatever waited for that in turn. */
  release(idKey: string, nowMs: number): void {
    const settled = [idKey];
    for (const key of settled) {
      for (const { vertex, ...how } of this.parking.release(key)) {
        if (opensTheWay(this.#place(vertex, how, nowMs))) settled.push(vertex.key);
      }
    }
  }

  #releaseAfter(verdict: IntakeVerdict, vertexKey: string, nowMs: number): void {
    if (opensTheWay(verdict)) this.release(vertexKey, nowMs);
  }

  /** `envelope`: the vertex as it came, where it has not waited. */
  #place(vertex: Vertex, how: ParkedAs, nowMs: number, envelope?: Uint8Array): IntakeVerdict {
    const { peer } = how;
    const checkpointHeight = this.#ledger.heightOf(toHex(vertex.checkpoint));
    if (checkpointHeight === undefined) {
      // Not a wrong vertex but an early one: its checkpoint is certified elsewhere, or never. Or it was so long ago that
      // only the store remembers it.
      if (this.#ledger.forgets && !this.parking.isAwaited(citing(toHex(vertex.checkpoint))))
        this.#hooks.effect({ type: 'recallHeader', id: vertex.checkpoint });
      this.parking.park(vertex, [], { ...how, early: true });
      return { kind: 'parked' };
    }
    const stranger = this.#unknownAuthor(vertex);
    if (stranger !== undefined) return this.#invalid(stranger, peer);
    if (this.#isBeyondWindow(vertex, checkpointHeight)) {
      const { authorKey, sequence, time } = vertex;
      this.#dag.recall(vertex.key, { authorKey, sequence, time, checkpointHeight });
      // Whoever gets a descendant from here will ask for this one too. It is not relayed: its ancestors were not checked.
      this.#store(vertex, envelope);
      this.#hooks.effect({ type: 'store', write: { type: 'bury', keys: [vertex.key] } });
      return { kind: 'settled' };
    }
    const added = this.#dag.add(withoutReadings(vertex), checkpointHeight);
    switch (added.kind) {
      case 'known':
        return { kind: 'known' };
      case 'refused':
        return this.#invalid(added.refusal, peer);
      case 'missing':
        this.parking.park(vertex, added.ids, how);
        this.seeker.seek(added.ids, peer, nowMs);
        return { kind: 'parked' };
      case 'added':
        this.#store(vertex, envelope);
        this.#hooks.effect({ type: 'notice', notice: { type: 'vertex', vertex } });
        this.#hooks.onAdded(vertex, checkpointHeight);
        return { kind: 'added', vertex };
    }
  }

  /** The author's key is not enrolled at the checkpoint that the vertex cites; not judged while that is unknown here. */
  #unknownAuthor(vertex: Vertex): Refusal | undefined {
    const checkpointHeight = this.#ledger.heightOf(toHex(vertex.checkpoint));
    if (checkpointHeight === undefined) return undefined;
    const { since } = this.#ledger.standingOf(vertex);
    if (since !== undefined && since <= checkpointHeight) return undefined;
    return refuse('E_KEY_UNKNOWN', { author: vertex.authorKey, vertex: vertex.key });
  }

  /** Settled, or dead, before the window of outcome lists that is kept `[ORD-1]`. */
  #isBeyondWindow(vertex: Vertex, checkpointHeight: number): boolean {
    if (checkpointHeight >= this.#ledger.height - this.#ledger.genesis.record.pace.settledWindow)
      return false;
    return vertex.sequence <= this.#ledger.standingOf(vertex).topSequence;
  }

  /**
   * A vertex that is here already. Its id says nothing of its signature and payload: only the very same copy is known,
   * any other is judged by itself, or this node would relay what others must refuse. It may bring the payload that was
   * missing here `[VTX-6]`.
   */
  #takeAgain(vertex: Vertex, source: Source, nowMs: number): IntakeVerdict {
    const { kind, payload, signature } = vertex;
    const known = this.#dag.get(vertex.key)?.vertex;
    const bringsPayload = kind === 'readings' && payload.length > 0;
    if (known === undefined && !bringsPayload) return { kind: 'settled' };
    const same = known !== undefined && equalBytes(known.signature, signature);
    if (same && equalBytes(known.payload, payload)) return { kind: 'known' };
    if (!this.#tolls.takeCopy(vertex, source, nowMs))
      return { kind: 'ignored', refusal: refuse('E_ALLOWANCE') };
    const checked = checkVertex(vertex, this.#ledger.genesis.network);
    if (!checked.ok) return this.#invalid(checked, payerOf(source), true);
    if (bringsPayload && (known === undefined || same)) this.#store(vertex);
    return { kind: 'known' };
  }

  #overAllowance(vertex: Vertex, source: Source, nowMs: number): Refusal | undefined {
    if (this.#dag.size >= OPEN_VERTICES_MAX)
      return refuse('E_FULL', { open: this.#dag.size, most: OPEN_VERTICES_MAX });
    if (this.#tolls.take(vertex, source, nowMs)) return undefined;
    return refuse('E_ALLOWANCE', { author: vertex.authorKey });
  }

  #invalid(refusal: Refusal, peer: PeerKey | undefined, isForged = false): IntakeVerdict {
    this.#hooks.refuse(refusal.code, refusal.facts, peer, isForged);
    return { kind: 'invalid', refusal };
  }

  /** Why its batch is not taken, where it brings one. */
  #unwanted({ kind, author, payload }: Vertex): Refusal | undefined {
    return kind === 'readings' && payload.length > 0
      ? this.#hooks.door.refusal(author, payload.length)
      : undefined;
  }

  /** There is one encoding of a vertex: one that came in `envelope` need not be encoded again. */
  #store(brought: Vertex, envelope?: Uint8Array): void {
    const vertex = this.#unwanted(brought) === undefined ? brought : withoutReadings(brought);
    if (vertex.kind === 'readings') this.#hooks.door.note(vertex.payload.length);
    const encoded = (vertex === brought && envelope) || encodeVertex(vertex);
    // Every vertex that is confirmed raises this, and only such as stand below it are buried.
    const fresh = vertex.sequence > this.#ledger.standingOf(vertex).topSequence;
    this.#hooks.effect({
      type: 'store',
      write: { type: 'vertex', vertex: { key: vertex.key, envelope: encoded }, fresh },
    });
  }
}

/** From a light client, or this node's own process: whoever hands it in relies on this node to keep it. */
function isAtDoor({ peer, as }: Source): boolean {
  return peer === undefined && as === 'relayed';
}

/** What waits for this vertex may be tried again. */
function opensTheWay({ kind }: IntakeVerdict): boolean {
  return kind === 'added' || kind === 'known' || kind === 'settled';
}

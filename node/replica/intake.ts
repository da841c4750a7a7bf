/**
 * From foreign bytes to the DAG: checks a vertex, parks it, admits it `[ADM-1..3]` `[VTX-7]`. The one place where a
 * verdict on a vertex is made.
 */

import { equalBytes, fromHex, toHex } from '../../consensus/codec/bytes.ts';
import type { Code } from '../../consensus/codec/codes.ts';
import { type Facts, type Refusal, type Result, refuse } from '../../consensus/codec/result.ts';
import type { OpenDag } from '../../consensus/dag/open-dag.ts';
import {
  checkVertex,
  checkVertices,
  decodeVertex,
  encodeVertex,
  peekAuthor,
  type Vertex,
  withoutPayload,
} from '../../consensus/vertex/vertex.ts';
import { VERTICES_PER_REQUEST_MAX } from '../../consensus/wire/messages.ts';
import type { PeerKey } from '../ports.ts';
import { Allowance } from './allowance.ts';
import type { Effect } from './events.ts';
import type { Ledger } from './ledger.ts';
import { citing, type ParkedAs, Parking } from './parking.ts';

export const OPEN_VERTICES_MAX = 100_000;
/**
 * With so many open, this node takes no more from its own light clients: they keep what they have, and try again. What
 * others took is still heard, so the doors of all nodes close together and the network works off what is open.
 */
export const OPEN_AT_DOOR_MAX = 4_096;
/** What a vertex of a suspended or revoked key costs its allowance: what it says has no effect, and a seat needs few. */
const IN_VAIN_COST = 25;
/** What a payload that comes after its vertex costs its sender's allowance: a vertex for each of so many bytes. */
const PAYLOAD_UNIT_BYTES = 8 << 10;

export type IntakeVerdict =
  | { readonly kind: 'added'; readonly vertex: Vertex }
  | { readonly kind: 'known' | 'settled' | 'parked' }
  | { readonly kind: 'ignored' | 'invalid'; readonly refusal: Refusal };

/** A vertex whose author may speak; its signature is still to be checked. */
interface Heard {
  readonly kind: 'heard';
  readonly vertex: Vertex;
  /** It costs its author no allowance. */
  readonly free: boolean;
}

/** It was heard in the same bundle already; this copy may be another one. */
interface Repeated {
  readonly kind: 'repeated';
}

/**
 * How a vertex came. `needed`: its own node wrote it, or a proposal names it; `answer`: a peer says that it was asked
 * for it; `relayed`: all else. Only what is needed or was really asked for is free of its author's allowance.
 */
export interface Source {
  readonly peer: PeerKey | undefined;
  /** The light client that handed it in: nothing is asked of it, but it pays as a peer does. */
  readonly client?: PeerKey | undefined;
  readonly as: 'needed' | 'answer' | 'relayed';
}

export interface IntakeHooks {
  effect(wanted: Effect): void;
  onAdded(vertex: Vertex, checkpointHeight: number): void;
  /** A certified checkpoint that is being caught up with confirms this vertex. */
  isAwaited(vertexKey: string): boolean;
  /** `isForged`: the bytes alone refute it, and whoever checks before it relays does not send such. */
  refuse(code: Code, facts: Facts, payer: PeerKey | undefined, isForged?: boolean): void;
}

export class Intake {
  readonly parking = new Parking();
  readonly #ledger: Ledger;
  readonly #dag: OpenDag;
  readonly #allowance: Allowance;
  readonly #hooks: IntakeHooks;
  /** Keys of what came in the same message and is still to be placed: nobody is asked for it. */
  readonly #coming = new Set<string>();
  /** What is taken may have this node say something, which it takes as well. */
  #isTaking = false;
  /** What was not asked for because it was still to be placed. */
  readonly #postponed: { readonly id: Uint8Array; readonly peer: PeerKey | undefined }[] = [];

  /** `authorPerS`: vertices a second that an author is allowed; the default when it is left out. */
  constructor(ledger: Ledger, dag: OpenDag, hooks: IntakeHooks, authorPerS?: number) {
    this.#allowance = new Allowance(authorPerS);
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
    if (isOutermost) this.#seekPostponed(nowMs);
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
    if (source.as === 'relayed' && this.#isSpent(envelope, source, nowMs))
      return { kind: 'ignored', refusal: refuse('E_ALLOWANCE') };
    const decoded = decodeVertex(envelope);
    if (!decoded.ok) return { kind: 'invalid', refusal: decoded };
    const vertex = decoded.value;
    if (this.#dag.knows(vertex.key)) return this.#takeAgain(vertex, payerOf(source), nowMs);
    if (this.parking.has(vertex.key)) return { kind: 'parked' };
    this.#coming.add(vertex.key);
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
    return { kind: 'heard', vertex, free };
  }

  #judge({ vertex, free }: Heard, checked: Result<Vertex>, source: Source, nowMs: number): IntakeVerdict {
    const pressed = free || this.#isAskedFor(vertex, source);
    // It was charged, and its author did not say it; or a vertex that came with it waits for it by now.
    if (!free && (pressed || !checked.ok)) {
      const { account, cost } = this.#chargeFor(vertex, source);
      if (account !== undefined) this.#allowance.giveBack(account, cost);
    }
    if (!checked.ok) return this.#invalid(checked, payerOf(source), true);
    const verdict = this.#place(vertex, { peer: source.peer, pressed }, nowMs);
    this.#releaseAfter(verdict, vertex.key, nowMs);
    return verdict;
  }

  /** It is an answer, and more than its author asks for it. */
  #isAskedFor(vertex: Vertex, { as }: Source): boolean {
    return as === 'answer' && (this.parking.isPressedFor(vertex) || this.#hooks.isAwaited(vertex.key));
  }

  /** Asks `peer` for those of `ids` that are not here, and for what those that are parked wait for. */
  fetch(ids: readonly Uint8Array[], peer: PeerKey, nowMs: number): void {
    const keys = ids.map(toHex).filter((key) => !this.#dag.knows(key));
    const parked = keys.filter((key) => this.parking.has(key));
    const missing = new Set(parked.flatMap((key) => this.parking.missingFor(key, VERTICES_PER_REQUEST_MAX)));
    const unknown = keys.filter((key) => !this.parking.has(key) && !missing.has(key));
    const fresh = this.parking.want(unknown.map(idOf), peer, nowMs);
    const stuck = [...missing].slice(0, VERTICES_PER_REQUEST_MAX).map(idOf);
    // Wanted already, but whoever names the descendant now has the ancestors as well.
    this.parking.want(stuck, peer, nowMs);
    this.#ask(peer, [...fresh, ...stuck], nowMs);
  }

  /** Asks for ancestors that the store does not have: those who sent what waits for them `[VTX-7]`. */
  askSenders(ids: readonly Uint8Array[], peers: ReadonlySet<PeerKey>, nowMs: number): void {
    const [first] = peers;
    const absent = ids.filter((id) => !this.parking.has(toHex(id)) && !this.#dag.knows(toHex(id)));
    this.#askEach(
      absent,
      (id) => {
        const sender = this.parking.senderOf(toHex(id));
        return sender !== undefined && peers.has(sender) ? sender : first;
      },
      nowMs,
    );
  }

  /** Asks again for what is still missing: other peers than the first, in turns. */
  chase(peers: ReadonlySet<PeerKey>, nowMs: number): void {
    const turns = [...peers];
    const due = new Map(this.parking.overdue(nowMs).map(({ id, asked }) => [id, asked]));
    this.#askEach([...due.keys()], (id) => turns[due.get(id)! % turns.length], nowMs);
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

  #askEach(ids: readonly Uint8Array[], peerOf: (id: Uint8Array) => PeerKey | undefined, nowMs: number): void {
    const byPeer = new Map<PeerKey, Uint8Array[]>();
    for (const id of ids) {
      const peer = peerOf(id);
      if (peer === undefined) continue;
      const asked = byPeer.get(peer);
      if (asked === undefined) byPeer.set(peer, [id]);
      else asked.push(id);
    }
    for (const [peer, asked] of byPeer) this.#ask(peer, asked, nowMs);
  }

  /** Not for what would be refused on arrival, since its author has nothing left: that is asked for later. */
  #ask(peer: PeerKey, wanted: readonly Uint8Array[], nowMs: number): void {
    const ids: Uint8Array[] = [];
    for (const id of wanted) {
      const { count, payer } = this.parking.chainWanted(id);
      const borne = payer === undefined ? count : Math.min(count, this.#allowance.left(payer, nowMs));
      if (borne === 1) ids.push(id);
      if (borne > 1)
        this.#hooks.effect({ type: 'send', peer, message: { type: 'getChain', id, count: borne } });
    }
    for (let i = 0; i < ids.length; i += VERTICES_PER_REQUEST_MAX) {
      this.#hooks.effect({
        type: 'send',
        peer,
        message: { type: 'getVertices', ids: ids.slice(i, i + VERTICES_PER_REQUEST_MAX) },
      });
    }
  }

  #place(vertex: Vertex, how: ParkedAs, nowMs: number): IntakeVerdict {
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
      this.#store(vertex);
      this.#hooks.effect({ type: 'store', write: { type: 'bury', keys: [vertex.key] } });
      return { kind: 'settled' };
    }
    const added = this.#dag.add(
      vertex.kind === 'readings' ? withoutPayload(vertex) : vertex,
      checkpointHeight,
    );
    switch (added.kind) {
      case 'known':
        return { kind: 'known' };
      case 'refused':
        return this.#invalid(added.refusal, peer);
      case 'missing':
        this.parking.park(vertex, added.ids, how);
        this.#seek(added.ids, peer, nowMs);
        return { kind: 'parked' };
      case 'added':
        this.#store(vertex);
        this.#hooks.effect({ type: 'notice', notice: { type: 'vertex', vertex } });
        this.#hooks.onAdded(vertex, checkpointHeight);
        return { kind: 'added', vertex };
    }
  }

  /** Looks for ancestors of what is parked: in the own store, and at `peer`, which sent it. */
  #seek(ids: readonly Uint8Array[], peer: PeerKey | undefined, nowMs: number): void {
    const absent: Uint8Array[] = [];
    for (const id of ids) {
      const key = toHex(id);
      if (this.#coming.has(key)) this.#postponed.push({ id, peer });
      else if (!this.parking.has(key)) absent.push(id);
    }
    const fresh = this.parking.want(absent, peer, nowMs);
    if (fresh.length > 0) this.#hooks.effect({ type: 'recall', ids: fresh });
    if (peer !== undefined) this.#ask(peer, this.parking.turnTo(absent, peer, nowMs), nowMs);
  }

  /** What was to come with what waits for it, and was refused. */
  #seekPostponed(nowMs: number): void {
    this.#isTaking = false;
    this.#coming.clear();
    for (const { id, peer } of this.#postponed.splice(0))
      if (!this.#dag.knows(toHex(id))) this.#seek([id], peer, nowMs);
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
  #takeAgain(vertex: Vertex, payer: PeerKey | undefined, nowMs: number): IntakeVerdict {
    const { kind, payload, signature } = vertex;
    const known = this.#dag.get(vertex.key)?.vertex;
    const bringsPayload = kind === 'readings' && payload.length > 0;
    if (known === undefined && !bringsPayload) return { kind: 'settled' };
    const same = known !== undefined && equalBytes(known.signature, signature);
    if (same && equalBytes(known.payload, payload)) return { kind: 'known' };
    const cost = 1 + Math.floor(payload.length / PAYLOAD_UNIT_BYTES);
    if (!this.#allowance.take(accountOf(payer ?? vertex.authorKey), cost, nowMs))
      return { kind: 'ignored', refusal: refuse('E_ALLOWANCE') };
    const checked = checkVertex(vertex, this.#ledger.genesis.network);
    if (!checked.ok) return this.#invalid(checked, payer, true);
    if (bringsPayload && (known === undefined || same)) this.#store(vertex);
    return { kind: 'known' };
  }

  /** Whoever would pay for it has nothing left: then it is not even decoded, which is most of what it would cost here. */
  #isSpent(envelope: Uint8Array, source: Source, nowMs: number): boolean {
    const author = peekAuthor(envelope);
    if (author === undefined) return false;
    const { account, cost } = this.#chargeFor({ author, authorKey: toHex(author) }, source);
    return account !== undefined && this.#allowance.left(account, nowMs) < cost;
  }

  #overAllowance(vertex: Vertex, source: Source, nowMs: number): Refusal | undefined {
    const most = source.peer === undefined ? OPEN_AT_DOOR_MAX : OPEN_VERTICES_MAX;
    if (this.#dag.size >= most) return refuse('E_FULL', { open: this.#dag.size, most });
    const { account, cost } = this.#chargeFor(vertex, source);
    if (account === undefined || this.#allowance.take(account, cost, nowMs)) return undefined;
    return refuse('E_ALLOWANCE', { author: vertex.authorKey });
  }

  /**
   * Whose allowance a vertex costs, and how much. A key not enrolled here yet may be enrolled by a checkpoint still to come,
   * or never: whoever brings its vertices pays for them, since such keys cost nothing.
   */
  #chargeFor(
    vertex: Pick<Vertex, 'author' | 'authorKey'>,
    source: Source,
  ): { readonly account: string | undefined; readonly cost: number } {
    const { since, inVain } = this.#ledger.standingOf(vertex);
    if (since !== undefined) return { account: vertex.authorKey, cost: inVain ? IN_VAIN_COST : 1 };
    const payer = payerOf(source);
    return { account: payer && accountOf(payer), cost: 1 };
  }

  #invalid(refusal: Refusal, peer: PeerKey | undefined, isForged = false): IntakeVerdict {
    this.#hooks.refuse(refusal.code, refusal.facts, peer, isForged);
    return { kind: 'invalid', refusal };
  }

  #store(vertex: Vertex): void {
    // Every vertex that is confirmed raises this, and only such as stand below it are buried.
    const fresh = vertex.sequence > this.#ledger.standingOf(vertex).topSequence;
    this.#hooks.effect({
      type: 'store',
      write: { type: 'vertex', vertex: { key: vertex.key, envelope: encodeVertex(vertex) }, fresh },
    });
  }
}

/** What waits for this vertex may be tried again. */
function opensTheWay({ kind }: IntakeVerdict): boolean {
  return kind === 'added' || kind === 'known' || kind === 'settled';
}

function payerOf({ peer, client }: Source): PeerKey | undefined {
  return peer ?? client;
}

/** What a peer or a light client pays from for what others said. */
function accountOf(payer: PeerKey): string {
  return `from ${payer}`;
}

function idOf(key: string): Uint8Array {
  return fromHex(key)!;
}

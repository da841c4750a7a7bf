/**
 * From foreign bytes to the DAG: checks a vertex, parks it, admits it `[ADM-1..3]` `[VTX-7]`. The one place where a
 * verdict on a vertex is made.
 */

import { equalBytes, toHex } from '../../consensus/codec/bytes.ts';
import { type Refusal, refuse } from '../../consensus/codec/result.ts';
import { chain, key } from '../../consensus/contracts/registry.ts';
import type { OpenDag } from '../../consensus/dag/open-dag.ts';
import { checkVertex, decodeVertex, encodeVertex, type Vertex, withoutPayload } from '../../consensus/vertex/vertex.ts';
import type { PeerKey } from '../ports.ts';
import { Allowance } from './allowance.ts';
import type { Effect } from './events.ts';
import type { Ledger } from './ledger.ts';
import { Parking } from './parking.ts';

/** Tries before an ancestor that nobody has is given up; whatever still needs it will ask again. */
const FETCH_TRIES_MAX = 20;
const OPEN_VERTICES_MAX = 100_000;

export type IntakeVerdict =
  | { readonly kind: 'added'; readonly vertex: Vertex }
  | { readonly kind: 'known' | 'parked' }
  | { readonly kind: 'ignored' | 'invalid'; readonly refusal: Refusal };

/**
 * How a vertex came. `needed`: its own node wrote it, or a proposal names it; `answer`: a peer says that it was asked
 * for it; `relayed`: all else. Only what is needed or was really asked for is free of its author's allowance.
 */
export interface Source {
  readonly peer: PeerKey | undefined;
  readonly as: 'needed' | 'answer' | 'relayed';
}

export class Intake {
  readonly parking = new Parking();
  readonly #ledger: Ledger;
  readonly #dag: OpenDag;
  readonly #allowance = new Allowance();
  readonly #effect: (effect: Effect) => void;
  readonly #onAdded: (vertex: Vertex) => void;
  readonly #isAwaited: (vertexKey: string) => boolean;

  constructor(
    ledger: Ledger,
    dag: OpenDag,
    hooks: {
      readonly effect: (effect: Effect) => void;
      readonly onAdded: (vertex: Vertex) => void;
      /** A certified checkpoint that is being caught up with confirms this vertex. */
      readonly isAwaited: (vertexKey: string) => boolean;
    },
  ) {
    this.#ledger = ledger;
    this.#dag = dag;
    this.#effect = hooks.effect;
    this.#onAdded = hooks.onAdded;
    this.#isAwaited = hooks.isAwaited;
  }

  /** Takes one encoded vertex. Whatever waited for it is taken as well. */
  take(envelope: Uint8Array, source: Source, nowMs: number): IntakeVerdict {
    const decoded = decodeVertex(envelope);
    if (!decoded.ok) return { kind: 'invalid', refusal: decoded };
    const vertex = decoded.value;
    if (this.#dag.knows(vertex.key)) return this.#keepPayload(vertex);
    if (this.parking.has(vertex.key)) return { kind: 'known' };
    // Cheap questions first: a signature is checked only for an author who may speak and has not spoken too much.
    const stranger = this.#unknownAuthor(vertex);
    if (stranger !== undefined) return this.#invalid(stranger, source.peer);
    const asked = source.as === 'answer' && (this.parking.wants(vertex.key) || this.#isAwaited(vertex.key));
    const busy = asked || source.as === 'needed' ? undefined : this.#overAllowance(vertex, nowMs);
    if (busy !== undefined) return { kind: 'ignored', refusal: busy };
    const checked = checkVertex(vertex, this.#ledger.genesis.network);
    if (!checked.ok) return this.#invalid(checked, source.peer);
    return this.#place(vertex, source.peer, nowMs);
  }

  /** Asks `peer` for those of `ids` that are not here; others are asked if it does not answer. */
  fetch(ids: readonly Uint8Array[], peer: PeerKey, nowMs: number): void {
    const unknown = ids.filter((id) => !this.#dag.knows(toHex(id)) && !this.parking.has(toHex(id)));
    const fresh = this.parking.want(unknown, nowMs);
    if (fresh.length > 0) this.#effect({ type: 'send', peer, message: { type: 'getVertices', ids: fresh } });
  }

  /** Asks again for what is still missing: other peers than the first, in turns. */
  chase(peers: readonly PeerKey[], nowMs: number): void {
    for (const { id, asked } of this.parking.overdue(nowMs, FETCH_TRIES_MAX)) {
      const peer = peers[asked % peers.length];
      if (peer !== undefined) this.#effect({ type: 'send', peer, message: { type: 'getVertices', ids: [id] } });
    }
  }

  /** Tries everything that waited for a vertex or for a checkpoint. */
  release(idKey: string, nowMs: number): void {
    for (const { vertex, peer } of this.parking.release(idKey)) this.#place(vertex, peer, nowMs);
  }

  #place(vertex: Vertex, peer: PeerKey | undefined, nowMs: number): IntakeVerdict {
    const checkpointHeight = this.#ledger.heightOf(toHex(vertex.checkpoint));
    if (checkpointHeight === undefined) {
      // Not a wrong vertex but an early one: its checkpoint is certified elsewhere, or never.
      this.parking.park(vertex, [vertex.checkpoint], peer);
      return { kind: 'parked' };
    }
    const stranger = this.#unknownAuthor(vertex);
    if (stranger !== undefined) return this.#invalid(stranger, peer);
    if (this.#isBeyondWindow(vertex, checkpointHeight)) {
      const { authorKey, sequence, time } = vertex;
      this.#dag.recall(vertex.key, { authorKey, sequence, time, checkpointHeight });
      this.release(vertex.key, nowMs);
      return { kind: 'known' };
    }
    const added = this.#dag.add(vertex.kind === 'readings' ? withoutPayload(vertex) : vertex, checkpointHeight);
    switch (added.kind) {
      case 'known':
        return { kind: 'known' };
      case 'refused':
        return this.#invalid(added.refusal, peer);
      case 'missing': {
        this.parking.park(vertex, added.ids, peer);
        const fresh = this.parking.want(added.ids, nowMs);
        if (fresh.length > 0) this.#effect({ type: 'recall', ids: fresh });
        return { kind: 'parked' };
      }
      case 'added':
        this.#effect({ type: 'store', write: { type: 'vertex', vertex: { key: vertex.key, envelope: encodeVertex(vertex) } } });
        this.#effect({ type: 'notice', notice: { type: 'vertex', vertex } });
        this.#onAdded(vertex);
        this.release(vertex.key, nowMs);
        return { kind: 'added', vertex };
    }
  }

  /** The author's key is not enrolled at the checkpoint that the vertex cites; not judged while that is unknown here. */
  #unknownAuthor(vertex: Vertex): Refusal | undefined {
    const checkpointHeight = this.#ledger.heightOf(toHex(vertex.checkpoint));
    if (checkpointHeight === undefined) return undefined;
    const author = this.#ledger.state.get(key, vertex.author);
    if (author !== undefined && author.since <= checkpointHeight) return undefined;
    return refuse('E_KEY_UNKNOWN', { author: vertex.authorKey, vertex: vertex.key });
  }

  /** Settled, or dead, before the window of outcome lists that is kept `[ORD-1]`. */
  #isBeyondWindow(vertex: Vertex, checkpointHeight: number): boolean {
    if (checkpointHeight >= this.#ledger.height - this.#ledger.genesis.record.pace.settledWindow) return false;
    return vertex.sequence <= (this.#ledger.state.get(chain, vertex.author)?.topSequence ?? 0);
  }

  /** A known vertex may bring the payload that was missing here `[VTX-6]`. */
  #keepPayload(vertex: Vertex): IntakeVerdict {
    if (vertex.kind !== 'readings' || vertex.payload.length === 0) return { kind: 'known' };
    const known = this.#dag.get(vertex.key)?.vertex;
    const checked = checkVertex(vertex, this.#ledger.genesis.network);
    if (!checked.ok) return { kind: 'invalid', refusal: checked };
    if (known !== undefined && !equalBytes(known.signature, vertex.signature)) return { kind: 'known' };
    this.#effect({ type: 'store', write: { type: 'vertex', vertex: { key: vertex.key, envelope: encodeVertex(vertex) } } });
    return { kind: 'known' };
  }

  #overAllowance(vertex: Vertex, nowMs: number): Refusal | undefined {
    if (this.#dag.size >= OPEN_VERTICES_MAX) return refuse('E_FULL', { open: this.#dag.size });
    const enrolled = this.#ledger.state.get(key, vertex.author);
    // A key not enrolled here yet may be enrolled by a checkpoint still to come: such vertices are parked, a few.
    if (enrolled !== undefined && !this.#allowance.take(vertex.authorKey, 1, nowMs)) {
      return refuse('E_ALLOWANCE', { author: vertex.authorKey });
    }
    return undefined;
  }

  #invalid(refusal: Refusal, peer: PeerKey | undefined): IntakeVerdict {
    const notice = { type: 'refused', code: refusal.code, facts: refusal.facts } as const;
    this.#effect({ type: 'notice', notice: peer === undefined ? notice : { ...notice, peer } });
    return { kind: 'invalid', refusal };
  }
}

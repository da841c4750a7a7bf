/**
 * This node's own chain of vertices `[VTX-2]` at work: where it goes on after a restart, when it may, and that each link
 * is durable before anybody sees it. `author.ts` decides what a vertex of it looks like.
 */

import { equalBytes, toHex } from '../../consensus/codec/bytes.ts';
import { invariant, ok, type Result, refuse } from '../../consensus/codec/result.ts';
import { chain } from '../../consensus/contracts/registry.ts';
import type { Signer } from '../../consensus/crypto/ed25519.ts';
import { zero32 } from '../../consensus/crypto/hash.ts';
import type { OpenDag } from '../../consensus/dag/open-dag.ts';
import { decodeVertex, encodeVertex, type Vertex, type VertexKind } from '../../consensus/vertex/vertex.ts';
import { Author, type ChainEnd, chooseTips, LAZY_HEIGHTS } from './author.ts';
import type { Effect } from './events.ts';
import type { IntakeVerdict } from './intake.ts';
import type { Ledger } from './ledger.ts';

export interface OwnChainStart {
  readonly signer: Signer;
  /** The last confirmed vertex of the chain, if there is one. */
  readonly ownEnd: ChainEnd | undefined;
  /** Encoded open vertices, of whatever author. */
  readonly openVertices: readonly Uint8Array[];
  /** Seed of tip selection: policy, so that it need not be agreed on. */
  readonly seed: number;
}

export interface OwnChainHooks {
  effect(wanted: Effect): void;
  /** Takes an own vertex in: stores it and makes it part of the DAG. */
  take(envelope: Uint8Array, nowMs: number): IntakeVerdict;
  /** Why this node must not speak now `[BFT-1]`. */
  silentWhy(): string | undefined;
  /** Greatest certified height that anybody has shown. */
  target(): number;
}

export class OwnChain {
  readonly #signer: Signer;
  readonly #ledger: Ledger;
  readonly #dag: OpenDag;
  readonly #hooks: OwnChainHooks;
  readonly #author: Author;
  #seed: number;

  constructor(start: OwnChainStart, ledger: Ledger, dag: OpenDag, hooks: OwnChainHooks) {
    this.#signer = start.signer;
    this.#ledger = ledger;
    this.#dag = dag;
    this.#hooks = hooks;
    this.#seed = start.seed;
    this.#author = new Author(start.signer, ledger.genesis.network, this.#endOf(start));
    if (start.ownEnd !== undefined) this.#recall(start.ownEnd);
  }

  /** The chain goes on after this vertex, if it is an own one. */
  follow(vertex: Vertex, checkpointHeight: number): void {
    this.#author.follow(vertex, checkpointHeight);
  }

  /** Writes an ordinary vertex, on tips that are chosen for it. */
  say(kind: VertexKind, payload: Uint8Array, payloadHash: Uint8Array, nowMs: number): Result<Vertex> {
    const parents = chooseTips(this.#dag, this.#ledger.height, (below) => this.#pick(below));
    return this.write(kind, payload, payloadHash, parents, nowMs);
  }

  /** Signs the next vertex of the chain, takes it in, stores it durably and gossips it. */
  write(
    kind: VertexKind,
    payload: Uint8Array,
    payloadHash: Uint8Array,
    parents: readonly Uint8Array[],
    nowMs: number,
  ): Result<Vertex> {
    const why = this.#hooks.silentWhy();
    if (why !== undefined) return refuse('E_SILENT', { why });
    // Far behind, the chain may go on in what is still to come; and nobody builds on such a vertex.
    const target = this.#hooks.target();
    const { height, headerId } = this.#ledger;
    if (target > height + LAZY_HEIGHTS) return refuse('E_STALE', { height, certified: target });
    if (!this.#standsOnEnd()) return refuse('E_PARKED', { reason: 'the own chain is not whole yet' });
    const vertex = this.#author.write(kind, payload, payloadHash, parents, headerId, nowMs);
    const verdict = this.#hooks.take(encodeVertex(vertex), nowMs);
    if ('refusal' in verdict) return verdict.refusal;
    // Taking it in stored it. A vertex seen by others and then forgotten here would fork the chain.
    invariant(verdict.kind === 'added', 'all that an own vertex stands on is here');
    this.#hooks.effect({ type: 'sync' });
    this.#hooks.effect({ type: 'gossip', vertices: [vertex] });
    return ok(vertex);
  }

  /** The end of the chain is here; or it was confirmed so long ago that it left the window, and is recalled. */
  #standsOnEnd(): boolean {
    const { end } = this.#author;
    if (end.sequence === 0 || this.#dag.knows(toHex(end.id))) return true;
    const confirmed = this.#ledger.state.get(chain, this.#signer.publicKey);
    // After a restart an open one may still wait for its ancestors; recalled, it would be missing in past cones.
    if (confirmed === undefined || !equalBytes(confirmed.lastId, end.id)) return false;
    this.#recall(end);
    return true;
  }

  #recall({ id, sequence, time, checkpointHeight }: ChainEnd): void {
    const authorKey = toHex(this.#signer.publicKey);
    this.#dag.recall(toHex(id), { authorKey, sequence, time, checkpointHeight });
  }

  /** After the last confirmed vertex, or the last open one, be it solid already or not. */
  #endOf({ ownEnd, openVertices }: OwnChainStart): ChainEnd {
    let end = ownEnd ?? { sequence: 0, id: zero32, time: this.#ledger.header.time, checkpointHeight: 0 };
    for (const envelope of openVertices) {
      const decoded = decodeVertex(envelope);
      if (!decoded.ok || decoded.value.sequence <= end.sequence) continue;
      const { id, author, sequence, time, checkpoint } = decoded.value;
      if (!equalBytes(author, this.#signer.publicKey)) continue;
      const checkpointHeight = this.#ledger.heightOf(toHex(checkpoint)) ?? this.#ledger.height;
      end = { id, sequence, time, checkpointHeight };
    }
    return end;
  }

  /** A small linear congruential generator: tip choice wants spread, not secrecy. */
  #pick(below: number): number {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#seed / 2 ** 32) * below);
  }
}

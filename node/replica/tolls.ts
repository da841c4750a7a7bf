/**
 * Who pays for a vertex that comes in, and whether it can `[ADM-2]`: its author; of an author that nobody knows, whoever
 * brings it. Policy of this node: it delays, and never decides validity.
 */

import { toHex } from '../../consensus/codec/bytes.ts';
import { peekAuthor, type Vertex } from '../../consensus/vertex/vertex.ts';
import type { PeerKey } from '../ports.ts';
import { Allowance } from './allowance.ts';
import type { Ledger } from './ledger.ts';

/** What a vertex of a suspended or revoked key costs its allowance: what it says has no effect, and a seat needs few. */
const IN_VAIN_COST = 25;
/** What a payload that comes after its vertex costs its sender: a vertex for each of so many bytes. */
const PAYLOAD_UNIT_BYTES = 8 << 10;

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

type Author = Pick<Vertex, 'author' | 'authorKey'>;

/** Who answers for what came, where its author does not. */
export function payerOf({ peer, client }: Source): PeerKey | undefined {
  return peer ?? client;
}

export class Tolls {
  readonly #ledger: Ledger;
  readonly #allowance: Allowance;

  /** `authorPerS`: vertices a second that an author is allowed; the default when it is left out. */
  constructor(ledger: Ledger, authorPerS?: number) {
    this.#ledger = ledger;
    this.#allowance = new Allowance(authorPerS);
  }

  /** False when whoever pays for it has not enough left. */
  take(vertex: Author, source: Source, nowMs: number): boolean {
    const { account, cost } = this.#priceOf(vertex, source);
    return account === undefined || this.#allowance.take(account, cost, nowMs);
  }

  /** Undoes a `take`. */
  giveBack(vertex: Author, source: Source): void {
    const { account, cost } = this.#priceOf(vertex, source);
    if (account !== undefined) this.#allowance.giveBack(account, cost);
  }

  /** Whether `take` would fail: then it need not even be decoded, which is most of what it would cost here. */
  isSpent(envelope: Uint8Array, source: Source, nowMs: number): boolean {
    const author = peekAuthor(envelope);
    if (author === undefined) return false;
    const { account, cost } = this.#priceOf({ author, authorKey: toHex(author) }, source);
    return account !== undefined && this.#allowance.left(account, nowMs) < cost;
  }

  /** Another copy of a vertex that is here, perhaps with the payload: whoever brings it pays, by its size. */
  takeCopy({ authorKey, payload }: Vertex, source: Source, nowMs: number): boolean {
    const cost = 1 + Math.floor(payload.length / PAYLOAD_UNIT_BYTES);
    return this.#allowance.take(accountOf(payerOf(source) ?? authorKey), cost, nowMs);
  }

  /** Vertices that this author may still say. */
  leftOf(authorKey: string, nowMs: number): number {
    return this.#allowance.left(authorKey, nowMs);
  }

  /**
   * A key not enrolled here yet may be enrolled by a checkpoint still to come, or never: whoever brings its vertices pays
   * for them, since such keys cost nothing.
   */
  #priceOf(vertex: Author, source: Source): { readonly account: string | undefined; readonly cost: number } {
    const { since, inVain } = this.#ledger.standingOf(vertex);
    if (since !== undefined) return { account: vertex.authorKey, cost: inVain ? IN_VAIN_COST : 1 };
    const payer = payerOf(source);
    return { account: payer && accountOf(payer), cost: 1 };
  }
}

/** What a peer or a light client pays from for what others said. */
function accountOf(payer: PeerKey): string {
  return `from ${payer}`;
}

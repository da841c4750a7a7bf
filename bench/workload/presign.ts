/**
 * Vertices signed ahead of the clock: many authors take turns, each goes on with its own chain and stands on two
 * vertices of others, as authors do who see each other's vertices after a short while.
 */

import { compareBytes, uint32Bytes } from '../../consensus/codec/bytes.ts';
import type { Signer } from '../../consensus/crypto/ed25519.ts';
import { hash, zero32 } from '../../consensus/crypto/hash.ts';
import { encodeVertex, signVertex } from '../../consensus/vertex/vertex.ts';
import type { Payload } from './readings.ts';

const PARENTS = 2;
/** The newest vertices, which an author has not seen yet when it signs; about twice as many tips are open at a time. */
export const UNSEEN_VERTICES = 8;

export interface Presigned {
  readonly id: Uint8Array;
  /** In its author's chain. */
  readonly sequence: number;
  readonly envelope: Uint8Array;
}

export interface PresignOptions {
  readonly network: Uint8Array;
  /** The certified header that they cite, until they are told of another. */
  readonly checkpoint: Uint8Array;
  readonly authors: readonly Signer[];
  /** The batch that a vertex carries; without one it commits to some that stays with its gateway `[VTX-6]`. */
  readonly payloadOf?: (number: number) => Payload | undefined;
  readonly startMs: number;
  readonly seed: number;
}

export class Presigner {
  readonly #options: PresignOptions;
  readonly #ends: { sequence: number; id: Uint8Array }[];
  /** What no other stands on, of all that is seen. */
  readonly #tips = new Set<Uint8Array>();
  /** What is not seen yet, oldest first. */
  readonly #unseen: { readonly id: Uint8Array; readonly ancestors: readonly Uint8Array[] }[] = [];
  #checkpoint: Uint8Array;
  #count = 0;
  #state: number;

  constructor(options: PresignOptions) {
    this.#options = options;
    this.#checkpoint = options.checkpoint;
    this.#ends = options.authors.map(() => ({ sequence: 0, id: zero32 }));
    this.#state = options.seed >>> 0;
  }

  /** Number of the author whose turn is next. */
  get nextAuthor(): number {
    return this.#count % this.#options.authors.length;
  }

  /** From now on vertices cite this header: one that is too old is refused. */
  cite(checkpoint: Uint8Array): void {
    this.#checkpoint = checkpoint;
  }

  next(): Presigned {
    const { network, authors, payloadOf, startMs, seed } = this.#options;
    const author = this.nextAuthor;
    const number = this.#count++;
    const end = this.#ends[author]!;
    const payload = payloadOf?.(number);
    const parents = this.#chooseParents(end.id);
    const vertex = signVertex(
      {
        ...{ network, checkpoint: this.#checkpoint, parents, kind: 'readings', time: startMs + number },
        ...{ sequence: end.sequence + 1, previous: end.id },
        payloadHash: payload?.hash ?? hash('batch', uint32Bytes(seed), uint32Bytes(number)),
      },
      payload?.bytes ?? new Uint8Array(0),
      authors[author]!,
    );
    this.#ends[author] = { sequence: vertex.sequence, id: vertex.id };
    this.#unseen.push({ id: vertex.id, ancestors: [end.id, ...parents] });
    if (this.#unseen.length > UNSEEN_VERTICES) this.#see();
    return { id: vertex.id, sequence: vertex.sequence, envelope: encodeVertex(vertex) };
  }

  many(count: number): Presigned[] {
    return Array.from({ length: count }, () => this.next());
  }

  #see(): void {
    const { id, ancestors } = this.#unseen.shift()!;
    for (const ancestor of ancestors) this.#tips.delete(ancestor);
    this.#tips.add(id);
  }

  #chooseParents(previous: Uint8Array): Uint8Array[] {
    const pool = [...this.#tips].filter((tip) => tip !== previous);
    const chosen: Uint8Array[] = [];
    while (chosen.length < PARENTS && pool.length > 0)
      chosen.push(pool.splice(this.#pick(pool.length), 1)[0]!);
    return chosen.sort(compareBytes);
  }

  /** A linear congruential generator: the same DAG for the same seed. */
  #pick(below: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * below);
  }
}

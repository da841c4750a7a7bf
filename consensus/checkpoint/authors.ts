/**
 * What execution knows of the authors of the vertices that it runs. An author of thousands of readings costs one read
 * and one write of the state for all of them, not one for each.
 */

import type { ValueOf } from '../contracts/object.ts';
import { chain, key } from '../contracts/registry.ts';
import type { Draft } from '../contracts/state.ts';
import { zero32 } from '../crypto/hash.ts';
import type { Vertex } from '../vertex/vertex.ts';

type Chain = ValueOf<typeof chain>;

interface Author {
  chain: Chain;
  readonly active: boolean;
  /** The draft does not have `chain` yet. */
  ahead: boolean;
}

const unwritten: Chain = { lastSequence: 0, lastId: zero32, topSequence: 0, suspended: false };
const noSalts = [zero32, zero32] as const;

export class Authors {
  readonly #draft: Draft;
  readonly #known = new Map<string, Author & { readonly publicKey: Uint8Array }>();

  constructor(draft: Draft) {
    this.#draft = draft;
  }

  /** The author's chain before this vertex, and whether its key may act. */
  of({ author, authorKey }: Vertex): Readonly<Author> {
    const known = this.#known.get(authorKey);
    if (known !== undefined) return known;
    const read = {
      publicKey: author,
      chain: this.#draft.get(chain, author) ?? unwritten,
      active: this.#draft.get(key, author)?.state === 'ACTIVE',
      ahead: false,
    };
    this.#known.set(authorKey, read);
    return read;
  }

  /** Of an author that `of` was asked for. */
  put({ authorKey }: Vertex, after: Chain): void {
    const known = this.#known.get(authorKey)!;
    known.chain = after;
    known.ahead = true;
  }

  /** Writes what is ahead of the draft and forgets the rest: others may change the draft now. */
  flush(): void {
    for (const { publicKey, chain: value, ahead } of this.#known.values())
      if (ahead) this.#draft.put(chain, publicKey, value, noSalts);
    this.#known.clear();
  }
}

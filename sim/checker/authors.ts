/** `own chain` and `chain`: what became final of each author, in its order `[VTX-2]`. */

import { equalBytes } from '../../consensus/codec/bytes.ts';
import type { Code } from '../../consensus/codec/codes.ts';
import type { Vertex } from '../../consensus/vertex/vertex.ts';
import { broken, type Finding, first } from './finding.ts';

type Link = Pick<Vertex, 'authorKey' | 'sequence' | 'previous' | 'id' | 'key'>;

export class AuthorChains {
  /** Keys (hex) of those who are honest. */
  readonly #honest: ReadonlySet<string>;
  /** The last vertex of each author (hex) that continued its chain. */
  readonly #ends = new Map<string, Link>();

  constructor(honest: ReadonlySet<string>) {
    this.#honest = honest;
  }

  /** One more vertex is final, with this outcome. */
  take(vertex: Link, code: Code): Finding | undefined {
    return first(
      () => this.#checkOwn(vertex, code),
      () => (code === 'E_FORK' ? undefined : this.#continue(vertex)),
    );
  }

  #checkOwn({ authorKey, key }: Link, code: Code): Finding | undefined {
    if ((code !== 'E_FORK' && code !== 'E_KEY_SUSPENDED') || !this.#honest.has(authorKey)) return undefined;
    return broken('own chain', `an honest author's vertex ${key.slice(0, 8)} is ${code}`);
  }

  /** Whatever is no fork continues its author's chain, and nothing is left out. */
  #continue(vertex: Link): Finding | undefined {
    const { authorKey, sequence, previous, key } = vertex;
    const end = this.#ends.get(authorKey);
    this.#ends.set(authorKey, vertex);
    if (sequence === (end?.sequence ?? 0) + 1 && (end === undefined || equalBytes(previous, end.id)))
      return undefined;
    return broken(
      'chain',
      `vertex ${key.slice(0, 8)}, number ${sequence}, does not continue its author's chain`,
    );
  }
}

/**
 * `allowance`. Counts beside each honest node what it lets in of Byzantine authors by gossip `[ADM-2]`: no more than a token bucket
 * of its own would. What a node asked a peer for is free of the allowance, and not counted here.
 */

import { decodeVertex } from '../../consensus/vertex/vertex.ts';
import { bundle } from '../../consensus/wire/messages.ts';
import { BURST_VERTICES, RATE_PER_S } from '../../node/replica/allowance.ts';
import type { Runner } from '../../node/runner.ts';
import type { SimulatedNode } from '../world.ts';
import { broken, type Finding } from './finding.ts';

interface Bucket {
  tokens: number;
  filledAt: number;
}

interface Heard {
  readonly key: string;
  readonly authorKey: string;
}

export class ShadowAllowance {
  readonly #authors: ReadonlySet<string>;
  /** A restart begins with full buckets. */
  readonly #buckets = new WeakMap<Runner, Map<string, Bucket>>();
  /** One message is the same bytes for all who hear it. */
  readonly #heard = new WeakMap<Uint8Array, readonly Heard[]>();

  constructor(authors: ReadonlySet<string>) {
    this.#authors = authors;
  }

  /** `take` hands the bytes to the node; `found` when too much of one author came in. */
  watch<T>(
    node: SimulatedNode,
    data: Uint8Array,
    take: () => T,
  ): { readonly taken: T; readonly found?: Finding } {
    const { runner } = node;
    const heard = runner && this.#authors.size > 0 ? this.#read(data) : [];
    if (runner === undefined || heard.length === 0) return { taken: take() };
    const { dag } = runner.replica;
    const fresh = heard.filter(({ key }) => !dag.knows(key));
    const taken = take();
    for (const { key, authorKey } of fresh)
      if (dag.knows(key) && !this.#spend(runner, authorKey, node.clock.now()))
        return {
          taken,
          found: broken('allowance', `${node.name} lets in too much of ${authorKey.slice(0, 8)}`),
        };
    return { taken };
  }

  #read(data: Uint8Array): readonly Heard[] {
    const known = this.#heard.get(data);
    if (known !== undefined) return known;
    const decoded = bundle.decode(data);
    const heard = (decoded.ok ? decoded.value.vertices : []).flatMap((envelope) => {
      const vertex = decodeVertex(envelope);
      return vertex.ok && this.#authors.has(vertex.value.authorKey)
        ? [{ key: vertex.value.key, authorKey: vertex.value.authorKey }]
        : [];
    });
    this.#heard.set(data, heard);
    return heard;
  }

  #spend(runner: Runner, authorKey: string, nowMs: number): boolean {
    const buckets = this.#buckets.get(runner) ?? new Map<string, Bucket>();
    this.#buckets.set(runner, buckets);
    const bucket = buckets.get(authorKey) ?? { tokens: BURST_VERTICES, filledAt: nowMs };
    buckets.set(authorKey, bucket);
    const grown = (Math.max(0, nowMs - bucket.filledAt) * RATE_PER_S) / 1_000;
    bucket.tokens = Math.min(BURST_VERTICES, bucket.tokens + grown) - 1;
    bucket.filledAt = nowMs;
    return bucket.tokens >= 0;
  }
}

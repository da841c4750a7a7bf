/**
 * Parasite chain: says something in public, builds a long branch beside it in secret in which it never said so, and
 * releases the branch at once, last vertex first, to outweigh what was public. Stopped by: weight counts for nothing,
 * q seats' witnesses do `[ORD-1]`; the public vertex was first, the branch is a fork and its key suspended `[VTX-2]`;
 * parking is bounded, and a chain is released in a loop `[VTX-7]`.
 */

import { uint32Bytes } from '../../consensus/codec/bytes.ts';
import { hash } from '../../consensus/crypto/hash.ts';
import { encodeVertex, type Vertex } from '../../consensus/vertex/vertex.ts';
import type { Replica } from '../../node/replica/replica.ts';
import type { Actor, ActorKind, Stage } from './actor.ts';
import { payloadOf, rivalCalls } from './claims.ts';
import { chainEnd, every, signNext, writeOwn } from './pen.ts';

const INTERVAL_MS = 1_500;
const HIDDEN_MS = 1_000;
const LENGTH = 80;
/** So many vertices in one bundle stay under 64 KiB, the first with its call. */
const PER_BUNDLE = 50;

export class Parasite implements Actor {
  readonly acts = { 'hidden vertices': 0, 'chains released': 0 };
  /** Ids (hex) of a public vertex and of its rival at the root of the hidden chain. */
  readonly pairs: (readonly [string, string])[] = [];
  readonly #stage: Stage;
  #started = false;
  readonly #used = new Set<string>();

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  onStart(): void {
    if (this.#started) return;
    this.#started = true;
    every(this.#stage, INTERVAL_MS, (replica) => this.#grow(replica));
  }

  #grow(replica: Replica): void {
    const calls = rivalCalls(this.#stage, this.#used);
    if (calls === undefined) return;
    const time = this.#stage.nowMs();
    const end = chainEnd(this.#stage, replica);
    const draft = { kind: 'transaction' as const, time };
    const root = signNext(this.#stage, replica, end, { ...draft, ...payloadOf(calls[0]) });
    const open = writeOwn(this.#stage, { ...draft, ...payloadOf(calls[1]) });
    if (open === undefined) return;
    this.pairs.push([open.key, root.key]);
    const hidden: Vertex[] = [root];
    while (hidden.length < LENGTH) {
      const payloadHash = hash('salt', uint32Bytes(this.acts['hidden vertices']++));
      hidden.push(signNext(this.#stage, replica, hidden.at(-1)!, { kind: 'readings', time, payloadHash }));
    }
    this.#stage.after(HIDDEN_MS, () => this.#release(hidden.reverse()));
  }

  #release(hidden: readonly Vertex[]): void {
    this.acts['chains released'] += 1;
    for (let at = 0; at < hidden.length; at += PER_BUNDLE)
      this.#stage.gossip(hidden.slice(at, at + PER_BUNDLE).map(encodeVertex));
  }
}

export const parasite: ActorKind = {
  name: 'parasite',
  summary: 'author that builds a chain in secret and releases it at once',
  needs: 'any',
  create: (stage) => new Parasite(stage),
};

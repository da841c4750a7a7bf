/**
 * Lazy author: its vertices stand on what is long final and cite the oldest checkpoint that its chain allows; it
 * confirms nobody. Stopped by: parents carry no weight, q seats' witnesses do `[ORD-1]`; honest authors do not attach
 * to tips that cite a checkpoint more than 8 behind `[VTX-4]`.
 */

import { toHex } from '../../consensus/codec/bytes.ts';
import type { PeerKey } from '../../node/ports.ts';
import type { Replica } from '../../node/replica/replica.ts';
import type { Actor, ActorKind, Stage } from './actor.ts';
import { anyHash, chainEnd, every, readVertices, writeOwn } from './pen.ts';

const INTERVAL_MS = 150;
const PARENTS = 2;
const REMEMBERED = 8;

class LazyTip implements Actor {
  readonly acts = { 'lazy vertices': 0 };
  readonly #stage: Stage;
  #started = false;
  /** The first vertices that it ever heard of. */
  readonly #old: { readonly id: Uint8Array; readonly checkpoint: string }[] = [];

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  onStart(): void {
    if (this.#started) return;
    this.#started = true;
    every(this.#stage, INTERVAL_MS, (replica) => this.#attach(replica));
  }

  onHear(_peer: PeerKey, envelopes: readonly Uint8Array[]): boolean {
    if (this.#old.length < REMEMBERED)
      for (const { vertex } of readVertices(envelopes))
        this.#old.push({ id: vertex.id, checkpoint: toHex(vertex.checkpoint) });
    return true;
  }

  #attach(replica: Replica): void {
    const end = chainEnd(this.#stage, replica);
    const { checkpoint } = end;
    const cited = replica.ledger.heightOf(toHex(checkpoint)) ?? 0;
    const old = this.#old.filter(({ id, checkpoint }) => {
      const height = replica.ledger.heightOf(checkpoint);
      return height !== undefined && height <= cited && replica.dag.isSettled(toHex(id));
    });
    const written = writeOwn(this.#stage, {
      kind: 'readings',
      time: this.#stage.nowMs(),
      checkpoint,
      parents: old.slice(0, PARENTS).map(({ id }) => id),
      payloadHash: anyHash(this.#stage),
    });
    if (written !== undefined) this.acts['lazy vertices'] += 1;
  }
}

export const lazyTip: ActorKind = {
  name: 'lazy-tip',
  summary: 'author that stands on what is long final and confirms nobody',
  needs: 'any',
  create: (stage) => new LazyTip(stage),
};

/**
 * Sequence forker: of its vertices one half of the network gets one, the other half another of the same number, each
 * with a branch that grows. Stopped by: both are valid and confirmed; the first in the order continues the chain, the
 * other leaves `E_FORK` and suspends the key on every node alike `[VTX-2]`.
 */

import { zero32 } from '../../consensus/crypto/hash.ts';
import { encodeVertex, signVertex, type Vertex } from '../../consensus/vertex/vertex.ts';
import type { Replica } from '../../node/replica/replica.ts';
import type { Actor, ActorKind, Stage } from './actor.ts';
import { anyHash, every, isInSecondHalf, ownKey, readVertices, signNext, writeOwn } from './pen.ts';

const INTERVAL_MS = 400;
const FORK = 0.3;

class Forker implements Actor {
  readonly acts = { forks: 0, branches: 0 };
  readonly #stage: Stage;
  #started = false;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** Something to fork, also where the stakeholder says nothing. */
  onStart(): void {
    if (this.#started) return;
    this.#started = true;
    every(this.#stage, INTERVAL_MS, () =>
      writeOwn(this.#stage, {
        kind: 'readings',
        time: this.#stage.nowMs(),
        payloadHash: anyHash(this.#stage),
      }),
    );
  }

  onGossip(envelopes: readonly Uint8Array[]): readonly Uint8Array[] {
    const { replica } = this.#stage;
    const forked = new Set<Uint8Array>();
    for (const { vertex, envelope } of readVertices(envelopes)) {
      if (replica === undefined || vertex.authorKey !== ownKey(this.#stage)) continue;
      if (this.#stage.chance() >= FORK) continue;
      forked.add(envelope);
      this.#fork(replica, vertex, envelope);
    }
    return envelopes.filter((envelope) => !forked.has(envelope));
  }

  #fork(replica: Replica, vertex: Vertex, envelope: Uint8Array): void {
    const payloadHash = vertex.kind === 'witness' ? zero32 : anyHash(this.#stage);
    // A transaction is its payload: its twin is another reading.
    const kind = vertex.kind === 'transaction' ? 'readings' : vertex.kind;
    const twin = signVertex(
      { ...vertex, kind, time: vertex.time + 1, payloadHash },
      new Uint8Array(0),
      this.#stage.signer,
    );
    this.acts.forks += 1;
    const branch = [twin];
    if (this.#stage.chance() < 0.5) {
      const draft = { kind: 'readings' as const, time: vertex.time + 2, payloadHash: anyHash(this.#stage) };
      branch.push(signNext(this.#stage, replica, twin, draft));
      this.acts.branches += 1;
    }
    for (const peer of this.#stage.peers) {
      const vertices = isInSecondHalf(this.#stage, peer) ? branch.map(encodeVertex) : [envelope];
      this.#stage.send(peer, { type: 'vertices', vertices });
    }
  }
}

export const fork: ActorKind = {
  name: 'fork',
  summary: 'two vertices of one number, to two halves',
  needs: 'any',
  create: (stage) => new Forker(stage),
};

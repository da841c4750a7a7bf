/**
 * Double pledge: two calls of which one can take effect, at the same moment at two doors: one half of the network hears
 * the one first, the other half the other. They come from two keys of one party, so that nothing but the order speaks
 * against either; until the second key is enrolled, from one chain, the later one first to one half. Stopped by: one
 * order; the first takes effect, the other is confirmed with its code and what it lost to `[ORD-3]`.
 */

import { toHex } from '../../consensus/codec/bytes.ts';
import { key } from '../../consensus/contracts/registry.ts';
import { zero32 } from '../../consensus/crypto/hash.ts';
import type { SignedCall } from '../../consensus/vertex/call.ts';
import { encodeVertex, type Vertex } from '../../consensus/vertex/vertex.ts';
import type { Replica } from '../../node/replica/replica.ts';
import type { Actor, ActorKind, Stage } from './actor.ts';
import { enrolCall, newSigner, payloadOf, rivalCalls } from './claims.ts';
import { every, isInSecondHalf, ownKey, readVertices, signNext, writeOwn } from './pen.ts';

const INTERVAL_MS = 600;

export class DoublePledger implements Actor {
  readonly acts = { 'pairs of one chain': 0, 'pairs of two keys': 0 };
  /** Ids (hex) of the two vertices of each pair. */
  readonly pairs: (readonly [string, string])[] = [];
  readonly #stage: Stage;
  #started = false;
  /** The party's second key, and the chain that it has written. */
  readonly #second;
  #secondEnd = { sequence: 0, id: zero32 };
  /** Vertices that this actor brings to the halves by itself. */
  readonly #own = new Set<string>();

  constructor(stage: Stage) {
    this.#stage = stage;
    this.#second = newSigner(stage);
  }

  onStart(): void {
    if (this.#started) return;
    this.#started = true;
    let turn = 0;
    every(this.#stage, INTERVAL_MS, (replica) => {
      if (turn++ === 0) this.#write(enrolCall(this.#stage, this.#second));
      else this.#pledge(replica);
    });
  }

  onGossip(envelopes: readonly Uint8Array[]): readonly Uint8Array[] {
    const { peers } = this.#stage;
    const held = new Set<Uint8Array>();
    for (const { vertex, envelope } of readVertices(envelopes)) {
      // The first call of a pair is the own node's, and only for the first half at first; tips tell the others of it.
      if (vertex.kind !== 'transaction' || vertex.authorKey !== ownKey(this.#stage)) continue;
      if (!this.#own.delete(vertex.key)) continue;
      held.add(envelope);
      for (const peer of peers)
        if (!isInSecondHalf(this.#stage, peer))
          this.#stage.send(peer, { type: 'vertices', vertices: [envelope] });
    }
    return envelopes.filter((envelope) => !held.has(envelope));
  }

  #pledge(replica: Replica): void {
    const calls = rivalCalls(this.#stage);
    if (calls === undefined) return;
    const first = this.#write(calls[0], true);
    if (first === undefined) return;
    const enrolled = replica.ledger.state.get(key, this.#second.publicKey) !== undefined;
    const second = enrolled ? this.#writeSecond(replica, calls[1]) : this.#write(calls[1]);
    if (second === undefined) return;
    this.acts[enrolled ? 'pairs of two keys' : 'pairs of one chain'] += 1;
    this.pairs.push([first.key, second.key]);
  }

  #write(call: SignedCall | undefined, toFirstHalf = false): Vertex | undefined {
    if (call === undefined) return undefined;
    const draft = { kind: 'transaction' as const, time: this.#stage.nowMs(), ...payloadOf(call) };
    const written = writeOwn(this.#stage, draft);
    // Gossip follows the step: it is not under way yet.
    if (written !== undefined && toFirstHalf) this.#own.add(written.key);
    return written;
  }

  /** Signed by the second key, for the second half only. */
  #writeSecond(replica: Replica, call: SignedCall): Vertex {
    const draft = { kind: 'transaction' as const, time: this.#stage.nowMs(), ...payloadOf(call) };
    const vertex = signNext(this.#stage, replica, this.#secondEnd, draft, this.#second);
    this.#secondEnd = vertex;
    for (const peer of this.#stage.peers)
      if (isInSecondHalf(this.#stage, peer))
        this.#stage.send(peer, { type: 'vertices', vertices: [encodeVertex(vertex)] });
    return vertex;
  }

  /** For a message about a pair. */
  describe(): string {
    return `${this.pairs.length} pairs by ${ownKey(this.#stage)} and ${toHex(this.#second.publicKey)}`;
  }
}

export const doublePledge: ActorKind = {
  name: 'double-pledge',
  summary: 'author that pledges twice at once, at two doors',
  needs: 'any',
  create: (stage) => new DoublePledger(stage),
};

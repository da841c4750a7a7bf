/**
 * Double pledge: two calls of which one can take effect, at the same moment at two doors: one half of the network hears
 * the one first, the other half the other. They come from two keys of one party, so that nothing but the order speaks
 * against either; until the second key is enrolled, from one chain, the later one first to one half. Stopped by: one
 * order; the first takes effect, the other is confirmed with its code and what it lost to `[ORD-3]`.
 */

import { key } from '../../consensus/contracts/registry.ts';
import { zero32 } from '../../consensus/crypto/hash.ts';
import type { SignedCall } from '../../consensus/vertex/call.ts';
import type { Vertex } from '../../consensus/vertex/vertex.ts';
import type { Replica } from '../../node/replica/replica.ts';
import type { Actor, ActorKind, Stage } from './actor.ts';
import { enrolCall, newSigner, payloadOf, rivalCalls } from './claims.ts';
import { type Draft, every, isInSecondHalf, sendTo, signNext, writeOwn, writeSecretly } from './pen.ts';

const INTERVAL_MS = 600;

export class DoublePledger implements Actor {
  readonly acts = { 'pairs of one chain': 0, 'pairs of two keys': 0 };
  /** Ids (hex) of the two vertices of each pair. */
  readonly pairs: (readonly [string, string])[] = [];
  readonly #stage: Stage;
  #started = false;
  readonly #used = new Set<string>();
  /** The party's second key, and the chain that it has written. */
  readonly #second;
  #secondEnd: Pick<Vertex, 'sequence' | 'id'> = { sequence: 0, id: zero32 };

  constructor(stage: Stage) {
    this.#stage = stage;
    this.#second = newSigner(stage);
  }

  onStart(): void {
    if (this.#started) return;
    this.#started = true;
    every(this.#stage, INTERVAL_MS, (replica) => {
      const enrol = this.pairs.length === 0 ? enrolCall(this.#stage, this.#second) : undefined;
      if (enrol !== undefined) writeOwn(this.#stage, this.#draft(enrol));
      this.#pledge(replica);
    });
  }

  #pledge(replica: Replica): void {
    const calls = rivalCalls(this.#stage, this.#used);
    if (calls === undefined) return;
    const enrolled = replica.ledger.state.get(key, this.#second.publicKey) !== undefined;
    const drafts = calls.map((call) => this.#draft(call));
    const written = writeSecretly(this.#stage, enrolled ? drafts.slice(0, 1) : drafts);
    const first = written[0];
    const second = enrolled ? this.#signSecond(replica, drafts[1]!) : written[1];
    if (first === undefined || second === undefined) return;
    this.acts[enrolled ? 'pairs of two keys' : 'pairs of one chain'] += 1;
    this.pairs.push([first.key, second.key]);
    // Tips tell each half of the other's, a little later.
    sendTo(this.#stage, [first], (peer) => !isInSecondHalf(this.#stage, peer));
    sendTo(this.#stage, [second], (peer) => isInSecondHalf(this.#stage, peer));
  }

  #signSecond(replica: Replica, draft: Draft): Vertex {
    const vertex = signNext(this.#stage, replica, this.#secondEnd, draft, this.#second);
    this.#secondEnd = vertex;
    return vertex;
  }

  #draft(call: SignedCall): Draft {
    return { kind: 'transaction', time: this.#stage.nowMs(), ...payloadOf(call) };
  }
}

export const doublePledge: ActorKind = {
  name: 'double-pledge',
  summary: 'author that pledges twice at once, at two doors',
  needs: 'any',
  create: (stage) => new DoublePledger(stage),
};

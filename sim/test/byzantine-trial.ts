/** A world with actors in it that a test can look into, and what became of everything at the honest nodes. */

import { type Outcome, outcomeCode } from '../../consensus/checkpoint/outcome.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import type { Code } from '../../consensus/codec/codes.ts';
import { invariant } from '../../consensus/codec/result.ts';
import { zero32 } from '../../consensus/crypto/hash.ts';
import type { Event } from '../../node/replica/events.ts';
import type { Actor, ActorKind, Stage } from '../byzantine/actor.ts';
import { type SimulatedNode, World, type WorldOptions } from '../world.ts';

const author: Event = { type: 'author', kind: 'readings', payload: new Uint8Array(0), payloadHash: zero32 };

export class ByzantineTrial<A extends Actor> {
  readonly world: World;
  readonly actors: readonly A[];
  readonly honest: readonly SimulatedNode[];
  /** Vertices of honest authors (hex). */
  readonly said: string[] = [];

  private constructor(world: World, actors: readonly A[]) {
    this.world = world;
    this.actors = actors;
    this.honest = world.nodes.filter((node) => node.masquerade === undefined);
  }

  static async open<A extends Actor>(
    options: Omit<WorldOptions, 'actors'>,
    crooked: readonly number[],
    create: (stage: Stage) => A,
  ): Promise<ByzantineTrial<A>> {
    const actors: A[] = [];
    const kind: ActorKind = {
      ...{ name: 'tried', summary: '', needs: 'any' },
      create: (stage) => {
        const actor = create(stage);
        actors.push(actor);
        return actor;
      },
    };
    const world = await World.open({ ...options, actors: new Map(crooked.map((node) => [node, kind])) });
    await world.run(300);
    return new ByzantineTrial(world, actors);
  }

  /** Honest authors speak in turn, one each `everyMs`; those that have stopped do not. */
  async speak(count: number, everyMs: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const reply = this.honest[i % this.honest.length]!.runner?.dispatch(author);
      if (reply?.type === 'taken') this.said.push(reply.vertex.key);
      await this.world.run(everyMs);
    }
  }

  /** Runs until all that the honest said is final at every honest node. */
  async settle(withinMs = 60_000): Promise<void> {
    const isFinal = ({ runner }: SimulatedNode) =>
      this.said.every((key) => runner?.replica.dag.isSettled(key) ?? false);
    await this.world.runUntil(
      'all that the honest said is final',
      () => this.honest.every(isFinal),
      withinMs,
    );
  }

  /** Least height of any honest node that is up. */
  get height(): number {
    const heights = this.honest.flatMap(({ runner }) => runner?.replica.ledger.height ?? []);
    return Math.min(...heights);
  }

  /** What became of each vertex (hex) up to that height, in order, as the first honest node has it. */
  async outcomes(): Promise<Map<string, Code>> {
    const outcomes = new Map<string, Code>();
    const take = (outcome: Outcome) => {
      const key = toHex(outcome.id);
      invariant(!outcomes.has(key), `${key} is final twice`);
      outcomes.set(key, outcomeCode(outcome));
    };
    for (let at = 1; at <= this.height; at++)
      for (const outcome of (await this.honest[0]!.store.checkpoint(at))!.outcomes) take(outcome);
    return outcomes;
  }
}

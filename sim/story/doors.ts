/**
 * The honest nodes as a story's stakeholders meet them: whatever has come to nothing is said again elsewhere, and nothing
 * of it happens outside virtual time.
 */

import { invariant } from '../../consensus/codec/result.ts';
import type { Event } from '../../node/replica/events.ts';
import { DurableHead } from '../../node/service/durable-head.ts';
import { Prover } from '../../node/service/proofs.ts';
import type { LoadHooks } from '../load/load.ts';
import { Random } from '../random.ts';
import type { SimulatedNode, World } from '../world.ts';

const POLL_MS = 100;
/** What has come to nothing after this long is said again. */
const RETRY_MS = 4_000;

export class Doors {
  readonly hooks: LoadHooks;
  readonly world: World;
  readonly #nodes: readonly SimulatedNode[];
  readonly #random: Random;

  constructor(world: World, nodes: readonly SimulatedNode[], hooks: LoadHooks) {
    this.world = world;
    this.hooks = hooks;
    this.#nodes = nodes;
    this.#random = new Random(world.seed, 'story');
  }

  get up(): readonly SimulatedNode[] {
    return this.#nodes.filter(({ runner }) => runner !== undefined);
  }

  /** A node at `height` or beyond: the one that is furthest. */
  atLeast(height: number): Promise<SimulatedNode> {
    return this.until(() => {
      let most: SimulatedNode | undefined;
      for (const node of this.up) if (most === undefined || heightOf(node) > heightOf(most)) most = node;
      return most !== undefined && heightOf(most) >= height ? most : undefined;
    });
  }

  /** So much virtual time, without looking at anything. */
  pass(ms: number): Promise<void> {
    return ms <= 0 ? Promise.resolve() : new Promise((resolve) => this.world.time.after(ms, resolve));
  }

  /** Looks now and then until something is found. */
  until<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
    return new Promise((resolve, reject) => {
      const attempt = async () => {
        try {
          const found = await look();
          if (found === undefined) this.world.time.after(POLL_MS, attempt);
          else resolve(found);
        } catch (error) {
          reject(error);
        }
      };
      void attempt();
    });
  }

  /** Submits, and again when nothing came of it, until `look` finds what came of it. `accepted` gets every copy's key. */
  untilSaid<T>(event: Event, what: string, accepted: Set<string>, look: () => T | undefined): Promise<T> {
    const { time, trace } = this.world;
    let saidMs = Number.NEGATIVE_INFINITY;
    return this.until(() => {
      const found = look();
      if (found !== undefined) return found;
      const { up } = this;
      if (up.length === 0 || time.now() - saidMs < RETRY_MS) return undefined;
      saidMs = time.now();
      const door = this.#random.pick(up);
      trace.note(door.name, 'story', () => `story: ${what}`);
      this.#submit(door, event, accepted);
      return undefined;
    });
  }

  #submit({ runner, number }: SimulatedNode, event: Event, accepted: Set<string>): void {
    const atMs = this.world.time.elapsedMs;
    runner!.dispatchDurable(event).then(
      (reply) => {
        if (reply.type !== 'taken') return;
        accepted.add(reply.vertex.key);
        this.hooks.onAuthored(atMs);
        this.hooks.onAccepted(reply.vertex.key, atMs, number);
      },
      // It died first, and acknowledged nothing.
      () => {},
    );
  }
}

/** A checkpoint under way is in memory and not yet in the store: then none, and one asks again. */
export async function proverAt({ runner, store }: SimulatedNode): Promise<Prover | undefined> {
  const { ledger } = runner!.replica;
  if (ledger.height === 0 || (await store.checkpoint(ledger.height)) === undefined) return undefined;
  return new Prover(ledger, store, new DurableHead(ledger));
}

export function heightOf({ runner }: SimulatedNode): number {
  invariant(runner !== undefined, 'a node that is up');
  return runner.replica.ledger.height;
}

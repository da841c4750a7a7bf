/**
 * Nodes die at any moment, also with a write under way, and come back with what their disks hold. Whatever happens:
 * one header per height, nothing final is lost, nobody forks its own chain, all that was accepted becomes final.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { headerId } from '../../consensus/checkpoint/header.ts';
import { outcomeCode } from '../../consensus/checkpoint/outcome.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import { zero32 } from '../../consensus/crypto/hash.ts';
import type { Event } from '../../node/replica/events.ts';
import { type SimulatedNode, World, type WorldOptions } from '../world.ts';

const test = suite('restarts');
const author: Event = { type: 'author', kind: 'readings', payload: new Uint8Array(0), payloadHash: zero32 };

/** A world whose disks may fail with a write under way, and what must stay true of it. */
class Trial {
  readonly world: World;
  /** Keys of vertices that a node acknowledged as durable. */
  readonly accepted = new Set<string>();
  readonly counts = { kills: 0, torn: 0, checkpoints: 0 };
  /** Header ids that any node ever called final, by height. */
  readonly #final = new Map<number, string>();
  /** Chance that a write fails: half of the time nothing of it is on disk, else all of it. */
  #tearing = 0;

  private constructor(world: World) {
    this.world = world;
    world.onNotice = (node, notice) => {
      if (notice.type !== 'checkpoint') return;
      const id = toHex(headerId(notice.header));
      const known = this.#final.get(notice.header.height);
      assert.ok(
        known === undefined || known === id,
        `${node.name}: another header at height ${notice.header.height}`,
      );
      this.#final.set(notice.header.height, id);
    };
    for (const node of world.nodes) this.#makeFragile(node);
  }

  static async open(options: WorldOptions): Promise<Trial> {
    return new Trial(await World.open(options));
  }

  get height(): number {
    return this.#final.size;
  }

  #makeFragile({ store }: SimulatedNode): void {
    const write = store.write;
    store.write = async (writes, durable) => {
      const torn = this.world.time.chance() < this.#tearing;
      if (torn && this.world.time.chance() < 0.5) throw new Error('died before the write');
      await write(writes, durable);
      if (torn) throw new Error('died after the write');
    };
  }

  /** A node's stakeholder says something; it counts once it is acknowledged. */
  say(node: SimulatedNode): void {
    node.runner?.dispatchDurable(author).then(
      (reply) => {
        if (reply.type === 'taken') this.accepted.add(reply.vertex.key);
      },
      () => {},
    );
  }

  /** Kills and tears at random for a while, up to `down` nodes at a time. */
  async storm(durationMs: number, down: number): Promise<void> {
    const { world } = this;
    this.#tearing = 0.01;
    for (let left = durationMs; left > 0; left -= 50) {
      const node = world.nodes[Math.floor(world.time.chance() * world.nodes.length)]!;
      const lying = world.nodes.filter((other) => other.runner === undefined);
      const dice = world.time.chance();
      if (dice < 0.1 && node.runner !== undefined && lying.length < down) {
        this.counts.kills += 1;
        world.kill(node);
      } else if (dice < 0.3 && lying.length > 0) await this.#raise(lying[0]!);
      else this.say(node);
      await world.run(50);
    }
    this.#tearing = 0;
    for (const node of world.nodes) if (node.runner === undefined) await this.#raise(node);
  }

  async #raise(node: SimulatedNode): Promise<void> {
    if (node.halted !== undefined) {
      assert.match(node.halted.message, 'the store failed', node.name);
      this.counts.torn += 1;
      node.halted = undefined;
    }
    await this.world.start(node);
  }

  /** Everything accepted is final on every node, took effect, and was final nowhere else. */
  async settle(withinMs = 120_000): Promise<void> {
    const { world, accepted } = this;
    const settled = ({ runner }: SimulatedNode) =>
      [...accepted].every((key) => runner!.replica.dag.isSettled(key));
    const endMs = world.nowMs + withinMs;
    while (!world.nodes.every(settled)) {
      assert.ok(world.nowMs < endMs, `not all that was accepted is final: ${world.describe()}`);
      await world.run(200);
    }
    for (const node of world.nodes) {
      assert.is(node.halted, undefined, node.name);
      const { height } = node.runner!.replica.ledger;
      for (let at = 1; at <= height; at++) {
        const checkpoint = await node.store.checkpoint(at);
        assert.is(toHex(headerId(checkpoint!.header)), this.#final.get(at), `${node.name} at height ${at}`);
        for (const outcome of checkpoint!.outcomes)
          assert.is(outcomeCode(outcome), 'OK', `${node.name} at height ${at}`);
      }
      this.counts.checkpoints += height;
    }
  }
}

const totals = { kills: 0, torn: 0, checkpoints: 0, accepted: 0 };
for (let seed = 1; seed <= 30; seed++) {
  test(`seed ${seed}: agreement, nothing final lost, no own chain forked, all accepted becomes final`, async () => {
    const seats = 4 + (seed % 4);
    const trial = await Trial.open({ seed, seats, followers: 1, link: { loss: seed % 3 === 0 ? 0.03 : 0 } });
    await trial.world.run(200);
    // Every third time more nodes lie down than the network bears: it must stop, and then go on.
    await trial.storm(2_500, seed % 3 === 1 ? seats : trial.world.genesis.committee.faults);
    await trial.settle();
    for (const name of ['kills', 'torn', 'checkpoints'] as const) totals[name] += trial.counts[name];
    totals.accepted += trial.accepted.size;
  });
}

test('the storms were storms', () => {
  assert.ok(totals.kills > 40 && totals.torn > 40 && totals.accepted > 300, JSON.stringify(totals));
});

test('the power fails everywhere amid a view change: nobody waits for ever for what was never sent', async () => {
  for (let seed = 50; seed < 56; seed++) {
    const { world } = await Trial.open({ seed, seats: 4, followers: 1 });
    await world.run(200);
    const { committee, record } = world.genesis;
    const leader = world.nodes[committee.leader(1, 0)]!;
    world.kill(leader);
    world.nodes[4]!.runner!.dispatch(author);
    // The others time out one after the other; some have logged their view-change, and nobody has entered the view.
    await world.run(record.pace.viewTimeoutMs + 300 + 20 * (seed - 50));
    for (const node of world.nodes) if (node !== leader) world.kill(node);
    await world.run(1_000);
    for (const node of world.nodes) await world.start(node);
    await world.runUntil(
      'going on',
      () => world.nodes.every((node) => node.runner!.replica.ledger.height >= 1),
      60_000,
    );
  }
});

test('the same seed gives the same run, kills and torn writes included', async () => {
  const heads: string[] = [];
  for (let i = 0; i < 2; i++) {
    const trial = await Trial.open({ seed: 99, seats: 5, followers: 1, link: { loss: 0.02 } });
    await trial.storm(2_500, 2);
    await trial.world.run(15_000);
    heads.push(trial.world.nodes.map((node) => toHex(node.runner!.replica.ledger.headerId)).join());
  }
  assert.is(heads[0], heads[1]);
});

test.run();

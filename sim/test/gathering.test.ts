/**
 * Signatures gathered in a simulated network: frames are lost, nodes are killed and lose power amid everything. Each call
 * is carried by one vertex, takes effect once, and all who took part know it.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { outcomeCode } from '../../consensus/checkpoint/outcome.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import { callId, type SignedCall, signedCall } from '../../consensus/vertex/call.ts';
import { decodeVertex } from '../../consensus/vertex/vertex.ts';
import { countersignedCall, partyId } from '../../node/test/pending-calls.ts';
import { Random } from '../random.ts';
import { type SimulatedNode, World, type WorldOptions } from '../world.ts';

const test = suite('gathering in a network');

interface Errand {
  readonly id: string;
  readonly call: SignedCall;
  readonly holder: SimulatedNode;
  readonly parties: readonly SimulatedNode[];
}

/** A world with calls to be signed, and its people: who proposes and who signs tries again until it is seen to be done. */
class Office {
  readonly world: World;
  readonly errands: readonly Errand[];
  /** Frames about calls so far. */
  frames = 0;
  readonly #random: Random;

  private constructor(world: World, count: number) {
    this.world = world;
    this.#random = new Random(world.seed, 'office');
    this.errands = Array.from({ length: count }, (_, i) => this.#errand(i));
    world.network.onSend = (_, kind) => {
      if (kind === 'callOffer' || kind === 'callNews') this.frames += 1;
    };
  }

  static async open(options: WorldOptions, count: number): Promise<Office> {
    const world = await World.open(options);
    await world.run(1_000);
    return new Office(world, count);
  }

  /** One round of everybody's work. */
  work(): void {
    for (const { id, call, holder, parties } of this.errands) {
      const known = holder.runner?.replica.gathering.find(id);
      if (known === undefined && this.#random.chance() < 0.5)
        holder.runner?.dispatch({ type: 'pending', act: { act: 'propose', call } });
      for (const { runner } of parties) {
        const pending = runner?.replica.gathering.find(id);
        if (pending === undefined || runner === undefined || this.#random.chance() < 0.7) continue;
        const state = runner.replica.gathering.rules.stateOf(pending);
        if (state === 'gathering') runner.dispatch({ type: 'pending', act: { act: 'sign', call: id } });
      }
    }
  }

  /** Is it final at every node that takes part? */
  isDone({ id, holder, parties }: Errand): boolean {
    return [holder, ...parties].every(({ runner }) => {
      const gathering = runner?.replica.gathering;
      const pending = gathering?.find(id);
      return pending !== undefined && gathering!.rules.stateOf(pending) === 'final';
    });
  }

  /** How far each errand is, at each node, for who reads a failure. */
  describe(): string {
    const at = ({ name, runner }: SimulatedNode, id: string): string => {
      const gathering = runner?.replica.gathering;
      const pending = gathering?.find(id);
      return `${name} ${pending === undefined ? 'has it not' : gathering!.rules.stateOf(pending)}`;
    };
    const open = this.errands.filter((errand) => !this.isDone(errand));
    return open
      .map(({ id, holder, parties }) => [holder, ...parties].map((node) => at(node, id)).join(', '))
      .join('; ');
  }

  get isAllDone(): boolean {
    return this.errands.every((errand) => this.isDone(errand));
  }

  /** Outcomes of all vertices that carry each call, as the first node's ledger has them. */
  async outcomes(): Promise<Map<string, string[]>> {
    const { store, runner } = this.world.nodes[0]!;
    const found = new Map<string, string[]>();
    for (let height = 1; height <= runner!.replica.ledger.height; height++) {
      for (const outcome of (await store.checkpoint(height))!.outcomes) {
        const vertex = decodeVertex((await store.vertex(toHex(outcome.id)))!);
        if (!vertex.ok || vertex.value.kind !== 'transaction') continue;
        const call = signedCall.decode(vertex.value.payload);
        if (!call.ok) throw new Error('a call that does not decode');
        const id = toHex(callId(call.value.header));
        found.set(id, [...(found.get(id) ?? []), outcomeCode(outcome)]);
      }
    }
    return found;
  }

  #errand(number: number): Errand {
    const { nodes, genesis, nowMs } = this.world;
    const [holder, ...parties] = this.#random.sample(nodes, 3);
    // Now and then the holder has to sign as well.
    if (number % 3 === 0) parties[1] = holder!;
    const ids = parties.map((node) =>
      partyId(genesis.network, genesis.record.parties[nodes.indexOf(node)]!.lei),
    );
    const call = countersignedCall({
      ...{ network: genesis.network, deadline: nowMs + 600_000, name: `SIM${number}X` },
      parties: [ids[0]!, ids[1]!],
    });
    return { id: toHex(callId(call.header)), call, holder: holder!, parties };
  }
}

test('in a quiet network a call costs twelve frames at most, and none once it is final', async () => {
  const office = await Office.open({ seed: 31, seats: 4 }, 6);
  while (!office.isAllDone) {
    office.work();
    await office.world.run(250);
    assert.ok(office.world.nowMs < office.world.genesis.header.time + 120_000, office.describe());
  }
  assert.ok(office.frames <= 12 * office.errands.length, `${office.frames} frames`);
  assert.ok(office.frames >= 4 * office.errands.length, `${office.frames} frames`);
  const { frames } = office;
  await office.world.run(120_000);
  assert.is(office.frames, frames);
});

test('four of ten frames are lost and nobody reconnects: what was not heard is told again', async () => {
  const office = await Office.open({ seed: 32, seats: 4, link: { loss: 0.4 } }, 6);
  for (let round = 0; !office.isAllDone; round++) {
    assert.ok(round < 1_200, office.describe());
    office.work();
    await office.world.run(250);
  }
  const outcomes = await office.outcomes();
  for (const { id } of office.errands) assert.equal(outcomes.get(id), ['OK']);
});

for (const seed of [41, 42, 43]) {
  test(`seed ${seed}: lost frames, kills and power failures: each call is carried once and takes effect once`, async () => {
    const office = await Office.open(
      {
        ...{ seed, seats: 5 },
        link: { loss: 0.15, duplicate: 0.05, delayMs: [5, 80] },
        disk: { syncMs: [1, 15], losesWrites: true },
      },
      12,
    );
    const { world } = office;
    const random = new Random(seed, 'kills');
    let kills = 0;
    for (let round = 0; round < 60 || !office.isAllDone; round++) {
      assert.ok(round < 600, office.describe());
      office.work();
      const down = world.nodes.filter(({ runner }) => runner === undefined);
      if (round < 60 && down.length === 0 && random.chance() < 0.5) {
        world.kill(random.pick(world.nodes), random.chance() < 0.5 ? 'kill' : 'power');
        kills += 1;
      }
      await world.run(random.between(50, 400));
      for (const node of down) await world.start(node);
    }
    assert.ok(kills >= 15, `${kills} kills`);
    const outcomes = await office.outcomes();
    for (const { id } of office.errands) assert.equal(outcomes.get(id), ['OK']);
    assert.equal(world.nodes.map(({ halted }) => halted?.message).filter(Boolean), []);
  });
}

test.run();

import { suite } from 'uvu';
import { equal, ok as yes } from 'uvu/assert';
import { outcomeCode } from '../../consensus/checkpoint/outcome.ts';
import { equalBytes, toHex } from '../../consensus/codec/bytes.ts';
import { zero32 } from '../../consensus/crypto/hash.ts';
import { signVertex } from '../../consensus/vertex/vertex.ts';
import type { SimulatedNode } from '../world.ts';
import { World } from '../world.ts';

const test = suite('consensus in virtual time');

/** A node's stakeholder appends a (payload-free) readings vertex; returns its key. */
function append(node: SimulatedNode): string {
  const reply = node.runner!.dispatch({
    type: 'author',
    kind: 'readings',
    payload: new Uint8Array(0),
    payloadHash: zero32,
  });
  if (reply.type !== 'taken') throw new Error(`${node.name} refused its own vertex`);
  return reply.vertex.key;
}

const up = (world: World) => world.nodes.filter((node) => node.runner !== undefined);

function allAt(world: World, height: number): boolean {
  return up(world).every((node) => node.runner!.replica.ledger.height >= height);
}

function allSettled(world: World, key: string): boolean {
  return up(world).every((node) => node.runner!.replica.dag.isSettled(key));
}

/** One header per height over all nodes, by their stores: agreement, whatever each is doing now. */
async function agree(world: World): Promise<number> {
  let highest = 0;
  for (let height = 1; ; height++) {
    const held = await Promise.all(world.nodes.map((node) => node.store.checkpoint(height)));
    const headers = held.filter((checkpoint) => checkpoint !== undefined);
    if (headers.length === 0) return highest;
    for (const { header } of headers) {
      yes(
        equalBytes(header.stateRoot, headers[0]!.header.stateRoot),
        `state roots differ at height ${height}`,
      );
      yes(
        equalBytes(header.outcomesRoot, headers[0]!.header.outcomesRoot),
        `outcomes differ at height ${height}`,
      );
    }
    highest = height;
  }
}

test('a vertex becomes final on every node, once, and the network then rests until a heartbeat', async () => {
  const world = await World.open({ seed: 1, seats: 4, followers: 2 });
  await world.run(200);
  const key = append(world.nodes[4]!);
  await world.runUntil('final', () => allSettled(world, key), 5_000);
  await world.run(3_000);
  const rested = world.nodes[0]!.runner!.replica.ledger.height;
  yes(rested <= 3, `quiet, yet height ${rested}`);
  await world.run(12_000);
  yes(allAt(world, rested + 1), 'a heartbeat checkpoint');
  const position = await world.nodes[5]!.store.position(key);
  const checkpoint = await world.nodes[5]!.store.checkpoint(position!.height);
  equal(outcomeCode(checkpoint!.outcomes[position!.index]!), 'OK');
  await agree(world);
});

for (const seats of [4, 5, 6, 7]) {
  test(`n = ${seats}: the leader of every height is killed in turn; nothing is lost`, async () => {
    const world = await World.open({ seed: seats, seats, followers: 1 });
    const follower = world.nodes[seats]!;
    for (let round = 0; round < 4; round++) {
      const { replica } = follower.runner!;
      const leader = world.nodes[world.genesis.committee.leader(replica.ledger.height + 1, 0)]!;
      world.kill(leader);
      const key = append(follower);
      await world.runUntil(`final without ${leader.name}`, () => allSettled(world, key), 20_000);
      await world.start(leader);
      await world.runUntil(`${leader.name} is back`, () => allSettled(world, key), 20_000);
    }
    yes((await agree(world)) >= 4);
  });
}

test('lines on which a height takes longer than a view is given: its leaders are waited for before long', async () => {
  // Proposal, prepare and commit, 300 ms each, and a first view of 600 ms.
  const world = await World.open({
    ...{ seed: 8, seats: 4, followers: 1 },
    ...{ pace: { viewTimeoutMs: 600 }, link: { delayMs: [290, 300] } },
  });
  const views: number[] = [];
  for (let height = 1; height <= 40; height++) {
    append(world.nodes[4]!);
    await world.runUntil(`height ${height}`, () => allAt(world, height), 60_000);
    const { certificate } = world.nodes[4]!.runner!.replica.ledger;
    views.push(certificate!.view);
  }
  yes(
    views.slice(0, 5).some((view) => view > 0),
    `given up at first: ${views.join(' ')}`,
  );
  equal(
    views.slice(20).filter((view) => view > 0),
    [],
    `waited for from then on: ${views.join(' ')}`,
  );
  await agree(world);
});

test('no quorum, no checkpoint; the partition heals and everything accepted becomes final', async () => {
  const world = await World.open({ seed: 9, seats: 4 });
  await world.run(300);
  const keys = world.nodes.map((node) => node.key);
  world.network.partition(keys.slice(0, 2), keys.slice(2), true);
  const before = world.nodes[0]!.runner!.replica.ledger.height;
  const left = append(world.nodes[0]!);
  const right = append(world.nodes[3]!);
  await world.run(20_000);
  equal(world.nodes[0]!.runner!.replica.ledger.height, before);
  world.network.partition(keys.slice(0, 2), keys.slice(2), false);
  await world.runUntil('healed', () => allSettled(world, left) && allSettled(world, right), 120_000);
  await agree(world);
});

test('frames and gossip are lost and doubled at random; everything still becomes final', async () => {
  for (let seed = 20; seed < 26; seed++) {
    const world = await World.open({
      seed,
      seats: 4,
      followers: 1,
      link: { loss: 0.05, duplicate: 0.1, delayMs: [1, 120] },
    });
    const keys: string[] = [];
    for (let i = 0; i < 30; i++) {
      keys.push(append(world.nodes[i % 5]!));
      await world.run(40);
    }
    await world.runUntil(`seed ${seed}`, () => keys.every((key) => allSettled(world, key)), 120_000);
    await agree(world);
  }
});

test('two vertices of one sequence: the first branch takes effect, the other is a fork, the key is suspended', async () => {
  const world = await World.open({ seed: 30, seats: 4, followers: 1 });
  const author = world.nodes[4]!;
  await world.run(300);
  const { ledger } = author.runner!.replica;
  const base = {
    network: world.genesis.network,
    sequence: 1,
    previous: zero32,
    checkpoint: ledger.headerId,
    parents: [],
    kind: 'readings' as const,
  };
  const branches = [1, 2].map((n) =>
    signVertex(
      { ...base, time: world.nowMs + n, payloadHash: zero32.map(() => n) },
      new Uint8Array(0),
      author.signer,
    ),
  );
  for (const [i, vertex] of branches.entries()) {
    const { encodeVertex } = await import('../../consensus/vertex/vertex.ts');
    world.nodes[i]!.runner!.dispatch({ type: 'submit', envelope: encodeVertex(vertex) });
  }
  await world.runUntil(
    'both settled',
    () => branches.every((vertex) => allSettled(world, vertex.key)),
    20_000,
  );
  const codes: string[] = [];
  for (const vertex of branches) {
    const position = await world.nodes[2]!.store.position(vertex.key);
    const checkpoint = await world.nodes[2]!.store.checkpoint(position!.height);
    codes.push(outcomeCode(checkpoint!.outcomes[position!.index]!));
  }
  equal(codes.sort(), ['E_FORK', 'OK']);
  await agree(world);
});

test('the same seed gives the same run', async () => {
  const heads: string[] = [];
  for (let i = 0; i < 2; i++) {
    const world = await World.open({ seed: 77, seats: 4, followers: 1, link: { loss: 0.02 } });
    for (let n = 0; n < 10; n++) {
      append(world.nodes[n % 5]!);
      await world.run(60);
    }
    await world.run(10_000);
    heads.push(toHex(world.nodes[0]!.runner!.replica.ledger.headerId));
  }
  equal(heads[0], heads[1]);
});

test.run();

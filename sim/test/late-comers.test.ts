/** Nodes that come late, hear badly or say nothing: a fresh follower from height 0, a silent seat, a deaf one. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { outcomeCode } from '../../consensus/checkpoint/outcome.ts';
import { equalBytes, toHex } from '../../consensus/codec/bytes.ts';
import { memoryStore } from '../../node/memory-store.ts';
import { type SimulatedNode, World } from '../world.ts';
import { heightOf, say, somethingToSay } from './voices.ts';

const test = suite('late-comers');
/** Both nodes hold the same headers and outcomes up to the lesser height. */
async function sameLedger(a: SimulatedNode, b: SimulatedNode): Promise<number> {
  const height = Math.min(heightOf(a), heightOf(b));
  for (let at = 1; at <= height; at++) {
    const [one, other] = [await a.store.checkpoint(at), await b.store.checkpoint(at)];
    assert.equal(one!.header, other!.header, `height ${at}`);
    assert.equal(one!.outcomes, other!.outcomes, `height ${at}`);
  }
  return height;
}

test('a fresh follower on a bad line catches up from height 0 over 60 heights and a window of 16', async () => {
  const pace = { heartbeatMs: 1_000, settledWindow: 16 };
  const world = await World.open({
    seed: 3,
    seats: 4,
    followers: 2,
    pace,
    link: { loss: 0.05, delayMs: [20, 150] },
  });
  const [busy, late] = [world.nodes[4]!, world.nodes[5]!];
  world.kill(late);
  await world.run(300);
  // One vertex every few checkpoints, and one author who is silent for longer than the window.
  const quiet = say(world.nodes[0]!);
  for (let i = 0; heightOf(busy) < 70; i++) {
    if (i % 3 === 0) say(busy);
    await world.run(300);
  }
  assert.not.ok(busy.runner!.replica.dag.isSettled(quiet), 'beyond the window by now');
  say(world.nodes[0]!);
  await world.run(1_000);

  await world.start(late);
  const startedMs = world.nowMs;
  await world.runUntil('caught up', () => heightOf(late) >= heightOf(busy), 60_000);
  assert.ok(world.nowMs - startedMs < 55_000, `took ${world.nowMs - startedMs} ms`);
  assert.ok((await sameLedger(busy, late)) >= 70);

  // It is a node like any other now: what it says becomes final.
  const key = say(late);
  await world.runUntil(
    'its own vertex is final',
    () => [busy, late].every((node) => node.runner!.replica.dag.isSettled(key)),
    20_000,
  );
});

test('a fresh follower that dies again and again while it catches up still arrives', async () => {
  const world = await World.open({
    seed: 4,
    seats: 4,
    followers: 2,
    pace: { heartbeatMs: 400, settledWindow: 16 },
  });
  const [busy, late] = [world.nodes[4]!, world.nodes[5]!];
  world.kill(late);
  for (let i = 0; heightOf(busy) < 60; i++) {
    if (i % 2 === 0) say(busy);
    await world.run(250);
  }
  for (let i = 0; i < 12; i++) {
    await world.start(late);
    await world.run(150 + 30 * i);
    world.kill(late);
  }
  await world.start(late);
  await world.runUntil('caught up', () => heightOf(late) >= heightOf(busy), 30_000);
  assert.ok((await sameLedger(busy, late)) >= 60);
});

test('a node whose disk was lost learns its own chain from the others, and goes on with it', async () => {
  const world = await World.open({
    seed: 5,
    seats: 4,
    followers: 1,
    pace: { heartbeatMs: 400, settledWindow: 16 },
  });
  const node = world.nodes[4]!;
  await world.run(300);
  let first = '';
  for (let i = 0; i < 5; i++) {
    const key = say(node);
    first ||= key;
    await world.runUntil('final', () => node.runner!.replica.dag.isSettled(key), 10_000);
  }
  await world.run(10_000);
  world.kill(node);
  Object.assign(node, { store: memoryStore() });
  await world.start(node);
  await world.run(100);
  // It has heard how far behind it is; before it knows its own chain it says nothing.
  const reply = node.runner!.dispatch(somethingToSay);
  assert.is(reply.type === 'refused' && reply.refusal.code, 'E_STALE');
  await world.runUntil('caught up', () => heightOf(node) >= heightOf(world.nodes[0]!), 30_000);
  const next = say(node);
  await world.runUntil(
    'final',
    () => world.nodes.every((other) => other.runner!.replica.dag.isSettled(next)),
    10_000,
  );
  const position = (await node.store.position(next))!;
  const checkpoint = (await node.store.checkpoint(position.height))!;
  assert.is(outcomeCode(checkpoint.outcomes[position.index]!), 'OK', 'no fork of the own chain');
  assert.ok(first.length === 64);
});

for (const seats of [4, 5, 6, 7]) {
  test(`n = ${seats}: one seat is silent from the start, and finality does not wait for it`, async () => {
    const world = await World.open({ seed: 10 + seats, seats, followers: 1 });
    const silent = world.nodes[seats - 2]!;
    world.kill(silent);
    await world.run(200);
    const author = world.nodes[seats]!;
    for (let i = 0; i < 12; i++) {
      const key = say(author);
      const saidMs = world.nowMs;
      await world.runUntil(`vertex ${i}`, () => author.runner!.replica.dag.isSettled(key), 20_000);
      // One view change at most, where the silent seat's turn to lead comes.
      assert.ok(world.nowMs - saidMs < 5_000, `${world.nowMs - saidMs} ms`);
      await world.run(300);
    }
    await world.run(25_000);
    const before = heightOf(author);
    await world.run(25_000);
    assert.ok(heightOf(author) >= before + 1, 'heartbeats go on');
  });
}

test('a seat that hears but is not heard, and one that is heard but does not hear, stop nobody', async () => {
  const world = await World.open({ seed: 21, seats: 7, followers: 1 });
  await world.run(300);
  const [mute, deaf] = [world.nodes[2]!, world.nodes[5]!];
  for (const other of world.nodes) {
    world.network.mute(mute.key, other.key, true);
    world.network.mute(other.key, deaf.key, true);
  }
  const keys: string[] = [];
  for (let i = 0; i < 10; i++) {
    keys.push(say(world.nodes[i % 7 === 2 || i % 7 === 5 ? 0 : i % 7]!));
    await world.run(400);
  }
  const hearing = world.nodes.filter((node) => node !== deaf);
  await world.runUntil(
    'final for all who hear',
    () => hearing.every((node) => keys.every((key) => node.runner!.replica.dag.isSettled(key))),
    60_000,
  );
  for (const other of world.nodes) {
    world.network.mute(mute.key, other.key, false);
    world.network.mute(other.key, deaf.key, false);
  }
  const last = say(mute);
  await world.runUntil(
    'final for all',
    () =>
      world.nodes.every(
        (node) =>
          node.runner!.replica.dag.isSettled(last) &&
          keys.every((key) => node.runner!.replica.dag.isSettled(key)),
      ),
    60_000,
  );
  await sameLedger(mute, deaf);
});

test('the committee is split in two for a minute, again and again; one header per height, and all becomes final', async () => {
  for (const seats of [5, 6]) {
    const world = await World.open({ seed: 30 + seats, seats, followers: 0 });
    const keys: string[] = [];
    for (let round = 0; round < 4; round++) {
      const left = world.nodes.filter((_, i) => (i + round) % 2 === 0).map((node) => node.key);
      const right = world.nodes.map((node) => node.key).filter((key) => !left.includes(key));
      world.network.partition(left, right, true);
      for (const node of world.nodes) keys.push(say(node));
      await world.run(60_000);
      world.network.partition(left, right, false);
      await world.runUntil(
        `n = ${seats}, round ${round}`,
        () => world.nodes.every((node) => keys.every((key) => node.runner!.replica.dag.isSettled(key))),
        130_000,
      );
    }
    for (const node of world.nodes) await sameLedger(world.nodes[0]!, node);
  }
});

test('every outcome of honest authors is OK, and each vertex has exactly one', async () => {
  const world = await World.open({
    seed: 41,
    seats: 6,
    followers: 2,
    link: { loss: 0.02, duplicate: 0.2, delayMs: [1, 200] },
  });
  const keys = new Set<string>();
  for (let i = 0; i < 80; i++) {
    keys.add(say(world.nodes[i % 8]!));
    await world.run(60);
  }
  await world.runUntil(
    'final',
    () => world.nodes.every((node) => [...keys].every((key) => node.runner!.replica.dag.isSettled(key))),
    60_000,
  );
  const seen = new Map<string, number>();
  const [node] = world.nodes;
  for (let at = 1; at <= heightOf(node!); at++) {
    for (const outcome of (await node!.store.checkpoint(at))!.outcomes) {
      assert.is(outcomeCode(outcome), 'OK');
      assert.not.ok(seen.has(toHex(outcome.id)), 'confirmed twice');
      seen.set(toHex(outcome.id), at);
    }
  }
  for (const key of keys) assert.ok(seen.has(key));
  for (const other of world.nodes)
    assert.ok(equalBytes(other.runner!.replica.ledger.genesis.headerId, world.genesis.headerId));
});

test.run();

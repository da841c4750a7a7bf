/**
 * What stakeholders wait for, in virtual time: after any node is killed (R043), beside a leader that shows two values
 * (R082), and for a reading in a network of twenty nodes at 100 ms (R003).
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { zero32 } from '../../consensus/crypto/hash.ts';
import { quantile } from '../experiments/statistics.ts';
import { run } from '../run.ts';
import { defaultSettings, type Settings } from '../settings.ts';
import { type SimulatedNode, World } from '../world.ts';

const test = suite('resume');

const RESUME_MS = 10_000;

function append(node: SimulatedNode): string {
  const reply = node.runner!.dispatch({
    ...{ type: 'author', kind: 'readings', payload: new Uint8Array(0), payloadHash: zero32 },
  });
  if (reply.type !== 'taken') throw new Error(`${node.name} refused its own vertex`);
  return reply.vertex.key;
}

for (const seats of [4, 7]) {
  test(`R043: n = ${seats}: any one node is killed, the current leader too: final again within 10 s, nothing lost`, async () => {
    const world = await World.open({ seed: 43 + seats, seats, followers: 2, link: { latency: '100ms' } });
    const said: string[] = [];
    let slowestMs = 0;
    let leaders = 0;
    const up = () => world.nodes.filter(({ runner }) => runner !== undefined);
    const allFinal = () =>
      up().every(({ runner }) => said.every((key) => runner!.replica.dag.isSettled(key)));
    await world.run(500);
    for (let round = 0; round <= world.nodes.length; round++) {
      const height = Math.max(...up().map(({ runner }) => runner!.replica.ledger.height));
      const leader = world.genesis.committee.leader(height + 1, 0);
      // Each in turn, and at last whoever leads.
      const victim = world.nodes[round === world.nodes.length ? leader : round]!;
      leaders += Number(victim.number === leader);
      // What was acknowledged by the victim itself, just before it dies, counts as well.
      said.push(append(victim));
      await world.run(300);
      world.kill(victim);
      const killedMs = world.time.elapsedMs;
      said.push(append(up()[round % up().length]!));
      const fresh = said.at(-1)!;
      await world.runUntil(
        `final without ${victim.name}`,
        () => up().every(({ runner }) => runner!.replica.dag.isSettled(fresh)),
        RESUME_MS,
      );
      slowestMs = Math.max(slowestMs, world.time.elapsedMs - killedMs);
      await world.start(victim);
      await world.runUntil(`${victim.name} is back, and all is final`, allFinal, 60_000);
    }
    console.log(
      `R043: n = ${seats}, ${world.nodes.length + 1} kills, ${leaders} of a leader: at most ${slowestMs.toFixed(0)} ms`,
    );
    assert.ok(leaders > 0);
    for (const { store } of world.nodes)
      for (const key of said) assert.ok((await store.position(key)) !== undefined, 'it is on every disk');
  });
}

/** Beside a seat that says nothing neither of the two values comes to a quorum: only a new view helps. At n = 4 one does. */
for (const [validators, silent] of [
  [4, 0],
  [7, 1],
  [10, 2],
] as const) {
  test(`R082: n = ${validators}, one seat equivocates, ${silent} are silent: new views, no fork, nobody waits 10 s`, async () => {
    const settings: Settings = {
      ...{ ...defaultSettings, nodes: validators, validators },
      byzantine: [
        { kind: 'equivocate', count: 1 },
        { kind: 'silent', count: silent },
      ].filter(({ count }) => count > 0),
      network: { ...defaultSettings.network, latency: '100ms' },
      ...{ durationMs: 8_000, load: { verticesPerS: 5, pledgeRacesPerMin: 0 } },
    };
    const { verdict, failure, finalityMs, viewChanges, acts } = await run(settings, 2);
    assert.is(verdict, 'passed', failure?.what);
    const { p50, p95, max, count } = finalityMs!;
    console.log(
      `R082: n = ${validators}: p50 ${p50}, p95 ${p95}, at most ${max} ms, ${viewChanges} view changes, ${JSON.stringify(acts)}`,
    );
    assert.ok(count > 20 && max <= RESUME_MS, `${count}, ${max} ms`);
    assert.ok(viewChanges > 0 || silent === 0, 'the lie cost a view');
  });
}

test('R003: 20 nodes at 100 ms: a vertex of readings is at the bank’s node p95 ≤ 2 s, final there p95 ≤ 5 s', async () => {
  const BANK = 19;
  const seen: number[] = [];
  const final: number[] = [];
  const settings: Settings = {
    ...{ ...defaultSettings, nodes: 20, validators: 7, durationMs: 12_000 },
    network: { ...defaultSettings.network, latency: '100ms' },
    load: { verticesPerS: 10, pledgeRacesPerMin: 0 },
  };
  const result = await run(settings, 3, {
    prepare: (world) => {
      const before = world.onNotice;
      world.onNotice = (node, notice) => {
        before(node, notice);
        if (node.number !== BANK) return;
        if (
          notice.type === 'vertex' &&
          notice.vertex.kind === 'readings' &&
          notice.vertex.authorKey !== node.key
        )
          seen.push(world.time.now() - notice.vertex.time);
        if (notice.type === 'checkpoint')
          for (const { kind, time } of notice.vertices)
            if (kind === 'readings') final.push(world.time.now() - time);
      };
    },
  });
  assert.is(result.verdict, 'passed', result.failure?.what);
  const [seenMs, finalMs] = [quantile(seen, 0.95)!, quantile(final, 0.95)!];
  console.log(
    `R003: ${seen.length} seen p95 ${seenMs.toFixed(0)} ms, ${final.length} final p95 ${finalMs.toFixed(0)} ms`,
  );
  assert.ok(seen.length > 80 && final.length > 80, `${seen.length}, ${final.length}`);
  assert.ok(seenMs <= 2_000 && finalMs <= 5_000, `${seenMs}, ${finalMs}`);
});

test.run();

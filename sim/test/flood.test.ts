/** R058: what floods cost honest stakeholders, with and without: time to finality, and what nodes hold. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BURST_VERTICES, RATE_PER_S } from '../../node/replica/allowance.ts';
import { OPEN_VERTICES_MAX } from '../../node/replica/intake.ts';
import { TipSpammer } from '../byzantine/tip-spam.ts';
import { run } from '../run.ts';
import { defaultSettings, type Settings } from '../settings.ts';
import { ByzantineTrial } from './byzantine-trial.ts';

const test = suite('floods');

test('R058: four keys burst at once: p95 and p99 of honest finality stay within twice those without', async () => {
  // The 99th percentile of some sixty vertices is the slowest of them: three runs say more than one.
  const seeds = [1, 2, 3];
  const calm: Settings = {
    ...{ ...defaultSettings, nodes: 8, validators: 4 },
    ...{ durationMs: 6_000, load: { verticesPerS: 10, pledgeRacesPerMin: 0 } },
  };
  const flooded: Settings = { ...calm, byzantine: [{ kind: 'tip-spam', count: 4 }] };
  let usualP99 = 0;
  let slowedP99 = 0;
  for (const seed of seeds) {
    const [without, within] = [await run(calm, seed), await run(flooded, seed)];
    assert.equal([without.verdict, within.verdict], ['passed', 'passed'], within.failure?.what);
    for (const acts of Object.values(within.acts)) assert.ok(acts['tips']! > BURST_VERTICES, 'it floods');
    const [usual, slowed] = [without.finalityMs!, within.finalityMs!];
    console.log(`floods: p95 ${usual.p95} → ${slowed.p95} ms, p99 ${usual.p99} → ${slowed.p99} ms`);
    assert.ok(slowed.p95 <= 2 * usual.p95, `p95 ${usual.p95} → ${slowed.p95} ms`);
    usualP99 += usual.p99;
    slowedP99 += slowed.p99;
  }
  assert.ok(slowedP99 <= 2 * usualP99, `p99 of ${seeds.length} runs together ${usualP99} → ${slowedP99} ms`);
});

test('R058: one key at ten times its allowance is throttled to it, and what is held stays bounded', async () => {
  const SECONDS = 2;
  const FLOODER = 4;
  const flood = { firstBurst: 0, burst: RATE_PER_S, verticesMax: 10 * RATE_PER_S * SECONDS };
  const trial = await ByzantineTrial.open(
    { seed: 2, seats: 4, followers: 2 },
    [FLOODER],
    (stage) => new TipSpammer(stage, flood),
  );
  const { key } = trial.world.nodes[FLOODER]!;
  const held = new Map<string, number>();
  let openMost = 0;
  const before = trial.world.onNotice;
  trial.world.onNotice = (node, notice) => {
    before(node, notice);
    if (node.masquerade !== undefined || notice.type !== 'vertex') return;
    openMost = Math.max(openMost, node.runner!.replica.dag.size);
    if (notice.vertex.authorKey === key) held.set(node.name, (held.get(node.name) ?? 0) + 1);
  };
  await trial.speak(20, 100);
  await trial.settle();
  assert.is(trial.actors[0]!.acts.tips, flood.verticesMax);
  const most = Math.max(...held.values());
  console.log(`floods: of ${flood.verticesMax} vertices a node took ${most}; at most ${openMost} open`);
  // It began to speak before the trial did.
  assert.ok(most <= BURST_VERTICES + RATE_PER_S * (SECONDS + 1), `${most}`);
  assert.ok(openMost < OPEN_VERTICES_MAX / 10, `${openMost} open`);
});

test.run();

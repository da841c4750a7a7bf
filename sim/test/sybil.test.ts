/** R055: a thousand keys that nobody enrolled weigh nothing: no vertex, no tip, no vote, no time, no room. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { key } from '../../consensus/contracts/registry.ts';
import { decodeVertex } from '../../consensus/vertex/vertex.ts';
import type { ActorKind } from '../byzantine/actor.ts';
import { IDENTITIES, Sybil, sybil } from '../byzantine/sybil.ts';
import { run } from '../run.ts';
import { defaultSettings, type Settings } from '../settings.ts';
import { ByzantineTrial } from './byzantine-trial.ts';

const test = suite('R055: unenrolled identities');
const FOLLOWER = 4;

test('honest finality is the same beside a thousand of them', async () => {
  const calm: Settings = {
    ...{ ...defaultSettings, nodes: 6, validators: 4 },
    ...{ durationMs: 5_000, load: { verticesPerS: 10, pledgeRacesPerMin: 0 } },
  };
  const settings: Settings = { ...calm, byzantine: [{ kind: 'sybil', count: 1 }] };
  // The same node, which behaves: what differs between the two is the attack alone.
  const behaves: ActorKind = { ...sybil, create: () => ({ acts: {} }) };
  const quiet = await run(settings, 3, { kinds: [behaves] });
  const loud = await run(settings, 3);
  assert.equal([quiet.verdict, loud.verdict], ['passed', 'passed'], loud.failure?.what);
  const [acts] = Object.values(loud.acts);
  for (const [act, count] of Object.entries(acts!)) assert.ok(count > 0, act);
  assert.is(acts!['identities'], IDENTITIES);
  const [usual, beside] = [quiet.finalityMs!, loud.finalityMs!];
  console.log(`sybil: p50 ${usual.p50} → ${beside.p50} ms, p95 ${usual.p95} → ${beside.p95} ms`);
  assert.ok(beside.p50 <= 1.1 * usual.p50 && beside.p95 <= 1.1 * usual.p95, 'no slower than chance makes it');
});

test('nothing of theirs enters a DAG, a store or an order, and each way in was tried', async () => {
  const trial = await ByzantineTrial.open(
    { seed: 4, seats: 4, followers: 2 },
    [FOLLOWER],
    (stage) => new Sybil(stage),
  );
  const before = trial.world.onNotice;
  const refused = new Map<string, number>();
  const authors = new Set<string>();
  let parkedMost = 0;
  trial.world.onNotice = (node, notice) => {
    before(node, notice);
    if (node.masquerade !== undefined) return;
    if (notice.type === 'refused') refused.set(notice.code, (refused.get(notice.code) ?? 0) + 1);
    if (notice.type === 'vertex') authors.add(notice.vertex.authorKey);
    parkedMost = Math.max(parkedMost, node.runner!.replica.gauges().parked);
  };
  await trial.speak(26, 100);
  await trial.settle();
  const { acts } = trial.actors[0]!;
  assert.is(acts.identities, IDENTITIES);
  assert.ok(acts.vertices > IDENTITIES && acts['tips fetched'] > 0, JSON.stringify(acts));
  const isEnrolled = (author: string) => trial.world.nodes.some((node) => node.key === author);
  assert.ok(authors.size > 0 && [...authors].every(isEnrolled), 'whoever is in a DAG is enrolled');
  for (const vertexKey of (await trial.outcomes()).keys()) {
    const decoded = decodeVertex((await trial.honest[0]!.store.vertex(vertexKey))!);
    assert.ok(decoded.ok && isEnrolled(decoded.value.authorKey), 'whoever is final is enrolled');
  }
  for (const { runner, name } of trial.honest) {
    for (const { vertex } of runner!.replica.dag.nodes())
      assert.ok(runner!.replica.ledger.state.get(key, vertex.author) !== undefined, name);
  }
  // How much of what waits is kept: node/test/replica-flood.test.ts.
  assert.ok(refused.get('E_KEY_UNKNOWN')! > IDENTITIES, `${refused.get('E_KEY_UNKNOWN')} vertices refused`);
  assert.ok(refused.get('E_VOTE')! > IDENTITIES, `${refused.get('E_VOTE')} votes refused`);
  assert.ok(acts['early vertices'] > IDENTITIES && parkedMost > 0);
  console.log(`sybil: ${JSON.stringify(acts)}; at most ${parkedMost} parked`);
});

test.run();

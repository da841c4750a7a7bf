/** Every kind of dishonest stakeholder: it acts, and up to f of them change nothing for the honest. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { zero32 } from '../../consensus/crypto/hash.ts';
import { actorKinds } from '../byzantine/index.ts';
import { run } from '../run.ts';
import type { RunResult } from '../run-result.ts';
import { defaultSettings, type Settings } from '../settings.ts';

import { World } from '../world.ts';

const test = suite('Byzantine kinds');

/** Acts of all runs, by kind. */
const done = new Map<string, Record<string, number>>(actorKinds.map(({ name }) => [name, {}]));
/** What only more than f can do (byzantine-beyond.test.ts), or a busy network shows (byzantine-order.test.ts). */
const ELSEWHERE = ['hide-prepared: forgetful new views', 'self-serving: anchors chosen'];

async function runOver(changes: Partial<Settings>, seed: number): Promise<RunResult> {
  const load = { verticesPerS: 6, pledgeRacesPerMin: 0 };
  const settings: Settings = { ...defaultSettings, durationMs: 2_500, load, ...changes };
  const result = await run(settings, seed);
  assert.is(result.verdict, 'passed', `seed ${seed}: ${JSON.stringify(result.failure)}`);
  for (const [who, acts] of Object.entries(result.acts)) {
    const totals = done.get(who.split(', ')[1]!)!;
    for (const [act, count] of Object.entries(acts)) totals[act] = (totals[act] ?? 0) + count;
  }
  return result;
}

/** Committees of 4 to 7, and a follower, which is the actor where that needs no seat. */
for (const [index, { name }] of actorKinds.entries()) {
  test(`${name} alone: it acts, the honest agree and go on`, async () => {
    const validators = 4 + (index % 4);
    const byzantine = [{ kind: name, count: 1 }];
    const { acts, viewChanges } = await runOver(
      { nodes: validators + 1, validators, byzantine },
      1_000 + index,
    );
    const [own] = Object.values(acts);
    assert.ok(
      Object.values(own!).some((count) => count > 0),
      `${name} did nothing`,
    );
    if (name === 'slow') assert.is(viewChanges, 0, 'slow, but not late');
  });
}

/** Two seats of the seven, of different kinds, half of the time on links that lose a little. */
for (const [index, { name }] of actorKinds.entries()) {
  const other = actorKinds[(index + 3) % actorKinds.length]!.name;
  test(`${name} and ${other} at n = 7: the honest agree and go on`, async () => {
    const byzantine = [
      { kind: name, count: 1 },
      { kind: other, count: 1 },
    ];
    const network = { ...defaultSettings.network, loss: index % 2 === 0 ? 0.02 : 0 };
    await runOver({ nodes: 7, validators: 7, byzantine, network }, 2_000 + index);
  });
}

/** Accomplices of one kind, as many as there may be. */
for (const [index, kind] of ['equivocate', 'self-serving', 'hide-prepared'].entries()) {
  test(`two of ${kind} at n = 7: the honest agree and go on`, async () => {
    await runOver({ nodes: 7, validators: 7, byzantine: [{ kind, count: 2 }] }, 3_000 + index);
  });
}

/** Found by simulation (silent:1, a tenth of the frames lost): seats hear q − 1 others before they act. */
test('a greeting that a link lost is said again: nobody waits for ever beside a silent seat', async () => {
  const silent = actorKinds.find(({ name }) => name === 'silent')!;
  const world = World.prepare({ seed: 5, seats: 4, actors: new Map([[3, silent]]) });
  const [first, second] = world.nodes;
  world.network.mute(first!.key, second!.key, true);
  for (const node of world.nodes) await world.start(node);
  await world.run(1_000);
  world.network.mute(first!.key, second!.key, false);
  second!.runner!.dispatch({
    ...{ type: 'author', kind: 'readings', payload: new Uint8Array(0), payloadHash: zero32 },
  });
  await world.runUntil('a checkpoint', () => second!.runner!.replica.ledger.height > 0, 20_000);
});

test('each did all that it is there for', () => {
  for (const [kind, acts] of done)
    for (const [act, count] of Object.entries(acts))
      assert.ok(count > 0 || ELSEWHERE.includes(`${kind}: ${act}`), `${kind} never did: ${act}`);
});

test.run();

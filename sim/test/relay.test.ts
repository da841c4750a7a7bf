/** `[NET-1]` in whole networks: no bundle twice to a node whose publisher reaches everybody, and all of it arrives where not. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { run } from '../run.ts';
import { defaultSettings, type Settings } from '../settings.ts';

const test = suite('relay');

const settings: Settings = {
  ...{ ...defaultSettings, nodes: 4, validators: 4, durationMs: 5_000 },
  load: { verticesPerS: 10, pledgeRacesPerMin: 0 },
};

test('among four that are all linked, each vertex is sent three times at most', async () => {
  const result = await run(settings, 1);
  assert.is(result.verdict, 'passed');
  // Of some bundles at the end no vertex is final any more.
  const bundlesMost = result.vertices.final + 40;
  const { messages } = result.traffic['gossip']!;
  assert.ok(
    messages > 3 * 100 && messages <= 3 * bundlesMost,
    `${messages} for ${result.vertices.final} vertices`,
  );
});

test('where not all are linked, and some messages are lost, everything becomes final', async () => {
  const wide: Settings = { ...settings, nodes: 24, network: { ...settings.network, loss: 0.02 } };
  const result = await run(wide, 2);
  assert.is(result.verdict, 'passed', result.failure?.what);
  assert.ok(result.vertices.final > result.vertices.authored, 'witnesses are final as well');
  const bundlesMost = result.vertices.final + 40;
  assert.ok(result.traffic['gossip']!.messages > 10 * bundlesMost, 'it is passed on');
});

test.run();

/** What experiments compute from runs: statistics, tables, and the measures themselves on small runs. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { describeTallies, emptyTally, noteRun, tallyRuns } from '../experiments/accountability.ts';
import { formatTable } from '../experiments/experiment.ts';
import { raceSeed } from '../experiments/fairness.ts';
import { FinalityMeter } from '../experiments/finality-meter.ts';
import { experiments, runExperiment } from '../experiments/index.ts';
import { measureApart } from '../experiments/measured-run.ts';
import { growthExponent, quantile, wilson } from '../experiments/statistics.ts';
import { run } from '../run.ts';
import { defaultSettings } from '../settings.ts';

const test = suite('experiments');

function near(actual: number, expected: number, within = 5e-4): void {
  assert.ok(Math.abs(actual - expected) <= within, `${actual} is not ${expected}`);
}

test('quantiles lie between neighbours', () => {
  assert.is(quantile([], 0.5), undefined);
  assert.is(quantile([3], 0.99), 3);
  assert.is(quantile([4, 1, 3, 2], 0.5), 2.5);
  assert.is(quantile([1, 2, 3, 4, 5], 1), 5);
  near(quantile([0, 10, 20], 0.95)!, 19);
  assert.throws(() => quantile([1], 1.1), RangeError);
});

test('Wilson’s interval, against published values', () => {
  // Newcombe 1998, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
  for (const [hits, trials, least, most] of [
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ] as const) {
    near(wilson(hits, trials).least, least, 1e-4);
    near(wilson(hits, trials).most, most, 1e-4);
  }
  assert.equal(wilson(0, 0), { least: 0, most: 1 });
  assert.is(wilson(5, 5).most, 1);
  assert.throws(() => wilson(2, 1), RangeError);
});

test('the exponent of a growth', () => {
  near(growthExponent([1, 10, 100].map((x) => ({ x, y: 3 * x ** 1.5 }))), 1.5, 1e-9);
  near(growthExponent([2, 8].map((x) => ({ x, y: 7 }))), 0, 1e-9);
  assert.throws(() => growthExponent([{ x: 1, y: 1 }]), RangeError);
  assert.throws(() => growthExponent([1, 2].map((x) => ({ x, y: 0 }))), RangeError);
});

test('accountability: a fork for which too few are named, or somebody honest, breaks a rule', async () => {
  const fork = { seed: 1, verdict: 'diverged', failure: undefined } as const;
  const judge = (...guilty: readonly string[]) => {
    const tally = emptyTally(4, 2, 'equivocate');
    noteRun(tally, { ...fork, guilty }, ['a', 'b']);
    const { rules } = describeTallies([tally]);
    return [rules[1]!.holds, tally.named];
  };
  assert.equal(judge('a', 'b'), [true, [2, 2]]);
  assert.equal(judge('a'), [false, [1, 1]]);
  assert.equal(judge('a', 'b', 'c'), [false, [3, 3]]);
  const borne = emptyTally(4, 1, 'equivocate');
  noteRun(borne, { ...fork, verdict: 'no progress', guilty: [] }, ['a']);
  assert.is(describeTallies([borne]).rules[0]!.holds, false, 'with f liars runs have to pass');
  const tallies = [...(await tallyRuns(4, 1, 1, 3)), ...(await tallyRuns(4, 2, 1, 3))];
  assert.equal(
    tallies.map(({ runs, passed, forked }) => [runs, passed + forked]),
    tallies.map(() => [1, 1]),
  );
  assert.equal(
    describeTallies(tallies)
      .rules.slice(0, 2)
      .map(({ holds }) => holds),
    [true, true],
  );
});

test('tables: words to the left, numbers to the right', () => {
  const table = formatTable({
    title: 'T',
    columns: ['name', 'n'],
    rows: [
      ['a', 1],
      ['long one', 100],
    ],
  });
  assert.is(table, ['T', 'name        n', 'a           1', 'long one  100'].join('\n'));
});

test('finality is measured up to the last node that counts', async () => {
  const meters: FinalityMeter[] = [];
  const settings = {
    ...defaultSettings,
    durationMs: 4_000,
    load: { verticesPerS: 10, pledgeRacesPerMin: 0 },
  };
  const network = { ...settings.network, latency: '50-250ms' };
  const result = await run({ ...settings, network }, 1, {
    prepare: (world) => {
      meters.push(new FinalityMeter(world, world.nodes, 0));
    },
  });
  const [meter] = meters;
  assert.is(meter!.durations.length, result.vertices.authored);
  // Five ways of 50 ms at the least: to the seats, witnesses, proposal, prepare, commit.
  assert.ok(Math.min(...meter!.durations) >= 250, `${Math.min(...meter!.durations)} ms`);
  // The checker counts on its own; authors' clocks tell whole milliseconds.
  near(Math.max(...meter!.durations), result.finalityMs!.max, 2);
});

test('races of a self-serving leader are seen, and some leaders had the turn', async () => {
  const races = [...(await raceSeed(1, 4, 10_000)), ...(await raceSeed(2, 4, 10_000))];
  assert.ok(races.length >= 4, `${races.length} races`);
  assert.ok(races.some(({ leadMs }) => leadMs > 0));
  assert.ok(races.some(({ chosen }) => chosen));
});

test('a run apart gives its own figures', async () => {
  const settings = { ...defaultSettings, durationMs: 1_000 };
  const measured = await measureApart({ settings, seed: 1, everySignature: true });
  assert.is(measured.verdict, 'passed');
  assert.ok(measured.cpuMs > 0 && measured.rssBytes > 1 << 20 && measured.heights > 0);
});

test('an experiment that there is not', async () => {
  assert.is(
    await runExperiment('no-such', { json: true, seeds: undefined }, assert.unreachable, assert.unreachable),
    undefined,
  );
  assert.equal(
    experiments.map(({ name }) => name),
    ['finality', 'fairness', 'committee', 'scale', 'accountability', 'losses'],
  );
});

test.run();

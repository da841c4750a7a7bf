/** One seed, one run: the trace's hash and every figure but the time it took. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Random } from '../random.ts';
import { castActors, faultsOf, run } from '../run.ts';
import type { RunResult } from '../run-result.ts';
import { defaultSettings, faultKinds, type Settings } from '../settings.ts';

const test = suite('determinism');

const rough: Settings = {
  ...defaultSettings,
  nodes: 6,
  validators: 4,
  byzantine: [{ kind: 'equivocate', count: 1 }],
  network: { latency: 'world', loss: 0.02, duplicate: 0.1, reorder: 0.1, bandwidthBytesPerS: 200_000 },
  faults: faultKinds.filter((kind) => kind !== 'restored-backup'),
  durationMs: 8_000,
  load: { verticesPerS: 10, pledgeRacesPerMin: 15 },
};

const withoutWallTime = ({ wallMs: _, ...result }: RunResult) => result;

test('the same seed twice: the same events, figures and trace; other seeds: other traces', async () => {
  const first = await run(rough, 11, { keepTrace: true });
  const again = await run(rough, 11, { keepTrace: true });
  assert.equal(withoutWallTime(again), withoutWallTime(first));
  assert.is(first.verdict, 'passed', JSON.stringify(first.failure));
  assert.ok(first.events > 1_000 && first.heights > 3 && first.trace.length > 100, `${first.events} events`);
  const others = [await run(rough, 12), await run({ ...rough, durationMs: 8_001 }, 11)];
  assert.is(new Set([first, ...others].map(({ traceHash }) => traceHash)).size, 3);
});

test('a run in the shadow of another one is the same run', async () => {
  const alone = await run(rough, 13);
  const [one, other] = await Promise.all([run(rough, 13), run(rough, 14)]);
  assert.is(one.traceHash, alone.traceHash);
  assert.is.not(other.traceHash, alone.traceHash);
});

test('one purpose’s chance does not shift another’s: fewer fault kinds leave the others as they were', () => {
  const long = { ...rough, durationMs: 60_000 };
  const actors = castActors(long, 5);
  const all = faultsOf(long, 5, actors);
  for (const kind of long.faults) {
    const alone = faultsOf({ ...long, faults: [kind] }, 5, actors);
    assert.equal(
      alone,
      all.filter((fault) => fault.kind === kind),
      kind,
    );
    assert.ok(alone.length > 0, kind);
  }
});

test('a schedule that is handed in is the one that happens', async () => {
  const settings = { ...rough, byzantine: [] };
  const all = faultsOf(settings, 21, castActors(settings, 21));
  const given = await run(settings, 21, { faults: all });
  assert.is(given.traceHash, (await run(settings, 21)).traceHash);
  const fewer = await run(settings, 21, { faults: all.filter(({ kind }) => kind === 'crash') });
  assert.equal(Object.keys(fewer.faults), ['crash']);
});

test('frozen numbers: the streams are the same on every machine and version', () => {
  const random = new Random(7, 'frozen');
  const drawn = Array.from({ length: 3 }, () => random.chance());
  assert.equal(drawn, FROZEN.chance);
  assert.equal(
    Array.from({ length: 3 }, () => random.lognormal(0.5)),
    FROZEN.lognormal,
  );
  // A tail, a median of one, nothing below zero.
  const many = Array.from({ length: 4_000 }, () => random.lognormal(0.5)).sort((a, b) => a - b);
  assert.ok(Math.abs(many[2_000]! - 1) < 0.05, `${many[2_000]}`);
  assert.ok(many[0]! > 0 && many[3_800]! > 2 && many[3_800]! < 2.6, `${many[3_800]}`);
});

const FROZEN = {
  chance: [0.2917213432956487, 0.605697953607887, 0.4410248806234449],
  lognormal: [0.8289655314782756, 0.6394306686284958, 0.45284321861507415],
};

test.run();

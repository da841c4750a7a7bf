/** What a run of spin is judged to be worth; and one tiny model run in earnest where spin is here. */

import { existsSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { canCheckModels, checkModel } from '../model-check.ts';
import { MODEL_RUNS } from '../model-table.ts';
import { judgeSearch, type SearchRun, summarise } from '../model-verdict.ts';

const test = suite('model check');

const searched = (text: string, more: Partial<SearchRun> = {}): SearchRun => ({
  output: text,
  code: 0,
  timedOut: false,
  ...more,
});
const figures = (errors: number): string =>
  `State-vector 36 byte, depth reached 24, errors: ${errors}\n  1034040 states, stored\n`;
const clean = searched(figures(0));
const violated = searched(
  `pan:1: assertion violated (certified!=3) (at depth 15)\nWarning: Search not completed\n${figures(1)}`,
);
const cycle = searched(`pan:1: non-progress cycle (at depth 55)\n${figures(1)}`);
const stuck = searched(`pan:1: invalid end state (at depth 3)\n${figures(1)}`);

test('a model that must hold', () => {
  const good = judgeSearch('holds', 'assertion violated', clean);
  assert.equal(good, { ok: true, found: 'holds', states: 1_034_040, depth: 24 });
  assert.is(judgeSearch('holds', 'assertion violated', violated).ok, false);
  assert.match(judgeSearch('holds', 'assertion violated', violated).found, 'certified!=3');
  assert.is(judgeSearch('holds', 'assertion violated', stuck).ok, false);
  assert.is(judgeSearch('holds', 'non-progress cycle', cycle).ok, false);
});

test('a search that left something out proves nothing', () => {
  for (const sign of [
    'error: max search depth too small',
    'Warning: Search not completed',
    'pan: reached -DMEMLIM bound',
    'pan: out of memory',
  ])
    assert.is(judgeSearch('holds', 'assertion violated', searched(`${sign}\n${figures(0)}`)).ok, false, sign);
  const empty = searched('depth reached 0, errors: 0\n 0 states, stored\n');
  assert.is(judgeSearch('holds', 'assertion violated', empty).ok, false);
  for (const expected of ['holds', 'caught', 'reached'] as const) {
    const late = { ...(expected === 'holds' ? clean : violated), timedOut: true };
    assert.is(judgeSearch(expected, 'assertion violated', late).ok, false);
    const uncompiled = searched('pan.c: error: expected expression', { code: 1 });
    assert.is(judgeSearch(expected, 'assertion violated', uncompiled).ok, false);
    assert.is(judgeSearch(expected, 'assertion violated', searched('', { code: 0 })).ok, false);
  }
});

test('a planted fault must be caught, by what it is expected to break', () => {
  assert.is(judgeSearch('caught', 'assertion violated', violated).ok, true);
  assert.is(judgeSearch('caught', 'non-progress cycle', cycle).ok, true);
  assert.is(judgeSearch('reached', 'assertion violated', violated).found, 'reached');
  assert.is(judgeSearch('caught', 'assertion violated', clean).ok, false);
  assert.is(judgeSearch('reached', 'assertion violated', clean).ok, false);
  assert.is(judgeSearch('caught', 'assertion violated', stuck).ok, false);
  assert.is(judgeSearch('caught', 'assertion violated', cycle).ok, false);
});

test('the exit code', () => {
  const all = [
    { expected: 'holds', ok: true },
    { expected: 'caught', ok: true },
    { expected: 'reached', ok: true },
  ] as const;
  assert.equal(summarise(all), {
    line: 'models: 1 of 1 holds, 1 of 1 caught, 1 of 1 reached; 0 failed',
    exitCode: 0,
  });
  for (const { expected } of all) {
    const failing = [...all, { expected, ok: false }];
    assert.is(summarise(failing).exitCode, 1, `${expected} failed`);
    const without = all.filter((verdict) => verdict.expected !== expected);
    assert.is(summarise(without).exitCode, 1, `no ${expected}`);
  }
  assert.is(summarise([], true).exitCode, 1);
  assert.is(summarise([{ expected: 'holds', ok: true }], true).exitCode, 0);
});

test('each model has a run that holds, a fault and a state to reach, among the quick ones', () => {
  for (const model of ['pbft', 'restore', 'order', 'admission', 'epoch', 'timing']) {
    assert.ok(existsSync(`docs/model/${model}.pml`));
    const expected = MODEL_RUNS.filter((run) => run.model === model && !run.large).map((run) => run.expected);
    assert.equal([...new Set(expected)].sort(), ['caught', 'holds', 'reached'], model);
  }
});

const present = canCheckModels();
if (!present) console.log('spin or gcc is not here: no model is run');
const withSpin = present ? test : test.skip;

withSpin('spin holds the epoch model to be right, and catches a client that checks no heights', async () => {
  const epoch = { model: 'epoch', define: [] };
  assert.is((await checkModel({ ...epoch, expected: 'holds' })).ok, true);
  const broken = { model: 'epoch', define: ['HEIGHTS_UNCHECKED'] };
  assert.is((await checkModel({ ...broken, expected: 'caught' })).ok, true);
  assert.is(
    (await checkModel({ ...broken, define: [...broken.define, 'BROKEN'], expected: 'holds' })).ok,
    false,
  );
});

test.run();

/** The canary mechanism: a plant that does not fit, and one that nobody sees, must fail the run. */

import { readFile } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { runCanary } from '../canary/canary.ts';
import { type Attempt, applyChange, type Plant, tryPlant } from '../canary/plant.ts';
import { plants } from '../canary/plants.ts';
import type { Failure } from '../run-result.ts';

const test = suite('canaries');

const plant: Plant = {
  name: 'nothing is broken',
  file: 'sim/settings.js',
  find: 'verticesPerS: 10',
  replace: 'verticesPerS: 10 + 0',
  options: ['--duration', '1s', '--load', 'vertices:5,races:0'],
  seedsMax: 1,
  checks: ['finality'],
};

const failing = (check: string): Attempt => {
  const failure: Failure = { verdict: 'no progress', check, what: 'what was seen', atMs: 1, event: 1 };
  return { outcome: 'failed', failure };
};

test('a plant is put where its place is, once, and as it is written', () => {
  assert.is(applyChange('a = 1; b = 2;', 'x', { ...plant, find: 'b = 2', replace: '$&$1' }), 'a = 1; $&$1;');
  for (const source of ['a = 1;', 'b = 2; b = 2;'])
    assert.throws(() => applyChange(source, 'x', { ...plant, find: 'b = 2' }), /expected its place/);
});

test('every plant has its place in the program as it is', async () => {
  for (const one of plants) {
    for (const change of one.also === undefined ? [one] : [one, one.also]) {
      const file = new URL(`../../${change.file}`, import.meta.url);
      assert.is.not(applyChange(await readFile(file, 'utf8'), one.name, change), '', one.name);
    }
    assert.ok(one.checks.length > 0 && one.seedsMax > 0, one.name);
  }
  assert.is(new Set(plants.map(({ name }) => name)).size, plants.length);
});

test('caught is what fails by a check that sees this bug, within the seeds', async () => {
  const tried: number[] = [];
  const attempt = async (seed: number): Promise<Attempt> => {
    tried.push(seed);
    return seed === 2 ? failing('finality') : { outcome: 'passed' };
  };
  const result = await tryPlant({ seedsMax: 3, checks: ['finality'] }, attempt);
  assert.ok(result.caught && result.seed === 2);
  assert.equal(tried, [1, 2]);
});

test('not caught: nothing fails, another check does, or the simulator breaks', async () => {
  const wanted = { seedsMax: 2, checks: ['agreement'] };
  const ends: Attempt[] = [{ outcome: 'passed' }, failing('finality'), { outcome: 'broke', why: 'no JSON' }];
  for (const end of ends) assert.not((await tryPlant(wanted, async () => end)).caught, end.outcome);
});

test('the run fails when a plant escapes, or does not fit, and says so', async () => {
  const lines: string[] = [];
  const misfit = { ...plant, name: 'the code has moved', find: 'no such text' };
  assert.not(await runCanary([plant, misfit], (line) => lines.push(line)));
  const said = lines.join('\n');
  assert.match(said, /nothing is broken: ESCAPED: no check saw it in 1 seeds/);
  assert.match(said, /the code has moved: ESCAPED: .*found it 0 times/);
  assert.is(lines.at(-1), '0 caught of 2 planted');
  assert.not(await runCanary([], () => {}), 'nothing planted is nothing shown');
});

test.run();

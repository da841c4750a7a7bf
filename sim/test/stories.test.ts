/** Stories told in the simulator: each that comes with the program under faults, and what happens when one goes wrong. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { objectPath, readObject } from '../../consensus/contracts/object.ts';
import { bill } from '../../consensus/contracts/objects/bill.ts';
import { creditLimit } from '../../consensus/contracts/objects/credit-limit.ts';
import { Access } from '../../node/service/access.ts';
import { type OutputWarning, OutputWatch } from '../../node/service/output-watch.ts';
import type { CallStep, CheckStep, Step, StoryPlan } from '../../node/story/plan.ts';
import { findScenario, scenarioNames } from '../../node/story/scenario-file.ts';
import { readScenario, readSettings, type Scenario } from '../options.ts';
import { run } from '../run.ts';
import type { RunResult } from '../run-result.ts';
import type { Settings } from '../settings.ts';
import { StoryCast } from '../story/cast.ts';
import { writeCommand, writeScenario } from '../written-settings.ts';

const stories = suite('stories');

const HOUR_MS = 3_600_000;

async function settingsOf(source: string, changes: Partial<Scenario['written']> = {}): Promise<Settings> {
  const { written, pace, story } = await readScenario(source);
  return readSettings({ ...written, ...changes }, pace, story);
}

/** The story of `source` with one step changed. */
async function changed<S extends Step>(
  source: string,
  name: string,
  change: (step: S) => Step,
): Promise<Settings> {
  const settings = await settingsOf(source);
  const plan = settings.story!;
  const steps = plan.steps.map((step) => (step.name === name ? change(step as S) : step));
  assert.ok(plan.steps.some((step) => step.name === name));
  return { ...settings, story: { ...plan, steps } satisfies StoryPlan };
}

const failureOf = ({ verdict, failure }: RunResult) => `${verdict}, ${failure?.check}: ${failure?.what}`;

/** Calls that take effect with the enrolments, calls refused, frames, objects checked. */
const counts = {
  car: { effective: 32, refused: 180, frames: 206, checks: 3 },
  default: { effective: 35, refused: 5, frames: 4, checks: 13 },
  factory: { effective: 13, refused: 1, frames: 3, checks: 2 },
  fleet: { effective: 39, refused: 4, frames: 14, checks: 6 },
  haulage: { effective: 23, refused: 3, frames: 14, checks: 5 },
  metal: { effective: 26, refused: 4, frames: 23, checks: 5 },
  swap: { effective: 10, refused: 4, frames: 0, checks: 7 },
  transit: { effective: 23, refused: 5, frames: 26, checks: 4 },
  truck: { effective: 12, refused: 6, frames: 10, checks: 4 },
} as const;

stories('the scenarios are those of the table', () => {
  assert.equal(scenarioNames(), Object.keys(counts));
});

/** Days long: faults would go on as long. It is told once, by itself (R117). */
const calm = 'factory';

for (const [name, expected] of Object.entries(counts).filter(([name]) => name !== calm)) {
  stories(`${name}: the same end under crashes and partitions, whatever the seed`, async () => {
    let slowestMs = 0;
    for (const seed of [1, 4, 5]) {
      const settings = await settingsOf(name, { faults: 'crash,partition' });
      const result = await run(settings, seed);
      assert.is(result.verdict, 'passed', `seed ${seed}: ${failureOf(result)}`);
      assert.ok(Object.keys(result.faults).length > 0, `seed ${seed} had no faults`);
      const told = result.story!.result!;
      const { effective, refused, frames, checks } = told;
      assert.equal({ effective, refused, frames, checks }, expected, `seed ${seed}`);
      // Every call but the enrolments is proved, whether it took effect or not.
      const enrolled = 1 + settings.story!.devices.length;
      assert.is(told.proofs, effective - enrolled + refused, `seed ${seed}`);
      assert.is(result.story!.steps.length, told.steps + 1);
      // Of calls and of readings; nobody signs a wait.
      const finalMs = result.story!.steps.flatMap(({ signers, ms = 0 }) => (signers.length > 0 ? [ms] : []));
      slowestMs = Math.max(slowestMs, ...finalMs);
    }
    assert.ok(slowestMs > 1_500, `nothing was slower than ${slowestMs} ms: no fault was felt`);
  });
}

stories(
  'R117: electricity halves for a day: the bank is warned at that checkpoint, hours before the first missed payment',
  async () => {
    const settings = await settingsOf(calm);
    const bank = new StoryCast(settings.story!, 1).signerOf('bank-a').publicKey;
    const warned: (OutputWarning & { readonly height: number; readonly time: number })[] = [];
    const missed: { readonly time: number; readonly due: number }[] = [];
    let measuredAt = 0;
    let watch: OutputWatch | undefined;
    const result = await run(settings, 1, {
      prepare: (world) => {
        const before = world.onNotice;
        world.onNotice = (node, notice) => {
          before(node, notice);
          if (node.number !== 0 || notice.type !== 'checkpoint') return;
          const { ledger } = node.runner!.replica;
          const { height, time } = notice.header;
          const stored = [...ledger.state.objects()];
          watch ??= new OutputWatch({ ledger, access: new Access(ledger, bank) });
          const limits = stored.filter(({ type }) => type === creditLimit.name);
          const changes = limits.map((object) => ({ path: objectPath(object.type, object.id), object }));
          for (const told of watch.note(changes, time)) warned.push({ ...told, height, time });
          for (const object of limits) measuredAt = readObject(creditLimit, object).height;
          for (const object of stored.filter(({ type }) => type === bill.name)) {
            const { state, due } = readObject(bill, object);
            if (state === 'DISHONOURED' && missed.length === 0) missed.push({ time, due });
          }
        };
      },
    });
    assert.is(result.verdict, 'passed', failureOf(result));
    assert.equal(
      warned.map(({ cause, measure, output, outputBefore }) => [cause, measure, output, outputBefore]),
      [['fell', 'energy', 1_250, 2_500]],
    );
    const [{ height, time, lengthMs }] = warned as [(typeof warned)[number]];
    assert.is(height, measuredAt, 'at the checkpoint of the measurement');
    assert.ok(Math.abs(lengthMs - 24 * HOUR_MS) < HOUR_MS, `${lengthMs}`);
    assert.is(missed.length, 1);
    assert.ok(time < missed[0]!.due - 8 * HOUR_MS && missed[0]!.due < missed[0]!.time, 'before it was due');
  },
);

stories('two currencies settle within ten seconds of being agreed (R095)', async () => {
  const { verdict, story } = await run(await settingsOf('swap'), 1);
  assert.is(verdict, 'passed');
  const names = story!.steps.map(({ step }) => step);
  const between = story!.steps.slice(names.indexOf('swap'), names.indexOf('settle') + 1);
  const tookMs = between.reduce((sum, { ms = 0 }) => sum + ms, 0);
  assert.is(between.length, 6);
  assert.ok(tookMs > 0 && tookMs <= 10_000, `${tookMs} ms`);
});

stories('crashes at any point leave both legs of a swap or none (R099)', async () => {
  let crashes = 0;
  for (let seed = 1; seed <= 6; seed++) {
    const result = await run(await settingsOf('swap', { faults: 'crash,torn-write' }), seed);
    // Its last steps compare every account to the cent; the checker compares each node's state with the certified one.
    assert.is(result.verdict, 'passed', failureOf(result));
    assert.is(result.story!.result?.effective, counts.swap.effective);
    assert.is(result.story!.result?.checks, counts.swap.checks);
    crashes += result.faults['crash'] ?? 0;
  }
  assert.ok(crashes > 6, `${crashes} crashes`);
});

stories('beside a liar, the load and its races', async () => {
  const settings = await settingsOf('truck', {
    faults: 'crash',
    byzantine: 'equivocate:1',
    load: 'vertices:5,races:3',
  });
  const result = await run(settings, 2);
  assert.is(result.verdict, 'passed', failureOf(result));
  assert.ok(result.races.decided > 0);
  assert.is(result.story!.result?.effective, counts.truck.effective);
});

stories('the same settings and seed give the same trace; another story gives another', async () => {
  const settings = await settingsOf('truck');
  const [first, second] = [await run(settings, 7), await run(settings, 7)];
  assert.is(first.traceHash, second.traceHash);
  assert.equal(first.story, second.story);
  const other = await run(await changed<CallStep>('truck', 'fund', (step) => ({ ...step, by: [] })), 7);
  assert.is.not(first.traceHash, other.traceHash);
});

const wrongs: readonly [what: string, settings: () => Promise<Settings>, expected: RegExp][] = [
  [
    'an amount that is one cent off',
    () =>
      changed<CheckStep>('truck', 'haulier', (step) => ({
        ...step,
        fields: { ...step.fields, balance: 44_101 },
      })),
    /step 18 \(haulier\): account\.balance: expected 44101, got 44100$/,
  ],
  [
    'a refusal that does not come',
    () => changed<CallStep>('truck', 'fuel', (step) => ({ ...step, expect: 'E_MANDATE' })),
    /step 5 \(fuel\): expected E_MANDATE, got OK$/,
  ],
  [
    'a refusal that should not come',
    () => changed<CallStep>('truck', 'outside', (step) => ({ ...step, expect: 'OK' })),
    /step 11 \(outside\): expected OK, got E_MANDATE_PAYEE because of mandate$/,
  ],
  [
    'something else in the way',
    () => changed<CallStep>('truck', 'outside', (step) => ({ ...step, conflict: '$truck' })),
    /step 11 \(outside\): expected \$truck in the way, got mandate$/,
  ],
  [
    'an object that should not be there',
    () => changed<CheckStep>('truck', 'station', (step) => ({ ...step, fields: undefined })),
    /step 19 \(station\): expected no account, got \{/,
  ],
  [
    'an object that is not there',
    () => changed<CheckStep>('truck', 'station', (step) => ({ ...step, id: '$phone' })),
    /step 19 \(station\): bank-a finds no such account$/,
  ],
  [
    'more readings that trigger than the file says',
    () => changed<CallStep>('truck', 'tolls', (step) => ({ ...step, on: { ...step.on!, times: 2 } })),
    /step 8 \(tolls\): expected 2 readings of pulses above 0, got 3$/,
  ],
  [
    'a reading that there is not',
    () =>
      changed<CallStep>('truck', 'fuel', (step) => ({
        ...step,
        args: { ...step.args, event: '$filling.truck[1]' },
      })),
    /step 5 \(fuel\): \$filling\.truck\[1\]: there are 1 readings$/,
  ],
  [
    'an argument of the wrong form',
    () => changed<CallStep>('truck', 'fuel', (step) => ({ ...step, args: { ...step.args, amount: 'much' } })),
    /step 5 \(fuel\): pay-by-thing: E_SCHEMA .*amount/,
  ],
];
for (const [what, settings, expected] of wrongs)
  stories(`fails the run: ${what}`, async () => {
    const result = await run(await settings(), 1);
    assert.is(result.verdict, 'invariant broken');
    assert.is(result.failure!.check, 'story');
    assert.match(result.failure!.what, expected);
    assert.is(result.story!.result, undefined);
  });

stories('a story that does not end is no progress', async () => {
  const settings = await changed('truck', 'stop', (step) => ({
    type: 'wait',
    name: step.name,
    say: step.say,
    forMs: 86_400_000,
    since: undefined,
  }));
  const result = await run(settings, 1);
  assert.is(failureOf(result), 'no progress, story: step stop did not end');
});

stories('a story takes a file to say again, and that file names it', async () => {
  const settings = await settingsOf('truck', { duration: '7s', faults: 'crash' });
  assert.is(writeCommand(settings, 3), undefined);
  const folder = await mkdtemp(join(tmpdir(), 'tally-stories-'));
  try {
    const file = join(folder, 'again.toml');
    await writeFile(file, writeScenario(settings, 3, 'again'));
    assert.equal(await settingsOf(file), settings);
    await writeFile(file, 'story = "truck"\nstep = []\n');
    await assertRejects(() => readScenario(file), /again\.toml/);
    await writeFile(file, `story = ${JSON.stringify(file)}\n`);
    await assertRejects(() => readScenario(file), /tells no story$/);
    await writeFile(file, 'nodes = 4\nduratoin = "7s"\n');
    await assertRejects(() => readScenario(file), /again\.toml: duratoin: there is no such field/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

stories('a scenario is found by its name and by its path', async () => {
  const [named, byPath] = [await settingsOf('truck'), await settingsOf(findScenario('truck'))];
  assert.equal({ ...byPath.story, source: 'truck' }, named.story);
  await assertRejects(
    () => settingsOf('trukc'),
    /trukc: no such file, nor one of car, default, factory, fleet, haulage, metal, swap, transit, truck$/,
  );
});

async function assertRejects(work: () => Promise<unknown>, expected: RegExp): Promise<void> {
  const error = await work().then(
    () => undefined,
    (reason: Error) => reason,
  );
  assert.ok(error !== undefined, 'did not reject');
  assert.match(error.message, expected);
}

stories.run();

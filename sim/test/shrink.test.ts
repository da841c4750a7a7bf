/** Shrinking: what is left fails in the same way, nothing of it can be left out, and what is printed does it again. */

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Disk } from '../disk.ts';
import { checkFault, decodeFault, encodeFault } from '../faults/fault-text.ts';
import { drawFaults, type ScheduledFault } from '../faults/schedule.ts';
import { readScenario, readSettings } from '../options.ts';
import { Random } from '../random.ts';
import { castActors, faultsOf, run } from '../run.ts';
import type { RunResult } from '../run-result.ts';
import { defaultSettings, faultKinds, type Settings } from '../settings.ts';
import { type ShrinkProgress, seatsBeyond, shrink } from '../shrink.ts';
import { reductions, withoutChunks } from '../shrink-steps.ts';
import type { World } from '../world.ts';
import { writeCommand, writeScenario, writeSettings } from '../written-settings.ts';

const test = suite('shrink');
const SEED = 5;

const rich: Settings = {
  nodes: 9,
  validators: 7,
  byzantine: [
    { kind: 'equivocate', count: 1 },
    { kind: 'tip-spam', count: 1 },
  ],
  network: { latency: 'eu', loss: 0.01, duplicate: 0.05, reorder: 1e-7, bandwidthBytesPerS: 1_000_000 },
  faults: ['crash', 'partition', 'asymmetric', 'churn', 'clock-drift'],
  durationMs: 30_500,
  load: { verticesPerS: 12.5, pledgeRacesPerMin: 6 },
  pace: { heartbeatMs: 5_000 },
};

/** Stands for a run: fails by these rules, at once. */
function judged(
  settings: Settings,
  seed: number,
  fails: (settings: Settings) => boolean,
  check = 'planted',
): RunResult {
  const failure = fails(settings)
    ? { verdict: 'diverged' as const, check, what: 'planted', atMs: settings.durationMs / 3, event: 1 }
    : undefined;
  return {
    ...{
      settings,
      seed,
      verdict: failure?.verdict ?? 'passed',
      failure,
      traceHash: '',
      events: 1,
      virtualMs: 1,
      wallMs: 1,
    },
    ...{
      heights: 1,
      viewChanges: 0,
      vertices: { authored: 1, final: 1 },
      races: { run: 0, decided: 0 },
      proofs: 0,
    },
    ...{
      finalityMs: undefined,
      traffic: {},
      faults: {},
      faultSpans: [],
      acts: {},
      guilty: [],
      samples: [],
      trace: [],
    },
  };
}

/** Faults of the settings, written out or still to be drawn. */
const scheduleOf = (settings: Settings): readonly ScheduledFault[] =>
  faultsOf(settings, SEED, castActors(settings, SEED));
const has = (settings: Settings, kind: string, count = 1): boolean =>
  scheduleOf(settings).filter((fault) => fault.kind === kind).length >= count;

async function shrinkBy(fails: (settings: Settings) => boolean, runsMax = 500) {
  const steps: ShrinkProgress[] = [];
  const tried: Settings[] = [];
  const shrunk = await shrink(judged(rich, SEED, fails), {
    runsMax,
    run: async (settings, seed) => {
      tried.push(settings);
      return judged(settings, seed, fails);
    },
    onRun: (progress) => steps.push(progress),
  });
  return { ...shrunk, settings: shrunk.least.settings, steps, tried };
}

test('two faults, a node number, a length and one actor are needed: they are what is left', async () => {
  const fails = (settings: Settings) =>
    has(settings, 'crash', 2) &&
    has(settings, 'churn') &&
    settings.nodes >= 5 &&
    settings.durationMs >= 7_000 &&
    settings.load.pledgeRacesPerMin >= 2 &&
    settings.byzantine.some(({ kind }) => kind === 'equivocate');
  assert.ok(scheduleOf(rich).length > 20);
  const { settings, least, minimal, tried, runs } = await shrinkBy(fails);
  assert.ok(minimal);
  assert.is(least.failure!.check, 'planted');
  assert.equal(settings.schedule!.map(({ kind }) => kind).sort(), ['churn', 'crash', 'crash']);
  assert.equal(settings.byzantine, [{ kind: 'equivocate', count: 1 }]);
  // One equivocating seat takes four validators to bear.
  assert.equal([settings.validators, settings.nodes], [4, 5]);
  assert.equal(settings.load, { verticesPerS: 0, pledgeRacesPerMin: 3 });
  assert.equal(settings.network, { ...defaultSettings.network, latency: '10ms' });
  assert.equal([settings.pace, settings.faults], [{}, []]);
  assert.ok(settings.durationMs >= 7_000 && settings.durationMs <= 8_000, `${settings.durationMs}`);
  // Each step was tried, and would have had to be taken.
  const further = reductions.flatMap((reduce) => reduce(settings, least.failure!));
  assert.ok(further.length > 10);
  for (const less of further) assert.not(fails(less) && seatsBeyond(less, SEED) === 0, JSON.stringify(less));
  assert.is(tried.length, runs);
  assert.is(new Set(tried.map((one) => JSON.stringify(one))).size, runs, 'nothing is run twice');
  for (const fault of settings.schedule!)
    assert.is(checkFault(fault, settings.nodes, settings.durationMs), undefined);
});

test('the same failing run shrinks by the same runs', async () => {
  const fails = (settings: Settings) => has(settings, 'partition') && settings.durationMs > 2_000;
  const [one, other] = [await shrinkBy(fails), await shrinkBy(fails)];
  assert.equal(one.tried, other.tried);
  assert.equal(one.least, other.least);
  assert.equal(one.settings.schedule!.length, 1);
});

test('each step makes less: no setting ever grows', async () => {
  const size = ({ nodes, validators, byzantine, schedule = [], durationMs, load }: Settings) => [
    ...[nodes, validators, schedule.length, durationMs, load.verticesPerS, load.pledgeRacesPerMin],
    byzantine.reduce((sum, { count }) => sum + count, 0),
  ];
  const { steps } = await shrinkBy((settings) => settings.durationMs > 999);
  for (const [i, { least }] of steps.entries()) {
    const before = size(steps[Math.max(0, i - 1)]!.least.settings);
    for (const [at, value] of size(least.settings).entries())
      assert.ok(value <= before[at]!, `run ${i}, ${at}`);
  }
  assert.is(steps.at(-1)!.least.settings.nodes, 1);
});

test('no more runs than allowed, and then it does not say that nothing more goes', async () => {
  const fails = (settings: Settings) => has(settings, 'crash');
  const { runs, minimal, tried, settings } = await shrinkBy(fails, 7);
  assert.equal([runs, tried.length, minimal], [7, 7, false]);
  assert.ok(fails(settings));
  const whole = await shrinkBy(fails);
  assert.ok(whole.minimal && whole.runs > 7);
  assert.ok((await shrinkBy(fails, whole.runs)).minimal);
  assert.not((await shrinkBy(fails, whole.runs - 1)).minimal);
});

test('another verdict or another check is not the same failure', async () => {
  const least = await shrink(
    judged(rich, SEED, () => true),
    {
      runsMax: 200,
      run: async (settings, seed) =>
        judged(settings, seed, () => true, settings.nodes < 6 ? 'another' : 'planted'),
    },
  );
  assert.is(least.least.settings.nodes, 6);
  assert.is(least.least.failure!.check, 'planted');
});

test('what consensus has to bear stays bearable, and what is beyond does not go further', async () => {
  const lies = (settings: Settings) => settings.byzantine.some(({ kind }) => kind === 'equivocate');
  const { settings } = await shrinkBy(lies);
  assert.equal([settings.validators, settings.nodes], [4, 4]);
  const beyond: Settings = { ...rich, byzantine: [{ kind: 'equivocate', count: 3 }] };
  assert.is(seatsBeyond(beyond, SEED), 1);
  const any = ({ byzantine }: Settings) => byzantine.length > 0;
  const { least } = await shrink(judged(beyond, SEED, any), {
    runsMax: 200,
    run: async (tried, seed) => judged(tried, seed, any),
  });
  assert.equal([least.settings.validators, least.settings.nodes], [1, 2]);
  assert.equal(least.settings.byzantine, [{ kind: 'equivocate', count: 1 }]);
});

test('f + 1 of seven become f + 1 of four', async () => {
  const forked = ({ validators, byzantine }: Settings) =>
    validators >= 4 && (byzantine[0]?.count ?? 0) > (validators - 1) / 3;
  const start: Settings = { ...rich, byzantine: [{ kind: 'equivocate', count: 3 }] };
  const { least } = await shrink(judged(start, SEED, forked), {
    runsMax: 200,
    run: async (tried, seed) => judged(tried, seed, forked),
  });
  const { nodes, validators, byzantine } = least.settings;
  assert.equal([nodes, validators, byzantine], [4, 4, [{ kind: 'equivocate', count: 2 }]]);
});

test('a seat restored from a backup counts as one that consensus has to bear', () => {
  const restored = decodeFault('restored-backup@2000-3000:1/500ms')!;
  const settings: Settings = { ...defaultSettings, schedule: [restored] };
  assert.is(seatsBeyond(settings, SEED), 0);
  assert.is(seatsBeyond({ ...settings, nodes: 3, validators: 3 }, SEED), 1);
  assert.is(
    seatsBeyond({ ...settings, nodes: 5, schedule: [{ ...restored, node: 4 } as ScheduledFault] }, SEED),
    0,
  );
});

test('a run that does not fail again as it did is an error that says so', async () => {
  const never = shrink(
    judged(rich, SEED, () => true),
    {
      runsMax: 9,
      run: async (settings, seed) => judged(settings, seed, () => false),
    },
  );
  const message = await never.then(
    () => '',
    (error: Error) => error.message,
  );
  assert.match(message, 'seed 5 does not fail again as it did: diverged, planted before, passed now');
});

test('chunks: each half, each quarter, each single one is left out once', () => {
  assert.equal(withoutChunks([]), []);
  assert.equal(withoutChunks(['a']), [[]]);
  assert.equal(withoutChunks([1, 2, 3]), [[3], [1, 2], [2, 3], [1, 3], [1, 2]]);
});

test('every kind of fault as text and back; what means nothing or cannot be is refused', () => {
  const honest = Array.from({ length: 9 }, (_, i) => i);
  for (let seed = 1; seed <= 40; seed++) {
    const drawn = drawFaults(faultKinds, { seed, nodes: 9, durationMs: 20_000, honest });
    for (const fault of drawn) {
      const again = decodeFault(encodeFault(fault));
      assert.is(JSON.stringify(again), JSON.stringify(fault), encodeFault(fault));
      assert.is(checkFault(again!, 9, 20_000), undefined, encodeFault(fault));
    }
    assert.is(new Set(drawn.map(({ kind }) => kind)).size, faultKinds.length);
  }
  for (const text of [
    'crash',
    'crash@1-2',
    'crash@1-2:',
    'crash@1-2:x',
    'fire@1-2:0',
    'crash@1-2:0/maybe',
    'churn@1-2:0-',
    'partition@1-2:0,',
    'asymmetric@1-2:0>',
    'clock-jump@1-2:0/5',
    'crash@-1-2:0',
  ])
    assert.is(decodeFault(text), undefined, text);
  for (const [text, reason] of [
    ['crash@2000-1000:0', 'after it begins'],
    ['crash@1000-9001:0', 'within the 9000 ms'],
    ['crash@1000-2000:4', 'from 0 to 3'],
    ['partition@1000-2000:0,1,2,3', 'on each side'],
    ['partition@1000-2000:1,1', 'each node once'],
    ['churn@1000-2000:1-1', 'each node once'],
    ['asymmetric@1000-2000:0>0,1', 'each node once'],
    ['restored-backup@1000-2000:0/1500ms', 'older'],
  ] as const)
    assert.match(checkFault(decodeFault(text)!, 4, 9_000)!, reason);
});

test('settings as options and as a scenario file say the same again', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tally-shrink-'));
  try {
    const { faults: _, ...others } = rich;
    const all: Settings[] = [
      { ...rich, pace: {} },
      { ...others, faults: [], schedule: scheduleOf(rich), pace: {} },
      { ...defaultSettings, durationMs: 1, load: { verticesPerS: 0, pledgeRacesPerMin: 0.5 } },
    ];
    for (const [i, settings] of all.entries()) {
      assert.equal(readSettings(writeSettings(settings)), settings);
      const file = join(folder, `${i}.toml`);
      const paced = { ...settings, pace: { heartbeatMs: 5_000 } };
      await writeFile(file, writeScenario(paced, 7, 'why\nand how'));
      const scenario = await readScenario(file);
      assert.equal(readSettings(scenario.written, scenario.pace), paced);
      assert.is(scenario.seeds, '7');
    }
    assert.is(writeCommand(rich, 1), undefined, 'no option says what the genesis sets');
  } finally {
    await rm(folder, { recursive: true });
  }
});

const small: Settings = {
  ...defaultSettings,
  nodes: 5,
  byzantine: [{ kind: 'equivocate', count: 1 }],
  faults: ['crash', 'partition', 'asymmetric', 'churn', 'clock-drift', 'restored-backup'],
  durationMs: 5_000,
  load: { verticesPerS: 5, pledgeRacesPerMin: 0 },
};

test('drawn faults written out are the same run', async () => {
  const seed = 16;
  const drawn = await run(small, seed);
  const schedule = faultsOf(small, seed, castActors(small, seed));
  const again = readSettings(writeSettings({ ...small, faults: [], schedule }));
  assert.equal(again.faults, []);
  assert.ok(Object.keys(drawn.faults).length >= 5, JSON.stringify(drawn.faults));
  assert.is((await run(again, seed)).traceHash, drawn.traceHash);
});

/** A bug that takes two things at once: a node that is killed while a link is cut loses its disk. */
function plant(world: World): void {
  let cuts = 0;
  const [cut, kill] = [world.network.cut.bind(world.network), world.kill.bind(world)];
  world.network.cut = (a, b, on) => {
    cuts += on ? 1 : -1;
    cut(a, b, on);
  };
  world.kill = (node, kind) => {
    kill(node, kind);
    const options = { syncMs: [1, 2], losesWrites: true } as const;
    if (cuts > 0) Object.assign(node, { store: new Disk(world.time, new Random(1, 'empty'), options) });
  };
}

test('a bug of two conditions in real nodes: one cut and one crash are left, and both are needed', async () => {
  const seed = 1;
  const runPlanted = (settings: Settings, of: number) => run(settings, of, { prepare: plant });
  const faults = small.faults.filter((kind) => kind !== 'restored-backup');
  const failing = await runPlanted({ ...small, faults }, seed);
  assert.is(failing.failure?.check, 'loss', failing.failure?.what);
  const { least, minimal, runs } = await shrink(failing, { runsMax: 100, run: runPlanted });
  assert.ok(minimal);
  const { settings } = least;
  const kinds = settings.schedule!.map(({ kind }) => kind).sort();
  assert.is(kinds.length, 2, kinds.join());
  assert.is(kinds.filter((kind) => kind === 'crash').length, 1);
  assert.is(kinds.filter((kind) => kind === 'partition' || kind === 'churn').length, 1);
  assert.equal(settings.byzantine, []);
  assert.ok(
    settings.nodes < 5 && settings.durationMs < 5_000 && settings.load.verticesPerS <= 1,
    `${runs} runs`,
  );
  for (const kept of settings.schedule!) {
    const alone = await runPlanted({ ...settings, schedule: [kept] }, seed);
    assert.is(alone.verdict, 'passed', `with ${kept.kind} alone`);
  }
  const again = await runPlanted(readSettings(writeSettings(settings)), seed);
  assert.equal([again.traceHash, again.failure], [least.traceHash, least.failure]);
});

function tally(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const main = fileURLToPath(new URL('../../node/main.js', import.meta.url));
  return new Promise((resolve) => {
    execFile(process.execPath, [main, 'sim', ...args], (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

test('--shrink: the command and the file that it gives do it again', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tally-shrink-'));
  try {
    const [file, report] = [join(folder, 'shrunk.toml'), join(folder, 'out.html')];
    const written = ['--seed', '2', '--byzantine', 'silent:2', '--faults', 'churn', '--duration', '2'];
    const { code, stdout } = await tally(...written, '--shrink', file, '--report', report);
    assert.is(code, 1);
    assert.match(
      stdout,
      /^shrunk in \d+ runs, nothing more can be left out: [23] nodes, .*[12] Byzantine, 0 faults, .* 0 races/m,
    );
    const commands = [...stdout.matchAll(/^ {2}again: tally sim (.*)$/gm)].map(([, command]) => command!);
    assert.match(commands.at(-1)!, '--network 10ms --duration 200ms');
    const [byCommand, byFile] = [
      await tally(...commands.at(-1)!.split(' '), '--json'),
      await tally('--scenario', file, '--json'),
    ];
    const [one, other] = [byCommand, byFile].map(({ stdout: json }) => JSON.parse(json).runs[0] as RunResult);
    assert.equal([one!.verdict, one!.failure!.check], ['no progress', 'finality']);
    assert.is(other!.traceHash, one!.traceHash);
    const page = await readFile(report, 'utf8');
    assert.match(page, '<h2>Shrunk</h2>');
    assert.match(page, '<span>--network 10ms</span> <span>--duration 200ms</span>');
    const few = await tally(...written, '--shrink', '--shrink-runs', '2', '--json');
    const { shrunk } = JSON.parse(few.stdout);
    assert.equal([few.stderr, shrunk.seed, shrunk.runs, shrunk.minimal], ['', 2, 2, false]);
    assert.match(shrunk.replay, /^tally sim --seed 2 /);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('--shrink where nothing fails has nothing to do', async () => {
  const { code, stdout } = await tally('--seed', '1', '--duration', '1', '--shrink');
  assert.is(code, 0, stdout);
  assert.not.match(stdout, 'shrunk');
});

for (const [args, word] of [
  [['--schedule', 'crash@1-2:9'], 'from 0 to 3'],
  [['--schedule', 'boom@1-2:0'], 'partition@6000-9000:0,1'],
  [['--schedule', 'crash@1-2:0', '--faults', 'crash'], 'expected one of them'],
  [['--shrink-runs', '0', '--shrink'], '--shrink-runs'],
] as const) {
  test(`${args.join(' ')}: exit 2`, async () => {
    const { code, stderr } = await tally(...args);
    assert.is(code, 2, stderr);
    assert.match(stderr, word);
  });
}

test.run();

/** `tally sim`: options, progress, verdicts. Exit 0 when every seed passed, 1 when one did not, 2 for wrong options. */

import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { SingleBar } from 'cli-progress';
import type { Command } from 'commander';
import { describeStep, describeStory } from '../node/story/report.ts';
import { scenarioNames } from '../node/story/scenario-file.ts';
import { actorKinds } from './byzantine/index.ts';
import { latencyForms } from './network/latency.ts';
import {
  OptionError,
  readScenario,
  readSeeds,
  readSettings,
  type Seeds,
  type WrittenSettings,
  whole,
} from './options.ts';
import { runSeeds } from './pool.ts';
import type { RunResult } from './run-result.ts';
import { defaultSettings, faultKinds, type Settings } from './settings.ts';
import { SHRINK_RUNS } from './shrink.ts';
import { type ShrunkSummary, shrinkFailing } from './shrink-command.ts';
import { commandOf } from './written-settings.ts';

interface SimFlags extends WrittenSettings {
  readonly seed?: string;
  readonly seeds?: string;
  readonly scenario?: string;
  readonly json?: boolean;
  readonly trace?: boolean;
  readonly report?: string;
  readonly jobs?: string;
  readonly vary?: boolean;
  /** True when no file is named. */
  readonly shrink?: string | true;
  readonly shrinkRuns?: string;
  readonly experiment?: string;
}

const JOBS_MAX = 256;
const SHRINK_RUNS_MAX = 100_000;
/** They are loaded only when one is asked for. */
const experimentNames = ['finality', 'fairness', 'committee', 'scale', 'accountability', 'losses'];
/** Options that decide what a run does: a command that replays one needs them. */
const written = [
  'nodes',
  'validators',
  'byzantine',
  'network',
  'loss',
  'duplicate',
  'reorder',
  'bandwidth',
  'faults',
  'schedule',
  'duration',
  'load',
  'scenario',
] as const;

export function registerSim(program: Command): void {
  const { network, load } = defaultSettings;
  program
    .command('sim')
    .description('simulate a whole network under faults and attacks, and check what must hold')
    .option('--seed <n>', 'run this seed (default: 1)')
    .option('--seeds <a..b>', 'run each of these seeds')
    .option('--nodes <n>', 'full nodes, those with a seat included (default: as many as validators)')
    .option('--validators <n>', `nodes with a seat (default: ${defaultSettings.validators})`)
    .option('--byzantine <kind:count,…>', 'nodes that do not follow the rules; kinds below')
    .option('--network <name>', `latency: ${latencyForms} (default: ${network.latency}, one way)`)
    .option('--loss <chance>', 'of each message on each link (default: 0)')
    .option('--duplicate <chance>', 'of each gossip message to arrive twice (default: 0)')
    .option('--reorder <chance>', 'of each gossip message to be overtaken (default: 0)')
    .option('--bandwidth <bytes/s>', 'of each directed link, 0 for unlimited (default: 0)')
    .option('--faults <kind,…>', `some of ${faultKinds.join(', ')} (default: none)`)
    .option(
      '--schedule <faults>',
      'these faults instead, such as "crash@3200-4100:1 partition@6000-9000:0,1"',
    )
    .option(
      '--duration <time>',
      `virtual time with load and faults (default: ${defaultSettings.durationMs / 1_000}s)`,
    )
    .option(
      '--load <amounts>',
      `vertices a second, pledge races a minute (default: vertices:${load.verticesPerS},races:${load.pledgeRacesPerMin})`,
    )
    .option(
      '--scenario <file>',
      `TOML with the same names, [pace] for the genesis, and a story to tell; options here come first. A path, or one of ${scenarioNames().join(', ')}`,
    )
    .option('--jobs <n>', 'seeds at once (default: one for each core)')
    .option('--vary', 'draw the settings of each seed by the seed: a campaign within what must be borne')
    .option('--trace', 'print the hash of each seed’s event trace')
    .option(
      '--shrink [file]',
      'look for less that fails as the first failing seed; the file gets it as scenario',
    )
    .option('--shrink-runs <n>', `end that after so many runs (default: ${SHRINK_RUNS})`)
    .option('--json', 'print one JSON object and nothing else on stdout')
    .option('--report <file>', 'write an HTML report')
    .option('--experiment <name>', `measure: ${experimentNames.join(', ')}; with --json or alone`)
    .addHelpText(
      'after',
      `\nByzantine kinds:\n${actorKinds.map(({ name, summary }) => `  ${name.padEnd(16)}${summary}`).join('\n')}`,
    )
    .action(simulate);
}

async function simulate(flags: SimFlags): Promise<void> {
  // Whoever reads only the first lines, as `head` does, wants no more of it.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  if (flags.experiment !== undefined) return experiment(flags.experiment, flags);
  const { settings, seeds } = await readFlags(flags);
  const shrinkRuns = whole('shrink-runs', flags.shrinkRuns ?? String(SHRINK_RUNS), 1, SHRINK_RUNS_MAX);
  const jobs = flags.jobs === undefined ? availableParallelism() : whole('jobs', flags.jobs, 1, JOBS_MAX);
  for (const name of ['report', 'shrink'] as const) await demandFolder(name, flags[name]);
  const numbers = Array.from({ length: seeds.to - seeds.from + 1 }, (_, i) => seeds.from + i);
  const startedAt = performance.now();
  const bar = process.stderr.isTTY ? startBar(numbers.length) : undefined;
  const task = { settings: flags.vary ? undefined : settings, keepTrace: false };
  const results = await runSeeds(task, numbers, jobs, {
    onProgress: (done) => bar?.update(Math.floor(done * 100) / 100),
    onResult: (result) => {
      if (bar === undefined && flags.json !== true) sayResult(result, flags, numbers.length === 1);
    },
  }).finally(() => bar?.stop());
  const wallMs = Math.round(performance.now() - startedAt);
  const failing = results.find(({ failure }) => failure !== undefined);
  const shrinkFailed = async (): Promise<ShrunkSummary | undefined> => {
    if (flags.shrink === undefined || failing === undefined) return undefined;
    const file = flags.shrink === true ? undefined : flags.shrink;
    return shrinkFailing(failing, { file, runsMax: shrinkRuns, say: flags.json === true ? () => {} : say });
  };
  if (flags.json !== true) {
    if (bar !== undefined)
      for (const result of results)
        if (isWorthALine(result, flags, results)) sayResult(result, flags, results.length === 1);
    say(`${count(results, 'passed')} of ${results.length} passed in ${(wallMs / 1_000).toFixed(1)} s`);
  }
  const shrunk = await shrinkFailed();
  if (flags.json === true)
    process.stdout.write(`${JSON.stringify(summarise(results, settings, wallMs, flags, shrunk))}\n`);
  if (flags.report !== undefined) {
    const { writeReport } = await import('./report/write-report.ts');
    const replay = (seed: number) => replayCommand(seed, flags);
    await writeReport(flags.report, results, { settings, wallMs, replay, shrunk });
  }
  process.exitCode = results.every(({ verdict }) => verdict === 'passed') ? 0 : 1;
}

/** A file that cannot be written is told before the run, not after it. */
async function demandFolder(option: string, file: string | true | undefined): Promise<void> {
  if (typeof file !== 'string') return;
  const folder = dirname(file);
  const info = await stat(folder).catch(() => undefined);
  if (!info?.isDirectory()) throw new OptionError(`--${option} ${file}: there is no folder ${folder}`);
}

async function experiment(name: string, { json = false, seeds: asked }: SimFlags): Promise<void> {
  const { runExperiment } = await import('./experiments/index.ts');
  const progress = (text: string) => void process.stderr.write(`${text}\n`);
  const seeds = asked === undefined ? undefined : readSeeds('seeds', asked);
  const held = await runExperiment(name, { json, seeds }, say, json ? () => {} : progress);
  if (held === undefined)
    throw new OptionError(`--experiment: expected one of ${experimentNames.join(', ')}; got "${name}"`);
  process.exitCode = held ? 0 : 1;
}

async function readFlags(flags: SimFlags): Promise<{ readonly settings: Settings; readonly seeds: Seeds }> {
  if (flags.seed !== undefined && flags.seeds !== undefined)
    throw new OptionError('--seed and --seeds: expected one of them');
  const scenario = flags.scenario === undefined ? undefined : await readScenario(flags.scenario);
  const fixed = written.filter((name) => flags[name] !== undefined);
  if (flags.vary === true && fixed.length > 0)
    throw new OptionError(
      `--vary draws everything by the seed: leave out ${fixed.map((name) => `--${name}`).join(', ')}`,
    );
  const settings = readSettings({ ...scenario?.written, ...flags }, scenario?.pace, scenario?.story);
  const seeds =
    flags.seed !== undefined
      ? readSeeds('seed', flags.seed)
      : readSeeds('seeds', flags.seeds ?? scenario?.seeds ?? '1');
  return { settings, seeds };
}

/** On a terminal the bar has told of passing seeds already. */
function isWorthALine({ verdict }: RunResult, { trace }: SimFlags, all: readonly RunResult[]): boolean {
  return verdict !== 'passed' || trace === true || all.length <= 10;
}

/** `alone`: no other seed runs, and there is room to tell its story step by step. */
function sayResult(result: RunResult, flags: SimFlags, alone: boolean): void {
  const { seed, verdict, failure, heights, vertices, finalityMs, viewChanges, events, wallMs, traceHash } =
    result;
  const figures = [
    `heights ${heights}`,
    `final ${vertices.final}`,
    ...(finalityMs === undefined ? [] : [`p50 ${finalityMs.p50} ms`, `p99 ${finalityMs.p99} ms`]),
    `view changes ${viewChanges}`,
    `events ${events}`,
    `${(wallMs / 1_000).toFixed(1)} s`,
  ];
  if (result.story !== undefined && alone)
    for (const [i, step] of result.story.steps.entries())
      for (const line of describeStep(step, i + 1)) say(line);
  say(`seed ${seed}  ${verdict}  ${figures.join('  ')}${flags.trace ? `  trace ${traceHash}` : ''}`);
  if (result.story?.result !== undefined) say(`  ${describeStory(result.story.result)}`);
  if (failure === undefined) return;
  say(`  ${failure.check} at ${failure.atMs.toFixed(1)} ms, event ${failure.event}: ${failure.what}`);
  if (result.guilty.length > 0)
    say(`  evidence convicts ${result.guilty.map((key) => key.slice(0, 16)).join(', ')}`);
  say(`  again: ${replayCommand(seed, flags)}`);
}

/** The one command that does the same run again. */
function replayCommand(seed: number, flags: SimFlags): string {
  if (flags.vary === true) return `tally sim --seed ${seed} --vary --trace`;
  return commandOf(seed, Object.fromEntries(written.map((name) => [name, flags[name]])));
}

function summarise(
  results: readonly RunResult[],
  settings: Settings,
  wallMs: number,
  flags: SimFlags,
  shrunk: ShrunkSummary | undefined,
): object {
  return {
    passed: count(results, 'passed'),
    failed: results.length - count(results, 'passed'),
    verdicts: {
      'no progress': count(results, 'no progress'),
      diverged: count(results, 'diverged'),
      'invariant broken': count(results, 'invariant broken'),
    },
    wallMs,
    settings: flags.vary ? 'drawn by each seed' : { ...settings, story: settings.story?.source },
    runs: results.map(({ settings: drawn, samples, trace, faultSpans, ...run }) =>
      run.failure === undefined
        ? run
        : {
            ...run,
            ...(flags.vary ? { settings: drawn } : {}),
            replay: replayCommand(run.seed, flags),
            faultSpans,
            trace,
            samples,
          },
    ),
    shrunk,
  };
}

function startBar(total: number): SingleBar {
  const bar = new SingleBar({
    format: '{bar} {value}/{total} seeds · {eta_formatted} left',
    barsize: 40,
    stream: process.stderr,
    hideCursor: true,
  });
  bar.start(total, 0);
  return bar;
}

function count(results: readonly RunResult[], verdict: RunResult['verdict']): number {
  return results.filter((result) => result.verdict === verdict).length;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** `tally sim --shrink`: shrinks the first failing seed, shows how far it is, and says how to run what it found. */

import { writeFile } from 'node:fs/promises';
import { SingleBar } from 'cli-progress';
import { runSeeds } from './pool.ts';
import type { RunResult } from './run-result.ts';
import type { Settings } from './settings.ts';
import { type Shrunk, shrink } from './shrink.ts';
import { tellTime, writeCommand, writeScenario } from './written-settings.ts';

export interface ShrinkCommand {
  /** Where to write the scenario file, if anywhere. */
  readonly file: string | undefined;
  readonly runsMax: number;
  /** Takes one line for people; silent with `--json`. */
  readonly say: (line: string) => void;
}

/** What was found, as `--json` and the report have it. */
export interface ShrunkSummary {
  readonly seed: number;
  readonly runs: number;
  readonly minimal: boolean;
  readonly settings: Settings;
  readonly failure: RunResult['failure'];
  readonly traceHash: string;
  /** The one command that does it again. */
  readonly replay: string;
}

export async function shrinkFailing(
  failing: RunResult,
  { file, runsMax, say }: ShrinkCommand,
): Promise<ShrunkSummary> {
  const { seed } = failing;
  say(`shrinking seed ${seed}: ${tellSize(failing.settings)}`);
  const bar = process.stderr.isTTY ? startBar(runsMax) : undefined;
  let runs = 0;
  const shrunk = await shrink(failing, {
    runsMax,
    run: async (settings, of) => {
      const hooks = {
        onResult: () => {},
        onProgress: (share: number) => bar?.update(runs + Math.floor(Math.min(1, share) * 100) / 100),
      };
      return (await runSeeds({ settings, keepTrace: false }, [of], 1, hooks))[0]!;
    },
    onRun: (progress) => {
      runs = progress.runs;
      bar?.update(runs, { size: tellSize(progress.least.settings) });
      if (bar === undefined && progress.taken) say(`  run ${runs}: ${tellSize(progress.least.settings)}`);
    },
  }).finally(() => bar?.stop());
  return tell(shrunk, file, say);
}

async function tell(
  { least, runs, minimal }: Shrunk,
  file: string | undefined,
  say: (line: string) => void,
): Promise<ShrunkSummary> {
  const { settings, seed, failure, verdict, traceHash } = least;
  const command = writeCommand(settings, seed);
  const summary = `${verdict}: ${failure!.check} at ${failure!.atMs.toFixed(1)} ms, event ${failure!.event}`;
  const scenario = writeScenario(settings, seed, `${summary}\nFound by tally sim --shrink in ${runs} runs.`);
  if (file !== undefined) await writeFile(file, scenario);
  const end = minimal ? 'nothing more can be left out' : 'the runs are used up; there may be less';
  say(`shrunk in ${runs} runs, ${end}: ${tellSize(settings)}`);
  say(`  ${summary}: ${failure!.what}`);
  const byFile = `tally sim --scenario ${file ?? 'FILE'} --trace`;
  if (command !== undefined) say(`  again: ${command}`);
  if (file !== undefined) say(`  ${command === undefined ? 'again' : 'or'}: ${byFile}`);
  if (command === undefined && file === undefined) say(`  again: ${byFile}, with this in FILE:\n${scenario}`);
  return { seed, runs, minimal, settings, failure, traceHash, replay: command ?? byFile };
}

/** `5 nodes, 4 of them validators, 1 Byzantine, 2 faults, 3s, 10 vertices a second, 3 races a minute, links of 10ms`. */
export function tellSize(settings: Settings): string {
  const { nodes, validators, byzantine, faults, schedule, durationMs, load, network } = settings;
  const lying = byzantine.reduce((sum, { count }) => sum + count, 0);
  const plural = (count: number, name: string) => `${count} ${name}${count === 1 ? '' : 's'}`;
  return [
    plural(nodes, 'node'),
    ...(nodes === validators
      ? []
      : [validators === 1 ? '1 of them a validator' : `${validators} of them validators`]),
    ...(lying === 0 ? [] : [`${lying} Byzantine`]),
    schedule === undefined ? `faults: ${faults.join(', ') || 'none'}` : plural(schedule.length, 'fault'),
    tellTime(durationMs),
    `${load.verticesPerS} vertices a second`,
    `${load.pledgeRacesPerMin} races a minute`,
    `links of ${network.latency}`,
  ].join(', ');
}

function startBar(runsMax: number): SingleBar {
  const bar = new SingleBar({
    format: '{bar} {value}/{total} runs at most · {size}',
    barsize: 20,
    stream: process.stderr,
    hideCursor: true,
  });
  bar.start(runsMax, 0, { size: '' });
  return bar;
}

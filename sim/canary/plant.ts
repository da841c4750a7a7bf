/**
 * A planted bug: a textual change to a compiled file, in a copy of the program that only the canary run ever sees.
 * The simulator, run with that copy, must find it. docs/spec/simulator.md.
 */

import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pace } from '../../consensus/checkpoint/genesis.ts';
import type { Failure } from '../run-result.ts';

export interface Change {
  /** The compiled file, below `dist/`. */
  readonly file: string;
  /** Must stand there exactly once. */
  readonly find: string;
  readonly replace: string;
}

export interface Plant extends Change {
  /** What is broken, in a few words. */
  readonly name: string;
  /** The rule stands in a second place, and both have to fall before anything can be seen. */
  readonly also?: Change;
  /** Options of `tally sim`, without those for seeds and output. */
  readonly options: readonly string[];
  readonly pace?: Partial<Pace>;
  /** It is caught within the seeds from 1 to this. */
  readonly seedsMax: number;
  /** The checks that see this bug; another one going off is no catch. */
  readonly checks: readonly string[];
}

export type Attempt =
  | { readonly outcome: 'passed' }
  | { readonly outcome: 'failed'; readonly failure: Failure }
  /** The simulator itself did not come to a verdict. */
  | { readonly outcome: 'broke'; readonly why: string };

export type PlantResult =
  | { readonly caught: true; readonly seed: number; readonly failure: Failure }
  | { readonly caught: false; readonly why: string };

/** Longest that one seed may take. */
const SEED_MS = 120_000;
const OUTPUT_BYTES_MAX = 256 << 20;

/** The file with the bug in it. Throws when the place is not there, or not the only one: the code has moved. */
export function applyChange(source: string, name: string, { file, find, replace }: Change): string {
  const places = source.split(find).length - 1;
  if (places !== 1)
    throw new Error(
      `“${name}”: expected its place in ${file} once, found it ${places} times: mend the plant`,
    );
  return source.replace(find, () => replace);
}

/** A copy of the program in a folder of its own; `use` runs in it, and then it is gone. */
export async function withCopy<T>(
  root: string,
  plant: Plant | undefined,
  use: (copy: string) => Promise<T>,
): Promise<T> {
  const copy = await mkdtemp(join(tmpdir(), 'tallystick-plant-'));
  try {
    await cp(join(root, 'dist'), join(copy, 'dist'), {
      recursive: true,
      filter: (path) => !/\.(d\.ts|map|tsbuildinfo)$|[/\\](test|tooling|bench)$/.test(path),
    });
    await cp(join(root, 'package.json'), join(copy, 'package.json'));
    await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
    if (plant !== undefined) await breakCopy(copy, plant);
    return await use(copy);
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

async function breakCopy(copy: string, plant: Plant): Promise<void> {
  for (const change of plant.also === undefined ? [plant] : [plant, plant.also]) {
    const file = join(copy, 'dist', change.file);
    await writeFile(file, applyChange(await readFile(file, 'utf8'), plant.name, change));
  }
}

/** One seed of `tally sim`, by the program in `copy`. */
export async function runSeed(copy: string, settings: Runnable, seed: number): Promise<Attempt> {
  const scenario = join(copy, 'scenario.toml');
  const pace = Object.entries(settings.pace ?? {}).map(([name, value]) => `${name} = ${value}`);
  await writeFile(scenario, ['[pace]', ...pace, ''].join('\n'));
  const command = [join(copy, 'dist/node/main.js'), 'sim', ...settings.options];
  const output = ['--scenario', scenario, '--seed', String(seed), '--jobs', '1', '--json'];
  return new Promise((resolve) => {
    const limits = { timeout: SEED_MS, maxBuffer: OUTPUT_BYTES_MAX };
    execFile(process.execPath, [...command, ...output], limits, (error, stdout, stderr) => {
      // Exit code 1 with JSON is a verdict; anything else is none.
      const why = error?.killed ? `not done after ${SEED_MS / 1_000} s` : stderr.trim().split('\n').at(-1);
      resolve(readAttempt(stdout) ?? { outcome: 'broke', why: why || String(error) });
    });
  });
}

export type Runnable = Pick<Plant, 'options' | 'pace'>;

function readAttempt(stdout: string): Attempt | undefined {
  try {
    const { runs } = JSON.parse(stdout) as { runs: { verdict: string; failure?: Failure }[] };
    const [run] = runs;
    if (run?.failure !== undefined) return { outcome: 'failed', failure: run.failure };
    return run?.verdict === 'passed' ? { outcome: 'passed' } : undefined;
  } catch {
    return undefined;
  }
}

/** Tries one seed after the other until one does not pass. */
export async function tryPlant(
  plant: Pick<Plant, 'seedsMax' | 'checks'>,
  attempt: (seed: number) => Promise<Attempt>,
): Promise<PlantResult> {
  for (let seed = 1; seed <= plant.seedsMax; seed++) {
    const tried = await attempt(seed);
    if (tried.outcome === 'broke')
      return { caught: false, why: `seed ${seed}: the simulator broke: ${tried.why}` };
    if (tried.outcome === 'passed') continue;
    const { check, what } = tried.failure;
    if (plant.checks.includes(check)) return { caught: true, seed, failure: tried.failure };
    return {
      caught: false,
      why: `seed ${seed}: ${check}, which is not what sees this (${plant.checks.join(', ')}): ${what}`,
    };
  }
  return { caught: false, why: `no check saw it in ${plant.seedsMax} seeds` };
}

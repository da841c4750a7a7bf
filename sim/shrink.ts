/**
 * Shrinking: from a failing run to the least that fails by the same check with the same verdict, found step by step. The
 * steps are in `shrink-steps.ts`; this file decides which are admissible, which is taken, and when it ends.
 * docs/spec/simulator.md, *Shrinking*.
 */

import { actorKinds } from './byzantine/index.ts';
import { castActors, faultsOf } from './run.ts';
import type { RunResult } from './run-result.ts';
import type { Settings } from './settings.ts';
import { reductions } from './shrink-steps.ts';

export interface ShrinkOptions {
  /** Does one run; the same settings and seed must give the same result. */
  readonly run: (settings: Settings, seed: number) => Promise<RunResult>;
  /** The search ends when so many have been done. */
  readonly runsMax: number;
  /** Called after each run. */
  readonly onRun?: (progress: ShrinkProgress) => void;
}

export interface ShrinkProgress {
  readonly runs: number;
  /** Whether this run failed in the same way, and is the least so far. */
  readonly taken: boolean;
  readonly least: RunResult;
}

export interface Shrunk {
  /** The least run that was found; its settings have their faults written out. */
  readonly least: RunResult;
  readonly runs: number;
  /** No single step leads further. False when the runs were used up before that was known. */
  readonly minimal: boolean;
}

export const SHRINK_RUNS = 200;

/** Throws when the run does not fail again as it did: then it is not deterministic. */
export async function shrink(failing: RunResult, options: ShrinkOptions): Promise<Shrunk> {
  if (failing.failure === undefined)
    throw new RangeError('"failing" expected a run that failed, got one that passed');
  if (!(options.runsMax >= 1)) throw new RangeError(`"runsMax" expected at least 1, got ${options.runsMax}`);
  const { seed } = failing;
  const written = writeOut(failing.settings, seed);
  const first = await options.run(written, seed);
  if (!failsAlike(first, failing))
    throw new Error(
      `seed ${seed} does not fail again as it did: ${tellFailure(failing)} before, ${tellFailure(first)} now`,
    );
  const search = new Search(first, options);
  while (await search.round());
  return { least: search.least, runs: search.runs, minimal: !search.usedUp };
}

class Search {
  least: RunResult;
  runs = 1;
  /** There was something left to try, and no run to try it with. */
  usedUp = false;
  readonly #options: ShrinkOptions;
  readonly #beyond: number;
  /** Settings that were run and did not do. */
  readonly #refuted = new Set<string>();

  constructor(first: RunResult, options: ShrinkOptions) {
    this.least = first;
    this.#options = options;
    this.#beyond = seatsBeyond(first.settings, first.seed);
    options.onRun?.({ runs: 1, taken: true, least: first });
  }

  /** Tries every kind of step as long as it leads on; true when any of them did. */
  async round(): Promise<boolean> {
    let led = false;
    for (const reduce of reductions) {
      while (await this.#takeOne(reduce(this.least.settings, this.least.failure!))) led = true;
    }
    return led && !this.usedUp;
  }

  /** Goes on from the first of these that fails in the same way, if there is one. */
  async #takeOne(candidates: readonly Settings[]): Promise<boolean> {
    const { seed } = this.least;
    for (const settings of candidates) {
      const name = JSON.stringify(settings);
      if (this.#refuted.has(name) || !this.#isAdmissible(settings)) continue;
      if (this.runs >= this.#options.runsMax) {
        this.usedUp = true;
        return false;
      }
      this.runs += 1;
      const result = await this.#options.run(settings, seed);
      const taken = failsAlike(result, this.least);
      if (taken) this.least = result;
      else this.#refuted.add(name);
      this.#options.onRun?.({ runs: this.runs, taken, least: this.least });
      if (taken) return true;
    }
    return false;
  }

  #isAdmissible(settings: Settings): boolean {
    return isCastable(settings) && seatsBeyond(settings, this.least.seed) <= this.#beyond;
  }
}

/** Whether two runs failed by the same check, with the same verdict. */
export function failsAlike(a: RunResult, b: RunResult): boolean {
  return a.failure !== undefined && a.verdict === b.verdict && a.failure.check === b.failure?.check;
}

/** Drawn faults as a schedule, so that they stay the same when other settings change. */
function writeOut(settings: Settings, seed: number): Settings {
  return { ...settings, faults: [], schedule: faultsOf(settings, seed, castActors(settings, seed)) };
}

function isCastable({ nodes, validators, byzantine }: Settings): boolean {
  let [seats, everybody] = [0, 0];
  for (const { kind, count } of byzantine) {
    everybody += count;
    if (actorKinds.find(({ name }) => name === kind)?.needs === 'seat') seats += count;
  }
  return seats <= validators && (everybody === 0 || everybody < nodes);
}

/** How many more than f seats are Byzantine, or restored from a backup, which may make them so. */
export function seatsBeyond(settings: Settings, seed: number): number {
  const { validators, schedule = [] } = settings;
  const faulty = new Set(castActors(settings, seed).keys());
  for (const fault of schedule) if (fault.kind === 'restored-backup') faulty.add(fault.node);
  const seats = [...faulty].filter((node) => node < validators).length;
  return Math.max(0, seats - Math.floor((validators - 1) / 3));
}

function tellFailure({ verdict, failure }: RunResult): string {
  return failure === undefined ? verdict : `${verdict}, ${failure.check}`;
}

/**
 * What f and f + 1 liars do to a network (R050): with f it never forks; with one more it may, and then nobody goes on
 * unawares: evidence that convicts by its bytes alone names at least 2q − n of those who lied, and nobody else.
 */

import { toHex } from '../../consensus/codec/bytes.ts';
import { drawSigner } from '../cast.ts';
import { castActors, run } from '../run.ts';
import type { RunResult } from '../run-result.ts';
import { defaultSettings, type Settings } from '../settings.ts';
import type { Experiment, Findings } from './experiment.ts';

/** In turn, by seed: those attacks on agreement that more than f can make succeed, and votes for whatever is shown. */
const ATTACKS = ['equivocate', 'hide-prepared', 'stale-backup'] as const;
const COMMITTEES = [4, 7, 10] as const;
const RUNS = { bearable: 334, beyond: 1_000 };

/** What became of the runs with so many liars of one kind. */
export interface Tally {
  readonly seats: number;
  readonly liars: number;
  readonly attack: string;
  runs: number;
  passed: number;
  noProgress: number;
  forked: number;
  /** Of the forks: the least and the most that evidence named. */
  named: readonly [least: number, most: number] | undefined;
  /** Anything else that is wrong: seeds and what it was. */
  readonly wrong: string[];
}

export function emptyTally(seats: number, liars: number, attack: string): Tally {
  return { seats, liars, attack, runs: 0, passed: 0, noProgress: 0, forked: 0, named: undefined, wrong: [] };
}

function settingsOf(seats: number, kind: string, count: number): Settings {
  return {
    ...{ ...defaultSettings, nodes: seats, validators: seats, byzantine: [{ kind, count }] },
    ...{ durationMs: 1_500, load: { verticesPerS: 5, pledgeRacesPerMin: 0 } },
  };
}

/** Runs these seeds with `liars` of each attack in turn. */
export async function tallyRuns(seats: number, liars: number, from: number, to: number): Promise<Tally[]> {
  const tallies = ATTACKS.map((attack) => emptyTally(seats, liars, attack));
  for (let seed = from; seed <= to; seed++) await tallyRun(tallies[seed % tallies.length]!, seed);
  return tallies;
}

async function tallyRun(tally: Tally, seed: number): Promise<void> {
  const settings = settingsOf(tally.seats, tally.attack, tally.liars);
  const result = await run(settings, seed);
  const liars = [...castActors(settings, seed).keys()].map((i) => toHex(drawSigner(seed, i).publicKey));
  noteRun(tally, result, liars);
}

/** Counts a run, and what is wrong with it; `liars` are keys (hex). */
export function noteRun(
  tally: Tally,
  { seed, verdict, failure, guilty }: Pick<RunResult, 'seed' | 'verdict' | 'failure' | 'guilty'>,
  liars: readonly string[],
): void {
  const complain = (what: string) => tally.wrong.push(`seed ${seed}, ${tally.attack}: ${what}`);
  tally.runs += 1;
  if (!guilty.every((key) => liars.includes(key))) complain('an honest seat is convicted');
  if (verdict === 'passed') tally.passed += 1;
  else if (verdict === 'no progress') tally.noProgress += 1;
  else if (verdict === 'diverged') {
    tally.forked += 1;
    const [least, most] = tally.named ?? [guilty.length, guilty.length];
    tally.named = [Math.min(least, guilty.length), Math.max(most, guilty.length)];
    if (guilty.length < sharedBy(tally.seats)) complain(`a fork, and ${guilty.length} are named`);
  } else complain(failure!.what);
}

/** 2q − n: seats that any two quorums share. */
function sharedBy(seats: number): number {
  return 2 * (Math.floor((2 * seats) / 3) + 1) - seats;
}

export function describeTallies(tallies: readonly Tally[]): Pick<Findings, 'tables' | 'rules'> {
  const isBearable = ({ seats, liars }: Tally) => 3 * liars < seats;
  const bearable = tallies.filter(isBearable);
  const beyond = tallies.filter((tally) => !isBearable(tally));
  const sum = (of: readonly Tally[], count: 'runs' | 'passed' | 'forked') =>
    of.reduce((total, tally) => total + tally[count], 0);
  const wrong = tallies.flatMap((tally) => tally.wrong);
  return {
    tables: [
      {
        title: 'What became of the runs',
        columns: ['n', 'liars', 'attack', 'runs', 'passed', 'no progress', 'forked', 'named in a fork'],
        rows: tallies.map(({ seats, liars, attack, runs, passed, noProgress, forked, named }) => [
          ...[seats, liars, attack, runs, passed, noProgress, forked],
          named === undefined ? '' : named.join(' to '),
        ]),
      },
    ],
    rules: [
      {
        rule: 'with f liars no run forks, and all pass (R050)',
        measured: `${sum(bearable, 'passed')} of ${sum(bearable, 'runs')} passed`,
        holds: bearable.every(({ runs, passed }) => passed === runs),
      },
      {
        rule: 'with f + 1 liars no fork is silent: 2q − n of them or more are named, and nobody else (R050)',
        measured: `${sum(beyond, 'forked')} forks in ${sum(beyond, 'runs')} runs; wrong: ${wrong.join('; ') || 'none'}`,
        holds: wrong.length === 0,
      },
      {
        rule: 'the attacks attack: with f + 1 liars some runs fork, at each n',
        measured: COMMITTEES.map((n) =>
          sum(
            beyond.filter(({ seats }) => seats === n),
            'forked',
          ),
        ).join(', '),
        holds: COMMITTEES.every((n) => beyond.some(({ seats, forked }) => seats === n && forked > 0)),
      },
    ],
  };
}

async function findAccountability(say: (progress: string) => void): Promise<Findings> {
  const tallies: Tally[] = [];
  for (const seats of COMMITTEES) {
    const faults = Math.floor((seats - 1) / 3);
    say(`n = ${seats}, ${faults} liars`);
    tallies.push(...(await tallyRuns(seats, faults, 1, RUNS.bearable)));
    say(`n = ${seats}, ${faults + 1} liars`);
    tallies.push(...(await tallyRuns(seats, faults + 1, 1, RUNS.beyond)));
  }
  return {
    conditions: [
      'Every node has a seat; links of 5 to 40 ms one way; 5 empty vertices a second for 1.5 s; default pace; the liars act in concert.',
      `Seeds 1 to ${RUNS.bearable} with f liars and 1 to ${RUNS.beyond} with f + 1, the attacks in turn.`,
    ],
    ...describeTallies(tallies),
  };
}

export const accountability: Experiment = {
  name: 'accountability',
  summary: 'forks, and who is named for them, with f and with f + 1 liars',
  run: findAccountability,
};

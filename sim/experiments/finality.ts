/** How long finality takes: without faults, with each interval at its least, with a killed leader, with a seat down. */

import { defaultPace, type Pace } from '../../consensus/checkpoint/genesis.ts';
import type { ScheduledFault } from '../faults/schedule.ts';
import { type RunOptions, run } from '../run.ts';
import { defaultSettings, type Settings } from '../settings.ts';
import type { World } from '../world.ts';
import { type Cell, type Experiment, type Findings, type Rule, rounded } from './experiment.ts';
import { FinalityMeter } from './finality-meter.ts';
import { quantile } from './statistics.ts';

/** author → seats → witnesses → anchor and proposal → prepare → commit, and the certificate to whoever lacks it. */
const WAYS = 6;
const ONE_WAY_MS = 100;
const WARM_UP_MS = 2_000;
/** A leader is killed at some instant of these, since the start. */
const KILL_FROM_MS = 3_000;
const KILL_STEP_MS = 173;
const KILL_RUN_MS = 9_000;
/** A large committee takes long to simulate, and differs less from instant to instant. */
const COMMITTEES = [
  { seats: 4, durationMs: 20_000, kills: 12 },
  { seats: 10, durationMs: 12_000, kills: 6 },
  { seats: 31, durationMs: 6_000, kills: 2 },
] as const;

interface Measured {
  readonly durations: readonly number[];
  readonly heldAt: ReadonlyMap<number, number>;
}

interface Conditions {
  readonly seats: number;
  readonly durationMs: number;
  readonly latency: string;
  readonly pace?: Partial<Pace>;
  readonly seed?: number;
  readonly faults?: readonly ScheduledFault[];
  /** Nodes that do not count: they are down. */
  readonly down?: readonly number[];
  readonly prepare?: (world: World, meter: FinalityMeter) => void;
}

async function measure(conditions: Conditions): Promise<Measured> {
  const { seats, durationMs, latency, pace = {}, seed = 1, faults = [], down = [], prepare } = conditions;
  const settings: Settings = {
    ...defaultSettings,
    ...{ nodes: seats, validators: seats, pace, durationMs },
    network: { ...defaultSettings.network, latency },
    load: { verticesPerS: 10, pledgeRacesPerMin: 0 },
  };
  let meter: FinalityMeter | undefined;
  const options: RunOptions = {
    faults,
    prepare: (world) => {
      const counted = world.nodes.filter(({ number }) => !down.includes(number));
      meter = new FinalityMeter(world, counted, WARM_UP_MS);
      prepare?.(world, meter);
    },
  };
  const { verdict, failure } = await run(settings, seed, options);
  if (verdict !== 'passed' || meter === undefined)
    throw new Error(`the run did not pass: ${verdict}, ${failure?.check}: ${failure?.what}`);
  return meter;
}

/** The distribution from its least to its greatest, and of how many. */
const figureColumns = ['least', 'p50', 'p90', 'p95', 'p99', 'max', 'vertices'] as const;

function figures({ durations }: Pick<Measured, 'durations'>): Cell[] {
  const at = (part: number) => rounded(quantile(durations, part) ?? Number.NaN);
  return [...[0, 0.5, 0.9, 0.95, 0.99, 1].map(at), durations.length];
}

const median = ({ durations }: Measured): number => quantile(durations, 0.5) ?? Number.POSITIVE_INFINITY;

/**
 * From the kill until everybody else holds the height that the dead seat was to lead, ms: the height under way, whose
 * proposal has most often left already, or with `ahead` 1 the next one, whose proposal then never comes.
 */
export async function killLeader(
  seats: number,
  latency: string,
  round: number,
  ahead: 0 | 1,
): Promise<number> {
  const atMs = KILL_FROM_MS + round * KILL_STEP_MS;
  let height = 0;
  let choose: () => number = () => 0;
  const crash: ScheduledFault = {
    ...{ kind: 'crash', atMs, untilMs: KILL_RUN_MS, power: false },
    // Who leads at that instant is known only then.
    get node() {
      return choose();
    },
  };
  const { heldAt } = await measure({
    ...{ seats, latency, durationMs: KILL_RUN_MS, seed: round + 1, faults: [crash] },
    prepare: (world, meter) => {
      choose = () => {
        if (height === 0)
          height = 1 + ahead + Math.max(...world.nodes.map(({ runner }) => runner!.replica.ledger.height));
        const leader = world.genesis.committee.leader(height, 0);
        meter.leaveOut(world.nodes[leader]!);
        return leader;
      };
    },
  });
  return (heldAt.get(height) ?? Number.POSITIVE_INFINITY) - atMs;
}

async function seatDown(seats: number, durationMs: number, latency: string): Promise<Measured> {
  const node = seats - 1;
  const crash: ScheduledFault = { kind: 'crash', atMs: 500, untilMs: durationMs, node, power: false };
  return measure({ seats, durationMs, latency, faults: [crash], down: [node] });
}

async function findFinality(say: (progress: string) => void): Promise<Findings> {
  const { witnessIntervalMs, checkpointIntervalMs } = defaultPace;
  const boundMs = WAYS * ONE_WAY_MS + witnessIntervalMs + checkpointIntervalMs;
  const rules: Rule[] = [];
  const rows: Cell[][] = [];
  for (const latency of [`${ONE_WAY_MS}ms`, 'lan', 'world']) {
    for (const { seats, durationMs } of COMMITTEES) {
      say(`${latency}, n = ${seats}, no faults`);
      const measured = await measure({ seats, durationMs, latency });
      const bound = latency === `${ONE_WAY_MS}ms` ? boundMs : undefined;
      rows.push([latency, seats, ...figures(measured), bound ?? '']);
      if (bound === undefined) continue;
      const p50 = median(measured);
      rules.push({
        rule: `p50 ≤ ${bound} ms at n = ${seats} with ${ONE_WAY_MS} ms links, no faults`,
        measured: `${rounded(p50)} ms`,
        holds: p50 <= bound,
      });
      const p95 = quantile(measured.durations, 0.95) ?? Number.POSITIVE_INFINITY;
      const mostMs = seats === 4 ? 3_000 : seats === 10 ? 5_000 : undefined;
      if (mostMs === undefined) continue;
      const rule = `p95 ≤ ${mostMs} ms at n = ${seats} with ${ONE_WAY_MS} ms links (R083)`;
      rules.push({ rule, measured: `${rounded(p95)} ms`, holds: p95 <= mostMs });
    }
  }

  const least: { name: string; pace: Partial<Pace> }[] = [
    { name: 'both as by default', pace: {} },
    { name: 'witnesses every 1 ms', pace: { witnessIntervalMs: 1 } },
    { name: 'checkpoints every 1 ms', pace: { checkpointIntervalMs: 1 } },
    { name: 'both every 1 ms', pace: { witnessIntervalMs: 1, checkpointIntervalMs: 1 } },
  ];
  const costs: Cell[][] = [];
  const [small, middle] = COMMITTEES;
  for (const [{ seats, durationMs }, latency] of [
    [small, 'lan'],
    [small, `${ONE_WAY_MS}ms`],
    [middle, `${ONE_WAY_MS}ms`],
  ] as const) {
    let standard: number | undefined;
    for (const { name, pace } of least) {
      say(`${latency}, n = ${seats}, ${name}`);
      const measured = await measure({ seats, durationMs, latency, pace });
      standard ??= median(measured);
      costs.push([latency, seats, name, ...figures(measured), rounded(standard - median(measured))]);
    }
  }

  const crashes: Cell[][] = [];
  const downs: Cell[][] = [];
  for (const { seats, durationMs, kills } of COMMITTEES) {
    const resumed: [number[], number[]] = [[], []];
    for (const ahead of [0, 1] as const)
      for (let round = 0; round < kills; round++) {
        say(`n = ${seats}, ${ahead === 0 ? 'leader' : 'next leader'} killed, ${round + 1} of ${kills}`);
        resumed[ahead].push(await killLeader(seats, `${ONE_WAY_MS}ms`, round, ahead));
      }
    say(`n = ${seats}, one seat down`);
    const down = await seatDown(seats, durationMs, `${ONE_WAY_MS}ms`);
    const worst = Math.max(...resumed.flat());
    for (const [ahead, whose] of [
      [0, 'of the height under way'],
      [1, 'of the next height'],
    ] as const)
      crashes.push([
        ...[seats, whose, kills],
        ...[0.5, 0.95, 1].map((part) => rounded(quantile(resumed[ahead], part)!)),
      ]);
    downs.push([seats, ...figures(down)]);
    if (seats === 4)
      rules.push({
        rule: `finality resumes within 2,000 ms of the leader’s death at n = 4 with ${ONE_WAY_MS} ms links`,
        measured: `at most ${rounded(worst)} ms in ${2 * kills} kills`,
        holds: worst <= 2_000,
      });
    const mostMs = seats === 4 ? 3_000 : seats === 10 ? 5_000 : undefined;
    if (mostMs === undefined) continue;
    const p95 = quantile(down.durations, 0.95) ?? Number.POSITIVE_INFINITY;
    rules.push({
      rule: `p95 ≤ ${mostMs} ms at n = ${seats} with one seat down (R083)`,
      measured: `${rounded(p95)} ms`,
      holds: p95 <= mostMs,
    });
  }

  return {
    conditions: [
      'Virtual time; every node has a seat; 10 vertices a second, no pledges; synced writes take 0.2 to 2 ms.',
      'Finality: from the author’s signing to the moment the last living seat has stored the certificate.',
      `Bound: ${WAYS} ways of ${ONE_WAY_MS} ms, a witness interval of ${witnessIntervalMs} ms, a checkpoint interval of ${checkpointIntervalMs} ms.`,
      `Runs of ${COMMITTEES.map(({ seats, durationMs }) => `${durationMs / 1_000} s at n = ${seats}`).join(', ')}; the first ${WARM_UP_MS / 1_000} s left out.`,
      `Leaders are killed at different instants, every ${KILL_STEP_MS} ms; resumed: all living seats hold the height that the dead one was to lead.`,
    ],
    tables: [
      {
        title: 'Finality without faults, ms',
        columns: ['links', 'n', ...figureColumns, 'bound'],
        rows,
      },
      {
        title: 'What each interval costs, ms',
        columns: ['links', 'n', 'intervals', ...figureColumns, 'p50 saved'],
        rows: costs,
      },
      {
        title: `A leader killed at ${ONE_WAY_MS} ms one way: until the height that it was to lead is final, ms`,
        columns: ['n', 'leader', 'kills', 'p50', 'p95', 'worst'],
        rows: crashes,
      },
      {
        title: `Finality with one seat down for the whole run at ${ONE_WAY_MS} ms one way, ms`,
        columns: ['n', ...figureColumns],
        rows: downs,
      },
    ],
    rules,
  };
}

export const finality: Experiment = {
  name: 'finality',
  summary: 'how long finality takes, beside its bound; and after a crash',
  run: findFinality,
};

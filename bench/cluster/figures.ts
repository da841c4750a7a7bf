/** What a cluster run comes to: figures, ratios, tables and plots, from what was noted on the way. Pure. */

import { rounded, type Table } from '../../sim/experiments/experiment.ts';
import type { Limit } from '../limit/limit.ts';
import type { Findings } from '../output/findings.ts';
import type { Plot } from '../output/plot.ts';
import { percentilesOf, spreadOf } from '../output/statistics.ts';
import type { Snapshot } from './cluster.ts';
import { type FinalVertex, finalBySecond, finalPerS, latenciesMs, type Span } from './finality.ts';
import type { LaneRecord } from './load-orders.ts';
import { type Step, WARM_UP_MS } from './steps.ts';

export interface ClusterRun {
  readonly validators: number;
  readonly steps: readonly Step[];
  readonly series: readonly Snapshot[];
  readonly lanes: readonly LaneRecord[];
  readonly limits: readonly Limit[];
  readonly final: readonly FinalVertex[];
}

/** Steps with one reading a vertex: saturation is the most that any of them finalised, whatever it was for. */
const SATURATING: ReadonlySet<Step['kind']> = new Set(['warm-up', 'ladder', 'latency']);
/** A killed validator's share must be taken over within this. */
const TAKEN_OVER_MS = 5_000;
/** What counts as having recovered, of the rate before. */
const RECOVERED_PART = 0.7;

export interface StepFigures {
  readonly kind: Step['kind'];
  readonly name: string;
  readonly readings: number;
  readonly offeredPerS: number;
  readonly finalPerS: number;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  /** Of one validator, the mean over all, for each vertex finalised in the whole step. */
  readonly cpuUsPerVertexPerNode: number | null;
  /** Between validators, for each reading. */
  readonly wireBytesPerReading: number | null;
}

export function clusterFigures(run: ClusterRun): Pick<Findings, 'figures' | 'ratios' | 'tables' | 'plots'> {
  const { steps, validators, limits } = run;
  const measured = steps.map((step) => stepFigures(step, run));
  const limit = spreadOf(limits.map(({ verticesPerS }) => verticesPerS));
  const saturation = greatest(
    measured.filter((step) => SATURATING.has(step.kind)).map((step) => step.finalPerS),
  );
  const ratioToLimit = rounded(saturation / (limit.median / validators), 3);
  const killed = killedFigures(run);
  const limitCpuUs = spreadOf(
    limits.map(({ cpuUsPerVertex }) => cpuUsPerVertex),
    1,
  );
  const best = measured.find((step) => SATURATING.has(step.kind) && step.finalPerS === saturation);
  const nodeCpuUs = best?.cpuUsPerVertexPerNode ?? null;
  const cpuRatio = nodeCpuUs === null ? null : rounded(limitCpuUs.median / nodeCpuUs, 3);
  const figures = {
    saturation: { verticesPerS: saturation },
    limit: {
      verticesPerS: limit.median,
      oneCoreVerticesPerS: Math.round(limits[0]!.oneCoreVerticesPerS),
      spread: limit,
    },
    ratioToLimit,
    /** CPU of the bare loop by that of one node, a vertex, at saturation: depends less on what others do. */
    cpuRatio,
    ...latencyFigures(measured),
    ...readingsFigures(measured),
    oneKilled: killed,
    memory: memoryFigures(run.series),
    refused: refusals(run.lanes),
    steps: measured,
  };
  return {
    figures,
    ratios: Object.fromEntries(
      Object.entries({ ratioToLimit, cpuRatio, 'oneKilled.ratio': killed.ratio }).filter(
        (entry): entry is [string, number] => entry[1] !== null,
      ),
    ),
    tables: [mainTable(figures, validators), stepTable(measured)],
    plots: plotsOf(run, measured),
  };
}

export function stepFigures(
  step: Step,
  { final, validators }: Pick<ClusterRun, 'final' | 'validators'>,
): StepFigures {
  const { kind, name, readings, offeredPerS, span, before, after } = step;
  const warm: Span = { fromMs: span.fromMs + WARM_UP_MS, toMs: span.toMs };
  const count = final.filter(({ dueMs }) => dueMs >= span.fromMs && dueMs < span.toMs).length;
  const cpuS = before.nodes.map((node, i) => {
    const later = after.nodes[i];
    return node === undefined || later === undefined ? undefined : later.cpuS - node.cpuS;
  });
  const known = cpuS.filter((value) => value !== undefined);
  const bytes =
    before.wireBytes === undefined || after.wireBytes === undefined
      ? undefined
      : after.wireBytes - before.wireBytes;
  const { p50Ms = null, p95Ms = null, p99Ms = null } = percentilesOf(latenciesMs(final, warm)) ?? {};
  return {
    ...{
      kind,
      name,
      readings,
      offeredPerS: Math.round(offeredPerS),
      finalPerS: Math.round(finalPerS(final, warm)),
    },
    ...{ p50Ms, p95Ms, p99Ms },
    cpuUsPerVertexPerNode:
      known.length < validators || count === 0
        ? null
        : Math.round((1e6 * known.reduce((sum, value) => sum + value, 0)) / validators / count),
    wireBytesPerReading: bytes === undefined || count === 0 ? null : Math.round(bytes / (count * readings)),
  };
}

function latencyFigures(measured: readonly StepFigures[]) {
  const names: { readonly [name: string]: string } = { '10 %': 'at10', '50 %': 'atHalf', '90 %': 'at90' };
  const steps = measured.filter(({ kind }) => kind === 'latency');
  return Object.fromEntries(steps.map((step) => [names[step.name] ?? step.name, step])) as {
    readonly [name: string]: StepFigures;
  };
}

function readingsFigures(measured: readonly StepFigures[]) {
  const counted = measured.filter(({ kind }) => kind !== 'killed');
  const counts = new Set(counted.map(({ readings }) => readings));
  return Object.fromEntries(
    [...counts].map((count) => {
      const best = greatest(
        counted.filter(({ readings }) => readings === count).map((step) => step.finalPerS),
      );
      return [`readings${count}`, { perS: best * count, verticesPerS: best }];
    }),
  );
}

function killedFigures({ steps, final }: ClusterRun) {
  const step = steps.find(({ kind }) => kind === 'killed')!;
  const killedMs = step.killedMs!;
  const before = finalPerS(final, { fromMs: step.span.fromMs + WARM_UP_MS, toMs: killedMs });
  const after = finalPerS(final, { fromMs: killedMs + TAKEN_OVER_MS, toMs: step.span.toMs });
  const recovered = finalBySecond(final, { fromMs: killedMs, toMs: step.span.toMs }).find(
    ({ count }) => before > 0 && count >= RECOVERED_PART * before,
  );
  return {
    /** Null where nothing was final before the kill: then there is nothing to compare with. */
    ratio: before > 0 ? rounded(after / before, 3) : null,
    ...{ beforePerS: Math.round(before), afterPerS: Math.round(after) },
    /** End of the first second in which as much was finalised again; null when there was none. */
    recoveredMs: recovered === undefined ? null : recovered.atMs - killedMs,
  };
}

function memoryFigures(series: readonly Snapshot[]) {
  const rss = series.flatMap(({ nodes }) => nodes.flatMap((node) => node?.rssBytes ?? []));
  const first = series[0]?.nodes.flatMap((node) => node?.rssBytes ?? []) ?? [];
  return {
    rssBytesAtStart: first.length === 0 ? null : Math.round(first.reduce((a, b) => a + b, 0) / first.length),
    rssBytesMost: rss.length === 0 ? null : greatest(rss),
  };
}

function refusals(lanes: readonly LaneRecord[]): { [code: string]: number } {
  const sum: { [code: string]: number } = {};
  for (const { refused } of lanes)
    for (const [code, count] of Object.entries(refused)) sum[code] = (sum[code] ?? 0) + count;
  return sum;
}

function mainTable(figures: Record<string, unknown>, validators: number): Table {
  const { saturation, limit, ratioToLimit, cpuRatio, oneKilled, memory, refused } = figures as {
    saturation: { verticesPerS: number };
    limit: { verticesPerS: number };
    ratioToLimit: number;
    cpuRatio: number | null;
    oneKilled: ReturnType<typeof killedFigures>;
    memory: ReturnType<typeof memoryFigures>;
    refused: { [code: string]: number };
  };
  const readings = Object.entries(figures).flatMap(([name, value]): [string, string][] => {
    const { perS } = value as { perS?: number };
    return perS === undefined
      ? []
      : [[`${name.replace('readings', '')} readings a vertex, readings/s`, tell(perS)]];
  });
  const mib = (bytes: number | null): string =>
    bytes === null ? '?' : `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  return {
    title: `${validators} validators on this machine`,
    columns: ['figure', 'value'],
    rows: [
      ['limit, vertices/s', tell(limit.verticesPerS)],
      ['saturation, vertices/s', tell(saturation.verticesPerS)],
      ['ratio to the limit by validators', String(ratioToLimit)],
      ['CPU of the limit by that of one node, a vertex', String(cpuRatio ?? '?')],
      ...readings,
      [
        'one killed: finalised after 5 s, by before',
        `${oneKilled.ratio ?? '?'} (${oneKilled.afterPerS} / ${oneKilled.beforePerS} a second)`,
      ],
      [
        'one killed: back at 70 % after',
        oneKilled.recoveredMs === null ? 'never' : `${oneKilled.recoveredMs} ms`,
      ],
      [
        'resident memory of a validator, start, most',
        `${mib(memory.rssBytesAtStart)}, ${mib(memory.rssBytesMost)}`,
      ],
      [
        'refusals that passed',
        Object.entries(refused)
          .map(([code, count]) => `${code} ${count}`)
          .join(', ') || 'none',
      ],
    ],
  };
}

function stepTable(measured: readonly StepFigures[]): Table {
  return {
    title: 'Steps',
    columns: [
      'step',
      'offered/s',
      'final/s',
      'p50 ms',
      'p95 ms',
      'p99 ms',
      'CPU µs a vertex and node',
      'wire B a reading',
    ],
    rows: measured.map((step) => [
      `${step.kind} ${step.name}`,
      ...[step.offeredPerS, step.finalPerS, step.p50Ms ?? '', step.p95Ms ?? '', step.p99Ms ?? ''],
      ...[step.cpuUsPerVertexPerNode ?? '', step.wireBytesPerReading ?? ''],
    ]),
  };
}

function plotsOf({ steps, series, final, validators }: ClusterRun, measured: readonly StepFigures[]): Plot[] {
  const ladder = measured
    .filter(({ kind }) => kind === 'ladder')
    .sort((a, b) => a.offeredPerS - b.offeredPerS);
  const loads = measured
    .filter(({ kind }) => kind === 'ladder' || kind === 'latency')
    .sort((a, b) => a.offeredPerS - b.offeredPerS);
  const startMs = steps[0]!.span.fromMs;
  const seconds = (atMs: number): number => (atMs - startMs) / 1_000;
  const killed = steps.find(({ kind }) => kind === 'killed')!;
  return [
    {
      ...{
        id: 'ladder',
        title: 'Offered and finalised',
        xName: 'offered, vertices/s',
        yName: 'finalised, vertices/s',
      },
      series: [{ name: 'finalised', points: ladder.map((step) => [step.offeredPerS, step.finalPerS]) }],
    },
    {
      ...{ id: 'latency', title: 'Finality', xName: 'offered, vertices/s', yName: 'ms' },
      series: (['p50Ms', 'p95Ms'] as const).map((name) => ({
        name: name.slice(0, 3),
        points: loads.flatMap((step) =>
          step[name] === null ? [] : [[step.offeredPerS, step[name]] as const],
        ),
      })),
    },
    {
      ...{
        id: 'killed',
        title: `One validator killed after ${Math.round((killed.killedMs! - killed.span.fromMs) / 1_000)} s`,
        xName: 'seconds',
        yName: 'finalised, vertices/s',
      },
      series: [
        {
          name: 'finalised',
          points: finalBySecond(final, killed.span).map(({ atMs, count }) => [
            (atMs - killed.span.fromMs) / 1_000,
            count,
          ]),
        },
      ],
    },
    {
      ...{ id: 'memory', title: 'Resident memory', xName: 'seconds', yName: 'MiB' },
      series: Array.from({ length: validators }, (_, i) => ({
        name: `validator ${i}`,
        points: series.flatMap(({ atMs, nodes }) => {
          const node = nodes[i];
          return node === undefined || atMs < startMs
            ? []
            : [[seconds(atMs), node.rssBytes / 2 ** 20] as const];
        }),
      })),
    },
    {
      ...{ id: 'open', title: 'Open vertices at the first validator', xName: 'seconds', yName: 'vertices' },
      series: [
        {
          name: 'open',
          points: series.flatMap(({ atMs, nodes: [node] }) =>
            node === undefined || atMs < startMs ? [] : [[seconds(atMs), node.open] as const],
          ),
        },
      ],
    },
  ];
}

export function greatest(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), 0);
}

function tell(value: number): string {
  return value.toLocaleString('en-US');
}

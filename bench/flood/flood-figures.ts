/** What a run of floods comes to: honest finality of each step, memory, and which of R058's promises are broken. Pure. */

import { BURST_S } from '../../node/replica/allowance.ts';
import { type Cell, rounded, type Table } from '../../sim/experiments/experiment.ts';
import type { Snapshot } from '../cluster/cluster.ts';
import { type FinalVertex, latenciesMs, type Span } from '../cluster/finality.ts';
import { percentilesOf } from '../output/statistics.ts';
import type { FloodKind } from './ammunition.ts';
import type { FloodReport } from './flooder.ts';

/** R058. */
const SLOWED_MOST = 2;
/** A validator may hold so much more after a flood than before: its queues and caches are full then. */
const GROWN_MOST_MIB = 192;
/** A flood is under way before the honest load that is measured begins. */
export const LEAD_MS = 1_000;
const MIB = 2 ** 20;

export interface Step {
  /** Absent when nobody floods. */
  readonly kind: FloodKind | undefined;
  readonly span: Span;
  readonly before: Snapshot;
  readonly after: Snapshot;
  readonly report: FloodReport | undefined;
}

export interface FloodRun {
  readonly steps: readonly Step[];
  readonly validators: number;
  /** Vertices a second of one author, at each validator. */
  readonly allowedPerS: number;
  readonly final: readonly FinalVertex[];
  readonly heights: ReadonlyMap<string, number>;
  readonly stepMs: number;
}

/** What the steps come to, and which of R058's promises they break. */
export function figuresOf({ steps, final, heights, stepMs, validators, allowedPerS: perS }: FloodRun) {
  const rows = steps.map((step) => rowOf(step, final, heights));
  const calm = rows.filter(({ kind }) => kind === null).map(({ p95Ms }) => p95Ms);
  // The slower of two calm steps, before and after: what else the machine did is in it.
  const calmP95Ms = Math.max(...calm);
  const faults: string[] = [];
  for (const { kind, p95Ms, grownMiB, confirmed } of rows) {
    if (kind === null) continue;
    if (!(p95Ms <= SLOWED_MOST * calmP95Ms))
      faults.push(`${kind}: honest p95 ${p95Ms} ms, more than ${SLOWED_MOST} × ${calmP95Ms} ms`);
    if (grownMiB > GROWN_MOST_MIB) faults.push(`${kind}: a validator grew by ${grownMiB} MiB`);
    const allowed = validators * perS * (BURST_S + (stepMs + LEAD_MS) / 1_000);
    if (confirmed > allowed)
      faults.push(
        `${kind}: ${confirmed} of the flooder’s vertices were confirmed, and ${allowed} were allowed`,
      );
  }
  return {
    figures: { calmP95Ms, slowedMost: SLOWED_MOST, steps: rows },
    tables: [tableOf(rows, calmP95Ms)],
    faults,
  };
}

interface Row {
  readonly kind: FloodKind | null;
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** Offered to each validator, a second; and by the flooder's own process. */
  readonly offeredPerS: number;
  readonly mibPerS: number;
  readonly flooderCpuPart: number;
  readonly nodeCpuPart: number;
  readonly grownMiB: number;
  readonly rssMiB: number;
  /** Of the flooder's valid vertices, anywhere in the ledger. */
  readonly confirmed: number;
}

function rowOf(
  { kind, span, before, after, report }: Step,
  final: readonly FinalVertex[],
  heights: ReadonlyMap<string, number>,
): Row {
  const { p50Ms = Number.NaN, p95Ms = Number.NaN } = percentilesOf(latenciesMs(final, span)) ?? {};
  const pairs = before.nodes.flatMap((node, i) => {
    const later = after.nodes[i];
    return node === undefined || later === undefined ? [] : [{ node, later }];
  });
  const seconds = (after.atMs - before.atMs) / 1_000;
  const cpuS = pairs.reduce((sum, { node, later }) => sum + later.cpuS - node.cpuS, 0);
  const grown = pairs.map(({ node, later }) => (later.rssBytes - node.rssBytes) / MIB);
  const rss = pairs.map(({ later }) => later.rssBytes / MIB);
  const perS = (count: number) => (report === undefined ? 0 : (1_000 * count) / report.durationMs);
  return {
    ...{ kind: kind ?? null, p50Ms, p95Ms, offeredPerS: Math.round(perS(report?.sent ?? 0)) },
    mibPerS: rounded(perS(report?.bytes ?? 0) / MIB, 1),
    flooderCpuPart: rounded(report === undefined ? 0 : report.cpuMs / report.durationMs, 2),
    nodeCpuPart: rounded(cpuS / seconds / Math.max(1, pairs.length), 2),
    ...{ grownMiB: Math.round(Math.max(...grown)), rssMiB: Math.round(Math.max(...rss)) },
    confirmed: (report?.ids ?? []).filter((id) => heights.has(id)).length,
  };
}

function tableOf(rows: readonly Row[], calmP95Ms: number): Table {
  return {
    title: 'Honest finality while one peer floods',
    columns: [
      ...['flood', 'offered/s to each', 'MiB/s', 'p50 ms', 'p95 ms', 'p95 by calm'],
      ...['CPU of a validator', 'of the flooder', 'RSS MiB', 'grown MiB', 'flooder’s confirmed'],
    ],
    rows: rows.map((row): readonly Cell[] => [
      ...[row.kind ?? 'none', row.offeredPerS, row.mibPerS, row.p50Ms, row.p95Ms],
      ...[rounded(row.p95Ms / calmP95Ms, 2), row.nodeCpuPart, row.flooderCpuPart],
      ...[row.rssMiB, row.grownMiB, row.confirmed],
    ]),
  };
}

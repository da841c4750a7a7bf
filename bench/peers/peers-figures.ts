/** What turns of two systems come to: saturation of each, and both side by side at the same loads. Pure. */

import { rounded, type Table } from '../../sim/experiments/experiment.ts';
import { greatest, type StepFigures } from '../cluster/figures.ts';
import { KEPT_UP_PART } from '../cluster/steps.ts';
import type { Limit } from '../limit/limit.ts';
import type { Findings } from '../output/findings.ts';
import type { Plot } from '../output/plot.ts';
import { type Spread, spreadOf, tellSpread } from '../output/statistics.ts';
import type { AppliedSetting } from './comet.ts';
import { CHECKED, TUNED } from './settings.ts';
import { TALLYSTICK, type Turn } from './turns.ts';

interface AtLoad {
  readonly offeredPerS: number;
  readonly finalPerS: Spread;
  /** Absent where nothing was final. */
  readonly p50Ms: Spread | undefined;
  readonly p95Ms: Spread | undefined;
  readonly p99Ms: Spread | undefined;
  readonly cpuUsPerRecordPerNode: Spread | undefined;
  readonly keptUp: boolean;
}

interface SystemFigures {
  readonly system: string;
  readonly turns: number;
  readonly saturation: Spread;
  readonly atHalfP95Ms: Spread | undefined;
  readonly at90P95Ms: Spread | undefined;
  /** Least over all steps of a turn. */
  readonly cpuUsPerRecordPerNode: Spread | undefined;
  readonly loads: readonly AtLoad[];
}

/** Of the bare loop, what falls to each of the validators that share the machine. */
interface LimitShare {
  readonly rounds: number;
  readonly perS: Spread;
  readonly cpuUsPerVertex: Spread;
}

export interface PeersRun {
  readonly turns: readonly Turn[];
  /** By case. */
  readonly applied: ReadonlyMap<string, readonly AppliedSetting[]>;
  readonly limits: readonly Limit[];
  readonly validators: number;
}

export function peersFigures({
  turns,
  applied,
  limits,
  validators,
}: PeersRun): Pick<Findings, 'figures' | 'ratios' | 'tables' | 'plots'> {
  const limitShare: LimitShare = {
    rounds: limits.length,
    perS: spreadOf(limits.map(({ verticesPerS }) => verticesPerS / validators)),
    cpuUsPerVertex: spreadOf(limits.map(({ cpuUsPerVertex }) => cpuUsPerVertex)),
  };
  const names = [...new Set(turns.map(({ system }) => system))];
  const systems = names.map((name) =>
    systemFigures(
      name,
      turns.filter(({ system }) => system === name),
    ),
  );
  const tally = systems.find(({ system }) => system === TALLYSTICK)!;
  const peers = systems.filter(({ system }) => system !== TALLYSTICK);
  const tuned = peers.find(({ system }) => system === TUNED)!;
  const checked = peers.find(({ system }) => system === CHECKED);
  const best = peers.reduce((a, b) => (b.saturation.median > a.saturation.median ? b : a));
  const against = (peer: SystemFigures) => {
    const common = commonLoad(tally, peer);
    return {
      case: peer.system,
      throughput: ratioOf(tally.saturation.median, peer.saturation.median),
      throughputAtLimit: ratioOf(limitShare.perS.median, peer.saturation.median),
      commonLoadPerS: common?.own.offeredPerS ?? null,
      p95: ratioOf(common?.peer.p95Ms?.median, common?.own.p95Ms?.median),
      cpu: ratioOf(common?.peer.cpuUsPerRecordPerNode?.median, common?.own.cpuUsPerRecordPerNode?.median),
    };
  };
  const named = {
    ...{ toTuned: against(tuned), toBest: against(best) },
    ...(checked === undefined ? {} : { toChecked: against(checked) }),
  };
  const ratios: Record<string, number> = {};
  for (const [to, { throughput, p95, cpu }] of Object.entries(named))
    for (const [name, ratio] of Object.entries({ throughput, p95, cpu }))
      if (ratio !== null) ratios[`${name}.${to}`] = ratio;
  return {
    figures: {
      ...named,
      limitShare,
      systems: Object.fromEntries(systems.map(({ system, ...rest }) => [system, rest])),
      settings: Object.fromEntries(applied),
      turns,
    },
    ratios,
    tables: [
      systemTable(systems, limitShare),
      ratioTable(peers.map(against)),
      loadTable(systems),
      ...settingTables(applied),
    ],
    plots: plotsOf(systems),
  };
}

function systemFigures(system: string, turns: readonly Turn[]): SystemFigures {
  const latency = (name: string): Spread | undefined =>
    spreadOfKnown(
      turns.map(({ steps }) => steps.find((step) => step.kind === 'latency' && step.name === name)?.p95Ms),
    );
  const loads = new Set(turns.flatMap(({ steps }) => steps.filter(isLadder).map((step) => step.offeredPerS)));
  return {
    ...{ system, turns: turns.length },
    saturation: spreadOf(turns.map(({ steps }) => greatest(steps.map(({ finalPerS }) => finalPerS)))),
    ...{ atHalfP95Ms: latency('50 %'), at90P95Ms: latency('90 %') },
    cpuUsPerRecordPerNode: spreadOfKnown(
      turns.map(({ steps }) => {
        const known = steps.flatMap((step) => step.cpuUsPerVertexPerNode ?? []);
        return known.length === 0 ? undefined : Math.min(...known);
      }),
    ),
    loads: [...loads].sort((a, b) => a - b).map((load) => atLoad(load, turns)),
  };
}

function isLadder({ kind }: StepFigures): boolean {
  return kind === 'ladder';
}

/** `keptUp`: in all turns that offered it. */
function atLoad(offeredPerS: number, turns: readonly Turn[]): AtLoad {
  const steps = turns.flatMap((turn) =>
    turn.steps.filter((step) => isLadder(step) && step.offeredPerS === offeredPerS),
  );
  return {
    offeredPerS,
    finalPerS: spreadOf(steps.map(({ finalPerS }) => finalPerS)),
    p50Ms: spreadOfKnown(steps.map(({ p50Ms }) => p50Ms)),
    p95Ms: spreadOfKnown(steps.map(({ p95Ms }) => p95Ms)),
    p99Ms: spreadOfKnown(steps.map(({ p99Ms }) => p99Ms)),
    cpuUsPerRecordPerNode: spreadOfKnown(steps.map((step) => step.cpuUsPerVertexPerNode)),
    keptUp: steps.every(({ finalPerS }) => finalPerS >= KEPT_UP_PART * offeredPerS),
  };
}

/** The largest load that both kept up with. */
function commonLoad(
  own: SystemFigures,
  other: SystemFigures,
): { readonly own: AtLoad; readonly peer: AtLoad } | undefined {
  return own.loads
    .flatMap((load) => {
      const peer = other.loads.find(({ offeredPerS }) => offeredPerS === load.offeredPerS);
      return peer !== undefined && load.keptUp && peer.keptUp ? [{ own: load, peer }] : [];
    })
    .at(-1);
}

function spreadOfKnown(values: readonly (number | null | undefined)[]): Spread | undefined {
  const known = values.filter((value) => typeof value === 'number');
  return known.length === 0 ? undefined : spreadOf(known);
}

function ratioOf(above: number | undefined, below: number | undefined): number | null {
  return above === undefined || below === undefined || below === 0 ? null : rounded(above / below, 3);
}

/** One value stands for itself. */
function tell(spread: Spread | undefined): string {
  if (spread === undefined) return '';
  return spread.least === spread.greatest ? spread.median.toLocaleString('en-US') : tellSpread(spread);
}

function label(system: string): string {
  return system === TALLYSTICK ? 'Tallystick' : `CometBFT, ${system}`;
}

function systemTable(systems: readonly SystemFigures[], limitShare: LimitShare): Table {
  return {
    title: 'Saturation, and finality at parts of each one’s own saturation: median (least–greatest) of turns',
    columns: [
      'system',
      'turns',
      'saturation, records/s',
      'p95 ms at 50 %',
      'p95 ms at 90 %',
      'CPU µs a record and node',
    ],
    rows: [
      ...systems.map(({ system, turns, saturation, atHalfP95Ms, at90P95Ms, cpuUsPerRecordPerNode }) => [
        ...[label(system), turns, tell(saturation), tell(atHalfP95Ms), tell(at90P95Ms)],
        tell(cpuUsPerRecordPerNode),
      ]),
      [
        ...['limit ÷ validators', limitShare.rounds, tell(limitShare.perS), '', ''],
        tell(limitShare.cpuUsPerVertex),
      ],
    ],
  };
}

interface Against {
  readonly case: string;
  readonly throughput: number | null;
  /** If Tallystick's validators did no more than the bare loop. */
  readonly throughputAtLimit: number | null;
  readonly commonLoadPerS: number | null;
  readonly p95: number | null;
  readonly cpu: number | null;
}

function ratioTable(ratios: readonly Against[]): Table {
  return {
    title: 'Ratios against each case of CometBFT; above 1 Tallystick is ahead',
    columns: [
      'case',
      'saturation',
      'of the limit ÷ validators',
      'common load/s',
      'p95 there',
      'CPU a record there',
    ],
    rows: ratios.map(({ case: name, throughput, throughputAtLimit, commonLoadPerS, p95, cpu }) => [
      ...[name, String(throughput ?? '?'), String(throughputAtLimit ?? '?')],
      ...[String(commonLoadPerS ?? 'none'), String(p95 ?? '?'), String(cpu ?? '?')],
    ]),
  };
}

function loadTable(systems: readonly SystemFigures[]): Table {
  const rows = systems.flatMap(({ system, loads }) => loads.map((load) => ({ system, load })));
  rows.sort((a, b) => a.load.offeredPerS - b.load.offeredPerS);
  return {
    title: 'The same offered loads',
    columns: ['offered/s', 'system', 'final/s', 'p50 ms', 'p95 ms', 'p99 ms', 'CPU µs a record and node'],
    rows: rows.map(({ system, load }) => [
      ...[load.offeredPerS, label(system), tell(load.finalPerS)],
      ...[tell(load.p50Ms), tell(load.p95Ms), tell(load.p99Ms), tell(load.cpuUsPerRecordPerNode)],
    ]),
  };
}

/** All of the tuned case; of the others what differs from it. */
function settingTables(applied: ReadonlyMap<string, readonly AppliedSetting[]>): Table[] {
  const tuned = new Map((applied.get(TUNED) ?? []).map((setting) => [nameOf(setting), setting.value]));
  return [...applied].map(([name, settings]) => ({
    title:
      name === TUNED
        ? 'Settings of CometBFT, tuned'
        : `Settings of CometBFT, ${name}, that differ from tuned`,
    columns: ['setting', 'value', 'default'],
    rows: settings
      .filter((setting) => name === TUNED || tuned.get(nameOf(setting)) !== setting.value)
      .map((setting) => [nameOf(setting), setting.value, setting.default]),
  }));
}

function nameOf({ section, key }: AppliedSetting): string {
  return section === '' ? key : `${section}.${key}`;
}

function plotsOf(systems: readonly SystemFigures[]): Plot[] {
  const series = (value: (load: AtLoad) => number | undefined) =>
    systems.map(({ system, loads }) => ({
      name: label(system),
      points: loads.flatMap((load) => {
        const y = value(load);
        return y === undefined ? [] : [[load.offeredPerS, y] as const];
      }),
    }));
  return [
    {
      ...{
        id: 'ladder',
        title: 'Offered and finalised',
        xName: 'offered, records/s',
        yName: 'finalised, records/s',
      },
      series: series(({ finalPerS }) => finalPerS.median),
    },
    {
      ...{ id: 'p95', title: 'Finality, 95th percentile', xName: 'offered, records/s', yName: 'ms' },
      series: series(({ p95Ms }) => p95Ms?.median),
    },
  ];
}

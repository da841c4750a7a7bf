/**
 * What a failing run can be made less by, boldest first: the table of docs/spec/simulator.md, *Shrinking*. Each step makes one
 * thing less and adds to none, so that a search that takes such steps comes to an end.
 */

import { checkFault } from './faults/fault-text.ts';
import type { ScheduledFault } from './faults/schedule.ts';
import type { Failure } from './run-result.ts';
import { defaultSettings, type Settings } from './settings.ts';

/** Settings that are less in one thing; the schedule is written out in all of them. */
export type Reduction = (settings: Settings, failure: Failure) => readonly Settings[];

/** In the order in which they are tried: first what makes the runs after it cheap. */
export const reductions: readonly Reduction[] = [
  lessTime,
  fewerFollowers,
  fewerValidators,
  fewerByzantine,
  fewerFaults,
  lessLoad,
  simplerNetwork,
  standardPace,
];

const DURATION_STEP_MS = 100;

function lessTime(settings: Settings, failure: Failure): Settings[] {
  const { durationMs, schedule } = settings;
  const wanted = [failure.atMs + 1, durationMs / 2, (durationMs * 3) / 4, (durationMs * 7) / 8];
  return lesser(
    wanted.map((ms) => Math.ceil(ms / DURATION_STEP_MS) * DURATION_STEP_MS),
    durationMs,
  ).map((shorter) => ({
    ...settings,
    durationMs: shorter,
    ...fitting(schedule, settings.nodes, shorter),
  }));
}

function fewerFollowers(settings: Settings): Settings[] {
  const { nodes, validators } = settings;
  const wanted = [validators, Math.floor((validators + nodes) / 2), nodes - 1];
  return lesser(wanted, nodes)
    .filter((fewer) => fewer >= validators)
    .map((fewer) => withNodes(settings, fewer, validators));
}

/** First their nodes go with them; then only their seats. */
function fewerValidators(settings: Settings): Settings[] {
  const { nodes, validators } = settings;
  const wanted = lesser([1, 2, 3, 4, Math.floor(validators / 2), validators - 1], validators);
  const fewer = wanted.filter((seats) => seats >= 1);
  return [
    ...fewer.map((seats) => withNodes(settings, nodes - validators + seats, seats)),
    ...fewer.map((seats) => withNodes(settings, nodes, seats)),
  ];
}

function withNodes(settings: Settings, nodes: number, validators: number): Settings {
  return { ...settings, nodes, validators, ...fitting(settings.schedule, nodes, settings.durationMs) };
}

/** n = 3f + 1: by so many seats a committee bears one more. */
const SEATS_PER_LIAR = 3;

/** First others take their places; then a place goes with one of them, with a seat or without; then as many seats as bear one. */
function fewerByzantine(settings: Settings): Settings[] {
  const { byzantine, nodes, validators } = settings;
  return byzantine.flatMap(({ kind, count }, at) => {
    const leave = (from: Settings, left: number): Settings => ({
      ...from,
      byzantine: byzantine.flatMap((entry, i) => {
        if (i !== at) return [entry];
        return left === 0 ? [] : [{ kind, count: left }];
      }),
    });
    return [
      ...lesser([0, Math.floor(count / 2), count - 1], count).map((left) => leave(settings, left)),
      ...(validators > 1 ? [leave(withNodes(settings, nodes - 1, validators - 1), count - 1)] : []),
      ...(nodes > validators ? [leave(withNodes(settings, nodes - 1, validators), count - 1)] : []),
      ...(validators > SEATS_PER_LIAR
        ? [leave(withNodes(settings, nodes - SEATS_PER_LIAR, validators - SEATS_PER_LIAR), count - 1)]
        : []),
    ];
  });
}

function fewerFaults(settings: Settings): Settings[] {
  const { schedule = [] } = settings;
  const kinds = [...new Set(schedule.map(({ kind }) => kind))];
  const withoutKinds = kinds.map((kind) => schedule.filter((fault) => fault.kind !== kind));
  return [[], ...withoutKinds, ...withoutChunks(schedule)]
    .filter((left) => left.length < schedule.length)
    .map((left) => ({ ...settings, schedule: left }));
}

/** Delta debugging: what is left without each half, each quarter and so on, at last without each single one. */
export function withoutChunks<T>(items: readonly T[]): T[][] {
  const left: T[][] = [];
  for (let size = Math.ceil(items.length / 2); items.length > 0; size = Math.ceil(size / 2)) {
    for (let from = 0; from < items.length; from += size)
      left.push([...items.slice(0, from), ...items.slice(from + size)]);
    if (size === 1) break;
  }
  return left;
}

function lessLoad(settings: Settings): Settings[] {
  const { verticesPerS, pledgeRacesPerMin } = settings.load;
  const races = lesser([0, Math.floor(pledgeRacesPerMin / 2)], pledgeRacesPerMin);
  const vertices = lesser([0, 1, Math.floor(verticesPerS / 2)], verticesPerS);
  return [
    ...races.map((fewer) => ({ verticesPerS, pledgeRacesPerMin: fewer })),
    ...vertices.map((fewer) => ({ verticesPerS: fewer, pledgeRacesPerMin })),
  ].map((load) => ({ ...settings, load }));
}

const CONSTANT_LATENCY = '10ms';

function simplerNetwork(settings: Settings): Settings[] {
  const { network } = settings;
  const without = (['loss', 'duplicate', 'reorder', 'bandwidthBytesPerS'] as const)
    .filter((name) => network[name] > 0)
    .map((name) => ({ ...network, [name]: 0 }));
  const constant = /^\d+(\.\d+)?ms$/.test(network.latency) ? [] : [{ ...network, latency: CONSTANT_LATENCY }];
  return [...without, ...constant].map((simpler) => ({ ...settings, network: simpler }));
}

function standardPace(settings: Settings): Settings[] {
  const changes = Object.entries(settings.pace);
  return changes.map((dropped) => ({
    ...settings,
    pace: { ...defaultSettings.pace, ...Object.fromEntries(changes.filter((entry) => entry !== dropped)) },
  }));
}

/** The faults that so many nodes and so much time have room for. */
function fitting(
  schedule: readonly ScheduledFault[] | undefined,
  nodes: number,
  durationMs: number,
): Pick<Settings, 'schedule'> {
  const fitted = (schedule ?? [])
    .map((fault) => ({ ...renumber(fault, nodes), untilMs: Math.min(fault.untilMs, durationMs) }))
    .filter((fault) => checkFault(fault, nodes, durationMs) === undefined);
  return { schedule: fitted };
}

/** Node i becomes node i mod `nodes`; groups lose what comes twice. */
function renumber(fault: ScheduledFault, nodes: number): ScheduledFault {
  const one = (node: number) => node % nodes;
  const all = (group: readonly number[]) => [...new Set(group.map(one))];
  switch (fault.kind) {
    case 'partition':
      return { ...fault, left: all(fault.left) };
    case 'asymmetric': {
      const from = all(fault.from);
      return { ...fault, from, to: all(fault.to).filter((node) => !from.includes(node)) };
    }
    case 'churn':
      return {
        ...fault,
        node: one(fault.node),
        other: fault.other === undefined ? undefined : one(fault.other),
      };
    default:
      return { ...fault, node: one(fault.node) };
  }
}

/** Those below `limit`, each once, in their order. */
function lesser(values: readonly number[], limit: number): number[] {
  return [...new Set(values)].filter((value) => value < limit);
}

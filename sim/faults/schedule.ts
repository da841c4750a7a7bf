/**
 * The faults of a run as a list, drawn before it begins: each kind from its own stream, so that a run can be repeated
 * with some of them left out and the others unchanged. docs/spec/simulator.md.
 */

import { Random } from '../random.ts';
import type { FaultKind } from './kinds.ts';

/** Nodes are named by their number in the world. All of it is plain JSON. */
export type ScheduledFault =
  /** Dies, and comes back; `power` also loses what was not synced. */
  | Timed<'crash', { readonly node: number; readonly power: boolean }>
  /** The power fails during the next write after `atMs`. */
  | Timed<'torn-write', { readonly node: number }>
  | Timed<'partition', { readonly left: readonly number[] }>
  /** What `from` says does not reach `to`. */
  | Timed<'asymmetric', { readonly from: readonly number[]; readonly to: readonly number[] }>
  /** With `other` one link drops, else the node leaves in good order. */
  | Timed<'churn', { readonly node: number; readonly other: number | undefined }>
  | Timed<'clock-drift', { readonly node: number; readonly offsetMs: number; readonly ppm: number }>
  | Timed<'clock-jump', { readonly node: number; readonly byMs: number }>
  /** Comes back on what its store held at `backupAtMs`. */
  | Timed<'restored-backup', { readonly node: number; readonly backupAtMs: number }>;

/** `atMs` and `untilMs`: virtual milliseconds since the start; the fault is over at `untilMs`. */
type Timed<K extends FaultKind, F> = {
  readonly kind: K;
  readonly atMs: number;
  readonly untilMs: number;
} & F;

export interface FaultSubjects {
  readonly seed: number;
  readonly nodes: number;
  readonly durationMs: number;
  /** Nodes that faults may befall: the honest ones. */
  readonly honest: readonly number[];
}

const WARM_UP_MS = 500;
const DOWN_MAX_MS = 5_000;

/** Mean time between two faults of a kind, over the whole network. */
const everyMs: { readonly [K in FaultKind]: number } = {
  crash: 3_000,
  'torn-write': 3_000,
  partition: 6_000,
  asymmetric: 5_000,
  churn: 2_500,
  'clock-drift': 0,
  'clock-jump': 4_000,
  'restored-backup': 8_000,
};

/** In order of time; faults at one time in the order of `kinds`. */
export function drawFaults(kinds: readonly FaultKind[], subjects: FaultSubjects): ScheduledFault[] {
  const faults = kinds.flatMap((kind) => drawKind(kind, subjects));
  return faults.sort((a, b) => a.atMs - b.atMs);
}

function drawKind(kind: FaultKind, subjects: FaultSubjects): ScheduledFault[] {
  const random = new Random(subjects.seed, `faults/${kind}`);
  if (kind === 'clock-drift') return subjects.honest.map((node) => drawDrift(node, subjects, random));
  const faults: ScheduledFault[] = [];
  let atMs = WARM_UP_MS;
  for (;;) {
    atMs += Math.round(random.between(0.2, 1.8) * everyMs[kind]);
    if (atMs >= subjects.durationMs) return faults;
    const untilMs = Math.min(subjects.durationMs, atMs + Math.round(random.between(100, DOWN_MAX_MS)));
    faults.push(drawOne(kind, { atMs, untilMs }, subjects, random));
  }
}

function drawDrift(node: number, { durationMs }: FaultSubjects, random: Random): ScheduledFault {
  const offsetMs = Math.round(random.between(-200, 200));
  const ppm = Math.round(random.between(-100, 100));
  return { kind: 'clock-drift', atMs: 0, untilMs: durationMs, node, offsetMs, ppm };
}

function drawOne(
  kind: Exclude<FaultKind, 'clock-drift'>,
  when: { readonly atMs: number; readonly untilMs: number },
  { nodes, honest }: FaultSubjects,
  random: Random,
): ScheduledFault {
  const node = random.pick(honest);
  const everybody = Array.from({ length: nodes }, (_, i) => i);
  const others = everybody.filter((other) => other !== node);
  switch (kind) {
    case 'crash':
      return { kind, ...when, node, power: random.chance() < 0.5 };
    case 'torn-write':
      return { kind, ...when, node };
    case 'partition': {
      const left = random.sample(everybody, 1 + random.below(Math.max(1, nodes - 1)));
      return { kind, ...when, left: left.sort((a, b) => a - b) };
    }
    case 'asymmetric': {
      const some = random.sample(others, 1 + random.below(Math.max(1, others.length)));
      const [from, to] = random.chance() < 0.5 ? [[node], some] : [some, [node]];
      return { kind, ...when, from, to };
    }
    case 'churn': {
      const other = random.chance() < 0.6 && others.length > 0 ? random.pick(others) : undefined;
      return { kind, ...when, node, other };
    }
    case 'clock-jump':
      return { kind, ...when, node, byMs: Math.round(random.between(-2_000, 2_000)) };
    case 'restored-backup':
      return { kind, ...when, node, backupAtMs: Math.round(when.atMs * random.chance()) };
  }
}

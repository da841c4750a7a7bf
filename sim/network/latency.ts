/**
 * How long a message is under way: named distributions and matrices of regions. Figures of regions are round trips in
 * milliseconds, rounded from what cloud providers and public latency monitors show between such places.
 */

import type { Random } from '../random.ts';

export interface Latency {
  readonly name: string;
  /** One way, ms, between nodes by number. */
  oneWayMs(from: number, to: number, random: Random): number;
}

interface Matrix {
  readonly regions: readonly string[];
  /** Round trips: row i holds those to regions i, i + 1, …. */
  readonly roundTripMs: readonly (readonly number[])[];
}

export const matrices: { readonly [name: string]: Matrix } = {
  /** One hall. */
  lan: { regions: ['hall'], roundTripMs: [[0.3]] },
  /** Three data centres of one city. */
  metro: {
    regions: ['north', 'centre', 'south'],
    roundTripMs: [[0.3, 1.2, 2], [0.3, 1], [0.3]],
  },
  eu: {
    regions: ['Frankfurt', 'Dublin', 'London', 'Paris', 'Stockholm', 'Milan'],
    roundTripMs: [
      [0.6, 25, 15, 10, 22, 10],
      [0.6, 12, 18, 40, 33],
      [0.6, 9, 30, 22],
      [0.6, 28, 18],
      [0.6, 30],
      [0.6],
    ],
  },
  world: {
    regions: ['Virginia', 'Frankfurt', 'Tokyo', 'São Paulo', 'Singapore', 'Oregon', 'Mumbai', 'Sydney'],
    roundTripMs: [
      [0.6, 90, 150, 115, 220, 65, 190, 200],
      [0.6, 225, 205, 160, 150, 125, 270],
      [0.6, 260, 70, 100, 130, 110],
      [0.6, 325, 175, 300, 315],
      [0.6, 165, 60, 95],
      [0.6, 220, 140],
      [0.6, 150],
      [0.6],
    ],
  },
};

/** Spread of the lognormal factor: about one message in twenty takes 2.3 times the median. */
const HEAVY_SPREAD = 0.5;
/** Jitter on a region's figure. */
const JITTER_SPREAD = 0.05;
const DELAY_MAX_MS = 60_000;

export const latencyForms = `${Object.keys(matrices).join(', ')}, <n>ms, <n>-<n>ms or lognormal:<n>ms`;

/** `undefined` when the name means nothing. */
export function parseLatency(name: string): Latency | undefined {
  const matrix = Object.hasOwn(matrices, name) ? matrices[name] : undefined;
  if (matrix !== undefined)
    return { name, oneWayMs: (from, to, random) => alongMatrix(matrix, from, to, random) };
  const [, heavy, first, second] = /^(lognormal:)?(\d+(?:\.\d+)?)(?:-(\d+(?:\.\d+)?))?ms$/.exec(name) ?? [];
  if (first === undefined) return undefined;
  const [least, most] = [Number(first), Number(second ?? first)];
  if (most < least || most > DELAY_MAX_MS || (heavy !== undefined && second !== undefined)) return undefined;
  if (heavy !== undefined)
    return { name, oneWayMs: (_from, _to, random) => least * random.lognormal(HEAVY_SPREAD) };
  if (least === most) return { name, oneWayMs: () => least };
  return { name, oneWayMs: (_from, _to, random) => random.between(least, most) };
}

function alongMatrix({ regions, roundTripMs }: Matrix, from: number, to: number, random: Random): number {
  const [a, b] = [from % regions.length, to % regions.length];
  const roundTrip = roundTripMs[Math.min(a, b)]![Math.abs(a - b)]!;
  return (roundTrip / 2) * random.lognormal(JITTER_SPREAD);
}

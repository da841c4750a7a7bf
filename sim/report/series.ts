/** Samples of many runs as series over time: median, least and greatest at each instant. docs/spec/simulator.md, *The report*. */

import type { RunResult, Sample } from '../run-result.ts';
import { median } from './scale.ts';

export interface Point {
  readonly atMs: number;
  readonly mid: number;
  readonly low: number;
  readonly high: number;
}

export interface Frame {
  /** Where the axis ends. */
  readonly endMs: number;
  readonly binMs: number;
  readonly bins: number;
}

const BIN_MS = 1_000;
const BINS_MAX = 60;

/** As long as at least half of the runs go on, in at most 60 bins of whole seconds. */
export function frameOf(results: readonly RunResult[]): Frame {
  const ends = results.map(({ virtualMs }) => virtualMs);
  const endMs = Math.max(BIN_MS, ends.sort((a, b) => b - a)[Math.ceil(ends.length / 2) - 1] ?? BIN_MS);
  const binMs = BIN_MS * Math.ceil(endMs / BIN_MS / BINS_MAX);
  return { endMs, binMs, bins: Math.ceil(endMs / binMs) };
}

/** Of the samples of one bin, and all samples before it. */
type Reading = (inBin: readonly Sample[], before: readonly Sample[]) => number | undefined;

/** What one reads off a run's samples in each bin, over all runs; bins that nobody has a value for are left out. */
export function seriesOf(results: readonly RunResult[], frame: Frame, read: Reading): Point[] {
  const values: number[][] = Array.from({ length: frame.bins }, () => []);
  for (const { samples } of results) {
    for (const [bin, inBin, before] of bins(samples, frame)) {
      const value = read(inBin, before);
      if (value !== undefined) values[bin]!.push(value);
    }
  }
  return values.flatMap((all, bin) => {
    if (all.length === 0) return [];
    const atMs = Math.min(frame.endMs, (bin + 1) * frame.binMs);
    return [{ atMs, mid: median(all), low: least(all), high: greatest(all) }];
  });
}

/** A bin holds what was sampled after its beginning and up to its end. */
function* bins(
  samples: readonly Sample[],
  { bins: count, binMs }: Frame,
): Generator<[bin: number, inBin: readonly Sample[], before: readonly Sample[]]> {
  let from = 0;
  for (let bin = 0; bin < count && from < samples.length; bin++) {
    let to = from;
    while (to < samples.length && samples[to]!.atMs <= (bin + 1) * binMs) to += 1;
    if (to > from) yield [bin, samples.slice(from, to), samples.slice(0, from)];
    from = to;
  }
}

/** Of a figure that only grows, per second: since the bin before, or over at least so long. */
export function rate(name: 'final' | 'messages' | 'bytes' | 'height', windowMs = 0): Reading {
  return (inBin, before) => {
    const last = inBin.at(-1)!;
    let at = before.length - 1;
    while (at >= 0 && before[at]!.atMs > last.atMs - windowMs) at -= 1;
    const first = before[at];
    const spanMs = last.atMs - (first?.atMs ?? 0);
    return spanMs <= 0 ? undefined : ((last[name] - (first?.[name] ?? 0)) * 1_000) / spanMs;
  };
}

/** Of a figure that goes up and down: the greatest. */
export function peak(name: 'open' | 'tips' | 'parked'): Reading {
  return (samples) => greatest(samples.map((sample) => sample[name]));
}

/** Of finality: the middle of what was told, if anything was. */
export function told(name: 'finalityP50Ms' | 'finalityP95Ms'): Reading {
  return (samples) => {
    const values = samples.flatMap((sample) => sample[name] ?? []);
    return values.length === 0 ? undefined : median(values);
  };
}

/** Unlike `Math.min(...values)` of any length. */
export function least(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
}

export function greatest(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
}

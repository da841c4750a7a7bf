/** What rounds of one measurement come to: the median, with the least and the greatest. */

import { quantile } from '../../sim/experiments/statistics.ts';

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly greatest: number;
}

/** Of one value or more; rounded to so many digits after the point. */
export function spreadOf(values: readonly number[], digits = 0): Spread {
  const round = (value: number | undefined): number => Number((value ?? Number.NaN).toFixed(digits));
  return {
    median: round(quantile(values, 0.5)),
    least: round(quantile(values, 0)),
    greatest: round(quantile(values, 1)),
  };
}

export function tellSpread({ median, least, greatest }: Spread, digits = 0): string {
  const tell = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: digits });
  return `${tell(median)} (${tell(least)}–${tell(greatest)})`;
}

export interface Percentiles {
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

/** `undefined` when nothing was measured. */
export function percentilesOf(latenciesMs: readonly number[]): Percentiles | undefined {
  if (latenciesMs.length === 0) return undefined;
  const at = (part: number): number => Math.round(quantile(latenciesMs, part)!);
  return { p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99) };
}

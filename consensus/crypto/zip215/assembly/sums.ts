/** Which method sums the terms: the one that should cost least, counted in products of quads. */

import { countWindows, LONG_BITS, SHORT_BITS, sumBuckets } from './buckets.ts';
import { PASSING, PASSING_MAX, QUAD, WINDOW_MAX } from './layout.ts';
import { writeBothMultiples } from './multiples.ts';
import { hasRoom, sumStraus } from './straus.ts';
import {
  addKeptTerm,
  longCount,
  longTerm,
  passingCount,
  pointOf,
  scalarOf,
  shortCount,
  takeLongTerms,
} from './terms.ts';

/** What 2^128 times a point costs. */
const HALVING: i32 = 265;
/** More than anything costs. */
const NEVER: i32 = 1 << 30;

/** An addition or a doubling costs two products, an addition of two extended points three. */
function estimateBuckets(long: i32, short: i32, width: i32): i32 {
  const longWindows = long > 0 ? countWindows(LONG_BITS, width) : 0;
  const shortWindows = countWindows(SHORT_BITS, width);
  const windows = max(longWindows, shortWindows);
  return 2 * (long * longWindows + short * shortWindows) + windows * (6 * (1 << (width - 1)) + 2 * width + 3);
}

function chooseWidth(long: i32, short: i32): i32 {
  let best = 2;
  for (let width = 3; width <= WINDOW_MAX; width++) {
    if (estimateBuckets(long, short, width) < estimateBuckets(long, short, best)) best = width;
  }
  return best;
}

/**
 * Four multiples cost 13 products; then there is an addition in five bits, or in six where eight are kept: 64, 114 and
 * 43 products, of which each takes an eighth longer here than in buckets, as measured: there is more memory to go to.
 */
function estimateStraus(): i32 {
  if (!hasRoom()) return NEVER;
  const places = longCount > 0 ? LONG_BITS : SHORT_BITS;
  return 2 * places + 72 * passingCount + 128 * longCount + 49 * (shortCount - passingCount);
}

/** Makes two short terms of each long one: worth while where few would give the buckets twice the windows. */
function halveLongTerms(): void {
  const long = takeLongTerms();
  for (let i = 0; i < long; i++) {
    const term = longTerm(i);
    const table = PASSING + usize(2 * i) * QUAD;
    writeBothMultiples(table, pointOf(term), 1);
    addKeptTerm(table, 1, scalarOf(term));
  }
}

/** r = the sum of all terms (terms.ts). */
export function sumTerms(r: usize): void {
  const width = chooseWidth(longCount, shortCount);
  const halvedWidth = chooseWidth(0, shortCount + 2 * longCount);
  const byStraus = estimateStraus();
  const byBuckets = estimateBuckets(longCount, shortCount, width);
  const byHalves =
    longCount > PASSING_MAX
      ? NEVER
      : HALVING * longCount + estimateBuckets(0, shortCount + 2 * longCount, halvedWidth);
  if (byStraus <= byBuckets && byStraus <= byHalves) {
    sumStraus(r);
  } else if (byBuckets <= byHalves) {
    sumBuckets(r, width);
  } else {
    halveLongTerms();
    sumBuckets(r, halvedWidth);
  }
}

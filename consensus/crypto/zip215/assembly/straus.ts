/**
 * Sums of multiples by Straus' method, for few terms: one chain of doublings for all; each term has odd multiples and
 * its scalar as signed odd digits, few of which are not 0 (with 2^(w−2) multiples, width-w NAF, one place in w + 1).
 * What is to be added at a place is a list: a digit names the multiple that it stands for, and the next digit.
 */

import { DIGITS, DIGITS_MAX, PASSING, PASSING_MAX, PASSING_MULTIPLES, PLACES, QUAD } from './layout.ts';
import { writeMultiples } from './multiples.ts';
import { addCached, double, setIdentity, subtractCached } from './point.ts';
import {
  longCount,
  longTerm,
  multiplesOf,
  passingCount,
  pointOf,
  scalarOf,
  shortCount,
  shortTerm,
  tableOf,
} from './terms.ts';

/** A digit: the address of its multiple, with 1 where it is negative, and the address of the next digit or 0. */
const DIGIT: usize = 8;
const NEXT_AT: usize = 4;
/** Scalars are below 2^253. */
const PLACES_MAX: i32 = 256;

let digits: i32 = 0;
/** The highest place of any digit. */
let top: i32 = 0;

/** As many digits as a scalar may have. */
function mostDigits(bits: i32, width: i32): i32 {
  return bits / width + 1;
}

/** Whether there is room for these terms. */
export function hasRoom(): bool {
  const passing = passingCount * mostDigits(128, 4) + longCount * mostDigits(253, 4);
  return (
    passingCount + longCount <= PASSING_MAX &&
    passing + (shortCount - passingCount) * mostDigits(128, 5) <= DIGITS_MAX
  );
}

/** The scalar as odd digits below 2^(width−1) in size, each followed by width − 1 zeros or more. */
function writeDigits(table: usize, multiples: i32, scalar: usize): void {
  const width = ctz(multiples) + 2;
  const mask = (1 << width) - 1;
  let c = 0;
  let at = 0;
  while (true) {
    // Bits equal to the carry give no digit: 0 and 0 is 0, 1 and 1 is 0 and a carry. At least 57 bits are looked at.
    const bits = (load<u64>(scalar + usize(at >> 3)) >> u64(at & 7)) ^ u64(-c);
    at += min(i32(ctz(bits)), 57);
    if (at >= PLACES_MAX) return;
    const window = c + (i32(load<u32>(scalar + usize(at >> 3)) >> (at & 7)) & mask);
    // No digit begins in those 57 bits: on to the next.
    if ((window & 1) === 0) continue;
    c = i32(window > mask >> 1);
    writeDigit(at, table, window - (c << width));
    at += width;
    if (at >= PLACES_MAX) return;
  }
}

function writeDigit(at: i32, table: usize, value: i32): void {
  if (digits >= DIGITS_MAX) unreachable();
  const digit = DIGITS + usize(digits++) * DIGIT;
  const place = PLACES + usize(at << 2);
  store<u32>(digit, u32(table + usize(abs(value) >> 1) * QUAD) | u32(value < 0));
  store<u32>(digit, load<u32>(place), NEXT_AT);
  store<u32>(place, u32(digit));
  if (at > top) top = at;
}

/** A point that came once: its multiples go to the `index`-th table. */
function passTerm(index: i32, term: usize): void {
  if (index >= PASSING_MAX) unreachable();
  const table = PASSING + usize(index * PASSING_MULTIPLES) * QUAD;
  writeMultiples(table, pointOf(term), PASSING_MULTIPLES);
  writeDigits(table, PASSING_MULTIPLES, scalarOf(term));
}

/** r = the sum of all terms. */
export function sumStraus(r: usize): void {
  digits = 0;
  top = -1;
  memory.fill(PLACES, 0, 4 * PLACES_MAX);
  let passing = 0;
  for (let i = 0; i < shortCount; i++) {
    const term = shortTerm(i);
    if (tableOf(term) === 0) passTerm(passing++, term);
    else writeDigits(tableOf(term), multiplesOf(term), scalarOf(term));
  }
  for (let i = 0; i < longCount; i++) passTerm(passing++, longTerm(i));
  setIdentity(r);
  for (let at = top; at >= 0; at--) {
    double(r, r);
    for (
      let digit = load<u32>(PLACES + usize(at << 2));
      digit !== 0;
      digit = load<u32>(usize(digit), NEXT_AT)
    ) {
      const multiple = load<u32>(usize(digit));
      if (multiple & 1) subtractCached(r, r, usize(multiple - 1));
      else addCached(r, r, usize(multiple));
    }
  }
}

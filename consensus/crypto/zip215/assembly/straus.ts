/**
 * Sums of multiples by Straus' method, for few terms: one chain of doublings for all; each term has a table of its odd
 * multiples and its scalar as signed odd digits, few of which are not 0 (width-5 NAF: one in six).
 */

import { BASE_WIDTH } from './base.ts';
import { AFFINE, BASE_TABLE, DIGITS, LONG, ODD_MULTIPLES, POINT, STRAUS_MAX, TERM_SCALAR } from './layout.ts';
import { addAffine, addCached, double, fromAffine, ROOM, setIdentity, toCached } from './point.ts';

const WIDTH: i32 = 5;
const TABLE: usize = 8 * POINT;
/** Positions of digits: scalars are below 2^253. */
const POSITIONS: i32 = 256;

const P: usize = ROOM;
const TWICE: usize = P + POINT;

/** Row 0 of the digits says at which positions anything is added, row 1 is the base point's. */
const BUSY: usize = DIGITS;
const BASE_DIGITS: usize = DIGITS + usize(POSITIONS);

let count: i32 = 0;
/** The highest position of any digit. */
let top: i32 = 0;

/* @inline */
function digitsOf(index: i32): usize {
  return DIGITS + usize((index + 2) * POSITIONS);
}

/** A sum of the base point's multiple by LONG's first scalar, so far. */
export function openStraus(): void {
  count = 0;
  top = -1;
  memory.fill(BUSY, 0, POSITIONS);
  writeDigits(BASE_DIGITS, LONG + TERM_SCALAR, BASE_WIDTH);
}

/** The scalar as odd digits below 2^(width−1) in size, each followed by width − 1 zeros or more. */
function writeDigits(digits: usize, scalar: usize, width: i32): void {
  memory.fill(digits, 0, POSITIONS);
  const mask = (1 << width) - 1;
  let c = 0;
  let at = 0;
  while (at < POSITIONS) {
    const window = c + (i32(load<u32>(scalar + usize(at >> 3)) >> (at & 7)) & mask);
    if ((window & 1) === 0) {
      at++;
      continue;
    }
    c = i32(window > mask >> 1);
    store<i8>(digits + usize(at), window - (c << width));
    store<u8>(BUSY + usize(at), 1);
    if (at > top) top = at;
    at += width;
  }
}

/** Adds a term to the sum: at most `STRAUS_MAX` of them. */
export function addTerm(term: usize): void {
  if (count >= STRAUS_MAX) unreachable();
  writeDigits(digitsOf(count), term + TERM_SCALAR, WIDTH);
  const table = ODD_MULTIPLES + usize(count) * TABLE;
  fromAffine(P, term);
  toCached(table, P);
  double(TWICE, P, true);
  toCached(TWICE, TWICE);
  for (let i: usize = 1; i < 8; i++) {
    addCached(P, P, TWICE, false);
    toCached(table + i * POINT, P);
  }
  count++;
}

export function sumStraus(r: usize): void {
  setIdentity(r);
  for (let at = top; at >= 0; at--) {
    const busy = load<u8>(BUSY + usize(at)) !== 0;
    // T is wanted for what is added here, and of the result.
    double(r, r, busy || at === 0);
    if (!busy) continue;
    const baseDigit = i32(load<i8>(BASE_DIGITS + usize(at)));
    if (baseDigit !== 0) {
      addAffine(r, r, BASE_TABLE + usize(abs(baseDigit) >> 1) * AFFINE, baseDigit < 0);
    }
    for (let index = 0; index < count; index++) {
      const digit = i32(load<i8>(digitsOf(index) + usize(at)));
      if (digit === 0) continue;
      const multiple = ODD_MULTIPLES + usize(index) * TABLE + usize(abs(digit) >> 1) * POINT;
      addCached(r, r, multiple, digit < 0);
    }
  }
}

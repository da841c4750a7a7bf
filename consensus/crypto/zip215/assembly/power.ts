/** Powers with long exponents, of one number (field.ts) or of the four of a quad (lanes.ts): one chain of steps for both. */

import { multiply, square } from './field.ts';
import { multiplyQuads, squareQuads } from './lanes.ts';
import { FIELD, QUAD } from './layout.ts';

/* @inline */
function times(r: usize, a: usize, b: usize, four: bool): void {
  if (four) multiplyQuads(r, a, b);
  else multiply(r, a, b);
}

/** r = a^(2^count), for count ≥ 1. */
/* @inline */
function squareTimes(r: usize, a: usize, count: i32, four: bool): void {
  if (four) {
    squareQuads(r, a);
    for (let i = 1; i < count; i++) squareQuads(r, r);
  } else {
    square(r, a);
    for (let i = 1; i < count; i++) square(r, r);
  }
}

/* @inline */
function raise(r: usize, a: usize, t: usize, four: bool): void {
  const t0 = t;
  const t1 = t0 + (four ? QUAD : FIELD);
  const t2 = t1 + (four ? QUAD : FIELD);
  squareTimes(t0, a, 1, four);
  squareTimes(t1, t0, 2, four);
  times(t1, a, t1, four); // a^9
  times(t0, t0, t1, four); // a^11
  squareTimes(t0, t0, 1, four); // a^22
  times(t0, t1, t0, four); // 2^5 − 1 ones
  squareTimes(t1, t0, 5, four);
  times(t0, t1, t0, four); // 2^10 − 1
  squareTimes(t1, t0, 10, four);
  times(t1, t1, t0, four); // 2^20 − 1
  squareTimes(t2, t1, 20, four);
  times(t1, t2, t1, four); // 2^40 − 1
  squareTimes(t1, t1, 10, four);
  times(t0, t1, t0, four); // 2^50 − 1
  squareTimes(t1, t0, 50, four);
  times(t1, t1, t0, four); // 2^100 − 1
  squareTimes(t2, t1, 100, four);
  times(t1, t2, t1, four); // 2^200 − 1
  squareTimes(t1, t1, 50, four);
  times(t0, t1, t0, four); // 2^250 − 1
  squareTimes(t0, t0, 2, four);
  times(r, t0, a, four);
}

/** r = a^(2^252 − 3), the exponent (p − 5) / 8; `t` is room for three elements, apart from `r` and `a`. */
export function powerForRoot(r: usize, a: usize, t: usize): void {
  raise(r, a, t, false);
}

/** The same of each number of a quad; `t` is room for three quads. */
export function powerForRootOfQuad(r: usize, a: usize, t: usize): void {
  raise(r, a, t, true);
}

/** r = 1/a, and 0 for 0: a^(p − 2) = (a^(2^252 − 3))^8 · a^3; `t` is room for four elements. */
export function invert(r: usize, a: usize, t: usize): void {
  const power = t + 3 * FIELD;
  powerForRoot(power, a, t);
  squareTimes(power, power, 3, false);
  square(t, a);
  multiply(t, t, a);
  multiply(r, power, t);
}

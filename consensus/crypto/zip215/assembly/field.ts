/**
 * The field of 2^255 − 19. An element is nine signed limbs of 29 bits; 2^261 = 64·19 = 1216, so the upper half of a
 * product folds onto the lower one. A *weight* w says that no limb exceeds w·2^28 (and a 4096th more): products,
 * squares and `carry` give weight 1, sums and differences add the weights of what they are made of. A product takes
 * factors whose weights multiply to 14 at most: then nine products of limbs, and what is folded onto them, stay
 * below 2^63. Each caller says its weights where they are not plain. Results may lie where an argument lies.
 */

import { FIELD } from './layout.ts';

const MASK: i64 = (1 << 29) - 1;
const HALF: i64 = 1 << 28;
const WRAP: i64 = 1216;

/* @inline */
function limb(a: usize, i: i32): i64 {
  return i64(load<i32>(a + usize(i << 2)));
}

export function copy(r: usize, a: usize): void {
  for (let i: usize = 0; i < FIELD; i += 4) store<i32>(r + i, load<i32>(a + i));
}

export function setSmall(r: usize, value: i32): void {
  store<i32>(r, value);
  for (let i: usize = 4; i < FIELD; i += 4) store<i32>(r + i, 0);
}

export function add(r: usize, a: usize, b: usize): void {
  store<i32>(r, load<i32>(a, 0) + load<i32>(b, 0), 0);
  store<i32>(r, load<i32>(a, 4) + load<i32>(b, 4), 4);
  store<i32>(r, load<i32>(a, 8) + load<i32>(b, 8), 8);
  store<i32>(r, load<i32>(a, 12) + load<i32>(b, 12), 12);
  store<i32>(r, load<i32>(a, 16) + load<i32>(b, 16), 16);
  store<i32>(r, load<i32>(a, 20) + load<i32>(b, 20), 20);
  store<i32>(r, load<i32>(a, 24) + load<i32>(b, 24), 24);
  store<i32>(r, load<i32>(a, 28) + load<i32>(b, 28), 28);
  store<i32>(r, load<i32>(a, 32) + load<i32>(b, 32), 32);
}

export function subtract(r: usize, a: usize, b: usize): void {
  store<i32>(r, load<i32>(a, 0) - load<i32>(b, 0), 0);
  store<i32>(r, load<i32>(a, 4) - load<i32>(b, 4), 4);
  store<i32>(r, load<i32>(a, 8) - load<i32>(b, 8), 8);
  store<i32>(r, load<i32>(a, 12) - load<i32>(b, 12), 12);
  store<i32>(r, load<i32>(a, 16) - load<i32>(b, 16), 16);
  store<i32>(r, load<i32>(a, 20) - load<i32>(b, 20), 20);
  store<i32>(r, load<i32>(a, 24) - load<i32>(b, 24), 24);
  store<i32>(r, load<i32>(a, 28) - load<i32>(b, 28), 28);
  store<i32>(r, load<i32>(a, 32) - load<i32>(b, 32), 32);
}

/* @inline */
function sumAndDifferenceOfLimbs(s: usize, d: usize, a: i32, b: i32): void {
  store<i32>(s, a + b);
  store<i32>(d, a - b);
}

/** s = a + b and d = a − b. */
export function addAndSubtract(s: usize, d: usize, a: usize, b: usize): void {
  sumAndDifferenceOfLimbs(s + 0, d + 0, load<i32>(a, 0), load<i32>(b, 0));
  sumAndDifferenceOfLimbs(s + 4, d + 4, load<i32>(a, 4), load<i32>(b, 4));
  sumAndDifferenceOfLimbs(s + 8, d + 8, load<i32>(a, 8), load<i32>(b, 8));
  sumAndDifferenceOfLimbs(s + 12, d + 12, load<i32>(a, 12), load<i32>(b, 12));
  sumAndDifferenceOfLimbs(s + 16, d + 16, load<i32>(a, 16), load<i32>(b, 16));
  sumAndDifferenceOfLimbs(s + 20, d + 20, load<i32>(a, 20), load<i32>(b, 20));
  sumAndDifferenceOfLimbs(s + 24, d + 24, load<i32>(a, 24), load<i32>(b, 24));
  sumAndDifferenceOfLimbs(s + 28, d + 28, load<i32>(a, 28), load<i32>(b, 28));
  sumAndDifferenceOfLimbs(s + 32, d + 32, load<i32>(a, 32), load<i32>(b, 32));
}

export function negate(r: usize, a: usize): void {
  for (let i: usize = 0; i < FIELD; i += 4) store<i32>(r + i, -load<i32>(a + i));
}

/** Nine limbs below 2^63 to weight 1: each carry is rounded, so that limbs stay around zero. */
/* @inline */
function settle(
  r: usize,
  h0: i64,
  h1: i64,
  h2: i64,
  h3: i64,
  h4: i64,
  h5: i64,
  h6: i64,
  h7: i64,
  h8: i64,
): void {
  // Two chains side by side, so that neither waits for the other.
  let c = (h0 + HALF) >> 29;
  let d = (h4 + HALF) >> 29;
  h0 -= c << 29;
  h4 -= d << 29;
  h1 += c;
  h5 += d;
  c = (h1 + HALF) >> 29;
  d = (h5 + HALF) >> 29;
  h1 -= c << 29;
  h5 -= d << 29;
  h2 += c;
  h6 += d;
  c = (h2 + HALF) >> 29;
  d = (h6 + HALF) >> 29;
  h2 -= c << 29;
  h6 -= d << 29;
  h3 += c;
  h7 += d;
  c = (h3 + HALF) >> 29;
  d = (h7 + HALF) >> 29;
  h3 -= c << 29;
  h7 -= d << 29;
  h4 += c;
  h8 += d;
  c = (h4 + HALF) >> 29;
  d = (h8 + HALF) >> 29;
  h4 -= c << 29;
  h8 -= d << 29;
  h5 += c;
  h0 += WRAP * d;
  c = (h0 + HALF) >> 29;
  h0 -= c << 29;
  h1 += c;
  store<i32>(r, i32(h0));
  store<i32>(r, i32(h1), 4);
  store<i32>(r, i32(h2), 8);
  store<i32>(r, i32(h3), 12);
  store<i32>(r, i32(h4), 16);
  store<i32>(r, i32(h5), 20);
  store<i32>(r, i32(h6), 24);
  store<i32>(r, i32(h7), 28);
  store<i32>(r, i32(h8), 32);
}

/** To weight 1, from limbs of any weight that an i32 holds. */
export function carry(r: usize, a: usize): void {
  settle(
    r,
    limb(a, 0),
    limb(a, 1),
    limb(a, 2),
    limb(a, 3),
    limb(a, 4),
    limb(a, 5),
    limb(a, 6),
    limb(a, 7),
    limb(a, 8),
  );
}

/** Seventeen limbs of a product to nine: an upper one goes down as its low 29 bits and the rest, a limb higher. */
/* @inline */
function fold(
  r: usize,
  h0: i64,
  h1: i64,
  h2: i64,
  h3: i64,
  h4: i64,
  h5: i64,
  h6: i64,
  h7: i64,
  h8: i64,
  h9: i64,
  h10: i64,
  h11: i64,
  h12: i64,
  h13: i64,
  h14: i64,
  h15: i64,
  h16: i64,
): void {
  settle(
    r,
    h0 + WRAP * (h9 & MASK),
    h1 + WRAP * ((h10 & MASK) + (h9 >> 29)),
    h2 + WRAP * ((h11 & MASK) + (h10 >> 29)),
    h3 + WRAP * ((h12 & MASK) + (h11 >> 29)),
    h4 + WRAP * ((h13 & MASK) + (h12 >> 29)),
    h5 + WRAP * ((h14 & MASK) + (h13 >> 29)),
    h6 + WRAP * ((h15 & MASK) + (h14 >> 29)),
    h7 + WRAP * ((h16 & MASK) + (h15 >> 29)),
    h8 + WRAP * (h16 >> 29),
  );
}

export function multiply(r: usize, a: usize, b: usize): void {
  const a0 = limb(a, 0);
  const a1 = limb(a, 1);
  const a2 = limb(a, 2);
  const a3 = limb(a, 3);
  const a4 = limb(a, 4);
  const a5 = limb(a, 5);
  const a6 = limb(a, 6);
  const a7 = limb(a, 7);
  const a8 = limb(a, 8);
  const b0 = limb(b, 0);
  const b1 = limb(b, 1);
  const b2 = limb(b, 2);
  const b3 = limb(b, 3);
  const b4 = limb(b, 4);
  const b5 = limb(b, 5);
  const b6 = limb(b, 6);
  const b7 = limb(b, 7);
  const b8 = limb(b, 8);
  const h0 = a0 * b0;
  const h1 = a0 * b1 + a1 * b0;
  const h2 = a0 * b2 + a1 * b1 + a2 * b0;
  const h3 = a0 * b3 + a1 * b2 + a2 * b1 + a3 * b0;
  const h4 = a0 * b4 + a1 * b3 + a2 * b2 + a3 * b1 + a4 * b0;
  const h5 = a0 * b5 + a1 * b4 + a2 * b3 + a3 * b2 + a4 * b1 + a5 * b0;
  const h6 = a0 * b6 + a1 * b5 + a2 * b4 + a3 * b3 + a4 * b2 + a5 * b1 + a6 * b0;
  const h7 = a0 * b7 + a1 * b6 + a2 * b5 + a3 * b4 + a4 * b3 + a5 * b2 + a6 * b1 + a7 * b0;
  const h8 = a0 * b8 + a1 * b7 + a2 * b6 + a3 * b5 + a4 * b4 + a5 * b3 + a6 * b2 + a7 * b1 + a8 * b0;
  const h9 = a1 * b8 + a2 * b7 + a3 * b6 + a4 * b5 + a5 * b4 + a6 * b3 + a7 * b2 + a8 * b1;
  const h10 = a2 * b8 + a3 * b7 + a4 * b6 + a5 * b5 + a6 * b4 + a7 * b3 + a8 * b2;
  const h11 = a3 * b8 + a4 * b7 + a5 * b6 + a6 * b5 + a7 * b4 + a8 * b3;
  const h12 = a4 * b8 + a5 * b7 + a6 * b6 + a7 * b5 + a8 * b4;
  const h13 = a5 * b8 + a6 * b7 + a7 * b6 + a8 * b5;
  const h14 = a6 * b8 + a7 * b7 + a8 * b6;
  const h15 = a7 * b8 + a8 * b7;
  const h16 = a8 * b8;
  fold(r, h0, h1, h2, h3, h4, h5, h6, h7, h8, h9, h10, h11, h12, h13, h14, h15, h16);
}

export function square(r: usize, a: usize): void {
  const a0 = limb(a, 0);
  const a1 = limb(a, 1);
  const a2 = limb(a, 2);
  const a3 = limb(a, 3);
  const a4 = limb(a, 4);
  const a5 = limb(a, 5);
  const a6 = limb(a, 6);
  const a7 = limb(a, 7);
  const a8 = limb(a, 8);
  const d0 = a0 << 1;
  const d1 = a1 << 1;
  const d2 = a2 << 1;
  const d3 = a3 << 1;
  const d4 = a4 << 1;
  const d5 = a5 << 1;
  const d6 = a6 << 1;
  const d7 = a7 << 1;
  const h0 = a0 * a0;
  const h1 = d0 * a1;
  const h2 = d0 * a2 + a1 * a1;
  const h3 = d0 * a3 + d1 * a2;
  const h4 = d0 * a4 + d1 * a3 + a2 * a2;
  const h5 = d0 * a5 + d1 * a4 + d2 * a3;
  const h6 = d0 * a6 + d1 * a5 + d2 * a4 + a3 * a3;
  const h7 = d0 * a7 + d1 * a6 + d2 * a5 + d3 * a4;
  const h8 = d0 * a8 + d1 * a7 + d2 * a6 + d3 * a5 + a4 * a4;
  const h9 = d1 * a8 + d2 * a7 + d3 * a6 + d4 * a5;
  const h10 = d2 * a8 + d3 * a7 + d4 * a6 + a5 * a5;
  const h11 = d3 * a8 + d4 * a7 + d5 * a6;
  const h12 = d4 * a8 + d5 * a7 + a6 * a6;
  const h13 = d5 * a8 + d6 * a7;
  const h14 = d6 * a8 + a7 * a7;
  const h15 = d7 * a8;
  const h16 = a8 * a8;
  fold(r, h0, h1, h2, h3, h4, h5, h6, h7, h8, h9, h10, h11, h12, h13, h14, h15, h16);
}

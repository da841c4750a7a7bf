/**
 * Four numbers of the field at a time, one in each lane of WebAssembly's 128-bit vectors: the coordinates of a point,
 * or one number of each of four points. Such a *quad* is ten vectors. Each number is twenty signed limbs of 13 bits; a
 * 32-bit lane of vector k holds limb 2k and, above it, limb 2k + 1; 2^260 = 32·19 = 608. So one instruction multiplies
 * eight limbs by eight, and adds the products by twos.
 *
 * A *weight* w says that no limb exceeds w·4130 in size: 2^12, and 34 that a last carry leaves. Products and squares
 * give weight 1, limbs from bytes have 2, sums and differences add the weights. A limb has 16 bits, so 7 is the most. A
 * product takes factors whose weights multiply to 6 at most, and a square one of weight 2. Why nothing overflows 32 bits:
 *
 * - a column is the sum of 20 products of limbs at most: 20·6·4130² = 2,047 million, below 2^31 = 2,147 million;
 * - limb i is column i, of i + 1 products; with 608 times the lower 16 bits of column i + 20, below 40 million; and with
 *   8·608 times the upper ones of column i + 19, which has 20 − i products: 0.0743 times that column. The most is for i =
 *   19: 20 products and a 13th of one, 2,055 million, with nothing of the lower bits. A carry brings 2^18 at most.
 *
 * What is added up on the way may leave 32 bits and come back: it counts modulo 2^32. A result may lie where an argument
 * lies, as both have been read when it is written.
 */

import { COLUMNS, PAIRS } from './layout.ts';
import { settle } from './settle.ts';
import { bridged, dot, doubled, even, get, mac, odd, put, swapped } from './vectors.ts';

/**
 * To PAIRS: its vector j, of 0 to 20, holds limb j and limb j − 1 above it. Column c of a product is the sum of limb i
 * times limb c − i: so limbs 2k and 2k + 1 of one factor meet vector c − 2k of the other.
 */
/* @inline */
function pairLimbs(b: usize): void {
  const b0 = get(b, 0);
  const b1 = get(b, 1);
  const b2 = get(b, 2);
  const b3 = get(b, 3);
  const b4 = get(b, 4);
  const b5 = get(b, 5);
  const b6 = get(b, 6);
  const b7 = get(b, 7);
  const b8 = get(b, 8);
  const b9 = get(b, 9);
  put(PAIRS, 0, even(b0));
  put(PAIRS, 1, swapped(b0));
  put(PAIRS, 2, bridged(b1, b0));
  put(PAIRS, 3, swapped(b1));
  put(PAIRS, 4, bridged(b2, b1));
  put(PAIRS, 5, swapped(b2));
  put(PAIRS, 6, bridged(b3, b2));
  put(PAIRS, 7, swapped(b3));
  put(PAIRS, 8, bridged(b4, b3));
  put(PAIRS, 9, swapped(b4));
  put(PAIRS, 10, bridged(b5, b4));
  put(PAIRS, 11, swapped(b5));
  put(PAIRS, 12, bridged(b6, b5));
  put(PAIRS, 13, swapped(b6));
  put(PAIRS, 14, bridged(b7, b6));
  put(PAIRS, 15, swapped(b7));
  put(PAIRS, 16, bridged(b8, b7));
  put(PAIRS, 17, swapped(b8));
  put(PAIRS, 18, bridged(b9, b8));
  put(PAIRS, 19, swapped(b9));
  put(PAIRS, 20, odd(b9));
}

/** Column i from `h` on: `more` than what is there already. */
/* @inline */
function sum(h: usize, i: usize, more: bool, value: v128): void {
  put(h, i, more ? i32x4.add(get(h, i), value) : value);
}

/** There are ten vectors of PAIRS with odd numbers, and an eleventh with an even one. */
/* @inline */
function macEven(isOdd: bool, value: v128, a: v128, p: v128): v128 {
  return isOdd ? value : mac(value, a, p);
}

/**
 * The half of a factor's limbs that is in five vectors, times every second vector of PAIRS, gives every second column. So
 * much fits into registers: the five, and the last five of PAIRS. The second half adds to what the first one left.
 */
// biome-ignore format: a table
/* @inline */
function multiplyHalf(a: usize, p: usize, h: usize, isOdd: bool, second: bool): void {
  const a0 = get(a, 0);
  const a1 = get(a, 1);
  const a2 = get(a, 2);
  const a3 = get(a, 3);
  const a4 = get(a, 4);
  const p0 = get(p, 0);
  sum(h, 0, second, dot(a0, p0));
  const p1 = get(p, 2);
  sum(h, 2, second, mac(dot(a0, p1), a1, p0));
  const p2 = get(p, 4);
  sum(h, 4, second, mac(mac(dot(a0, p2), a1, p1), a2, p0));
  const p3 = get(p, 6);
  sum(h, 6, second, mac(mac(mac(dot(a0, p3), a1, p2), a2, p1), a3, p0));
  const p4 = get(p, 8);
  sum(h, 8, second, mac(mac(mac(mac(dot(a0, p4), a1, p3), a2, p2), a3, p1), a4, p0));
  const p5 = get(p, 10);
  sum(h, 10, second, mac(mac(mac(mac(dot(a0, p5), a1, p4), a2, p3), a3, p2), a4, p1));
  const p6 = get(p, 12);
  sum(h, 12, second, mac(mac(mac(mac(dot(a0, p6), a1, p5), a2, p4), a3, p3), a4, p2));
  const p7 = get(p, 14);
  sum(h, 14, second, mac(mac(mac(mac(dot(a0, p7), a1, p6), a2, p5), a3, p4), a4, p3));
  const p8 = get(p, 16);
  sum(h, 16, second, mac(mac(mac(mac(dot(a0, p8), a1, p7), a2, p6), a3, p5), a4, p4));
  const p9 = get(p, 18);
  sum(h, 18, second && !isOdd, mac(mac(mac(mac(dot(a0, p9), a1, p8), a2, p7), a3, p6), a4, p5));
  const p10 = isOdd ? p9 : get(p, 20);
  sum(h, 20, false, macEven(isOdd, mac(mac(mac(dot(a1, p9), a2, p8), a3, p7), a4, p6), a0, p10));
  sum(h, 22, false, macEven(isOdd, mac(mac(dot(a2, p9), a3, p8), a4, p7), a1, p10));
  sum(h, 24, false, macEven(isOdd, mac(dot(a3, p9), a4, p8), a2, p10));
  sum(h, 26, false, macEven(isOdd, dot(a4, p9), a3, p10));
  if (!isOdd) put(h, 28, dot(a4, p10));
}

export function multiplyQuads(r: usize, a: usize, b: usize): void {
  pairLimbs(b);
  multiplyHalf(a, PAIRS, COLUMNS, false, false);
  multiplyHalf(a, PAIRS + 16, COLUMNS + 16, true, false);
  multiplyHalf(a + 80, PAIRS, COLUMNS + 160, false, true);
  multiplyHalf(a + 80, PAIRS + 16, COLUMNS + 176, true, true);
  settle(r);
}

/**
 * As a product, with half of its terms: in column c limb i times limb c − i counts twice for i < c − i, and the square of
 * limb c/2 once: of an even one by itself, of an odd one together with the limb below it, which counts twice.
 */
// biome-ignore format: a table
export function squareQuads(r: usize, a: usize): void {
  pairLimbs(a);
  // Even columns, then odd ones.
  const a0 = get(a, 0);
  put(COLUMNS, 0, dot(a0, even(a0)));
  const d0 = doubled(a0);
  const p2 = get(PAIRS, 2);
  put(COLUMNS, 2, dot(bridged(d0, a0), p2));
  const p4 = get(PAIRS, 4);
  const a1 = get(a, 1);
  put(COLUMNS, 4, mac(dot(d0, p4), a1, even(a1)));
  const p6 = get(PAIRS, 6);
  const d1 = doubled(a1);
  put(COLUMNS, 6, mac(dot(d0, p6), bridged(d1, a1), p4));
  const p8 = get(PAIRS, 8);
  const a2 = get(a, 2);
  put(COLUMNS, 8, mac(mac(dot(d0, p8), d1, p6), a2, even(a2)));
  const p10 = get(PAIRS, 10);
  const d2 = doubled(a2);
  put(COLUMNS, 10, mac(mac(dot(d0, p10), d1, p8), bridged(d2, a2), p6));
  const p12 = get(PAIRS, 12);
  const a3 = get(a, 3);
  put(COLUMNS, 12, mac(mac(mac(dot(d0, p12), d1, p10), d2, p8), a3, even(a3)));
  const p14 = get(PAIRS, 14);
  const d3 = doubled(a3);
  put(COLUMNS, 14, mac(mac(mac(dot(d0, p14), d1, p12), d2, p10), bridged(d3, a3), p8));
  const p16 = get(PAIRS, 16);
  const a4 = get(a, 4);
  put(COLUMNS, 16, mac(mac(mac(mac(dot(d0, p16), d1, p14), d2, p12), d3, p10), a4, even(a4)));
  const p18 = get(PAIRS, 18);
  const d4 = doubled(a4);
  put(COLUMNS, 18, mac(mac(mac(mac(dot(d0, p18), d1, p16), d2, p14), d3, p12), bridged(d4, a4), p10));
  const p20 = get(PAIRS, 20);
  const a5 = get(a, 5);
  put(COLUMNS, 20, mac(mac(mac(mac(mac(dot(d0, p20), d1, p18), d2, p16), d3, p14), d4, p12), a5, even(a5)));
  const d5 = doubled(a5);
  put(COLUMNS, 22, mac(mac(mac(mac(dot(d1, p20), d2, p18), d3, p16), d4, p14), bridged(d5, a5), p12));
  const a6 = get(a, 6);
  put(COLUMNS, 24, mac(mac(mac(mac(dot(d2, p20), d3, p18), d4, p16), d5, p14), a6, even(a6)));
  const d6 = doubled(a6);
  put(COLUMNS, 26, mac(mac(mac(dot(d3, p20), d4, p18), d5, p16), bridged(d6, a6), p14));
  const a7 = get(a, 7);
  put(COLUMNS, 28, mac(mac(mac(dot(d4, p20), d5, p18), d6, p16), a7, even(a7)));
  const d7 = doubled(a7);
  put(COLUMNS, 30, mac(mac(dot(d5, p20), d6, p18), bridged(d7, a7), p16));
  const a8 = get(a, 8);
  put(COLUMNS, 32, mac(mac(dot(d6, p20), d7, p18), a8, even(a8)));
  const d8 = doubled(a8);
  put(COLUMNS, 34, mac(dot(d7, p20), bridged(d8, a8), p18));
  const a9 = get(a, 9);
  put(COLUMNS, 36, mac(dot(d8, p20), a9, even(a9)));
  put(COLUMNS, 38, dot(a9, p20));

  const b0 = get(a, 0);
  const p1 = get(PAIRS, 1);
  put(COLUMNS, 1, dot(b0, p1));
  const e0 = doubled(b0);
  const p3 = get(PAIRS, 3);
  put(COLUMNS, 3, dot(e0, p3));
  const p5 = get(PAIRS, 5);
  const b1 = get(a, 1);
  put(COLUMNS, 5, mac(dot(e0, p5), b1, p3));
  const p7 = get(PAIRS, 7);
  const e1 = doubled(b1);
  put(COLUMNS, 7, mac(dot(e0, p7), e1, p5));
  const p9 = get(PAIRS, 9);
  const b2 = get(a, 2);
  put(COLUMNS, 9, mac(mac(dot(e0, p9), e1, p7), b2, p5));
  const p11 = get(PAIRS, 11);
  const e2 = doubled(b2);
  put(COLUMNS, 11, mac(mac(dot(e0, p11), e1, p9), e2, p7));
  const p13 = get(PAIRS, 13);
  const b3 = get(a, 3);
  put(COLUMNS, 13, mac(mac(mac(dot(e0, p13), e1, p11), e2, p9), b3, p7));
  const p15 = get(PAIRS, 15);
  const e3 = doubled(b3);
  put(COLUMNS, 15, mac(mac(mac(dot(e0, p15), e1, p13), e2, p11), e3, p9));
  const p17 = get(PAIRS, 17);
  const b4 = get(a, 4);
  put(COLUMNS, 17, mac(mac(mac(mac(dot(e0, p17), e1, p15), e2, p13), e3, p11), b4, p9));
  const p19 = get(PAIRS, 19);
  const e4 = doubled(b4);
  put(COLUMNS, 19, mac(mac(mac(mac(dot(e0, p19), e1, p17), e2, p15), e3, p13), e4, p11));
  const b5 = get(a, 5);
  put(COLUMNS, 21, mac(mac(mac(mac(dot(e1, p19), e2, p17), e3, p15), e4, p13), b5, p11));
  const e5 = doubled(b5);
  put(COLUMNS, 23, mac(mac(mac(dot(e2, p19), e3, p17), e4, p15), e5, p13));
  const b6 = get(a, 6);
  put(COLUMNS, 25, mac(mac(mac(dot(e3, p19), e4, p17), e5, p15), b6, p13));
  const e6 = doubled(b6);
  put(COLUMNS, 27, mac(mac(dot(e4, p19), e5, p17), e6, p15));
  const b7 = get(a, 7);
  put(COLUMNS, 29, mac(mac(dot(e5, p19), e6, p17), b7, p15));
  const e7 = doubled(b7);
  put(COLUMNS, 31, mac(dot(e6, p19), e7, p17));
  const b8 = get(a, 8);
  put(COLUMNS, 33, mac(dot(e7, p19), b8, p17));
  const e8 = doubled(b8);
  put(COLUMNS, 35, dot(e8, p19));
  const b9 = get(a, 9);
  put(COLUMNS, 37, dot(b9, p19));
  settle(r);
}

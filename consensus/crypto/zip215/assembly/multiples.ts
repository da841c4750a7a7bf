/** Odd multiples of a point, cached; and those of the point times 2^128, with which half a scalar's doublings do. */

import { DECOMPRESS_ROOM } from './decompress.ts';
import { QUAD } from './layout.ts';
import { addCached, double, fromAffineCached, toCached } from './point.ts';

const FIRST: usize = DECOMPRESS_ROOM;
const P: usize = FIRST + QUAD;
const TWICE: usize = P + QUAD;
export const MULTIPLES_ROOM: usize = TWICE + QUAD;

/** 3, 5, 7 and so on times FIRST, behind its own cached form, which is there: `count` points with that. */
function fill(table: usize, count: i32): void {
  double(TWICE, FIRST);
  toCached(TWICE, TWICE);
  memory.copy(P, FIRST, QUAD);
  for (let i = 1; i < count; i++) {
    addCached(P, P, TWICE);
    toCached(table + usize(i) * QUAD, P);
  }
}

/** `count` odd multiples of an affine cached point, which itself is the first of them. */
export function writeMultiples(table: usize, point: usize, count: i32): void {
  memory.copy(table, point, QUAD);
  fromAffineCached(FIRST, point);
  fill(table, count);
}

/** The same, and behind them `count` odd multiples of the point times 2^128. */
export function writeBothMultiples(table: usize, point: usize, count: i32): void {
  writeMultiples(table, point, count);
  const upper = table + usize(count) * QUAD;
  for (let i = 0; i < 128; i++) double(FIRST, FIRST);
  toCached(upper, FIRST);
  fill(upper, count);
}

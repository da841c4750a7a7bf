/**
 * Points of the curve −x² + y² = 1 + d·x²·y². A point is a quad (lanes.ts), so that its sums go four products at a
 * time: in extended coordinates (X, Y, Z, T) with T = XY/Z, or *cached*, as it is added to another: (Y − X, Y + X, 2Z,
 * 2dT). −1 is a square and d is none, so the sums below hold for every two points of the curve, those of small order
 * and equal ones included. Coordinates have weight 1; comments give the weights of what is made of them.
 */

import { CURVE_2D } from './curve.ts';
import { isZero } from './encoding.ts';
import { subtract } from './field.ts';
import { multiplyQuads } from './lanes.ts';
import { FIELD, FIELDS, QUAD, QUADS } from './layout.ts';
import { copyLane, fieldOfLane, setLane } from './quads.ts';
import { get, put } from './vectors.ts';

/** The two factors of a product, one of which is four coordinates in another order than the other. */
const LEFT: usize = QUADS;
const RIGHT: usize = LEFT + QUAD;
const SPARE: usize = RIGHT + QUAD;
/** 1, 1, 2, 2d: makes a cached point of Y − X, Y + X, Z, T. */
const CACHING: usize = SPARE + QUAD;
/** Room for quads of other files: each begins where the one that it builds upon ends. */
export const POINT_ROOM: usize = CACHING + QUAD;

/** What multiplies both limbs of each lane. */
const CROSS: v128 = i16x8(-1, -1, 1, 1, 0, 0, 0, 0);
const CROSS_MINUS: v128 = i16x8(1, 1, -1, -1, 0, 0, -2, -2);
const FINISH: v128 = i16x8(-1, -1, 1, 1, 1, 1, -1, -1);
const FINISH_MINUS: v128 = i16x8(1, 1, -1, -1, 1, 1, -1, -1);
const DOUBLE_LAST_TWO: v128 = i16x8(1, 1, 1, 1, 2, 2, 2, 2);
const NEGATE_ODD: v128 = i16x8(1, 1, -1, -1, 1, 1, -1, -1);
const FIRST: v128 = i32x4(-1, 0, 0, 0);

/** To be called once, after prepareCurve and before anything else here. */
export function preparePoints(): void {
  setLane(CACHING, 0, 1);
  setLane(CACHING, 1, 1);
  setLane(CACHING, 2, 2);
  copyLane(CACHING, 3, CURVE_2D, 0);
}

export function setIdentity(p: usize): void {
  setLane(p, 0, 0);
  setLane(p, 1, 1);
  setLane(p, 2, 1);
  setLane(p, 3, 0);
}

/** (X, Y, Z, T) to (Y − X, Y + X, Z, T), of weights 2, 2, 1, 1; or to (Y + X, X − Y, Z, −T). */
/* @inline */
function crossed(v: v128, signs: v128): v128 {
  return i16x8.add(v128.shuffle<i32>(v, v, 1, 0, 2, 3), i16x8.mul(v, signs));
}

/**
 * r = p + q of a cached q (y − x, y + x, 2z, 2dt), or p − q by the other constants: −q is (y + x, y − x, 2z, −2dt). The
 * four products are A = (Y − X)(y − x), B = (Y + X)(y + x), D = 2Zz, C = 2dTt; of −q they come as B, −A, D, C.
 */
/* @inline */
function sum(r: usize, p: usize, q: usize, cross: v128, finish: v128): void {
  for (let i: usize = 0; i < 10; i++) put(LEFT, i, crossed(get(p, i), cross));
  multiplyQuads(LEFT, LEFT, q); // 2·2
  for (let i: usize = 0; i < 10; i++) {
    const v = get(LEFT, i);
    // E = B − A, H = B + A, G = D + C, F = D − C, in this order; weight 2
    const w = i16x8.add(v128.shuffle<i32>(v, v, 1, 0, 3, 2), i16x8.mul(v, finish));
    put(LEFT, i, v128.shuffle<i32>(w, w, 0, 2, 3, 0));
    put(RIGHT, i, v128.shuffle<i32>(w, w, 3, 1, 2, 1));
  }
  multiplyQuads(r, LEFT, RIGHT); // EF, GH, FG, EH: 2·2
}

export function addCached(r: usize, p: usize, q: usize): void {
  sum(r, p, q, CROSS, FINISH);
}

export function subtractCached(r: usize, p: usize, q: usize): void {
  sum(r, p, q, CROSS_MINUS, FINISH_MINUS);
}

export function toCached(q: usize, p: usize): void {
  for (let i: usize = 0; i < 10; i++) put(LEFT, i, crossed(get(p, i), CROSS));
  multiplyQuads(q, LEFT, CACHING); // 2·1
}

/** r = p + q, both extended. */
export function addPoints(r: usize, p: usize, q: usize): void {
  toCached(SPARE, q);
  addCached(r, p, SPARE);
}

/** r = 2p. */
export function double(r: usize, p: usize): void {
  for (let i: usize = 0; i < 10; i++) {
    const v = get(p, i);
    put(LEFT, i, v128.shuffle<i32>(v, v, 0, 1, 2, 0));
    put(RIGHT, i, i16x8.mul(v128.shuffle<i32>(v, v, 0, 1, 2, 1), DOUBLE_LAST_TWO));
  }
  multiplyQuads(LEFT, LEFT, RIGHT); // A = X², B = Y², C = 2Z², E = 2XY: 1·2
  for (let i: usize = 0; i < 10; i++) {
    const v = get(LEFT, i);
    // G = B − A and H = −B − A, of weight 2, and F = G − C, of 3
    const b = i16x8.mul(v128.shuffle<i32>(v, v, 1, 1, 1, 1), NEGATE_ODD);
    const c = v128.and(v128.shuffle<i32>(v, v, 2, 2, 2, 2), FIRST);
    const w = i16x8.sub(i16x8.sub(b, v128.shuffle<i32>(v, v, 0, 0, 0, 0)), c);
    put(LEFT, i, v128.shuffle<i32>(w, v, 7, 2, 0, 7));
    put(RIGHT, i, w);
  }
  multiplyQuads(r, LEFT, RIGHT); // E, G, F, E by F, H, G, H: EF, GH, FG, EH: 6
}

/** The extended form of a cached point with Z = 1, (y − x, y + x, 2, 2dxy), as (4x : 4y : 4 : 4xy): with no division. */
export function fromAffineCached(p: usize, q: usize): void {
  for (let i: usize = 0; i < 10; i++) {
    const v = get(q, i);
    // 2x, 2y, 2, 2x of weight 2, by 2, 2, 2, 2y
    const minus = v128.shuffle<i32>(v, v, 0, 0, 0, 0);
    const plus = v128.shuffle<i32>(v, v, 1, 1, 1, 1);
    const w = i16x8.add(plus, i16x8.mul(minus, CROSS));
    put(LEFT, i, v128.shuffle<i32>(w, v, 0, 1, 6, 0));
    put(RIGHT, i, v128.shuffle<i32>(w, v, 6, 6, 6, 1));
  }
  multiplyQuads(p, LEFT, RIGHT); // 2·2
}

/** Whether 8p is the identity. */
export function hasSmallOrder(p: usize): bool {
  double(SPARE, p);
  double(SPARE, SPARE);
  double(SPARE, SPARE);
  fieldOfLane(FIELDS, SPARE, 0);
  if (!isZero(FIELDS, FIELDS + FIELD)) return false;
  fieldOfLane(FIELDS, SPARE, 1);
  fieldOfLane(FIELDS + FIELD, SPARE, 2);
  subtract(FIELDS, FIELDS, FIELDS + FIELD);
  return isZero(FIELDS, FIELDS + FIELD);
}

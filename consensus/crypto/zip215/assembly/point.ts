/**
 * The curve −x² + y² = 1 + d·x²·y² over the field, points in extended coordinates (X : Y : Z : T), T = XY/Z.
 * −1 is a square and d is none, so the sums below hold for every two points of the curve, those of small order and
 * equal ones included. Coordinates have weight 1 (field.ts); sums of two have 2, and so on as the comments say.
 */

import {
  add,
  addAndSubtract,
  carry,
  decode,
  encode,
  invert,
  isZero,
  multiply,
  negate,
  powerForRoot,
  setSmall,
  square,
  subtract,
} from './field.ts';
import { FIELD, FIELDS, POINT } from './layout.ts';

const A: usize = FIELDS;
const B: usize = A + FIELD;
const C: usize = B + FIELD;
const D: usize = C + FIELD;
const E: usize = D + FIELD;
const F: usize = E + FIELD;
const G: usize = F + FIELD;
const H: usize = G + FIELD;
const POWERS: usize = H + FIELD;
const BYTES: usize = POWERS + 4 * FIELD;
const CACHED: usize = BYTES + FIELD;
const CURVE_D: usize = CACHED + POINT;
const CURVE_2D: usize = CURVE_D + FIELD;
const ROOT_OF_MINUS_ONE: usize = CURVE_2D + FIELD;
/** Room for other files: 36 elements. */
export const ROOM: usize = ROOT_OF_MINUS_ONE + FIELD;

const Y: usize = FIELD;
const Z: usize = 2 * FIELD;
const T: usize = 3 * FIELD;

/** d = −121665/121666, and √−1 = 2^((p − 1)/4) = 2·(2^((p − 5)/8))². To be called once, before anything else. */
export function prepareCurve(): void {
  setSmall(A, 121_666);
  invert(B, A, POWERS);
  setSmall(A, -121_665);
  multiply(CURVE_D, A, B);
  add(A, CURVE_D, CURVE_D);
  carry(CURVE_2D, A);
  setSmall(A, 2);
  powerForRoot(B, A, POWERS);
  square(B, B);
  multiply(ROOT_OF_MINUS_ONE, A, B);
}

export function setIdentity(p: usize): void {
  setSmall(p, 0);
  setSmall(p + Y, 1);
  setSmall(p + Z, 1);
  setSmall(p + T, 0);
}

/** r = 2p. T is worked out only where an addition follows. */
export function double(r: usize, p: usize, withT: bool): void {
  square(A, p);
  square(B, p + Y);
  square(C, p + Z);
  add(C, C, C); // 2
  add(E, p, p + Y); // 2
  square(E, E);
  addAndSubtract(H, G, A, B); // 2, 2
  subtract(E, H, E); // 3
  add(F, C, G); // 4
  multiply(r, E, F); // 12
  multiply(r + Y, G, H); // 4
  multiply(r + Z, F, G); // 8
  if (withT) multiply(r + T, E, H); // 6
}

/** From A, B, C, D of a sum; `minus` says that the second point was taken negative. */
/* @inline */
function finishSum(r: usize, minus: bool): void {
  addAndSubtract(H, E, B, A); // 2, 2
  addAndSubtract(minus ? F : G, minus ? G : F, D, C); // 3, 3
  multiply(r, E, F); // 6
  multiply(r + Y, G, H); // 6
  multiply(r + T, E, H); // 4
  multiply(r + Z, F, G); // 9
}

/** r = p + q, or p − q, of an affine q. */
export function addAffine(r: usize, p: usize, q: usize, minus: bool): void {
  const swap = minus ? FIELD : 0;
  addAndSubtract(B, A, p + Y, p); // 2, 2
  multiply(A, A, q + FIELD - swap); // 4
  multiply(B, B, q + swap); // 4
  multiply(C, p + T, q + 2 * FIELD);
  add(D, p + Z, p + Z); // 2
  finishSum(r, minus);
}

/** r = p + q, or p − q, of a q as `toCached` makes it. */
export function addCached(r: usize, p: usize, q: usize, minus: bool): void {
  const swap = minus ? FIELD : 0;
  addAndSubtract(B, A, p + Y, p); // 2, 2
  multiply(A, A, q + FIELD - swap); // 4
  multiply(B, B, q + swap); // 4
  multiply(C, p + T, q + T);
  multiply(D, p + Z, q + Z); // 2
  finishSum(r, minus);
}

/** Y + X, Y − X, 2Z (of weight 2 each) and 2dT. */
export function toCached(q: usize, p: usize): void {
  addAndSubtract(q, q + FIELD, p + Y, p);
  add(q + Z, p + Z, p + Z);
  multiply(q + T, p + T, CURVE_2D);
}

export function addPoints(r: usize, p: usize, q: usize): void {
  toCached(CACHED, q);
  addCached(r, p, CACHED, false);
}

/** y + x, y − x (of weight 2 each) and 2dxy, from x and y. */
function toAffine(q: usize, x: usize, y: usize): void {
  multiply(A, x, y);
  multiply(q + 2 * FIELD, A, CURVE_2D);
  addAndSubtract(q, q + FIELD, y, x);
}

/** An affine point in extended coordinates, as (4x : 4y : 4 : 4xy), which needs no division. */
export function fromAffine(p: usize, q: usize): void {
  subtract(A, q, q + FIELD); // 2x
  carry(A, A);
  add(B, q, q + FIELD); // 2y
  carry(B, B);
  multiply(p + T, A, B);
  add(p, A, A);
  carry(p, p);
  add(p + Y, B, B);
  carry(p + Y, p + Y);
  setSmall(p + Z, 4);
}

/** The affine form of `p`; costs a division. */
export function divideByZ(q: usize, p: usize): void {
  invert(B, p + Z, POWERS);
  multiply(C, p, B);
  multiply(D, p + Y, B);
  toAffine(q, C, D);
}

/**
 * The affine point that 32 bytes stand for under ZIP-215, or false: y may be p or more, and x = 0 may have a sign.
 * x² = u/v with u = y² − 1 and v = d·y² + 1, which is never 0; so x = u·v³·(u·v⁷)^((p − 5)/8), perhaps times √−1.
 */
export function decompress(q: usize, bytes: usize): bool {
  decode(D, bytes);
  square(A, D);
  multiply(B, A, CURVE_D);
  setSmall(C, 1);
  subtract(A, A, C); // u, 2
  add(B, B, C); // v, 2
  square(C, B);
  multiply(C, C, B); // v³
  square(E, C);
  multiply(E, E, B);
  multiply(E, E, A); // u·v⁷
  powerForRoot(F, E, POWERS);
  multiply(F, F, C);
  multiply(F, F, A); // x
  square(G, F);
  multiply(G, G, B); // v·x²
  addAndSubtract(H, E, G, A); // 3, 3
  if (!isZero(E, BYTES)) {
    if (!isZero(H, BYTES)) return false;
    multiply(F, F, ROOT_OF_MINUS_ONE);
  }
  encode(BYTES, F);
  if ((load<u8>(BYTES) & 1) !== load<u8>(bytes, 31) >> 7) negate(F, F);
  toAffine(q, F, D);
  return true;
}

/** Whether 8p is the identity. */
export function hasSmallOrder(p: usize): bool {
  double(CACHED, p, false);
  double(CACHED, CACHED, false);
  double(CACHED, CACHED, false);
  subtract(A, CACHED + Y, CACHED + Z);
  return isZero(CACHED, BYTES) && isZero(A, BYTES);
}

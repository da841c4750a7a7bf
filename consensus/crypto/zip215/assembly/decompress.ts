/**
 * Points from their 32 bytes under ZIP-215: y may be p or more, and x = 0 may have a sign. x² = u/v with u = y² − 1 and
 * v = d·y² + 1, which is never 0; so x = u·v³·(u·v⁷)^((p − 5)/8), perhaps times √−1. What comes out is cached (point.ts)
 * with Z = 1. One point by itself is decompressed with the numbers of field.ts, whose power is done sooner; four
 * together in the lanes of quads.
 */

import { CURVE_2D, CURVE_D, FIELD_D, FIELD_ROOT, ONE, ROOT_OF_MINUS_ONE } from './curve.ts';
import { decode, encode, isZero } from './encoding.ts';
import { add, addAndSubtract, multiply, negate, setSmall, square, subtract } from './field.ts';
import { multiplyQuads, squareQuads } from './lanes.ts';
import { FIELD, FIELDS, QUAD } from './layout.ts';
import { POINT_ROOM } from './point.ts';
import { powerForRoot, powerForRootOfQuad } from './power.ts';
import {
  addQuads,
  chooseQuads,
  copyLane,
  decodeLane,
  fieldOfLane,
  negateLanes,
  setLane,
  subtractQuads,
} from './quads.ts';

const A: usize = FIELDS;
const B: usize = A + FIELD;
const C: usize = B + FIELD;
const D: usize = C + FIELD;
const E: usize = D + FIELD;
const F: usize = E + FIELD;
const G: usize = F + FIELD;
const H: usize = G + FIELD;
const T: usize = H + FIELD;
const BYTES: usize = T + 4 * FIELD;

const U: usize = POINT_ROOM;
const V: usize = U + QUAD;
const W: usize = V + QUAD;
const X: usize = W + QUAD;
const Y: usize = X + QUAD;
const SUM: usize = Y + QUAD;
const OTHER: usize = SUM + QUAD;
const POWERS: usize = OTHER + QUAD;
/** For each lane 0 or −1. */
const LANES: usize = POWERS + 3 * QUAD;
export const DECOMPRESS_ROOM: usize = LANES + QUAD;

/** The point `q` of 32 bytes, or false. */
export function decompress(q: usize, bytes: usize): bool {
  decode(D, bytes);
  square(A, D);
  multiply(B, A, FIELD_D);
  setSmall(C, 1);
  subtract(A, A, C); // u, 2
  add(B, B, C); // v, 2
  square(C, B);
  multiply(C, C, B); // v³
  square(E, C);
  multiply(E, E, B);
  multiply(E, E, A); // u·v⁷
  powerForRoot(F, E, T);
  multiply(F, F, C);
  multiply(F, F, A); // x
  square(G, F);
  multiply(G, G, B); // v·x²
  addAndSubtract(H, E, G, A); // 3, 3
  if (!isZero(E, BYTES)) {
    if (!isZero(H, BYTES)) return false;
    multiply(F, F, FIELD_ROOT);
  }
  encode(BYTES, F);
  if ((load<u8>(BYTES) & 1) !== load<u8>(bytes, 31) >> 7) {
    negate(F, F);
    encode(BYTES, F);
  }
  // The other lanes are left as some other point.
  decodeLane(X, 0, BYTES);
  decodeLane(Y, 0, bytes);
  cacheFour();
  spreadLane(q, 0);
  return true;
}

/** The points of four times 32 bytes to four quads from `q` on: bit i of the result says that the i-th is one. */
export function decompressFour(q: usize, bytes: usize): i32 {
  for (let lane = 0; lane < 4; lane++) decodeLane(Y, lane, bytes + usize(lane << 5)); // 2
  squareQuads(U, Y);
  multiplyQuads(V, U, CURVE_D); // 1·2
  subtractQuads(U, U, ONE); // u, 2
  addQuads(V, V, ONE); // v, 2
  squareQuads(W, V);
  multiplyQuads(W, W, V); // v³
  squareQuads(X, W);
  multiplyQuads(X, X, V);
  multiplyQuads(X, X, U); // u·v⁷
  powerForRootOfQuad(X, X, POWERS);
  multiplyQuads(X, X, W);
  multiplyQuads(X, X, U); // x
  squareQuads(W, X);
  multiplyQuads(W, W, V); // v·x²
  addQuads(SUM, W, U); // 3
  subtractQuads(W, W, U); // 3
  let points = 0;
  for (let lane = 0; lane < 4; lane++) {
    fieldOfLane(A, W, lane);
    const isRoot = isZero(A, BYTES);
    fieldOfLane(B, SUM, lane);
    if (isRoot || isZero(B, BYTES)) points |= 1 << lane;
    store<i32>(LANES + usize(lane << 2), isRoot ? 0 : -1);
  }
  multiplyQuads(OTHER, X, ROOT_OF_MINUS_ONE); // 1·2
  chooseQuads(X, LANES, X, OTHER);
  for (let lane = 0; lane < 4; lane++) {
    fieldOfLane(A, X, lane);
    encode(BYTES, A);
    const sign = load<u8>(bytes + usize(lane << 5), 31) >> 7;
    store<i32>(LANES + usize(lane << 2), (load<u8>(BYTES) & 1) === sign ? 0 : -1);
  }
  negateLanes(X, LANES);
  cacheFour();
  for (let lane = 0; lane < 4; lane++) spreadLane(q + usize(lane) * QUAD, lane);
  return points;
}

/** y − x, y + x and 2dxy of the four points, to W, SUM and OTHER. */
function cacheFour(): void {
  subtractQuads(W, Y, X); // 4 at most
  multiplyQuads(W, W, ONE);
  addQuads(SUM, Y, X);
  multiplyQuads(SUM, SUM, ONE);
  multiplyQuads(OTHER, X, Y); // 2·2
  multiplyQuads(OTHER, OTHER, CURVE_2D); // 1·2
}

/** The point in one of the lanes to a quad of its own. */
function spreadLane(q: usize, lane: i32): void {
  copyLane(q, 0, W, lane);
  copyLane(q, 1, SUM, lane);
  setLane(q, 2, 2);
  copyLane(q, 3, OTHER, lane);
}

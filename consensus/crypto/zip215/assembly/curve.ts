/** The curve's constants, worked out once: d = −121665/121666, and √−1 = 2^((p − 1)/4) = 2·(2^((p − 5)/8))². */

import { encode } from './encoding.ts';
import { add, multiply, setSmall, square } from './field.ts';
import { FIELD, FIELDS, QUAD, QUADS } from './layout.ts';
import { invert, powerForRoot } from './power.ts';
import { decodeLane, setLane } from './quads.ts';

/** As field elements, at the end of their room: d, √−1. */
export const FIELD_D: usize = FIELDS + 60 * FIELD;
export const FIELD_ROOT: usize = FIELD_D + FIELD;
/** In each lane of a quad, at the end of the room of quads: 1, d, 2d, √−1. */
export const ONE: usize = QUADS + 44 * QUAD;
export const CURVE_D: usize = ONE + QUAD;
export const CURVE_2D: usize = CURVE_D + QUAD;
export const ROOT_OF_MINUS_ONE: usize = CURVE_2D + QUAD;

const A: usize = FIELDS;
const B: usize = A + FIELD;
const T: usize = B + FIELD;
const BYTES: usize = T + 4 * FIELD;

/** To be called once, before anything else. */
export function prepareCurve(): void {
  setSmall(A, 121_666);
  invert(B, A, T);
  setSmall(A, -121_665);
  multiply(FIELD_D, A, B);
  fillLanes(CURVE_D, FIELD_D);
  add(A, FIELD_D, FIELD_D);
  fillLanes(CURVE_2D, A);
  setSmall(A, 2);
  powerForRoot(B, A, T);
  square(B, B);
  multiply(FIELD_ROOT, A, B);
  fillLanes(ROOT_OF_MINUS_ONE, FIELD_ROOT);
  for (let lane = 0; lane < 4; lane++) setLane(ONE, lane, 1);
}

/** The number in each lane, of weight 2. */
function fillLanes(quad: usize, a: usize): void {
  encode(BYTES, a);
  for (let lane = 0; lane < 4; lane++) decodeLane(quad, lane, BYTES);
}

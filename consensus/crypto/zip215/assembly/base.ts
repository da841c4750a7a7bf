/** The base point and 2^128 times it, and the odd multiples 1 to 127 of both: worked out once, 20 KB. */

import { prepareCurve } from './curve.ts';
import { decompress } from './decompress.ts';
import { encode } from './encoding.ts';
import { multiply, setSmall } from './field.ts';
import { BASE_MULTIPLES, BASE_TABLE, FIELD, FIELDS } from './layout.ts';
import { writeBothMultiples } from './multiples.ts';
import { preparePoints } from './point.ts';
import { invert } from './power.ts';

const A: usize = FIELDS;
const B: usize = A + FIELD;
const T: usize = B + FIELD;
/** Apart from what `decompress` uses. */
const BYTES: usize = FIELDS + 30 * FIELD;

/** To be called once, before anything else. B is the point with y = 4/5 and an even x. */
export function prepareBase(): void {
  prepareCurve();
  preparePoints();
  setSmall(A, 5);
  invert(A, A, T);
  setSmall(B, 4);
  multiply(A, A, B);
  encode(BYTES, A);
  if (!decompress(BASE_TABLE, BYTES)) unreachable();
  writeBothMultiples(BASE_TABLE, BASE_TABLE, BASE_MULTIPLES);
}

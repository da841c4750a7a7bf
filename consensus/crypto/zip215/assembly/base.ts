/** The base point and its odd multiples 1 to 127, which every verification uses: worked out once, 7 KB. */

import { encode, invert, multiply, setSmall } from './field.ts';
import { AFFINE, BASE_TABLE, FIELD, POINT } from './layout.ts';
import {
  addCached,
  decompress,
  divideByZ,
  double,
  fromAffine,
  prepareCurve,
  ROOM,
  toCached,
} from './point.ts';

export const BASE_WIDTH: i32 = 8;

const P: usize = ROOM;
const TWICE: usize = P + POINT;
const T: usize = TWICE + POINT;
const BYTES: usize = T + 4 * FIELD;

/** To be called once, before anything else. B is the point with y = 4/5 and an even x. */
export function prepareBase(): void {
  prepareCurve();
  setSmall(P, 5);
  invert(P, P, T);
  setSmall(TWICE, 4);
  multiply(P, P, TWICE);
  encode(BYTES, P);
  if (!decompress(BASE_TABLE, BYTES)) unreachable();
  fromAffine(P, BASE_TABLE);
  double(TWICE, P, true);
  toCached(T, TWICE);
  for (let i = 1; i < 1 << (BASE_WIDTH - 2); i++) {
    addCached(P, P, T, false);
    divideByZ(BASE_TABLE + usize(i) * AFFINE, P);
  }
}

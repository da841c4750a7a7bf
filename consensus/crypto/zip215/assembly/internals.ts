/** Numbers and hashing for their own test: no part of the verifier's module. */

import { prepareBase } from './base.ts';
import { decompress, decompressFour } from './decompress.ts';
import { decode, encode } from './encoding.ts';
import { add, addAndSubtract, carry, multiply, square } from './field.ts';
import { multiplyQuads, squareQuads } from './lanes.ts';
import { writeBothMultiples } from './multiples.ts';
import { addCached, addPoints, double, fromAffineCached, hasSmallOrder, subtractCached } from './point.ts';
import { invert, powerForRoot, powerForRootOfQuad } from './power.ts';
import { addQuads, chooseQuads, decodeLane, fieldOfLane, negateLanes, subtractQuads } from './quads.ts';
import { addProduct, clear, decodeLimbs, isBelowOrder, negateScalar, reduce } from './scalar.ts';
import { absorb, closeHash, openHash } from './sha512.ts';

export {
  absorb,
  add,
  addAndSubtract,
  addCached,
  addPoints,
  addProduct,
  addQuads,
  carry,
  chooseQuads,
  clear,
  closeHash,
  decode,
  decodeLane,
  decodeLimbs,
  decompress,
  decompressFour,
  double,
  encode,
  fieldOfLane,
  fromAffineCached,
  hasSmallOrder,
  invert,
  isBelowOrder,
  multiply,
  multiplyQuads,
  negateLanes,
  negateScalar,
  openHash,
  powerForRoot,
  powerForRootOfQuad,
  prepareBase,
  reduce,
  square,
  squareQuads,
  subtractCached,
  subtractQuads,
  writeBothMultiples,
};

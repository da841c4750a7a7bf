/** Numbers and hashing for their own test: no part of the verifier's module. */

import {
  add,
  addAndSubtract,
  carry,
  decode,
  encode,
  invert,
  multiply,
  powerForRoot,
  square,
} from './field.ts';
import { decompress, prepareCurve } from './point.ts';
import { addProduct, clear, decodeLimbs, isBelowOrder, negateScalar, reduce } from './scalar.ts';
import { absorb, closeHash, openHash } from './sha512.ts';

export {
  absorb,
  add,
  addAndSubtract,
  addProduct,
  carry,
  clear,
  closeHash,
  decode,
  decodeLimbs,
  decompress,
  encode,
  invert,
  isBelowOrder,
  multiply,
  negateScalar,
  openHash,
  powerForRoot,
  prepareCurve,
  reduce,
  square,
};

/** What is done with quads (lanes.ts) besides products: sums, single lanes, and the way from and to bytes. */

import { QUAD } from './layout.ts';
import { get, put } from './vectors.ts';

const LIMBS: i32 = 20;

export function addQuads(r: usize, a: usize, b: usize): void {
  for (let i: usize = 0; i < 10; i++) put(r, i, i16x8.add(get(a, i), get(b, i)));
}

export function subtractQuads(r: usize, a: usize, b: usize): void {
  for (let i: usize = 0; i < 10; i++) put(r, i, i16x8.sub(get(a, i), get(b, i)));
}

/** r = a where the mask's lane is 0, and b where it is −1. */
export function chooseQuads(r: usize, mask: usize, a: usize, b: usize): void {
  const m = v128.load(mask);
  for (let i: usize = 0; i < 10; i++) put(r, i, v128.bitselect(get(b, i), get(a, i), m));
}

/** Negates the numbers in whose lanes the mask is −1. */
export function negateLanes(a: usize, mask: usize): void {
  const m = v128.load(mask);
  for (let i: usize = 0; i < 10; i++) put(a, i, i16x8.sub(v128.xor(get(a, i), m), m));
}

/** A number of up to 12 bits into a lane. */
export function setLane(quad: usize, lane: i32, value: i32): void {
  const at = quad + usize(lane << 2);
  store<i32>(at, value);
  for (let i: usize = 16; i < QUAD; i += 16) store<i32>(at + i, 0);
}

/* @inline */
function limbAt(quad: usize, lane: i32, i: i32): usize {
  return quad + usize((lane << 2) + ((i >> 1) << 4) + ((i & 1) << 1));
}

/** 32 bytes without their top bit into a lane: limbs from 0 to 2^13 − 1, weight 2. */
export function decodeLane(quad: usize, lane: i32, bytes: usize): void {
  for (let i = 0; i < LIMBS - 1; i++) {
    const word = load<u32>(bytes + usize((13 * i) >> 3)) >> ((13 * i) & 7);
    store<i16>(limbAt(quad, lane, i), i16(word & 0x1fff));
  }
  // The last limb begins at bit 247 and has 8 bits.
  store<i16>(limbAt(quad, lane, LIMBS - 1), i16((load<u16>(bytes, 30) >> 7) & 0xff));
}

/** The number in a lane, of any weight, as a field element of limbs below 2^30 in size (field.ts). */
export function fieldOfLane(r: usize, quad: usize, lane: i32): void {
  let rest: i64 = 0;
  let bits = 0;
  let to = r;
  for (let i = 0; i < LIMBS; i++) {
    rest += i64(load<i16>(limbAt(quad, lane, i))) << i64(bits);
    bits += 13;
    if (bits < 29) continue;
    store<i32>(to, i32(rest & 0x1fff_ffff));
    rest >>= 29;
    bits -= 29;
    to += 4;
  }
  // Eight times 29 bits are stored; 28 and the sign are left.
  store<i32>(to, i32(rest));
}

/** One number, into a lane of another quad. */
export function copyLane(to: usize, toLane: i32, from: usize, lane: i32): void {
  const t = to + usize(toLane << 2);
  const f = from + usize(lane << 2);
  for (let i: usize = 0; i < QUAD; i += 16) store<i32>(t + i, load<i32>(f + i));
}

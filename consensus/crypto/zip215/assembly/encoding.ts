/** Numbers of the field as 32 little-endian bytes. */

import { carry } from './field.ts';

const MASK: i64 = (1 << 29) - 1;

/* @inline */
function limb(a: usize, i: i32): i64 {
  return i64(load<i32>(a + usize(i << 2)));
}

/** 32 little-endian bytes without their top bit: any number below 2^255, so also those from p on. Weight 1. */
export function decode(r: usize, bytes: usize): void {
  for (let i = 0; i < 8; i++) {
    const bit = 29 * i;
    store<i32>(r + usize(i << 2), i32((load<u64>(bytes + usize(bit >> 3)) >> u64(bit & 7)) & MASK));
  }
  store<i32>(r, i32((load<u32>(bytes, 28) >> 8) & 0x7f_ffff), 32);
  carry(r, r);
}

/** 32 little-endian bytes of the one number below p; from any weight that an i32 holds. */
export function encode(bytes: usize, a: usize): void {
  let h0 = limb(a, 0);
  let h1 = limb(a, 1);
  let h2 = limb(a, 2);
  let h3 = limb(a, 3);
  let h4 = limb(a, 4);
  let h5 = limb(a, 5);
  let h6 = limb(a, 6);
  let h7 = limb(a, 7);
  let h8 = limb(a, 8);
  // What lies above bit 255 comes back 19 times; with p more, the number is above 0.
  h0 += 19 * (h8 >> 23) + MASK - 18;
  h1 += MASK;
  h2 += MASK;
  h3 += MASK;
  h4 += MASK;
  h5 += MASK;
  h6 += MASK;
  h7 += MASK;
  h8 = (h8 & 0x7f_ffff) + 0x7f_ffff;
  // It may still be 2p or more. Once it is carried, what has come above bit 255 is 2 at most: then it is below 2p.
  h1 += h0 >> 29;
  h2 += h1 >> 29;
  h3 += h2 >> 29;
  h4 += h3 >> 29;
  h5 += h4 >> 29;
  h6 += h5 >> 29;
  h7 += h6 >> 29;
  h8 += h7 >> 29;
  h0 &= MASK;
  h1 &= MASK;
  h2 &= MASK;
  h3 &= MASK;
  h4 &= MASK;
  h5 &= MASK;
  h6 &= MASK;
  h7 &= MASK;
  h0 += 19 * (h8 >> 23);
  h8 &= 0x7f_ffff;
  // Whether p has to come off: 19 more then reach 2^255, and those 19 are what is left of it.
  let q = (h0 + 19) >> 29;
  q = (h1 + q) >> 29;
  q = (h2 + q) >> 29;
  q = (h3 + q) >> 29;
  q = (h4 + q) >> 29;
  q = (h5 + q) >> 29;
  q = (h6 + q) >> 29;
  q = (h7 + q) >> 29;
  q = (h8 + q) >> 23;
  h0 += 19 * q;
  h1 += h0 >> 29;
  h2 += h1 >> 29;
  h3 += h2 >> 29;
  h4 += h3 >> 29;
  h5 += h4 >> 29;
  h6 += h5 >> 29;
  h7 += h6 >> 29;
  h8 += h7 >> 29;
  h0 &= MASK;
  h1 &= MASK;
  h2 &= MASK;
  h3 &= MASK;
  h4 &= MASK;
  h5 &= MASK;
  h6 &= MASK;
  h7 &= MASK;
  h8 &= 0x7f_ffff;
  store<i64>(bytes, h0 | (h1 << 29) | (h2 << 58));
  store<i64>(bytes, (h2 >> 6) | (h3 << 23) | (h4 << 52), 8);
  store<i64>(bytes, (h4 >> 12) | (h5 << 17) | (h6 << 46), 16);
  store<i64>(bytes, (h6 >> 18) | (h7 << 11) | (h8 << 40), 24);
}

/** Whether a = 0 in the field; `t` is room for 32 bytes. */
export function isZero(a: usize, t: usize): bool {
  encode(t, a);
  return (load<u64>(t) | load<u64>(t, 8) | load<u64>(t, 16) | load<u64>(t, 24)) === 0;
}

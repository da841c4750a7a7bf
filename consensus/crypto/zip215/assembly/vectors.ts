/** Vectors of 128 bits as lanes.ts wants them: four lanes of 32 bits, each of them two limbs of 16, even and odd. */

const EVEN: v128 = i32x4(0xffff, 0xffff, 0xffff, 0xffff);
const ODD: v128 = i32x4(0xffff_0000, 0xffff_0000, 0xffff_0000, 0xffff_0000);

/** Vector `i` from `at` on. */
/* @inline */
export function get(at: usize, i: usize): v128 {
  return v128.load(at + (i << 4));
}

/* @inline */
export function put(at: usize, i: usize, value: v128): void {
  v128.store(at + (i << 4), value);
}

/** In each lane a·p of the even limbs, and a·p of the odd ones, added. */
/* @inline */
export function dot(a: v128, p: v128): v128 {
  return i32x4.dot_i16x8_s(a, p);
}

/** More by a·p. */
/* @inline */
export function mac(sum: v128, a: v128, p: v128): v128 {
  return i32x4.add(sum, i32x4.dot_i16x8_s(a, p));
}

/** Twice every limb. */
/* @inline */
export function doubled(a: v128): v128 {
  return i16x8.add(a, a);
}

/* @inline */
export function even(a: v128): v128 {
  return v128.and(a, EVEN);
}

/* @inline */
export function odd(a: v128): v128 {
  return v128.and(a, ODD);
}

/** Limb 2k + 1 and, above it, limb 2k. */
/* @inline */
export function swapped(a: v128): v128 {
  return v128.shuffle<i16>(a, a, 1, 0, 3, 2, 5, 4, 7, 6);
}

/** The even limb from `a` and the odd one from `before`: limb 2k and above it 2k − 1, of vectors that follow each other. */
/* @inline */
export function bridged(a: v128, before: v128): v128 {
  return v128.shuffle<i16>(a, before, 0, 9, 2, 11, 4, 13, 6, 15);
}

/** Limbs from the lower halves of the lanes of `low`, and above them those of `high`. */
/* @inline */
export function joined(low: v128, high: v128): v128 {
  return bridged(low, i32x4.shl(high, 16));
}

/**
 * Numbers modulo the group order L = 2^252 + c, and sums of products of them that are reduced once, at the end.
 * A wide number has 19 limbs of 28 bits, 532 in all, each in an i64; 252 is nine limbs, so 2^252 ≡ −c takes the upper
 * limbs onto the lower ones. `carry` leaves limbs of 0 to 2^28 − 1; only the highest may be negative.
 */

import { WIDE } from './layout.ts';

const MASK: i64 = (1 << 28) - 1;
const LIMBS: i32 = 19;
/** The limb of 2^252. */
const TOP: i32 = 9;

/** c in five limbs. */
const ORDER_LOW = memory.data<i64>([0xcf5d3ed, 0x12631a5, 0x79cd658, 0xf9dea2f, 0x14de]);
const ORDER = memory.data<u64>([0x5812_631a_5cf5_d3ed, 0x14de_f9de_a2f7_9cd6, 0, 0x1000_0000_0000_0000]);

/* @inline */
function get(a: usize, i: i32): i64 {
  return load<i64>(a + usize(i << 3));
}

/* @inline */
function put(a: usize, i: i32, value: i64): void {
  store<i64>(a + usize(i << 3), value);
}

export function clear(a: usize): void {
  memory.fill(a, 0, WIDE);
}

/** The first `limbs` limbs from bytes, of which eight behind the number must be readable, and zero. */
export function decodeLimbs(r: usize, bytes: usize, limbs: i32): void {
  for (let i = 0; i < limbs; i++) {
    const bit = 28 * i;
    put(r, i, (load<u64>(bytes + usize(bit >> 3)) >> u64(bit & 7)) & MASK);
  }
}

function carry(a: usize, limbs: i32): void {
  let c: i64 = 0;
  for (let i = 0; i < limbs - 1; i++) {
    const value = get(a, i) + c;
    put(a, i, value & MASK);
    c = value >> 28;
  }
  put(a, limbs - 1, get(a, limbs - 1) + c);
}

/**
 * sum += z·k, for z of 5 limbs and k of 10. A sum of 1,024 products of 128 and 253 bits stays below 2^391: 14 limbs.
 */
export function addProduct(sum: usize, z: usize, k: usize): void {
  for (let i = 0; i < 5; i++) {
    const factor = get(z, i);
    for (let j = 0; j < 10; j++) put(sum, i + j, get(sum, i + j) + factor * get(k, j));
  }
  carry(sum, 16);
}

/** Takes limb `i` from 9 on down onto the five limbs from i − 9 on. */
function foldLimb(a: usize, i: i32): void {
  const factor = get(a, i);
  put(a, i, 0);
  for (let j = 0; j < 5; j++) {
    put(a, i - TOP + j, get(a, i - TOP + j) - factor * get(ORDER_LOW, j));
  }
}

/**
 * The 32 bytes of a mod L, and eight of zero behind them; `a`, whose limbs are 0 to 2^28 − 1, is used up. No limb that
 * is folded exceeds 2^31 in size, so that what five of them leave in one place stays below 2^62.
 */
export function reduce(bytes: usize, a: usize): void {
  // 18 to 14 go onto 5 to 13; what that carries up to 14 goes onto 5 to 9.
  for (let i = LIMBS - 1; i >= 14; i--) foldLimb(a, i);
  carry(a, 15);
  foldLimb(a, 14);
  carry(a, 14);
  for (let i = 13; i >= TOP; i--) foldLimb(a, i);
  // What is left is below 2^286 in size, so 9 and 10 hold less than 2^34 in all; without them, less than 2^252 + 2^160.
  carry(a, 11);
  foldLimb(a, 10);
  foldLimb(a, TOP);
  carry(a, 10);
  // Now −1, 0 or 1 stands in the top limb: L is added to a negative number, and taken off where 2^252 is reached,
  // and given back where that was less than L.
  if (get(a, TOP) !== 0) {
    foldLimb(a, TOP);
    carry(a, 10);
  }
  if (get(a, TOP) < 0) {
    foldLimb(a, TOP);
    carry(a, 10);
  }
  encodeLimbs(bytes, a);
}

function encodeLimbs(bytes: usize, a: usize): void {
  memory.fill(bytes, 0, 40);
  // Limbs begin at a byte or in the middle of one.
  for (let i = 0; i < 10; i++) {
    const bit = 28 * i;
    const at = bytes + usize(bit >> 3);
    store<u64>(at, load<u64>(at) | u64(get(a, i) << i64(bit & 7)));
  }
}

/** Whether 32 bytes are a number below L. */
export function isBelowOrder(bytes: usize): bool {
  for (let at: i32 = 24; at >= 0; at -= 8) {
    const word = load<u64>(bytes + usize(at));
    const limit = load<u64>(ORDER + usize(at));
    if (word !== limit) return word < limit;
  }
  return false;
}

/** bytes = L − bytes for a number from 1 to L − 1; 0 stays 0. */
export function negateScalar(bytes: usize): void {
  if ((load<u64>(bytes) | load<u64>(bytes, 8) | load<u64>(bytes, 16) | load<u64>(bytes, 24)) === 0) return;
  let borrow: u64 = 0;
  for (let at: usize = 0; at < 32; at += 8) {
    const word = load<u64>(bytes + at);
    const from = load<u64>(ORDER + at);
    const difference = from - word - borrow;
    borrow = u64(from < word || (from === word && borrow === 1));
    store<u64>(bytes + at, difference);
  }
}

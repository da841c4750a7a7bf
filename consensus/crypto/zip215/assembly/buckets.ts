/**
 * Sums of multiples by Pippenger's bucket method, for many terms. Scalars are cut into windows of `width` bits with
 * digits from −2^(width−1) to 2^(width−1) − 1; in each window the points of one digit's size are added up first.
 */

import { BUCKETS, POINT, TERM, TERM_SCALAR, WINDOW_MAX } from './layout.ts';
import { addAffine, addPoints, double, ROOM, setIdentity } from './point.ts';

const RUNNING: usize = ROOM;
const TOTAL: usize = RUNNING + POINT;
const OFFSET: usize = TOTAL + POINT;

/** Windows for scalars below 2^bits, with room for the offset below. */
export function countWindows(bits: i32, width: i32): i32 {
  return (bits + 2 + width - 1) / width;
}

/**
 * Adds 2^(width−1) in every window to each scalar. A window of the sum, less 2^(width−1), is then the signed digit,
 * and no carry has to go from window to window when digits are read.
 */
function offsetScalars(terms: usize, count: i32, windows: i32, width: i32): void {
  memory.fill(OFFSET, 0, 40);
  for (let window = 0; window < windows; window++) {
    const bit = window * width + width - 1;
    const at = OFFSET + usize(bit >> 3);
    store<u32>(at, load<u32>(at) | (1 << (bit & 7)));
  }
  for (let i = 0; i < count; i++) {
    const scalar = terms + usize(i) * TERM + TERM_SCALAR;
    let c: u64 = 0;
    for (let at: usize = 0; at < 40; at += 8) {
      const word = load<u64>(scalar + at) + c;
      const sum = word + load<u64>(OFFSET + at);
      c = u64(word < c || sum < word);
      store<u64>(scalar + at, sum);
    }
  }
}

/** Puts each term's point into the bucket of its digit's size. */
function fillBuckets(terms: usize, count: i32, window: i32, width: i32): void {
  const bit = window * width;
  const half = 1 << (width - 1);
  const mask = 2 * half - 1;
  for (let i = 0; i < count; i++) {
    const term = terms + usize(i) * TERM;
    const digit = (i32(load<u32>(term + TERM_SCALAR + usize(bit >> 3)) >> (bit & 7)) & mask) - half;
    if (digit === 0) continue;
    const bucket = BUCKETS + usize(abs(digit) - 1) * POINT;
    addAffine(bucket, bucket, term, digit < 0);
  }
}

/**
 * r = the sum of all terms of both lists, the scalars of `long` being below 2^longBits and those of `short` below
 * 2^shortBits. Scalars are used up.
 */
export function sumBuckets(
  r: usize,
  long: usize,
  longCount: i32,
  longBits: i32,
  short: usize,
  shortCount: i32,
  shortBits: i32,
  width: i32,
): void {
  if (width < 2 || width > WINDOW_MAX) unreachable();
  const longWindows = longCount > 0 ? countWindows(longBits, width) : 0;
  const shortWindows = shortCount > 0 ? countWindows(shortBits, width) : 0;
  offsetScalars(long, longCount, longWindows, width);
  offsetScalars(short, shortCount, shortWindows, width);
  const buckets = 1 << (width - 1);
  setIdentity(r);
  for (let window = max(longWindows, shortWindows) - 1; window >= 0; window--) {
    for (let i = 1; i <= width; i++) double(r, r, i === width);
    for (let i = 0; i < buckets; i++) setIdentity(BUCKETS + usize(i) * POINT);
    if (window < longWindows) fillBuckets(long, longCount, window, width);
    if (window < shortWindows) fillBuckets(short, shortCount, window, width);
    // The bucket of size s counts s times: it is in s of the running sums.
    setIdentity(RUNNING);
    setIdentity(TOTAL);
    for (let i = buckets - 1; i >= 0; i--) {
      addPoints(RUNNING, RUNNING, BUCKETS + usize(i) * POINT);
      addPoints(TOTAL, TOTAL, RUNNING);
    }
    addPoints(r, r, TOTAL);
  }
}

/**
 * Sums of multiples by Pippenger's bucket method, for many terms. Scalars are cut into windows of `width` bits with
 * digits from −2^(width−1) to 2^(width−1) − 1; in each window the points of one digit's size are added up first.
 */

import { BUCKETS, QUAD, WINDOW_MAX } from './layout.ts';
import { MULTIPLES_ROOM } from './multiples.ts';
import { addCached, addPoints, double, setIdentity, subtractCached } from './point.ts';
import { longCount, longTerm, pointOf, scalarOf, shortCount, shortTerm } from './terms.ts';

export const LONG_BITS: i32 = 253;
export const SHORT_BITS: i32 = 128;

const RUNNING: usize = MULTIPLES_ROOM;
const TOTAL: usize = RUNNING + QUAD;
const OFFSET: usize = TOTAL + QUAD;
export const BUCKETS_ROOM: usize = OFFSET + QUAD;

/** Windows for scalars below 2^bits, with room for the offset below. */
export function countWindows(bits: i32, width: i32): i32 {
  return (bits + 2 + width - 1) / width;
}

/** 2^(width−1) in every window. */
function writeOffset(windows: i32, width: i32): void {
  memory.fill(OFFSET, 0, 40);
  for (let window = 0; window < windows; window++) {
    const bit = window * width + width - 1;
    const at = OFFSET + usize(bit >> 3);
    store<u32>(at, load<u32>(at) | (1 << (bit & 7)));
  }
}

/**
 * Adds that to a scalar. A window of the sum, less 2^(width−1), is then the signed digit, and no carry has to go from
 * window to window when digits are read.
 */
function offsetScalar(scalar: usize): void {
  let c: u64 = 0;
  for (let at: usize = 0; at < 40; at += 8) {
    const word = load<u64>(scalar + at) + c;
    const sum = word + load<u64>(OFFSET + at);
    c = u64(word < c || sum < word);
    store<u64>(scalar + at, sum);
  }
}

/** Puts a term's point into the bucket of its digit's size. */
function fillBucket(term: usize, window: i32, width: i32): void {
  const bit = window * width;
  const half = 1 << (width - 1);
  const digit = (i32(load<u32>(scalarOf(term) + usize(bit >> 3)) >> (bit & 7)) & (2 * half - 1)) - half;
  if (digit === 0) return;
  const bucket = BUCKETS + usize(abs(digit) - 1) * QUAD;
  if (digit < 0) subtractCached(bucket, bucket, pointOf(term));
  else addCached(bucket, bucket, pointOf(term));
}

/** r = the sum of all terms. Their scalars are used up. */
export function sumBuckets(r: usize, width: i32): void {
  if (width < 2 || width > WINDOW_MAX) unreachable();
  const longWindows = longCount > 0 ? countWindows(LONG_BITS, width) : 0;
  const shortWindows = shortCount > 0 ? countWindows(SHORT_BITS, width) : 0;
  writeOffset(longWindows, width);
  for (let i = 0; i < longCount; i++) offsetScalar(scalarOf(longTerm(i)));
  writeOffset(shortWindows, width);
  for (let i = 0; i < shortCount; i++) offsetScalar(scalarOf(shortTerm(i)));
  const buckets = 1 << (width - 1);
  setIdentity(r);
  for (let window = max(longWindows, shortWindows) - 1; window >= 0; window--) {
    for (let i = 0; i < width; i++) double(r, r);
    for (let i = 0; i < buckets; i++) setIdentity(BUCKETS + usize(i) * QUAD);
    if (window < longWindows) for (let i = 0; i < longCount; i++) fillBucket(longTerm(i), window, width);
    if (window < shortWindows) for (let i = 0; i < shortCount; i++) fillBucket(shortTerm(i), window, width);
    // The bucket of size s counts s times: it is in s of the running sums.
    setIdentity(RUNNING);
    setIdentity(TOTAL);
    for (let i = buckets - 1; i >= 0; i--) {
      addPoints(RUNNING, RUNNING, BUCKETS + usize(i) * QUAD);
      addPoints(TOTAL, TOTAL, RUNNING);
    }
    addPoints(r, r, TOTAL);
  }
}

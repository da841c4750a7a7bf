/**
 * The module's functions: Ed25519 verification under ZIP-215 `[SIG-1]`, singly and in batches. The host opens a batch,
 * hands over items, then writes coefficients that nobody could foresee when the items were made, and has the sum
 *
 *   8·( Σ z·R + Σ (z·k)·A − (Σ z·S)·B )
 *
 * checked, which is the identity when every item holds, and else with a chance of 2^−128. Terms of one key are one.
 * A single item is its own batch with z = 1. A host that breaks a limit gets a trap.
 */

import { prepareBase } from './base.ts';
import { countWindows, sumBuckets } from './buckets.ts';
import { countKeys, enlistKey, openKeys } from './keys.ts';
import {
  AFFINE,
  BASE_TABLE,
  COEFFICIENTS,
  END,
  ITEM,
  ITEM_K,
  ITEM_KEY,
  ITEM_S,
  ITEMS_MAX,
  LONG,
  PART,
  PART_MAX,
  POINT,
  SHORT,
  STRAUS_MAX,
  SUMS,
  TERM,
  TERM_SCALAR,
  WIDE,
  WIDES,
  WINDOW_MAX,
} from './layout.ts';
import { addAffine, addPoints, decompress, hasSmallOrder, ROOM } from './point.ts';
import { addProduct, clear, decodeLimbs, isBelowOrder, negateScalar, reduce } from './scalar.ts';
import { absorb, closeHash, openHash } from './sha512.ts';
import { addTerm, openStraus, sumStraus } from './straus.ts';

const KEY_AT: usize = 64;
const S_AT: usize = 32;
/** S, k: 32 bytes, and eight of zero. */
const SCALAR: usize = 40;
const LONG_BITS: i32 = 253;
const SHORT_BITS: i32 = 128;
/** More than anything costs. */
const NEVER: i32 = 1 << 30;

const Z_LIMBS: usize = WIDES;
const K_LIMBS: usize = Z_LIMBS + WIDE;
const DIGEST: usize = K_LIMBS + WIDE;

/** Sums: room for four points lies behind what the methods themselves use. */
const SUM: usize = ROOM + 4 * POINT;
const OTHER_SUM: usize = SUM + POINT;

let items: i32 = 0;

/** Where the host writes items, parts of messages and coefficients, and its limits. */
export function itemAt(): usize {
  return ITEM;
}
export function partAt(): usize {
  return PART;
}
export function partMax(): i32 {
  return PART_MAX;
}
export function coefficientsAt(): usize {
  return COEFFICIENTS;
}
export function itemsMax(): i32 {
  return ITEMS_MAX;
}

/** To be called once, before anything else. */
export function prepare(): void {
  if (END > usize(memory.size()) << 16) unreachable();
  prepareBase();
  memory.copy(LONG, BASE_TABLE, AFFINE);
}

export function openBatch(): void {
  items = 0;
  openKeys();
}

/** Begins an item whose signature and key the host has written: the challenge hashes R, A and the message. */
export function openItem(): void {
  openHash();
  absorb(ITEM, 32);
  absorb(ITEM + KEY_AT, 32);
}

export function absorbPart(length: i32): void {
  if (length < 0 || length > PART_MAX) unreachable();
  absorb(PART, length);
}

/** Whether the item was taken: S is below the group order, and R and the key are points. */
export function closeItem(): bool {
  if (items >= ITEMS_MAX) unreachable();
  if (!isBelowOrder(ITEM + S_AT)) return false;
  if (!decompress(SHORT + usize(items) * TERM, ITEM)) return false;
  const key = enlistKey(ITEM + KEY_AT);
  if (key < 0) return false;
  store<i32>(ITEM_KEY + usize(items << 2), key);
  memory.copy(ITEM_S + usize(items) * SCALAR, ITEM + S_AT, 32);
  closeHash(DIGEST);
  store<u64>(DIGEST, 0, 64);
  decodeLimbs(K_LIMBS, DIGEST, 19);
  reduce(ITEM_K + usize(items) * SCALAR, K_LIMBS);
  items++;
  return true;
}

/** Whether the item holds by itself. */
export function checkItem(index: i32): bool {
  if (index < 0 || index >= items) unreachable();
  const key = LONG + usize(load<i32>(ITEM_KEY + usize(index << 2))) * TERM;
  memory.copy(LONG + TERM_SCALAR, ITEM_S + usize(index) * SCALAR, SCALAR);
  negateScalar(LONG + TERM_SCALAR);
  memory.copy(key + TERM_SCALAR, ITEM_K + usize(index) * SCALAR, SCALAR);
  openStraus();
  addTerm(key);
  sumStraus(SUM);
  addAffine(SUM, SUM, SHORT + usize(index) * TERM, false);
  return hasSmallOrder(SUM);
}

/**
 * 1 when the batch holds, 0 when it does not, −1 when the coefficients are none: one is 0, or the same as the one
 * before, which of honest ones one in 2^118 batches would be.
 */
export function checkBatch(): i32 {
  for (let i = 0; i <= countKeys(); i++) clear(SUMS + usize(i) * WIDE);
  for (let i = 0; i < items; i++) {
    const z = COEFFICIENTS + usize(i << 4);
    const low = load<u64>(z);
    const high = load<u64>(z, 8);
    if ((low | high) === 0) return -1;
    if (i > 0 && low === load<u64>(z - 16) && high === load<u64>(z - 8)) return -1;
    const scalar = SHORT + usize(i) * TERM + TERM_SCALAR;
    memory.fill(scalar, 0, SCALAR);
    store<u64>(scalar, low);
    store<u64>(scalar, high, 8);
    decodeLimbs(Z_LIMBS, scalar, 5);
    decodeLimbs(K_LIMBS, ITEM_S + usize(i) * SCALAR, 10);
    addProduct(SUMS, Z_LIMBS, K_LIMBS);
    decodeLimbs(K_LIMBS, ITEM_K + usize(i) * SCALAR, 10);
    addProduct(SUMS + usize(load<i32>(ITEM_KEY + usize(i << 2))) * WIDE, Z_LIMBS, K_LIMBS);
  }
  for (let i = 0; i <= countKeys(); i++) {
    const at = usize(i);
    reduce(LONG + at * TERM + TERM_SCALAR, SUMS + at * WIDE);
  }
  negateScalar(LONG + TERM_SCALAR);
  sumTerms(countKeys(), items);
  return hasSmallOrder(SUM) ? 1 : 0;
}

/** What a sum costs by buckets of a width, in multiplications of the field. */
function estimateBuckets(long: i32, short: i32, width: i32): i32 {
  const longWindows = long > 0 ? countWindows(LONG_BITS, width) : 0;
  const shortWindows = short > 0 ? countWindows(SHORT_BITS, width) : 0;
  const windows = max(longWindows, shortWindows);
  return 7 * (long * longWindows + short * shortWindows) + windows * (18 * (1 << (width - 1)) + 6 * width);
}

function chooseWidth(long: i32, short: i32): i32 {
  let best = 2;
  for (let width = 3; width <= WINDOW_MAX; width++) {
    if (estimateBuckets(long, short, width) < estimateBuckets(long, short, best)) best = width;
  }
  return best;
}

/** The same by Straus' method: tables of eight, then one addition in six bits; more than its room it cannot take. */
function estimateStraus(long: i32, short: i32): i32 {
  if (long + short > STRAUS_MAX) return NEVER;
  return 420 * long + 250 * short + 225 + 6 * (long > 0 ? LONG_BITS : SHORT_BITS);
}

/** SUM = all terms, `long` of keys with the base point's, and `short` of items: in the way that should cost least. */
function sumTerms(long: i32, short: i32): void {
  const width = chooseWidth(long + 1, short);
  const shortWidth = chooseWidth(0, short);
  const byBuckets = estimateBuckets(long + 1, short, width);
  const byStraus = estimateStraus(long, short);
  const byBoth = estimateStraus(long, 0) + estimateBuckets(0, short, shortWidth);
  if (byBuckets < byStraus && byBuckets < byBoth) {
    sumBuckets(SUM, LONG, long + 1, LONG_BITS, SHORT, short, SHORT_BITS, width);
    return;
  }
  openStraus();
  for (let i = 1; i <= long; i++) addTerm(LONG + usize(i) * TERM);
  if (byStraus <= byBoth) {
    for (let i = 0; i < short; i++) addTerm(SHORT + usize(i) * TERM);
    sumStraus(SUM);
    return;
  }
  sumStraus(OTHER_SUM);
  sumBuckets(SUM, LONG, 0, LONG_BITS, SHORT, short, SHORT_BITS, shortWidth);
  addPoints(SUM, SUM, OTHER_SUM);
}

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
import { BUCKETS_ROOM } from './buckets.ts';
import { ONE } from './curve.ts';
import { decompress, decompressFour } from './decompress.ts';
import { countKeys, enlistKey, keyPoint, keyTable, openKeys } from './keys.ts';
import {
  BASE_MULTIPLES,
  BASE_TABLE,
  COEFFICIENTS,
  END,
  ITEM,
  ITEM_K,
  ITEM_KEY,
  ITEM_POINTS,
  ITEM_R,
  ITEM_S,
  ITEM_STATE,
  ITEMS_MAX,
  KEPT_MULTIPLES,
  PART,
  PART_MAX,
  QUAD,
  SCALAR,
  SUMS,
  WIDE,
  WIDES,
} from './layout.ts';
import { addCached, hasSmallOrder } from './point.ts';
import { addProduct, clear, decodeLimbs, isBelowOrder, negateScalar, reduce } from './scalar.ts';
import { absorb, closeHash, openHash } from './sha512.ts';
import { sumStraus } from './straus.ts';
import { sumTerms } from './sums.ts';
import { addKeptTerm, addLongTerm, addShortTerm, openTerms } from './terms.ts';

const KEY_AT: usize = 64;
const S_AT: usize = 32;

const Z_LIMBS: usize = WIDES;
const K_LIMBS: usize = Z_LIMBS + WIDE;
const DIGEST: usize = K_LIMBS + WIDE;
const FACTOR: usize = DIGEST + WIDE;

/** Behind what the methods of summing use themselves. */
const SUM: usize = BUCKETS_ROOM;

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
  if (END > usize(memory.size()) << 16 || SUM + QUAD > ONE) unreachable();
  prepareBase();
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

/** Whether the item was taken: S is below the group order, and the key is a point. */
export function closeItem(): bool {
  if (items >= ITEMS_MAX) unreachable();
  if (!isBelowOrder(ITEM + S_AT)) return false;
  const key = enlistKey(ITEM + KEY_AT);
  if (key < 0) return false;
  store<i32>(ITEM_KEY + usize(items << 2), key);
  memory.copy(ITEM_R + usize(items << 5), ITEM, 32);
  store<u8>(ITEM_STATE + usize(items), 0);
  memory.copy(ITEM_S + usize(items) * SCALAR, ITEM + S_AT, 32);
  closeHash(DIGEST);
  store<u64>(DIGEST, 0, 64);
  decodeLimbs(K_LIMBS, DIGEST, 19);
  reduce(ITEM_K + usize(items) * SCALAR, K_LIMBS);
  items++;
  return true;
}

/** Whether the item's R is a point; to be asked before the item is checked. */
export function readPoint(index: i32): bool {
  if (index < 0 || index >= items) unreachable();
  const isPoint = decompress(itemPoint(index), ITEM_R + usize(index << 5));
  store<u8>(ITEM_STATE + usize(index), u8(isPoint));
  return isPoint;
}

/** The same for all items, four at a time: how many R are points. */
export function readPoints(): i32 {
  let points = 0;
  let i = 0;
  // Four together cost as much as three by themselves.
  for (; i + 2 < items; i += 4) {
    const found = decompressFour(itemPoint(i), ITEM_R + usize(i << 5));
    for (let lane = 0; lane < min(4, items - i); lane++) {
      store<u8>(ITEM_STATE + usize(i + lane), u8((found >> lane) & 1));
      points += (found >> lane) & 1;
    }
  }
  for (; i < items; i++) points += i32(readPoint(i));
  return points;
}

/** What `readPoints` found of one. */
export function hasPoint(index: i32): bool {
  if (index < 0 || index >= items) unreachable();
  return load<u8>(ITEM_STATE + usize(index)) !== 0;
}

function itemPoint(index: i32): usize {
  return ITEM_POINTS + usize(index) * QUAD;
}

function addKeyTerm(number: i32, scalar: usize): void {
  const table = keyTable(number);
  if (table !== 0) addKeptTerm(table, KEPT_MULTIPLES, scalar);
  else addLongTerm(keyPoint(number), scalar);
}

/** Whether the item holds by itself: its R must have been found to be a point. */
export function checkItem(index: i32): bool {
  if (!hasPoint(index)) unreachable();
  openTerms();
  memory.copy(FACTOR, ITEM_S + usize(index) * SCALAR, SCALAR);
  negateScalar(FACTOR);
  addKeptTerm(BASE_TABLE, BASE_MULTIPLES, FACTOR);
  addKeyTerm(load<i32>(ITEM_KEY + usize(index << 2)), ITEM_K + usize(index) * SCALAR);
  sumStraus(SUM);
  addCached(SUM, SUM, itemPoint(index));
  return hasSmallOrder(SUM);
}

/**
 * 1 when all items hold whose R `readPoints` found to be points, 0 when not all do, −1 when the coefficients are none:
 * one is 0, or the same as the one before, which of honest ones one in 2^118 batches would be.
 */
export function checkBatch(): i32 {
  openTerms();
  for (let i = 0; i <= countKeys(); i++) clear(SUMS + usize(i) * WIDE);
  for (let i = 0; i < items; i++) {
    const z = COEFFICIENTS + usize(i << 4);
    const low = load<u64>(z);
    const high = load<u64>(z, 8);
    if ((low | high) === 0) return -1;
    if (i > 0 && low === load<u64>(z - 16) && high === load<u64>(z - 8)) return -1;
    if (!hasPoint(i)) continue;
    addShortTerm(itemPoint(i), z);
    memory.fill(FACTOR, 0, SCALAR);
    memory.copy(FACTOR, z, 16);
    decodeLimbs(Z_LIMBS, FACTOR, 5);
    decodeLimbs(K_LIMBS, ITEM_S + usize(i) * SCALAR, 10);
    addProduct(SUMS, Z_LIMBS, K_LIMBS);
    decodeLimbs(K_LIMBS, ITEM_K + usize(i) * SCALAR, 10);
    addProduct(SUMS + usize(load<i32>(ITEM_KEY + usize(i << 2))) * WIDE, Z_LIMBS, K_LIMBS);
  }
  for (let i = 0; i <= countKeys(); i++) {
    reduce(FACTOR, SUMS + usize(i) * WIDE);
    if (i > 0) {
      addKeyTerm(i, FACTOR);
      continue;
    }
    negateScalar(FACTOR);
    addKeptTerm(BASE_TABLE, BASE_MULTIPLES, FACTOR);
  }
  sumTerms(SUM);
  return hasSmallOrder(SUM) ? 1 : 0;
}

/**
 * Which authors' keys are at hand: keys that came before are kept, in sets of eight, so that neither their number nor
 * the time to find one is in an attacker's hands; who brings many keys of one set drives out others of that set. A key
 * that comes the first time is decompressed and kept as a point; in the second batch that it is in its multiples are
 * worked out, which costs as much as three decompressions and is spared whoever comes once. A key of the batch has one
 * number, and all its items add to that. Nothing but speed depends on what is kept: a key driven out and brought again
 * in one batch gets a second number.
 *
 * An entry: the key's 32 bytes, the batch that used it last, its number there, whether it has its multiples; then
 * those, of A and of 2^128·A, or at first only A. A key of the batch has its point copied, since its entry may be taken
 * by another before the batch is summed.
 */

import { decompress } from './decompress.ts';
import {
  KEPT_MULTIPLES,
  KEY_ENTRY,
  KEY_POINTS,
  KEY_SETS,
  KEY_TABLES,
  KEY_WAYS,
  KEYS,
  QUAD,
} from './layout.ts';
import { writeBothMultiples } from './multiples.ts';

const BATCH_AT: usize = 32;
const NUMBER_AT: usize = 40;
const COMPLETE_AT: usize = 44;
const TABLE_AT: usize = 48;

/** Number of the batch; 0 is none, so an entry never used belongs to no batch. */
let batch: u64 = 0;
/** Which of a set is overwritten next. */
let turn: i32 = 0;
/** Distinct keys in the batch: their numbers are 1 to this, after the base point's. */
let count: i32 = 0;

export function openKeys(): void {
  batch++;
  count = 0;
}

export function countKeys(): i32 {
  return count;
}

/** The point of a key of this batch, cached and affine. */
export function keyPoint(number: i32): usize {
  return KEY_POINTS + usize(number) * QUAD;
}

/** Its multiples, if they are kept, or 0. */
export function keyTable(number: i32): usize {
  return usize(load<u32>(KEY_TABLES + usize(number << 2)));
}

function setKeyTable(number: i32, table: usize): void {
  store<u32>(KEY_TABLES + usize(number << 2), u32(table));
}

function equals(a: usize, b: usize): bool {
  return (
    load<u64>(a) === load<u64>(b) &&
    load<u64>(a, 8) === load<u64>(b, 8) &&
    load<u64>(a, 16) === load<u64>(b, 16) &&
    load<u64>(a, 24) === load<u64>(b, 24)
  );
}

/** The number of the key in this batch, or −1 when its bytes are no point. */
export function enlistKey(key: usize): i32 {
  // The bytes of an honest key are as good as random.
  const set = KEYS + usize((load<u8>(key, 7) & (KEY_SETS - 1)) * KEY_WAYS) * KEY_ENTRY;
  for (let way = 0; way < KEY_WAYS; way++) {
    const entry = set + usize(way) * KEY_ENTRY;
    if (load<u64>(entry, BATCH_AT) !== 0 && equals(entry, key)) return enlistEntry(entry);
  }
  // Read to where its point will stand, so that bytes that are no point drive out no key.
  if (!decompress(keyPoint(count + 1), key)) return -1;
  const entry = set + usize(turn) * KEY_ENTRY;
  turn = (turn + 1) & (KEY_WAYS - 1);
  if (load<u64>(entry, BATCH_AT) === batch) setKeyTable(load<i32>(entry, NUMBER_AT), 0);
  memory.copy(entry, key, 32);
  memory.copy(entry + TABLE_AT, keyPoint(count + 1), QUAD);
  store<i32>(entry, 0, COMPLETE_AT);
  return enlistFirst(entry);
}

/** A key that came before, in this batch or in another: then it gets its multiples, unless it has them. */
function enlistEntry(entry: usize): i32 {
  if (load<u64>(entry, BATCH_AT) === batch) return load<i32>(entry, NUMBER_AT);
  memory.copy(keyPoint(count + 1), entry + TABLE_AT, QUAD);
  if (load<i32>(entry, COMPLETE_AT) === 0) {
    writeBothMultiples(entry + TABLE_AT, keyPoint(count + 1), KEPT_MULTIPLES);
    store<i32>(entry, 1, COMPLETE_AT);
  }
  return enlistFirst(entry);
}

/** The first time in this batch; its point has been put in place. */
function enlistFirst(entry: usize): i32 {
  count++;
  store<u64>(entry, batch, BATCH_AT);
  store<i32>(entry, count, NUMBER_AT);
  setKeyTable(count, load<i32>(entry, COMPLETE_AT) !== 0 ? entry + TABLE_AT : 0);
  return count;
}

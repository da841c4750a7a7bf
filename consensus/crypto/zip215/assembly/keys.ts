/**
 * Which authors' keys are at hand: points of keys that came before are kept, in sets of four, so that neither their
 * number nor the time to find one is in an attacker's hands; who brings many keys of one set drives out others of that
 * set, and each costs one decompression again. A key of the batch has one term, and all its items add to that.
 * Nothing but speed depends on what is kept: a key driven out and brought again gets a second term.
 *
 * An entry: the key's 32 bytes, its affine point, the batch that used it last, its term there.
 */

import { AFFINE, KEY_ENTRY, KEY_SETS, KEY_WAYS, KEYS, LONG, TERM } from './layout.ts';
import { decompress } from './point.ts';

const POINT_AT: usize = 32;
const BATCH_AT: usize = POINT_AT + AFFINE;
const TERM_AT: usize = BATCH_AT + 8;

/** Number of the batch; 0 is none, so an entry never used belongs to no batch. */
let batch: u64 = 0;
/** Which of a set is overwritten next. */
let turn: i32 = 0;
/** Distinct keys in the batch; their terms are 1 to this, after the base point's. */
let count: i32 = 0;

export function openKeys(): void {
  batch++;
  count = 0;
}

export function countKeys(): i32 {
  return count;
}

function equals(a: usize, b: usize): bool {
  return (
    load<u64>(a) === load<u64>(b) &&
    load<u64>(a, 8) === load<u64>(b, 8) &&
    load<u64>(a, 16) === load<u64>(b, 16) &&
    load<u64>(a, 24) === load<u64>(b, 24)
  );
}

/** The number of the key's term in this batch, or −1 when its bytes are no point. */
export function enlistKey(key: usize): i32 {
  // The bytes of an honest key are as good as random.
  const set = KEYS + usize((load<u8>(key, 7) & (KEY_SETS - 1)) * KEY_WAYS) * KEY_ENTRY;
  for (let way = 0; way < KEY_WAYS; way++) {
    const entry = set + usize(way) * KEY_ENTRY;
    if (load<u64>(entry, BATCH_AT) !== 0 && equals(entry, key)) return enlistEntry(entry);
  }
  const entry = set + usize(turn) * KEY_ENTRY;
  // Marked unused first: if these bytes are no point, whatever was written here must not be taken for one.
  store<u64>(entry, 0, BATCH_AT);
  if (!decompress(entry + POINT_AT, key)) return -1;
  memory.copy(entry, key, 32);
  turn = (turn + 1) & (KEY_WAYS - 1);
  return enlistEntry(entry);
}

function enlistEntry(entry: usize): i32 {
  if (load<u64>(entry, BATCH_AT) === batch) return load<i32>(entry, TERM_AT);
  count++;
  store<u64>(entry, batch, BATCH_AT);
  store<i32>(entry, count, TERM_AT);
  memory.copy(LONG + usize(count) * TERM, entry + POINT_AT, AFFINE);
  return count;
}

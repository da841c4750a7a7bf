/**
 * From the 39 columns of a product of quads to twenty limbs of 13 bits: what lies above 2^260 is folded onto the limbs
 * below, 2^260 = 608, and then carried. Why nothing overflows is said in lanes.ts.
 */

import { COLUMNS } from './layout.ts';
import { bridged, get, joined, mac, put } from './vectors.ts';

/** 2^260, for a carry; and for an upper column's lower and upper 16 bits: 608 and 2^16/2^13 times as much. */
const WRAP: v128 = i32x4(608, 608, 608, 608);
const WRAPS: v128 = i16x8(608, 4864, 608, 4864, 608, 4864, 608, 4864);
const NONE: v128 = i32x4(0, 0, 0, 0);
const TURN: v128 = i32x4(0x8000, 0x8000, 0x8000, 0x8000);
/** 13 bits: of a lane, and of each of its limbs. */
const MASK: v128 = i32x4(0x1fff, 0x1fff, 0x1fff, 0x1fff);
const MASKS: v128 = i32x4(0x1fff_1fff, 0x1fff_1fff, 0x1fff_1fff, 0x1fff_1fff);
/** 2^12 makes a carry a rounded one, and comes off each limb in the end; 608·2^15 + 2^12 makes up for TURN as well. */
const HALF: v128 = i32x4(0x1000, 0x1000, 0x1000, 0x1000);
const HALVES: v128 = i32x4(0x1000_1000, 0x1000_1000, 0x1000_1000, 0x1000_1000);
const TURNED_AND_HALF: v128 = i32x4(19_927_040, 19_927_040, 19_927_040, 19_927_040);

/** Column c with the highest of its lower 16 bits turned: read as a limb, with a sign, those are then 2^15 less. */
/* @inline */
function turned(c: usize): v128 {
  return v128.xor(get(COLUMNS, c), TURN);
}

/**
 * Limb i of 20: its column, and what 2^260 brings down. Of column i + 20 that is 608 times the lower 16 bits; the upper
 * ones of column i + 19 stand for 2^16 = 8·2^13, so 8·608 times them belong here.
 */
/* @inline */
function folded(i: usize): v128 {
  const upper = bridged(i === 19 ? NONE : turned(i + 20), i === 0 ? NONE : get(COLUMNS, i + 19));
  return mac(i32x4.add(get(COLUMNS, i), i === 19 ? HALF : TURNED_AND_HALF), upper, WRAPS);
}

/* @inline */
function carryOf(limb: v128): v128 {
  return i32x4.shr_s(limb, 13);
}

/** What its carry leaves of a limb. */
/* @inline */
function kept(limb: v128): v128 {
  return v128.and(limb, MASK);
}

/** Two limbs as they are stored, each less the half that was added to it: so they lie around zero. */
/* @inline */
function putPair(r: usize, k: usize, pair: v128): void {
  put(r, k, i16x8.sub(pair, HALVES));
}

/** Puts vector k of the result, with a carry from below, and returns the carry that goes up. */
/* @inline */
function settlePair(r: usize, k: usize, carry: v128): v128 {
  const low = i32x4.add(folded(2 * k), carry);
  const high = i32x4.add(folded(2 * k + 1), carryOf(low));
  putPair(r, k, v128.and(joined(low, high), MASKS));
  return carryOf(high);
}

/** Vector k, with which a chain began, once the chain below it has brought its carry: that goes on for two limbs. */
/* @inline */
function closePair(r: usize, k: usize, low: v128, high: v128, carry: v128): void {
  const closed = i32x4.add(kept(low), carry);
  putPair(r, k, joined(kept(closed), i32x4.add(kept(high), carryOf(closed))));
}

/**
 * The 39 columns to twenty limbs of weight 1. Four chains of carries run side by side, from limbs 0, 6, 10 and 16, so
 * that none is long. What each leaves at its end, 2^18 at most, goes on for two limbs and leaves 33 at most in the second.
 * Limb 0 gets it 608 times, below 2^28, so that limb 1 gets 2^15 and limb 2 gets 4.
 */
/* @inline */
export function settle(r: usize): void {
  const limb6 = folded(6);
  const limb16 = folded(16);
  const limb10 = folded(10);
  const limb0 = folded(0);
  const limb7 = i32x4.add(folded(7), carryOf(limb6));
  const limb17 = i32x4.add(folded(17), carryOf(limb16));
  const limb11 = i32x4.add(folded(11), carryOf(limb10));
  const limb1 = i32x4.add(folded(1), carryOf(limb0));
  const limb2 = i32x4.add(folded(2), carryOf(limb1));
  const limb3 = i32x4.add(folded(3), carryOf(limb2));
  const to10 = settlePair(r, 4, carryOf(limb7));
  const to20 = settlePair(r, 9, carryOf(limb17));
  const to16 = settlePair(r, 7, settlePair(r, 6, carryOf(limb11)));
  const to6 = settlePair(r, 2, carryOf(limb3));
  closePair(r, 5, limb10, limb11, to10);
  const again0 = i32x4.add(kept(limb0), i32x4.mul(to20, WRAP));
  const again1 = i32x4.add(kept(limb1), carryOf(again0));
  putPair(r, 0, v128.and(joined(again0, again1), MASKS));
  putPair(r, 1, joined(i32x4.add(kept(limb2), carryOf(again1)), kept(limb3)));
  closePair(r, 3, limb6, limb7, to6);
  closePair(r, 8, limb16, limb17, to16);
}

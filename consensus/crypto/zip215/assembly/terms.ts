/**
 * What is summed: points times scalars. A *short* term's scalar is below 2^128, a *long* one's below 2^253; both lists
 * are filled anew for each sum. A point whose multiples are kept, with those of 2^128 times it, gives two short terms.
 */

import { ITEMS_MAX, LONG, QUAD, SCALAR, SHORT, TERM } from './layout.ts';

/** A term: the addresses of its cached point and of its odd multiples (0: none are kept), how many, and the scalar. */
const TABLE_AT: usize = 4;
const MULTIPLES_AT: usize = 8;
const SCALAR_AT: usize = 16;

export let shortCount: i32 = 0;
export let longCount: i32 = 0;
/** Short terms of which no multiples are kept. */
export let passingCount: i32 = 0;

export function openTerms(): void {
  shortCount = 0;
  longCount = 0;
  passingCount = 0;
}

export function shortTerm(i: i32): usize {
  return SHORT + usize(i) * TERM;
}

export function longTerm(i: i32): usize {
  return LONG + usize(i) * TERM;
}

export function pointOf(term: usize): usize {
  return usize(load<u32>(term));
}

export function tableOf(term: usize): usize {
  return usize(load<u32>(term, TABLE_AT));
}

export function multiplesOf(term: usize): i32 {
  return load<i32>(term, MULTIPLES_AT);
}

/** 40 bytes, of which the upper ones are zero. */
export function scalarOf(term: usize): usize {
  return term + SCALAR_AT;
}

function fill(term: usize, point: usize, table: usize, multiples: i32, scalar: usize, length: usize): void {
  store<u32>(term, u32(point));
  store<u32>(term, u32(table), TABLE_AT);
  store<i32>(term, multiples, MULTIPLES_AT);
  memory.fill(scalarOf(term), 0, SCALAR);
  memory.copy(scalarOf(term), scalar, length);
}

/** A point times a number of 16 bytes. */
export function addShortTerm(point: usize, scalar: usize): void {
  fill(shortTerm(shortCount++), point, 0, 0, scalar, 16);
  passingCount++;
}

/** A point times a number of 32 bytes, of which no multiples are kept. */
export function addLongTerm(point: usize, scalar: usize): void {
  if (longCount >= ITEMS_MAX) unreachable();
  fill(longTerm(longCount++), point, 0, 0, scalar, 32);
}

/** The same for a point that has its multiples, and those of 2^128 times it (multiples.ts): the scalar is halved. */
export function addKeptTerm(table: usize, multiples: i32, scalar: usize): void {
  const upper = table + usize(multiples) * QUAD;
  fill(shortTerm(shortCount++), table, table, multiples, scalar, 16);
  fill(shortTerm(shortCount++), upper, upper, multiples, scalar + 16, 16);
}

/** Empties the list of long terms and says how many there were: they can still be read, and become short ones. */
export function takeLongTerms(): i32 {
  const long = longCount;
  longCount = 0;
  return long;
}

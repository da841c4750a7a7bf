/** The table of settled vertices, held against a plain map over heights that come and go `[ORD-1]`. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex, uint32Bytes } from '../codec/bytes.ts';
import { hash } from '../crypto/hash.ts';
import { type AncestorFacts, SettledWindow } from '../dag/settled-window.ts';
import { Chance } from './walk-random.ts';

const test = suite('settled window');

const WINDOW = 16;
const SALT = 0x9e37_79b9;
const keyOf = (number: number): string => toHex(hash('vertex', uint32Bytes(number)));
const factsOf = (number: number): AncestorFacts => ({
  authorKey: keyOf(number % 37),
  sequence: number * 2 ** 21,
  time: 1_800_000_000_000 + number,
  checkpointHeight: number % 1_000,
});

test('it knows just what the last K checkpoints settled, over thousands of them', () => {
  const table = new SettledWindow(WINDOW, SALT);
  const settledAt = new Map<number, number>();
  const chance = new Chance(5);
  let next = 0;
  for (let height = 1; height <= 400; height++) {
    // Bursts, so that the table grows and shrinks.
    const count = height % 50 < 5 ? 400 : chance.below(20);
    for (let i = 0; i < count; i++) {
      table.add(keyOf(next), factsOf(next), height);
      settledAt.set(next++, height);
    }
    table.advance(height);
    for (let look = 0; look < 200; look++) {
      const number = chance.below(next + 5);
      const at = settledAt.get(number);
      const live = at !== undefined && at > height - WINDOW;
      assert.is(table.has(keyOf(number)), live, `vertex ${number} at height ${height}`);
      assert.equal(table.get(keyOf(number)), live ? factsOf(number) : undefined);
    }
  }
  assert.ok(next > 10_000, 'more than any layout of the table holds at once');
});

test('ids that differ in their last bit, or begin alike, are told apart', () => {
  const table = new SettledWindow(WINDOW, SALT);
  const begin = 'ab'.repeat(31);
  const keys = Array.from({ length: 200 }, (_, i) => begin + i.toString(16).padStart(2, '0'));
  for (const [number, key] of keys.slice(0, 100).entries()) table.add(key, factsOf(number), 1);
  for (const [number, key] of keys.entries())
    assert.equal(table.get(key), number < 100 ? factsOf(number) : undefined, key);
});

test('heights do not go back', () => {
  const table = new SettledWindow(WINDOW, SALT);
  table.advance(7);
  assert.throws(() => table.add(keyOf(1), factsOf(1), 6), /one after the other/);
});

test('its memory is what is in the window, in bursts and after them', () => {
  const table = new SettledWindow(WINDOW, SALT);
  const empty = table.bytes;
  const count = 100_000;
  for (let number = 0; number < count; number++) table.add(keyOf(number), factsOf(number), 1);
  assert.ok(table.bytes < 130 * count, `${table.bytes / count} bytes a vertex`);
  table.advance(1 + WINDOW);
  assert.is(table.bytes, empty, 'all of them have left');
  // A long even flow, at most so many at a time.
  let most = 0;
  for (let number = 0; number < count; number++) {
    table.add(keyOf(number), factsOf(number), 2 + WINDOW + Math.floor(number / 100));
    most = Math.max(most, table.bytes);
  }
  assert.ok(most < 200 * 100 * WINDOW, `${most / (100 * WINDOW)} bytes a vertex`);
});

test('a vertex does not settle twice', () => {
  const table = new SettledWindow(WINDOW, SALT);
  table.add(keyOf(1), factsOf(1), 1);
  assert.throws(() => table.add(keyOf(1), factsOf(1), 2), /settles once/);
});

/** How long a table takes to take these in and to find them, ms. */
function timeOf(keys: readonly string[]): number {
  const table = new SettledWindow(WINDOW, SALT);
  const facts = factsOf(1);
  const began = performance.now();
  for (const key of keys) table.add(key, facts, 1);
  let found = 0;
  for (const key of keys) found += table.has(key) ? 1 : 0;
  assert.is(found, keys.length);
  return performance.now() - began;
}

test('ids that were sought so as to begin alike do not make a table slow', () => {
  const plain = Array.from({ length: 20_000 }, (_, number) => keyOf(number));
  const alike = plain.map((key) => `00000000${key.slice(8)}`);
  timeOf(plain);
  const [usual, sought] = [timeOf(plain), timeOf(alike)];
  assert.ok(sought < 10 * usual + 100, `${sought} ms instead of ${usual} ms`);
});

test.run();

/** How long a leader is waited for `[BFT-7]`, by how long heights have taken. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Tempo } from '../pbft/tempo.ts';

const test = suite('tempo');
const pace = { viewTimeoutMs: 1_000, viewTimeoutMaxMs: 8_000 };

function after(...took: readonly number[]): number {
  const tempo = new Tempo(pace);
  for (const ms of took) tempo.note(ms);
  return tempo.patienceMs;
}
const times = (count: number, ms: number): number[] => new Array(count).fill(ms);

test('it is the genesis’s where heights are fast, and three times the usual where they are not', () => {
  assert.is(after(), 1_000);
  assert.is(after(...times(15, 300)), 1_000);
  assert.is(after(...times(15, 700)), 2_100);
  assert.is(after(...times(15, 60_000)), 8_000, 'never more than the longest view');
});

test('it takes half of the last heights to change it, either way', () => {
  assert.is(after(...times(7, 5_000)), 1_000, 'seven of fifteen say nothing yet');
  assert.is(after(...times(8, 2_000)), 6_000);
  assert.is(after(...times(15, 2_000), ...times(7, 10)), 6_000);
  assert.is(after(...times(15, 2_000), ...times(8, 10)), 1_000, 'the load is over');
});

test('a minority of leaders cannot stretch it', () => {
  // Every third height is as slow as its leader dares.
  const took = Array.from({ length: 60 }, (_, height) => (height % 3 === 0 ? 7_999 : 200));
  assert.is(after(...took), 1_000);
});

test.run();

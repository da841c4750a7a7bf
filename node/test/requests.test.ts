/** Answers are what was asked for, and no more of it. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Requests } from '../replica/requests.ts';

const test = suite('requests');

test('each peer answers so often as it was asked', () => {
  const requests = new Requests();
  assert.is(requests.settle('a', 3), 0, 'nobody asked');
  requests.note('a', 2);
  requests.note('a', 3);
  assert.is(requests.settle('b', 5), 0, 'it was not asked');
  assert.is(requests.settle('a', 4), 4);
  assert.is(requests.settle('a', 4), 1, 'what is left');
  assert.is(requests.settle('a', 4), 0);
});

test('what is outstanding is bounded, and forgotten with the peer', () => {
  const requests = new Requests();
  for (let i = 0; i < 1_000; i++) requests.note('a', 256);
  assert.is(requests.settle('a', 1_000_000), 40_000);
  requests.note('a', 1);
  requests.forget('a');
  assert.is(requests.settle('a', 1), 0);
});

test.run();

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { NodeClock } from '../clock.ts';
import { VirtualTime } from '../virtual-time.ts';

const test = suite('clocks');
const START_MS = 1_000_000;

test('events come in order of time, and of asking where times are equal; what is called off does not come', async () => {
  const time = new VirtualTime(START_MS, 1);
  const seen: string[] = [];
  time.after(5, () => seen.push('c'));
  time.after(1, () => seen.push('a'));
  time.after(1, () => {
    seen.push('b');
    time.after(0, () => seen.push('b, at once'));
  });
  const off = time.after(2, () => seen.push('never'));
  off();
  await time.run(START_MS + 10);
  assert.equal(seen, ['a', 'b', 'b, at once', 'c']);
  assert.is(time.events, 4);
  assert.is(time.now(), START_MS + 10);
});

test('whatever an event sets going is done before the next one', async () => {
  const time = new VirtualTime(START_MS, 1);
  const seen: number[] = [];
  time.after(1, async () => {
    for (let i = 0; i < 50; i++) await null;
    seen.push(1);
  });
  time.after(1, () => seen.push(2));
  await time.run(START_MS + 2);
  assert.equal(seen, [1, 2]);
});

test('a clock drifts, jumps, and is set right', async () => {
  const time = new VirtualTime(START_MS, 1);
  const clock = new NodeClock(time);
  clock.drift(100);
  await time.run(START_MS + 1_000_000);
  assert.is(clock.now(), START_MS + 1_000_100);
  clock.jump(-500);
  assert.is(clock.now(), START_MS + 999_600);
  clock.drift(-100);
  await time.run(START_MS + 2_000_000);
  assert.is(clock.now(), START_MS + 1_999_500);
  assert.is(Math.round(clock.offsetMs), -500);
  clock.setRight();
  await time.run(START_MS + 3_000_000);
  assert.is(clock.now(), START_MS + 3_000_000);
});

test('timers count the node’s own seconds; a jump does not move one that is set', async () => {
  const time = new VirtualTime(START_MS, 1);
  let timers = 0;
  const clock = new NodeClock(time, () => {
    timers += 1;
  });
  clock.drift(-500_000);
  const at: number[] = [];
  const note = () => void at.push(time.elapsedMs);
  clock.at(clock.now() + 100, note);
  await time.run(START_MS + 1_000);
  assert.equal(at, [200], 'half as fast');
  clock.drift(0);
  clock.at(clock.now() + 100, note);
  clock.jump(1_000);
  // Past already by the clock as it is now.
  clock.at(clock.now() - 5, note);
  await time.run(START_MS + 2_000);
  assert.equal(at, [200, 1_000, 1_100]);
  const cancel = clock.at(clock.now() + 100, note);
  cancel();
  await time.run(START_MS + 3_000);
  assert.is(at.length, 3);
  assert.is(timers, 3);
});

test.run();

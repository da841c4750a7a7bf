import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decimalOf } from '../../consensus/vertex/decimal.ts';
import type { Frame } from '../../consensus/vertex/frame.ts';
import { CounterWindow } from '../intake/counter-window.ts';
import { type GuardEntry, guardLimits, ReplayGuard } from '../intake/replay-guard.ts';
import { TimeWindow } from '../intake/time-window.ts';

const test = suite('replay-guard');

function frameOf(counter: number, device = 'x', session = 's', time = 1_700_000_000_000): Frame {
  return {
    device,
    session,
    counter,
    time,
    readings: [{ quantity: 'door', value: decimalOf(1)! }],
    signature: new Uint8Array(0),
  };
}
const timed = (time: number, device = 'x') => frameOf(time, device, '', time);

function verdict(guard: ReplayGuard, ...frames: Frame[]): string {
  const result = guard.admit(frames);
  return result.ok ? `${result.value.length} new` : `${result.code}: ${result.facts['reason']}`;
}

test('the counter window agrees with a set that remembers everything', () => {
  // Steps near 1,024 are where a window goes wrong.
  const step = fc.oneof(
    fc.integer({ min: -1100, max: 40 }),
    fc.integer({ min: 1000, max: 1050 }),
    fc.integer({ min: 0, max: 100_000 }),
  );
  fc.assert(
    fc.property(
      fc.oneof(fc.nat(3000), fc.constant(2 ** 32 - 20), fc.constant(2 ** 45)),
      fc.array(step, { maxLength: 300 }),
      (start, steps) => {
        let window = new CounterWindow();
        const seen = new Set<number>();
        let highest = -1;
        for (const [index, by] of steps.entries()) {
          const counter = Math.max(0, (highest < 0 ? start : highest) + by);
          const expected = counter <= highest - 1024 ? 'old' : seen.has(counter) ? 'seen' : 'new';
          assert.is(window.judge(counter), expected, `${counter} after ${highest}`);
          if (expected !== 'new') continue;
          window.mark(counter);
          seen.add(counter);
          highest = Math.max(highest, counter);
          assert.is(window.highest, highest);
          if (index % 7 === 0) window = CounterWindow.decode(window.encode())!;
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('a jump forgets the counters it skips, whatever their bits said before', () => {
  for (const jump of [1, 2, 3, 31, 32, 33, 1022, 1023, 1024, 1025, 5000]) {
    const window = new CounterWindow();
    for (let counter = 0; counter < 1024; counter++) window.mark(counter);
    const highest = 1023 + jump;
    window.mark(highest);
    for (let counter = 0; counter <= highest; counter++) {
      const expected =
        counter <= highest - 1024 ? 'old' : counter < 1024 || counter === highest ? 'seen' : 'new';
      assert.is(window.judge(counter), expected, `${counter} after a jump of ${jump}`);
    }
  }
});

test('the time window remembers the 128 newest', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(400), { minLength: 200, maxLength: 400, size: 'max' }), (times) => {
      let window = new TimeWindow();
      const kept: number[] = [];
      for (const time of times) {
        const full = kept.length === 128 && time < Math.min(...kept);
        const expected = kept.includes(time) ? 'seen' : full ? 'old' : 'new';
        assert.is(window.judge(time), expected);
        if (expected !== 'new') continue;
        window.mark(time);
        kept.push(time);
        kept.sort((a, b) => a - b);
        if (kept.length > 128) kept.shift();
        window = TimeWindow.decode(window.encode())!;
      }
    }),
    { numRuns: 200 },
  );
});

test('each counter passes once in its session, late ones too', () => {
  const guard = new ReplayGuard();
  assert.is(verdict(guard, frameOf(5000)), '1 new');
  assert.is(verdict(guard, frameOf(5000)), 'E_REPLAY: counter used before');
  assert.is(verdict(guard, frameOf(4000)), '1 new');
  assert.is(verdict(guard, frameOf(4000)), 'E_REPLAY: counter used before');
  assert.is(verdict(guard, frameOf(3977)), '1 new');
  assert.is(verdict(guard, frameOf(3976)), 'E_REPLAY: counter below the window of those remembered');
  assert.is(verdict(guard, frameOf(3976, 'x', 'other')), '1 new');
  assert.is(verdict(guard, frameOf(3976, 'y')), '1 new');
  assert.is(verdict(guard, frameOf(0, 'z')), '1 new');
  assert.is(verdict(guard, frameOf(0, 'z')), 'E_REPLAY: counter used before');
});

test('where time counts, history may follow the newest reading', () => {
  const guard = new ReplayGuard();
  const now = 1_700_000_000_000;
  assert.is(verdict(guard, timed(now)), '1 new');
  assert.is(verdict(guard, timed(now - 86_400_000)), '1 new');
  assert.is(verdict(guard, timed(now - 86_400_000)), 'E_REPLAY: counter used before');
  assert.is(verdict(guard, timed(now), timed(now + 1), timed(now - 86_400_000)), '1 new');
});

test('changes and restore carry the state exactly', () => {
  const guard = new ReplayGuard();
  const store = new Map<string, Uint8Array>();
  const write = (entries: GuardEntry[]) => {
    for (const [key, state] of entries) store.set(key, state);
    return entries.length;
  };
  assert.is(write(guard.changes()), 0);
  verdict(guard, frameOf(1), frameOf(2), frameOf(1, 'y'));
  verdict(guard, timed(1_700_000_000_000));
  assert.is(write(guard.changes()), 3);
  assert.is(write(guard.changes()), 0);
  verdict(guard, frameOf(1));
  assert.is(write(guard.changes()), 0, 'a replay changes nothing');

  const restored = new ReplayGuard();
  restored.restore(store);
  assert.is(restored.sessions, 3);
  assert.is(write(restored.changes()), 0);
  for (const frame of [frameOf(1), frameOf(2), frameOf(1, 'y'), timed(1_700_000_000_000)])
    assert.match(verdict(restored, frame), /^E_REPLAY/);
  assert.is(verdict(restored, frameOf(3)), '1 new');

  // What was accepted and not written is forgotten by a restore, so that it may come again.
  verdict(restored, frameOf(4));
  restored.restore(store);
  assert.is(verdict(restored, frameOf(4)), '1 new');
});

test('restore refuses what changes never made', () => {
  const guard = new ReplayGuard();
  for (const entry of [
    ['x', new Uint8Array(136)],
    ['counter\nx\n', new Uint8Array(135)],
    ['time\nx\n', new Uint8Array(7)],
    ['counter\nx', new Uint8Array(136)],
  ] as GuardEntry[]) {
    assert.throws(() => guard.restore([entry]), /expected replay guard entries/);
  }
});

test('the number of sessions is bounded, in all and for each device', () => {
  const guard = new ReplayGuard({ sessionsMax: 5, sessionsPerDeviceMax: 3 });
  for (const session of ['a', 'b', 'c']) assert.is(verdict(guard, frameOf(1, 'x', session)), '1 new');
  assert.is(verdict(guard, frameOf(1, 'x', 'd')), 'E_FULL: too many sessions of one device');
  assert.is(verdict(guard, frameOf(2, 'x', 'a')), '1 new');
  assert.is(verdict(guard, timed(1), timed(2), timed(1, 'y'), timed(1, 'z')), 'E_FULL: too many sessions');
  assert.is(guard.sessions, 3, 'a refused pack leaves no session behind');
  assert.is(verdict(guard, timed(1, 'y'), timed(1, 'z')), '2 new');
  assert.is(verdict(guard, timed(1, 'u')), 'E_FULL: too many sessions');
});

test('65,536 sessions fit, and one more is refused', () => {
  const guard = new ReplayGuard();
  for (let i = 0; i < guardLimits.sessionsMax; i++) guard.admit([frameOf(1, `d${i}`)]);
  assert.is(guard.sessions, 65_536);
  assert.is(verdict(guard, frameOf(1)), 'E_FULL: too many sessions');
  assert.is(verdict(guard, frameOf(2, 'd77')), '1 new');
});

test.run();

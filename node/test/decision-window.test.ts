/** Why a height was decided is kept for the trusting period, and not for ever `[BFT-2]`. */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { defaultPace, type Pace } from '../../consensus/checkpoint/genesis.ts';
import { DECISION_BLOCK, DecisionWindow, DROPPED_MAX } from '../replica/decision-window.ts';
import { Desk } from './one-replica.ts';

const test = suite('decisions');
const DAY_MS = 86_400_000;
const HEIGHTS = 6 * DECISION_BLOCK;
const pace = (period: number, interval: number): Pace => ({
  ...{ ...defaultPace, trustingPeriodMs: period, checkpointIntervalMs: interval },
});

/** One life after the other over heights at these times; what each height dropped, and the time of each. */
function live(rules: Pace, stepMs: (height: number) => number, restarts: ReadonlySet<number> = new Set()) {
  const times = [0];
  const dropped = new Map<number, number>();
  const marksUpTo = (height: number) =>
    new Map(
      Array.from(
        { length: Math.floor(height / DECISION_BLOCK) },
        (_, block) => [block, times[(block + 1) * DECISION_BLOCK]!] as const,
      ),
    );
  let window = new DecisionWindow(rules, { height: 0, time: 0 }, new Map());
  for (let height = 1; height <= HEIGHTS; height++) {
    const time = times[height - 1]! + stepMs(height);
    times.push(time);
    const gone = window.advance({ height, time });
    assert.ok(gone.length <= DROPPED_MAX);
    for (const at of gone) if (!dropped.has(at)) dropped.set(at, height);
    if (restarts.has(height)) window = new DecisionWindow(rules, { height, time }, marksUpTo(height));
  }
  return { times, dropped };
}

test('none younger than the trusting period goes, each older one does, also over restarts', () => {
  const steps = fc.record({
    dense: fc.integer({ min: 1, max: 500 }),
    pause: fc.integer({ min: 0, max: 20 * DAY_MS }),
    at: fc.integer({ min: 1, max: HEIGHTS }),
    restarts: fc.array(fc.integer({ min: 1, max: HEIGHTS }), { maxLength: 6 }),
  });
  const period = DECISION_BLOCK * 300;
  fc.assert(
    fc.property(steps, ({ dense, pause, at, restarts }) => {
      const stepMs = (height: number) => (height === at ? pause + 1 : dense);
      const { times, dropped } = live(pace(period, 1), stepMs, new Set(restarts));
      for (const [height, by] of dropped)
        assert.ok(times[by]! - times[height]! > period, `height ${height} went at ${by}, too young`);
      // A block waits for its last height, and goes a few heights at a time.
      const surelyOld =
        times.filter((time) => time + period < times[HEIGHTS - 2 * DECISION_BLOCK]!).length - 1;
      for (let height = 1; height <= surelyOld - DECISION_BLOCK; height++)
        assert.ok(dropped.has(height), `height ${height} is still there`);
    }),
    { numRuns: 20 },
  );
});

test('a network in a hurry does not fill the disk: no more heights are kept than honest ones make in twice the period', () => {
  const most = DECISION_BLOCK;
  const { dropped } = live(pace((most / 2) * 250, 250), () => 1);
  assert.is(dropped.get(1), most + DECISION_BLOCK);
  const kept = HEIGHTS - dropped.size;
  assert.ok(kept <= most + DECISION_BLOCK + DROPPED_MAX, `${kept} are kept`);
});

test('a network at its pace keeps the whole period', () => {
  const { dropped } = live(pace(3 * DECISION_BLOCK * 250, 250), () => 250);
  assert.is(dropped.get(1), 4 * DECISION_BLOCK + 1);
});

test('the replica drops what is over, and knows after a restart how old its heights are', async () => {
  const desk = await Desk.open({ pace: { trustingPeriodMs: 1_000, checkpointIntervalMs: 1 } });
  const next = async () => {
    await desk.certify([]);
    const written = desk.effects.flatMap((effect) => (effect.type === 'store' ? [effect.write] : []));
    const [checkpoint] = written.flatMap((write) => (write.type === 'checkpoint' ? [write.checkpoint] : []));
    return checkpoint!.droppedDecisions;
  };
  const first = Array.from({ length: DROPPED_MAX }, (_, i) => i + 1);
  const wait = Math.ceil(1_000 / 300);
  for (let height = 1; height < DECISION_BLOCK + wait; height++) assert.equal(await next(), [], `${height}`);
  assert.equal(await next(), first);
  assert.is((await next())[0], DROPPED_MAX + 1);
  await desk.restart();
  assert.equal(await next(), first, 'begun again: the last life may have died over it');
});

test.run();

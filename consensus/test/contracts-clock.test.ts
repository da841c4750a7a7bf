/** Running time `[CTR-11]`: cure, notice, expiry and silence stand still while finality does. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { addBusinessDays, advanceClock, pausedMs } from '../contracts/clock.ts';
import { grant } from '../contracts/objects/grant.ts';
import { loan } from '../contracts/objects/loan.ts';
import { defaultPolicy } from '../contracts/policy.ts';
import { codeOf, DAY_MS, storyAt } from './contract-story.ts';
import { HOUR_MS, World } from './contract-world.ts';

const clock = suite('clock');
const MINUTE_MS = 60_000;

clock('ten minutes are no pause, a millisecond more is one, and counts from the first', () => {
  const world = World.enrolled();
  world.pause(10 * MINUTE_MS);
  assert.is(pausedMs(world), 0);
  world.pause(10 * MINUTE_MS + 1);
  assert.is(pausedMs(world), 10 * MINUTE_MS + 1);
  world.pause(HOUR_MS);
  assert.is(pausedMs(world), 70 * MINUTE_MS + 1);
});

clock('the sum is that of the long steps between headers, in any split of the rest', () => {
  let paused = 0;
  const writer = {
    get: () => (paused === 0 ? undefined : { pausedMs: paused, height: 0 }) as never,
    put: (_type: unknown, _id: unknown, value: unknown) => {
      paused = (value as { readonly pausedMs: number }).pausedMs;
    },
  };
  let previousTime = 0;
  for (const [height, gap] of [600_000, 1, 600_001, 250, 3_600_000].entries()) {
    advanceClock(writer, { height: height + 2, time: previousTime + gap, previousTime }, defaultPolicy);
    previousTime += gap;
  }
  assert.is(paused, 4_200_001);
});

clock('a reservation of 72 hours holds 72 running hours, whatever pauses', () => {
  const story = storyAt('agreed');
  story.world.pause(100 * HOUR_MS);
  story.world.pass(71 * HOUR_MS);
  assert.is(codeOf(story.fork().perfect()), 'OK');
  story.world.pass(2 * HOUR_MS);
  assert.is(codeOf(story.perfect()), 'E_STATE');
});

clock('a rival waits for the reservation as long', () => {
  const story = storyAt('approved');
  const rival = story.rival('approved');
  story.agree();
  story.world.pause(73 * HOUR_MS);
  assert.is(codeOf(rival.fork().agree()), 'E_ENCUMBERED');
  story.world.pass(73 * HOUR_MS);
  assert.is(codeOf(rival.agree()), 'OK');
});

clock('a date that a bank names moves by the pauses after it was named, not by those before', () => {
  const story = storyAt('evaluated');
  story.world.pause(HOUR_MS);
  story.approve({ until: story.world.time + 2 * HOUR_MS });
  const { limitUntil } = story.world.read(loan, story.loan);
  assert.is(limitUntil, story.world.time - 250 + 2 * HOUR_MS - pausedMs(story.world) + 0);
  story.world.pause(5 * HOUR_MS);
  assert.is(codeOf(story.fork().agree()), 'OK');
  story.world.pass(2 * HOUR_MS);
  assert.is(codeOf(story.agree()), 'E_STATE');
});

clock('a grant’s expiry runs by it; freshness of evidence and of prices does not', () => {
  const story = storyAt('stated');
  const { expires } = story.world.read(grant, story.grant);
  story.world.pause(31 * DAY_MS);
  assert.ok(story.world.time > expires);
  assert.is(codeOf(story.supply()), 'OK');
  story.world.pause(25 * HOUR_MS);
  assert.is(codeOf(story.evaluate()), 'E_STALE');
});

clock('business days: two from a Friday end on Tuesday, at the same hour', () => {
  const friday = Date.UTC(2026, 0, 9, 15, 30);
  assert.is(addBusinessDays(friday, 2), Date.UTC(2026, 0, 13, 15, 30));
  assert.is(addBusinessDays(Date.UTC(2026, 0, 10), 1), Date.UTC(2026, 0, 12));
  assert.is(addBusinessDays(Date.UTC(2026, 0, 5), 3), Date.UTC(2026, 0, 8));
  assert.is(addBusinessDays(friday, 0), friday);
});

clock.run();

/** The policy pack (R047): which one judges, what it judges, and what it never stands in the way of. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { findBreaches } from '../contracts/invariants.ts';
import { exposure, exposureId } from '../contracts/objects/exposure.ts';
import { packInForce } from '../contracts/rules/compliance.ts';
import type { SignedCall } from '../vertex/call.ts';
import { codeOf, DAY_MS, storyAt } from './contract-story.ts';
import { idOf, World } from './contract-world.ts';
import { lineAt } from './limit-steps.ts';
import { know, state } from './policy-steps.ts';

const policy = suite('policy pack');
const acme = idOf('acme');
const cap = (most: number) => [{ currency: 'EUR', most }];

policy('a pack judges from its height on, never what was before', () => {
  const story = storyAt('registered');
  const { world } = story;
  // In this world each call has the next height: this one is executed at `stated`.
  const stated = world.height + 1;
  assert.is(codeOf(state(story, { from: stated + 3, blocked: [acme] })), 'OK');
  assert.is(packInForce(world, stated + 2), undefined);
  assert.is(packInForce(world, stated + 3)?.number, 1);
  const codes = [1, 2, 3, 4].map(() => codeOf(story.apply()));
  assert.equal(codes, ['OK', 'OK', 'E_BLOCKED', 'E_BLOCKED']);
  assert.is(codeOf(state(story, { from: stated + 8 })), 'OK', 'a second pack, without a block');
  assert.equal(
    [1, 2, 3].map(() => codeOf(story.apply())),
    ['E_BLOCKED', 'E_BLOCKED', 'OK'],
  );
});

policy('a call signed under one pack is judged by that of the height at which it is final', () => {
  const story = storyAt('registered');
  const held: SignedCall[] = [];
  const aside = story.fork();
  aside.world.onCall = (call) => void held.push(call);
  aside.apply();
  state(story, { blocked: [acme] });
  assert.is(story.world.execute(held[0]!).refusal?.code, 'E_BLOCKED');
});

policy('the same calls under three packs give the same roots, call by call', () => {
  const story = storyAt('perfected');
  const again = story.fork();
  const calls: SignedCall[] = [];
  story.world.onCall = (call) => void calls.push(call);
  const steps = [
    () => state(story, { kycRequired: true }),
    () => story.draw({ principal: 100_000 }),
    () => know(story),
    () => story.draw({ principal: 100_000 }),
    () => state(story, { caps: cap(150_000) }),
    () => story.draw({ principal: 100_000 }),
    () => state(story, { blocked: [acme] }),
    () => story.draw({ principal: 10_000 }),
  ];
  const once = steps.map((step) => [codeOf(step()), story.world.root()]);
  assert.equal(
    once.map(([code]) => code),
    ['OK', 'E_KYC', 'OK', 'OK', 'OK', 'E_EXPOSURE', 'OK', 'E_BLOCKED'],
  );
  const twice = calls.map((call) => [codeOf(again.world.execute(call)), again.world.root()]);
  assert.equal(twice, once);
});

policy('who is blocked can pay back, and is released', () => {
  const story = storyAt('drawn');
  state(story, { blocked: [acme], kycRequired: true, caps: cap(0) });
  assert.is(codeOf(story.draw({ principal: 10_000 })), 'E_BLOCKED');
  assert.is(codeOf(story.repay()), 'OK');
  assert.is(codeOf(story.release()), 'OK');
  assert.is(story.world.read(exposure, exposureId(acme, 'EUR')).owed, 0);
  assert.equal(findBreaches(story.world), []);
});

policy('what is known of a customer is over by its date', () => {
  const story = storyAt('registered');
  know(story, 'acme', { until: story.world.time + DAY_MS });
  state(story, { kycRequired: true });
  assert.is(codeOf(story.fork().apply()), 'OK');
  story.world.pass(2 * DAY_MS);
  assert.is(codeOf(story.apply({ maturity: story.world.time + 90 * DAY_MS })), 'E_KYC');
});

policy('loans and limits of all banks count together, and what is paid back counts no more', () => {
  const line = lineAt('measured');
  const owed = (): number => line.world.get(exposure, exposureId(acme, 'EUR'))?.owed ?? 0;
  state(line, { caps: cap(15_000) });
  assert.is(codeOf(line.draw({ amount: 10_000 })), 'OK');
  assert.equal([owed(), codeOf(line.draw({ amount: 5_001 }))], [10_000, 'E_EXPOSURE']);
  assert.is(codeOf(line.draw({ amount: 5_000 })), 'OK');
  assert.is(codeOf(line.repay({ amount: 4_000 })), 'OK');
  assert.equal([owed(), codeOf(line.draw({ amount: 4_000 }))], [11_000, 'OK']);
  assert.equal(findBreaches(line.world), []);
  line.world.change(exposure, exposureId(acme, 'EUR'), { owed: 14_999 });
  assert.ok(findBreaches(line.world).some(({ invariant }) => invariant === 11));
});

policy('of the sum only the debtor is told', () => {
  const story = storyAt('perfected');
  state(story, { caps: cap(1) });
  const { refusal } = story.draw();
  assert.equal(refusal?.facts, { pack: 1, from: refusal?.facts['from'], currency: 'EUR', most: 1 });
});

policy('before there is a pack everything is as the genesis says', () => {
  assert.is(packInForce(World.enrolled(), 1_000_000), undefined);
});

policy.run();

/**
 * Each invariant of semantics §7 can fail: a state that breaks it, by hand, is found out, and by that number.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  executableInvariants,
  findBreaches,
  findDivergence,
  findRaceBreaches,
  findRewrites,
  findStepBreaches,
} from '../contracts/invariants.ts';
import { bill } from '../contracts/objects/bill.ts';
import { encumbrance } from '../contracts/objects/encumbrance.ts';
import { loan } from '../contracts/objects/loan.ts';
import { mandate } from '../contracts/objects/mandate.ts';
import { account, accountId, lock } from '../contracts/objects/money.ts';
import { movement } from '../contracts/objects/movement.ts';
import { payment } from '../contracts/objects/payment.ts';
import { pledge } from '../contracts/objects/pledge.ts';
import { receipt } from '../contracts/objects/receipt.ts';
import { distribution } from '../contracts/objects/sale.ts';
import { status } from '../contracts/objects/status.ts';
import { swap } from '../contracts/objects/swap.ts';
import { tenure } from '../contracts/objects/tenure.ts';
import { thingPayment } from '../contracts/objects/thing-payment.ts';
import { tranche } from '../contracts/objects/tranche.ts';
import { unit } from '../contracts/objects/unit.ts';
import { zone } from '../contracts/objects/zone.ts';
import { childId } from '../contracts/rules/warnings.ts';
import { accepted, buy, funded, mandated } from './bill-steps.ts';
import { bidFor, defaulted, onSale, shareOut } from './breach-steps.ts';
import { DAY_MS, HALF_LOT, nowhere, QUANTITY, type Story, storyAt } from './contract-story.ts';
import { idOf, type World } from './contract-world.ts';
import { agreeSwap, divide, lockSide, settleLegs } from './exception-steps.ts';
import { takeOut, zoneA1 } from './goods-steps.ts';
import { euros, orderOut } from './loan-steps.ts';

const invariants = suite('invariants');

/** Numbers that the state breaks; what is written by hand bears no salt, which is 23. */
const brokenIn = (world: World): number[] => [
  ...new Set(findBreaches(world).map(({ invariant }) => invariant)),
];

function receipted(): Story {
  const story = storyAt('approved');
  story.issue();
  story.agree();
  story.perfect();
  return story;
}

/** Breaks the invariant of that number, in a state that kept all. */
const breaks: { readonly [number: number]: () => readonly number[] } = {
  1: () => {
    const { world, unit: id } = storyAt('perfected');
    world.change(unit, id, { quantity: QUANTITY - 1 });
    return brokenIn(world);
  },
  2: () => {
    const { world, receipt: id } = receipted();
    world.change(receipt, id!, { quantity: QUANTITY + 1 });
    return brokenIn(world);
  },
  3: () => {
    const story = storyAt('perfected');
    const { entries } = story.world.read(encumbrance, story.unit);
    const twice = [...entries, ...entries];
    story.world.change(encumbrance, story.unit, { entries: twice, quantities: [QUANTITY, QUANTITY] });
    return brokenIn(story.world);
  },
  4: () => {
    const story = receipted();
    story.world.change(pledge, story.pledge, { receipt: undefined });
    return brokenIn(story.world);
  },
  5: () => {
    const story = storyAt('perfected');
    story.world.remove(encumbrance, story.unit);
    return brokenIn(story.world);
  },
  6: () => {
    const story = receipted();
    story.world.change(receipt, story.receipt!, { controller: idOf('acme') });
    return brokenIn(story.world);
  },
  7: () => {
    const story = storyAt('perfected');
    story.world.change(pledge, story.pledge, { call: nowhere });
    return brokenIn(story.world);
  },
  8: () => {
    const story = storyAt('perfected');
    story.world.change(pledge, story.pledge, { monitor: idOf('monitor2') });
    return brokenIn(story.world);
  },
  9: () => {
    const { world, unit: id } = storyAt('registered');
    world.change(unit, id, { custodian: idOf('bankA') });
    return brokenIn(world);
  },
  10: () => {
    const { world, unit: id } = storyAt('registered');
    world.change(unit, id, { quantity: QUANTITY - 1 });
    return brokenIn(world);
  },
  11: () => {
    const { world, loan: id } = storyAt('drawn');
    world.change(loan, id, { limit: 1 });
    return brokenIn(world);
  },
  12: () => stepOf(storyAt('perfected', 'lot'), { quantity: QUANTITY - 1 }),
  13: () => stepOf(storyAt('perfected', 'lot'), { quantity: 500_000, state: 'FROZEN' }),
  14: () => {
    const world = funded();
    world.change(account, accountId(euros(), idOf('acme')), { balance: 1 });
    return brokenIn(world);
  },
  15: () => {
    const world = funded();
    const { id } = agreeSwap(world);
    lockSide(world, id, 'first');
    lockSide(world, id, 'second');
    settleLegs(world, id);
    world.change(lock, world.read(swap, id).firstLock!, { state: 'RETURNED' });
    return brokenIn(world);
  },
  16: () => {
    const { world, mandate: id } = mandated();
    buy(world, id);
    world.change(mandate, id, { recent: [] });
    return brokenIn(world);
  },
  17: () => {
    const story = storyAt('drawn');
    story.world.change(tranche, childId(divide(story).id, 0), { principal: 1 });
    return brokenIn(story.world);
  },
  18: () => {
    const story = storyAt('drawn');
    const before = story.world.fork();
    story.world.change(pledge, story.pledge, { pledgee: idOf('bankB'), rank: 2 });
    return findStepBreaches(before, story.world).map(({ invariant }) => invariant);
  },
  19: () => {
    const { story, sale } = onSale();
    bidFor(story, sale);
    story.world.pass(6 * DAY_MS);
    const { id } = shareOut(story, sale);
    const { shares } = story.world.read(distribution, id);
    story.world.change(distribution, id, {
      shares: shares.map((share) => ({ ...share, to: idOf('bankA') })),
    });
    return brokenIn(story.world);
  },
  20: () => {
    const { world, bill: id } = accepted();
    world.change(bill, id, { endorsements: 1 });
    return brokenIn(world);
  },
  21: () => {
    const story = defaulted();
    story.world.change(pledge, story.pledge, { defaulted: undefined });
    return brokenIn(story.world);
  },
  22: () => {
    const story = storyAt('drawn');
    const before = [...story.world.objects()];
    const paid = before.find(({ type }) => type === payment.name)!;
    story.world.change(payment, paid.id, { amount: 1 });
    return findRewrites(before, story.world.objects()).map(({ invariant }) => invariant);
  },
  23: () => {
    const story = storyAt('supplied');
    story.world.change(status, story.status, { grant: nowhere });
    return brokenIn(story.world);
  },
  24: () =>
    findDivergence([
      { root: 'aa', codes: ['OK'] },
      { root: 'ab', codes: ['OK'] },
    ]).map(({ invariant }) => invariant),
  25: () =>
    findRaceBreaches([
      { code: 'OK', id: 'a', conflict: '' },
      { code: 'OK', id: 'b', conflict: '' },
    ]).map(({ invariant }) => invariant),
  26: () => {
    const { world, unit: id } = storyAt('registered');
    world.change(tenure, world.read(unit, id).tenure, { until: 5 });
    return brokenIn(world);
  },
  27: () => {
    const { world } = storyAt('registered');
    world.change(zone, zoneA1, { measured: 1 });
    return brokenIn(world);
  },
};

/** Goods that leave although they are held: as no call lets them. */
function stepOf(
  story: Story,
  { quantity, state = 'PERFECTED' }: { readonly quantity: number; readonly state?: 'PERFECTED' | 'FROZEN' },
): number[] {
  const release = orderOut(story, 500_000).id;
  story.world.change(pledge, story.pledge, { state });
  const before = story.world.fork();
  const probe = story.fork();
  probe.world.change(pledge, story.pledge, { state: 'PERFECTED' });
  const { id } = takeOut(probe, { ...HALF_LOT, release });
  // The same exit, but by no order and of so much.
  probe.world.change(movement, id, { release: state === 'FROZEN' ? release : undefined, quantity });
  return findStepBreaches(before, probe.world).map(({ invariant }) => invariant);
}

invariants('all 27 of semantics §7 are there', () => {
  assert.equal(
    executableInvariants,
    Array.from({ length: 27 }, (_, index) => index + 1),
  );
});

for (const number of executableInvariants) {
  invariants(`${number} is found broken`, () => {
    const found = breaks[number]!();
    assert.ok(found.includes(number), `found ${found.join(' ') || 'nothing'}`);
  });
}

invariants('a mandate overspent in one payment is found (16)', () => {
  const { world, mandate: id } = mandated();
  const paid = buy(world, id).id;
  world.change(thingPayment, paid, { windowAmount: 1 });
  assert.equal(brokenIn(world), [16]);
});

invariants.run();

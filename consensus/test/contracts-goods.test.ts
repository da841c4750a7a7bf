/** What the goods' rows do (semantics §5 rows 1, 3–7): title, parts, quantities, custody, shortage. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../codec/bytes.ts';
import { findBreaches } from '../contracts/invariants.ts';
import { claim } from '../contracts/objects/claim.ts';
import { encumbrance } from '../contracts/objects/encumbrance.ts';
import { movement } from '../contracts/objects/movement.ts';
import { pledge } from '../contracts/objects/pledge.ts';
import { receipt } from '../contracts/objects/receipt.ts';
import { tenure } from '../contracts/objects/tenure.ts';
import { unit } from '../contracts/objects/unit.ts';
import { warning } from '../contracts/objects/warning.ts';
import { zone } from '../contracts/objects/zone.ts';
import { childId } from '../contracts/rules/warnings.ts';
import { codeOf, HALF_LOT, PACKAGES, QUANTITY, type Story, storyAt } from './contract-story.ts';
import { idOf, type Outcome, type PartyName } from './contract-world.ts';
import * as step from './goods-steps.ts';

const goods = suite('goods');

const done = (outcome: Outcome): Outcome => {
  assert.is(outcome.refusal, undefined, JSON.stringify(outcome.refusal));
  assert.equal(findBreaches(outcome.world!), []);
  return outcome;
};
const is = (id: Uint8Array, name: PartyName): void => assert.is(toHex(id), toHex(idOf(name)));
const goodsOf = (story: Story) => story.world.read(unit, story.unit);

goods('title passes with its pledge: the bank keeps rank, quantity and control', () => {
  const story = storyAt('drawn');
  const before = story.world.read(pledge, story.pledge);
  done(step.passTitle(story, 'zenith', ['acme', 'zenith', 'bankA']));
  const after = story.world.read(pledge, story.pledge);
  is(after.pledgor, 'zenith');
  is(goodsOf(story).owner, 'zenith');
  assert.equal([after.rank, after.perfectedAt, after.quantity], [1, before.perfectedAt, QUANTITY]);
  done(story.repay());
  done(story.release());
  is(goodsOf(story).owner, 'zenith');
});

goods('a held receipt passes: its new owner has it back after release', () => {
  const story = storyAt('approved');
  done(story.issue());
  done(story.agree());
  done(story.perfect());
  done(step.passReceipt(story, 'zenith', ['acme', 'zenith', 'bankA']));
  const held = story.world.read(receipt, story.receipt!);
  is(held.owner, 'zenith');
  is(held.controller, 'bankA');
  done(story.release());
  is(story.world.read(receipt, story.receipt!).controller, 'zenith');
});

goods('a held receipt is split: two pledges of one rank, together what there was, the rest free', () => {
  const story = storyAt('approved', 'lot');
  done(story.issue());
  done(story.agree({ quantity: 700_000, ceiling: 1_000_001 }));
  done(story.perfect());
  const { id } = done(step.split(story, [400_000, 400_000, 200_000], ['bankA', 'warehouse'], [16, 16, 8]));
  const parts = [0, 1, 2].map((index) => story.world.read(receipt, childId(id, index)));
  assert.equal(
    parts.map(({ state }) => state),
    ['HELD', 'HELD', 'ISSUED'],
  );
  const held = story.world.read(encumbrance, story.unit);
  assert.equal(held.quantities, [400_000, 300_000]);
  const pledges = held.entries.map((entry) => story.world.read(pledge, entry.pledge));
  assert.equal(
    pledges.map(({ rank }) => rank),
    [1, 1],
  );
  assert.is(pledges[0]!.ceiling + pledges[1]!.ceiling, 1_000_001);
  is(parts[2]!.controller, 'acme');
});

goods('in, out and loss move the book; nothing else does', () => {
  const story = storyAt('registered', 'lot');
  done(step.bringIn(story));
  done(step.takeOut(story, HALF_LOT));
  done(step.lose(story));
  const { quantity, packages, stock } = goodsOf(story);
  assert.is(quantity, 900_000);
  assert.is(packages, 36);
  assert.equal(stock, { entered: 1_500_000, left: 500_000, lost: 100_000, shrunk: 0, corrected: 0 });
  done(step.takeOut(story, { quantity: 900_000, packages: 36 }));
  assert.is(goodsOf(story).state, 'OUT');
  assert.is(codeOf(story.register()), 'OK', 'the label is free again');
});

goods('a pool’s surplus leaves down to the line, and comes back under it', () => {
  const story = storyAt('approved', 'lot');
  done(story.agree({ quantity: 400_000, line: 0 }));
  done(story.perfect());
  done(step.takeOut(story, { quantity: 600_000, packages: 24 }));
  assert.is(codeOf(step.takeOut(story, { quantity: 1, packages: 0 })), 'E_BELOW_LINE');
  done(step.bringIn(story));
  done(step.takeOut(story, { quantity: 1, packages: 0 }));
});

goods('handover: custody passes at one height, and the pledge’s holder with it', () => {
  const story = storyAt('drawn');
  const before = goodsOf(story).tenure;
  const { id } = done(step.handTo(story));
  const moved = goodsOf(story);
  assert.is(moved.state, 'IN_TRANSIT');
  is(moved.custodian, 'carrier');
  is(story.world.read(pledge, story.pledge).custodian, 'carrier');
  assert.is(story.world.read(tenure, before).until, story.world.read(tenure, moved.tenure).since);
  assert.is(story.world.read(movement, id).kind, 'handover');
  assert.is(story.world.read(zone, step.zoneA1).registered, 0);
  done(step.arrive(story));
  assert.is(goodsOf(story).transit, undefined);
  assert.is(story.world.read(zone, step.zoneA1).registered, QUANTITY);
});

goods(
  'a loss of pledged goods: shortfall, critical warning, claim; and the lender still has its rank',
  () => {
    const story = storyAt('drawn', 'lot');
    const { id } = done(step.lose(story));
    assert.is(goodsOf(story).shortfall, 100_000);
    const held = story.world.read(pledge, story.pledge);
    assert.is(held.state, 'WARNED');
    const raised = story.world.read(warning, held.openWarnings[0]!);
    assert.equal([raised.trigger, raised.level], ['loss', 'critical']);
    assert.equal(story.world.read(claim, id).pledges.map(toHex), [toHex(story.pledge)]);
    assert.is(codeOf(step.takeOut(story, { quantity: 1, packages: 0 })), 'E_FROZEN');
    assert.is(codeOf(story.draw()), 'E_STATE');
  },
);

goods('owners of a pool bear a shortage in proportion', () => {
  const story = storyAt('registered', 'lot');
  done(story.issue({ quantity: 600_000, packages: 24 }));
  done(step.lose(story, { quantity: 500_000, packages: 20 }));
  assert.is(goodsOf(story).shortfall, 100_000);
  const out = (quantity: number): Outcome =>
    step.takeOut(story.fork(), { quantity, packages: 12, receipt: story.receipt }, [
      'warehouse',
      'monitor',
      'acme',
    ]);
  // 600 kg stand on the receipt, nothing outside it: of the 500 kg left it takes all, and no gram more.
  assert.is(codeOf(out(500_001)), 'E_INSUFFICIENT');
});

goods('a zone that holds less than is registered lets nothing out until it is measured again', () => {
  const story = storyAt('registered');
  done(step.measureStock(story, '990'));
  const found = story.world.read(zone, step.zoneA1);
  assert.equal([found.state, found.difference], ['DIFFERS', 1_000_000 - 994_950]);
  assert.is(codeOf(step.takeOut(story)), 'E_FROZEN');
  done(step.measureStock(story, '1000'));
  done(step.takeOut(story, { packages: PACKAGES }));
});

goods('a junior pledge stands behind the senior, and takes its place when that is released', () => {
  const story = storyAt('approved');
  const rival = story.rival('approved');
  const { world } = story;
  world.policy = { ...world.policy, juniorPledges: true };
  done(story.issue());
  done(story.agree());
  done(story.perfect());
  rival.receipt = story.receipt;
  done(rival.agree({ behind: story.pledge }, ['acme', 'bankB', 'bankA']));
  done(rival.perfect());
  assert.is(world.read(pledge, rival.pledge).rank, 2);
  is(world.read(receipt, story.receipt!).controller, 'bankA');
  done(story.release());
  is(world.read(receipt, story.receipt!).controller, 'bankB');
  done(rival.release());
  is(world.read(receipt, story.receipt!).controller, 'acme');
});

goods.run();

/**
 * What a thing does beside paying, and what comes of it (R110): the four families worked by hand, gain and loss on the
 * thing's result and its owner's account `[THG-15]` to `[THG-20]`, and states that no call leads to.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { findBreaches, findStepBreaches } from '../contracts/invariants.ts';
import { investment, thingProceeds } from '../contracts/objects/investment.ts';
import { limitPayment } from '../contracts/objects/limit-payment.ts';
import { mandate } from '../contracts/objects/mandate.ts';
import { account, accountId } from '../contracts/objects/money.ts';
import { pledge } from '../contracts/objects/pledge.ts';
import { thingAct } from '../contracts/objects/thing-act.ts';
import { type ResultSum, resultSums, thingResult, thingResultId } from '../contracts/objects/thing-result.ts';
import { tranche } from '../contracts/objects/tranche.ts';
import { visibleClasses } from '../contracts/views.ts';
import { type ActStory, actAt, must } from './act-steps.ts';
import { codeOf } from './contract-story.ts';
import { deviceId, idOf, type Outcome, type PartyName } from './contract-world.ts';
import { sellTranche } from './exception-steps.ts';
import { euros } from './loan-steps.ts';
import { truck } from './thing-steps.ts';

const acts = suite('acts of things');

const resultId = (owner: PartyName = 'acme', thing = truck) => thingResultId(thing, idOf(owner), euros());

/** The sums that are not nothing. */
function sumsOf({ world }: ActStory, id = resultId()): Partial<Record<ResultSum, string>> {
  const value = world.get(thingResult, id);
  const sums = resultSums.flatMap((sum) =>
    value === undefined || value[sum] === '0' ? [] : [[sum, value[sum]]],
  );
  return Object.fromEntries(sums) as Partial<Record<ResultSum, string>>;
}
const balance = ({ world }: ActStory, owner: PartyName = 'acme'): number =>
  world.read(account, accountId(euros(), idOf(owner))).balance;

acts('transactions: the payer’s thing has paid, the payee’s has earned', () => {
  const story = actAt('line');
  const gate = deviceId('gate');
  must(
    story.things.enrol('gate', 'carrier'),
    story.things.open({ device: gate }, ['carrier', 'bankA', 'gate']),
  );
  must(
    story.things.pay({ amount: 1_500, payeeThing: gate }, ['truck', 'gate']),
    story.things.pay({ amount: 500 }),
  );
  assert.equal(sumsOf(story), { paid: '2000' });
  assert.equal(sumsOf(story, resultId('carrier', gate)), { earned: '1500' });
});

acts(
  'credit: the truck draws on its line and repays, no more than is drawn, and both stand on record',
  () => {
    const story = actAt('line');
    const before = balance(story);
    const drawn = story.draw();
    must(drawn);
    assert.equal([balance(story), story.line!.read().drawn], [before + 10_000, 10_000]);
    const repaid = story.repay({ amount: 99_000 });
    must(repaid);
    assert.equal([balance(story), story.line!.read().drawn], [before, 0]);
    assert.equal(sumsOf(story), { borrowed: '10000', repaid: '10000' });
    for (const { id } of [drawn, repaid]) {
      assert.equal(story.world.read(limitPayment, id).thing, truck);
      assert.equal(story.world.read(thingAct, id).counterparty, idOf('bankA'));
    }
    // The repayment counts with what was repaid, and not with what was offered.
    const { recent } = story.world.read(mandate, story.things.mandate);
    assert.equal(
      recent.map(({ amount }) => amount),
      [10_000, 10_000],
    );
  },
);

acts(
  'mortgage: the truck pledges goods, borrows on them and repays with interest; pledge and debt are the owner’s',
  () => {
    const story = actAt('approved', { windowCount: 8 });
    const file = story.file!;
    const agreed = story.pledge();
    must(agreed);
    assert.equal(sumsOf(story), {}, 'a pledge moves no money');
    const { pledgor, pledgee, state } = story.world.read(pledge, agreed.id);
    assert.equal([pledgor, pledgee, state], [idOf('acme'), idOf('bankA'), 'AGREED']);
    assert.is(codeOf(story.drawLoan()), 'E_STATE', 'nothing is lent before it is perfected');
    file.pledge = agreed.id;
    must(file.perfect(), story.drawLoan(), story.repayLoan({ amount: 921_000 }));
    assert.is(file.loanState(), 'REPAID');
    // 200.00 of interest and 10.00 of costs.
    assert.equal(sumsOf(story), { borrowed: '900000', repaid: '900000', interest: '21000' });
    assert.is(codeOf(file.release()), 'OK');
  },
);

acts('investment: one claim is sold at a gain, another at a loss, a third is repaid', () => {
  const story = actAt('claims', { windowCount: 8 });
  const [senior, junior] = story.tranches;
  const before = balance(story);
  must(story.buy({ price: 590_000 }));
  assert.equal(story.claim().holder, idOf('acme'), 'the owner is the holder');
  must(story.sell({ price: 595_000 }));
  assert.equal(sumsOf(story), { invested: '590000', proceeds: '595000', gain: '5000' });
  must(story.buy({ tranche: junior!, price: 300_000 }), story.sell({ tranche: junior!, price: 250_000 }));
  assert.equal(sumsOf(story), { invested: '890000', proceeds: '845000', gain: '5000', loss: '50000' });
  assert.is(balance(story), before - 45_000, 'the owner’s account has the sum of them');
  // The senior one again, from the carrier, at a discount; zenith repays it in bank A's money.
  must(story.buy({ tranche: senior!, price: 580_000 }, ['truck', 'carrier']));
  must(story.things.fund('zenith', 700_000));
  must(story.file!.repay({ amount: 621_000, money: euros(), reference: '' }, ['zenith']));
  assert.is(story.claim().state, 'PAID');
  assert.equal(sumsOf(story), { invested: '1470000', proceeds: '1445000', gain: '25000', loss: '50000' });
  assert.is(balance(story), before - 25_000);
  assert.equal(findBreaches(story.world), []);
});

acts('what a bank hands on outside the ledger counts for the gain, and as proceeds of no account', () => {
  const story = actAt('claims');
  const bought = story.buy();
  must(bought, story.file!.repay());
  assert.equal(sumsOf(story), { invested: '590000', gain: '10000' });
  const { received, state } = story.world.read(investment, bought.id);
  assert.equal([received, state], ['600000', 'CLOSED']);
  assert.equal(findBreaches(story.world), []);
});

acts(
  'whoever sells what a thing bought, the gain is the thing’s; and when the thing is sold, its former owner’s',
  () => {
    const story = actAt('claims');
    must(story.buy());
    must(story.things.transfer('zenith'));
    assert.is(codeOf(story.sell()), 'E_STATE', 'the mandate has ended');
    must(sellTranche(story.file!, story.tranches[0]!, 600_000, euros(), ['acme', 'zenith']));
    assert.equal(sumsOf(story), { invested: '590000', proceeds: '600000', gain: '10000' });
    assert.equal(sumsOf(story, resultId('zenith')), {}, 'the next owner begins at nothing');
  },
);

acts('a sale for a song is held against what is sold', () => {
  const story = actAt('claims', { amountMax: 599_999, threshold: 599_999 });
  must(story.buy());
  assert.is(codeOf(story.sell({ price: 1 })), 'E_MANDATE_AMOUNT');
});

acts('a full counter stops no payment', () => {
  const story = actAt('line');
  must(story.things.pay({ amount: 1 }));
  const paid = String(2n ** 70n);
  story.world.change(thingResult, resultId(), { paid });
  must(story.things.pay({ amount: 1 }));
  assert.equal(sumsOf(story), { paid: String(2n ** 70n + 1n) });
});

acts('a result is its owner’s and the bank’s to see, an investment its owner’s alone', () => {
  const story = actAt('claims');
  const { id } = story.buy();
  const { world } = story;
  const seenBy = (stored: Parameters<typeof visibleClasses>[0]) =>
    (['acme', 'bankA', 'bankB', 'zenith', 'carrier'] as const).filter((name) =>
      visibleClasses(stored, idOf(name), world).includes(2),
    );
  assert.equal(seenBy(world.stored(thingResult, resultId())), ['acme', 'bankA']);
  assert.equal(seenBy(world.stored(thingAct, id)), ['acme', 'bankA']);
  assert.equal(seenBy(world.stored(investment, id)), ['acme']);
});

/** A claim that was bought, and another sold at a loss. */
function traded(): { readonly story: ActStory; readonly open: Outcome; readonly sold: Outcome } {
  const story = actAt('claims', { windowCount: 8 });
  const junior = story.tranches[1]!;
  const sold = story.buy({ tranche: junior, price: 300_000 });
  must(sold, story.sell({ tranche: junior, price: 250_000 }));
  const open = story.buy();
  must(open);
  return { story, open, sold };
}

const broken: { readonly [what: string]: (before: ReturnType<typeof traded>) => void } = {
  'a loss that is not booked': ({ story }) => story.world.change(thingResult, resultId(), { loss: '0' }),
  'a loss booked as a gain': ({ story }) =>
    story.world.change(thingResult, resultId(), { loss: '0', gain: '50000' }),
  'a sum one cent off': ({ story }) => story.world.change(thingResult, resultId(), { invested: '890001' }),
  'a record that says another sum': ({ story, open }) =>
    story.world.change(thingAct, open.id, { spent: 589_999 }),
  'no result at all': ({ story }) => story.world.remove(thingResult, resultId()),
  'a claim of the owner’s that has lost its investment': ({ story }) =>
    story.world.change(tranche, story.tranches[0]!, { investment: undefined }),
  'a claim whose investment is over': ({ story, sold }) =>
    story.world.change(tranche, story.tranches[1]!, { investment: sold.id }),
  'a claim that another holds, and the investment is open': ({ story }) =>
    story.world.change(tranche, story.tranches[0]!, { holder: idOf('zenith') }),
  'an investment that has received what nobody recorded': ({ story, open }) =>
    story.world.change(investment, open.id, { received: '1' }),
  'proceeds that say another sum': ({ story }) => {
    const record = [...story.world.objects()].find(({ type }) => type === thingProceeds.name)!;
    story.world.change(thingProceeds, record.id, { amount: 250_001 });
  },
};
for (const [what, change] of Object.entries(broken)) {
  acts(`${what} is found broken`, () => {
    const before = traded();
    assert.equal(findBreaches(before.story.world), []);
    change(before);
    assert.ok(findBreaches(before.story.world).some(({ invariant }) => invariant === 14));
  });
}

acts('money that moved otherwise than the results say is found broken', () => {
  const story = actAt('line');
  const before = story.world.fork();
  must(story.draw());
  assert.equal(findStepBreaches(before, story.world), []);
  story.world.change(account, accountId(euros(), idOf('acme')), { balance: balance(story) - 1 });
  assert.equal(
    findStepBreaches(before, story.world).map(({ invariant }) => invariant),
    [14],
  );
});

acts.run();

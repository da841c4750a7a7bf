/** Cases of the loan's rows (16–22), of money, and of payments on the ledger. */

import { money } from '../../contracts/objects/money.ts';
import { party } from '../../contracts/registry.ts';
import { DAY_MS, nowhere, OTHER_SSCC, PACKAGES, QUANTITY, Story, storyAt } from '../contract-story.ts';
import { HOUR_MS, idOf, type Outcome, withCheckDigit } from '../contract-world.ts';
import { price, takeOut } from '../goods-steps.ts';
import {
  bringGoods,
  called,
  callFor,
  closeFor,
  closeOf,
  euros,
  fallen,
  issueTo,
  lapse,
  orderOut,
  payIn,
  pricedAt,
  redeemFrom,
  releaseSilently,
  replaceBy,
  spare,
  writeOffLoan,
} from '../loan-steps.ts';
import type { Cases } from './cases.ts';

/** A price that nobody has renewed. */
const stale = (story: Story): Story => {
  story.world.pass(25 * HOUR_MS);
  return story;
};
const controlled = (story: Story): Story => {
  story.world.change(party, idOf('warehouse'), { controller: idOf('acme') });
  return story;
};
/** The spare goods carry sixteen pledges of one gram each. */
function crowded(story: Story, other: Story): void {
  const rival = new Story(story.world, { bank: 'bankB', scheme: 'lot', label: other.label });
  rival.done = 1;
  rival.reach('approved');
  for (let i = 0; i < 16; i++) rival.agree({ quantity: 1, ceiling: 1 });
}
const LOT_8 = `${withCheckDigit('0950600013435')}/LOT-8`;
function spareLot(story: Story): Story {
  const other = new Story(story.world, { scheme: 'lot', label: LOT_8, bank: story.bank });
  other.register();
  price(other);
  return other;
}
/** The spare goods are pledged to the other bank. */
function pledgedSpare(story: Story): Story {
  const other = spare(story);
  const rival = other.rival('agreed');
  return rival;
}
/** Repaid, and so much time since. */
function silent(ms: number): Story {
  const story = storyAt('repaid');
  story.world.pass(ms);
  return story;
}
function then(story: Story, ...steps: readonly ((story: Story) => Outcome)[]): Outcome {
  let last: Outcome | undefined;
  for (const step of steps) last = step(story);
  return last!;
}

export const cases: Cases = {
  'release-part': {
    OK: {
      'with cover to spare': () => orderOut(pricedAt('drawn', 'lot')),
      'nothing owed, no price needed': () => orderOut(storyAt('perfected', 'lot')),
    },
    E_COVER: {
      // 921,000 / 60 % / 2.25 a gram: 682,223 grams must stay.
      'a gram too much': () => orderOut(pricedAt('drawn', 'lot'), 317_778),
      'together with what is ordered out already': () =>
        then(pricedAt('drawn', 'lot'), orderOut, (story) => orderOut(story, 20_000)),
    },
    E_INSUFFICIENT: { 'the whole': () => orderOut(pricedAt('drawn'), QUANTITY) },
    E_NOT_FOUND: { 'the pledge is unknown': () => orderOut(storyAt('approved')) },
    E_POLICY: {
      'eight orders are open': () => {
        const story = storyAt('perfected', 'lot');
        for (let i = 0; i < 8; i++) orderOut(story, 1);
        return orderOut(story, 1);
      },
    },
    E_PRICE_STALE: {
      'no price': () => orderOut(storyAt('drawn')),
      'an old price': () => orderOut(stale(pricedAt('drawn'))),
    },
    E_STATE: { 'it is not perfected': () => orderOut(storyAt('agreed')) },
  },
  'move-out': {
    OK: {
      'under a release order': () => {
        const story = pricedAt('drawn', 'lot');
        const release = orderOut(story).id;
        return takeOut(story, { quantity: 300_000, packages: 12, release });
      },
    },
    E_NO_RELEASE: {
      'the order is used': () => {
        const story = pricedAt('drawn', 'lot');
        const release = orderOut(story).id;
        const out = { quantity: 100_000, packages: 4, release };
        takeOut(story, out);
        return [takeOut(story, out), release];
      },
      'the order has expired': () => {
        const story = pricedAt('drawn', 'lot');
        const release = orderOut(story).id;
        story.world.pass(73 * HOUR_MS);
        return takeOut(story, { quantity: 100_000, packages: 4, release });
      },
      'more than is ordered': () => {
        const story = pricedAt('drawn', 'lot');
        const release = orderOut(story).id;
        return takeOut(story, { quantity: 300_001, packages: 12, release });
      },
      'the order is of other goods': () => {
        const story = pricedAt('drawn', 'lot');
        const release = orderOut(story).id;
        return takeOut(spare(story), { release });
      },
    },
  },
  substitute: {
    OK: {
      'goods of the same value': () => {
        const story = pricedAt('drawn');
        return replaceBy(story, spare(story));
      },
    },
    E_AFFILIATE: {
      'the pledgor controls the warehouse': () => {
        const story = pricedAt('drawn');
        const other = spare(story);
        return replaceBy(controlled(story), other);
      },
    },
    E_COVER: {
      'too little': () => {
        const story = pricedAt('drawn', 'lot');
        return replaceBy(story, spareLot(story), { quantity: 682_222 });
      },
    },
    E_ENCUMBERED: {
      'another bank has it': () => {
        const story = pricedAt('drawn');
        const rival = pledgedSpare(story);
        return [replaceBy(story, rival), rival.pledge];
      },
      'a junior pledge stands behind': () => {
        const story = storyAt('approved');
        const rival = story.rival('approved');
        story.world.policy = { ...story.world.policy, juniorPledges: true };
        story.agree();
        story.perfect();
        rival.agree({ behind: story.pledge }, ['acme', 'bankB', 'bankA']);
        return [replaceBy(story, spare(story)), rival.pledge];
      },
    },
    E_EVIDENCE: {
      'the count differs': () => {
        const story = pricedAt('drawn');
        return replaceBy(story, spare(story), { evidence: story.world.count('900', PACKAGES) });
      },
    },
    E_INELIGIBLE: {
      'the same goods': () => {
        const story = pricedAt('drawn');
        return replaceBy(story, story);
      },
      'another’s goods': () => {
        const story = pricedAt('drawn');
        const other = new Story(story.world, { label: OTHER_SSCC, enterprise: 'zenith' });
        other.register();
        return replaceBy(story, other);
      },
    },
    E_INSUFFICIENT: {
      'more than there is': () => {
        const story = pricedAt('drawn');
        return replaceBy(story, spare(story), { quantity: QUANTITY + 1 });
      },
    },
    E_NOT_FOUND: {
      'the goods are unknown': () => replaceBy(pricedAt('drawn'), { unit: nowhere }),
    },
    E_NO_CONTROL: {
      'the custodian did not sign': () => {
        const story = pricedAt('drawn');
        return replaceBy(story, spare(story), {}, ['acme', 'bankA', 'monitor']);
      },
    },
    E_POLICY: {
      'sixteen pledges are on it': () => {
        const story = pricedAt('drawn');
        const other = spareLot(story);
        crowded(story, other);
        price(other, { asOf: story.world.time });
        return replaceBy(story, other, { quantity: 900_000 });
      },
    },
    E_PRICE_STALE: {
      'no price of the new goods': () => {
        const story = pricedAt('drawn');
        const other = new Story(story.world, { label: OTHER_SSCC });
        other.register();
        return replaceBy(story, other);
      },
    },
    E_RECEIPT_OUT: {
      'the pledge is of a receipt': () => {
        const story = storyAt('approved');
        story.issue();
        story.agree();
        story.perfect();
        return replaceBy(story, spare(story));
      },
      'the new goods are receipted': () => {
        const story = pricedAt('drawn');
        const other = spare(story);
        other.issue();
        return replaceBy(story, other);
      },
    },
    E_STATE: {
      'it is warned': () => {
        const story = pricedAt('drawn');
        const other = spare(story);
        story.warn();
        return replaceBy(story, other);
      },
      'it floats': () => {
        const story = storyAt('approved', 'lot');
        story.agree({ quantity: 1000, line: 0 });
        story.perfect();
        return replaceBy(story, spare(story));
      },
    },
  },
  'call-margin': {
    OK: {
      'above the call line': () => callFor(fallen()),
      'above the enforcement line': () => {
        const story = storyAt('drawn');
        price(story, { price: 1_000_000 });
        return callFor(story);
      },
    },
    E_NOT_DUE: {
      // 70 % of 1,315,715 is above 921,000.
      'by a cent': () => {
        const story = storyAt('drawn');
        price(story, { price: 1_461_906 });
        return callFor(story);
      },
    },
    E_NOT_FOUND: { 'the loan is unknown': () => callFor(storyAt('registered')) },
    E_PRICE_STALE: { 'no price': () => callFor(storyAt('drawn')) },
    E_STATE: {
      'nothing is drawn': () => callFor(storyAt('perfected')),
      'a call is open': () => then(called(), callFor),
    },
  },
  'top-up-cash': {
    OK: {
      acknowledged: () => payIn(called()),
      'in the bank’s own money': () => {
        const story = called();
        issueTo(story, 'acme');
        return payIn(story, { money: euros(), reference: '' }, ['acme']);
      },
    },
    E_COVER: { 'by a cent': () => payIn(called(), { amount: 164_999 }) },
    E_CURRENCY: { dollars: () => payIn(called(), { currency: 'USD' }) },
    E_FUNDS: {
      'no payment is named': () => payIn(called(), { reference: '' }),
      'the account is empty': () => payWith(called(), euros()),
    },
    E_NOT_FOUND: { 'no such money': () => payIn(called(), { money: nowhere }) },
    E_PRICE_STALE: { 'an old price': () => payIn(stale(called())) },
    E_STATE: { 'no call is open': () => payIn(storyAt('drawn')) },
  },
  'top-up-goods': {
    OK: {
      'another unit': () => {
        const story = called();
        return bringGoods(story, spare(story));
      },
    },
    E_AFFILIATE: {
      'the enterprise controls the warehouse': () => {
        const story = called();
        const other = spare(story);
        return bringGoods(controlled(story), other);
      },
    },
    E_COVER: {
      'too little': () => {
        const story = called();
        return bringGoods(story, spare(story), { quantity: 1000 });
      },
    },
    E_ENCUMBERED: {
      'another bank has it': () => {
        const story = called();
        const rival = pledgedSpare(story);
        return [bringGoods(story, rival), rival.pledge];
      },
    },
    E_EVIDENCE: {
      'the count differs': () => {
        const story = called();
        return bringGoods(story, spare(story), { evidence: story.world.count('1000', 39) });
      },
    },
    E_INELIGIBLE: {
      'another’s goods': () => {
        const story = called();
        const other = new Story(story.world, { label: OTHER_SSCC, enterprise: 'zenith' });
        other.register();
        return bringGoods(story, other);
      },
    },
    E_INSUFFICIENT: {
      'more than there is': () => {
        const story = called();
        return bringGoods(story, spare(story), { quantity: QUANTITY + 1 });
      },
    },
    E_NOT_FOUND: { 'the goods are unknown': () => bringGoods(called(), { unit: nowhere }) },
    E_NO_CONTROL: {
      'the monitor did not sign': () => {
        const story = called();
        return bringGoods(story, spare(story), {}, ['acme', 'warehouse']);
      },
    },
    E_POLICY: {
      'sixteen pledges are on it': () => {
        const story = called();
        const other = spareLot(story);
        crowded(story, other);
        return bringGoods(story, other, { quantity: 900_000 });
      },
    },
    E_PRICE_STALE: {
      'no price of the goods': () => {
        const story = called();
        const other = new Story(story.world, { label: OTHER_SSCC });
        other.register();
        return bringGoods(story, other);
      },
    },
    E_RECEIPT_OUT: {
      'the goods are receipted': () => {
        const story = called();
        const other = spare(story);
        other.issue();
        return bringGoods(story, other);
      },
    },
    E_STATE: {
      'no call is open': () => {
        const story = storyAt('drawn');
        return bringGoods(story, spare(story));
      },
    },
  },
  'close-call': {
    OK: {
      'the price rises': () => then(called(), price, closeFor),
      'it is repaid': () => then(called(), (story) => story.repay(), closeFor),
    },
    E_COVER: { 'nothing has changed': () => closeFor(called()) },
    E_NOT_FOUND: { 'the loan is unknown': () => closeFor(storyAt('registered')) },
    E_PRICE_STALE: { 'an old price': () => closeFor(stale(called())) },
    E_STATE: { 'no call is open': () => closeFor(storyAt('drawn')) },
  },
  draw: {
    OK: {
      'in money on the ledger': () => {
        const story = storyAt('perfected');
        issueTo(story, 'bankA');
        return story.draw({ money: euros(), reference: '' });
      },
    },
    E_CURRENCY: {
      'dollars on the ledger': () => {
        const story = storyAt('perfected');
        const { id } = issueTo(story, 'bankA', 2_000_000, { currency: 'USD' });
        const dollars = [...story.world.objects()].find(
          (stored) =>
            stored.type === money.name && story.world.read(money, stored.id).call.join() === id.join(),
        )!;
        return story.draw({ money: dollars.id });
      },
    },
    E_FUNDS: {
      'the account has less': () => {
        const story = storyAt('perfected');
        issueTo(story, 'bankA', 899_999);
        return story.draw({ money: euros() });
      },
    },
    E_PRICE_STALE: {
      'substituted goods without a price': () => {
        const story = storyAt('perfected');
        const other = spare(story);
        replaceBy(story, other);
        return stale(story).draw();
      },
    },
    E_LIMIT: {
      'part is ordered out': () =>
        then(storyAt('perfected', 'lot'), orderOut, (story) => story.draw({ principal: 945_001 })),
    },
  },
  repay: {
    OK: {
      'in the bank’s own money, without the bank': () => {
        const story = storyAt('drawn');
        issueTo(story, 'acme');
        return story.repay({ money: euros(), reference: '' }, ['acme']);
      },
    },
    E_FUNDS: {
      'the account has less': () => {
        const story = storyAt('drawn');
        issueTo(story, 'acme', 920_999);
        return story.repay({ money: euros() }, ['acme']);
      },
    },
    E_ROLE: {
      'another bank’s money needs the lender': () => {
        const story = storyAt('drawn');
        issueTo(story, 'acme', 2_000_000, {}, 'bankB');
        return story.repay({ money: euros('bankB') }, ['acme']);
      },
    },
  },
  'write-off': {
    OK: { 'a drawn loan': () => writeOffLoan(storyAt('drawn')) },
    E_NOT_FOUND: { 'the loan is unknown': () => writeOffLoan(storyAt('registered')) },
    E_STATE: {
      'nothing is drawn': () => writeOffLoan(storyAt('approved')),
      'it is written off': () => then(storyAt('drawn'), writeOffLoan, writeOffLoan),
    },
  },
  'release-paid': {
    // The story begins on a Monday.
    OK: { 'three business days later': () => releaseSilently(silent(3 * DAY_MS)) },
    E_DEBT: { 'it is owed': () => [releaseSilently(storyAt('drawn')), storyAt('drawn').loan] },
    E_NOT_DUE: {
      'a minute early': () => releaseSilently(silent(3 * DAY_MS - 60_000)),
      'finality paused meanwhile': () => {
        const story = silent(2 * DAY_MS);
        story.world.pause(DAY_MS);
        return releaseSilently(story);
      },
    },
    E_NOT_FOUND: { 'the pledge is unknown': () => releaseSilently(storyAt('approved')) },
    E_STATE: { 'it is released': () => then(silent(3 * DAY_MS), releaseSilently, releaseSilently) },
  },
  expire: {
    OK: {
      'a grant': () => {
        const story = storyAt('authorised');
        story.world.pass(30 * DAY_MS);
        return lapse(story, 'grant', story.grant);
      },
      'an approval': () => {
        const story = storyAt('approved');
        story.world.pass(10 * DAY_MS);
        return lapse(story, 'approval', story.loan);
      },
      'a reservation': () => {
        const story = storyAt('agreed');
        story.world.pass(3 * DAY_MS);
        return lapse(story, 'reservation', story.pledge);
      },
      'a release order': () => {
        const story = storyAt('perfected', 'lot');
        const order = orderOut(story).id;
        story.world.pass(3 * DAY_MS);
        return lapse(story, 'release-order', order);
      },
    },
    E_NOT_DUE: {
      'a grant': () => lapse(storyAt('authorised'), 'grant', storyAt('authorised').grant),
      'an approval': () => lapse(storyAt('approved'), 'approval', storyAt('approved').loan),
      'a reservation': () => lapse(storyAt('agreed'), 'reservation', storyAt('agreed').pledge),
      'a release order': () => {
        const story = storyAt('perfected', 'lot');
        return lapse(story, 'release-order', orderOut(story).id);
      },
    },
    E_NOT_FOUND: {
      'a grant': () => lapse(storyAt('registered'), 'grant', nowhere),
      'an approval': () => lapse(storyAt('registered'), 'approval', nowhere),
      'a reservation': () => lapse(storyAt('registered'), 'reservation', nowhere),
      'a release order': () => lapse(storyAt('registered'), 'release-order', nowhere),
    },
    E_STATE: {
      'a perfected pledge': () => {
        const story = storyAt('perfected');
        story.world.pass(100 * DAY_MS);
        return lapse(story, 'reservation', story.pledge);
      },
      'a loan that is drawn': () => lapse(storyAt('drawn'), 'approval', storyAt('drawn').loan),
      'a revoked grant': () => {
        const story = storyAt('authorised');
        story.revokeGrant();
        return lapse(story, 'grant', story.grant);
      },
      'a used order': () => {
        const story = storyAt('perfected', 'lot');
        const release = orderOut(story).id;
        takeOut(story, { quantity: 300_000, packages: 12, release });
        return lapse(story, 'release-order', release);
      },
    },
  },
  'issue-money': {
    OK: { 'to an enterprise': () => issueTo(storyAt('empty'), 'acme') },
    E_NOT_FOUND: { 'the taker is unknown': () => issueTo(storyAt('empty'), 'acme', 1, { to: nowhere }) },
    E_RANGE: {
      'too much': () => {
        const story = storyAt('empty');
        issueTo(story, 'acme', Number.MAX_SAFE_INTEGER);
        return issueTo(story, 'acme', 1);
      },
    },
    E_SCHEMA: { 'no currency': () => issueTo(storyAt('empty'), 'acme', 1, { currency: 'EU' }) },
  },
  'redeem-money': {
    OK: {
      'all of it': () => {
        const story = storyAt('empty');
        issueTo(story, 'acme');
        return redeemFrom(story, 'acme', 2_000_000);
      },
    },
    E_FUNDS: {
      'more than there is': () => {
        const story = storyAt('empty');
        issueTo(story, 'acme');
        return redeemFrom(story, 'acme', 2_000_001);
      },
    },
    E_NOT_FOUND: { 'no such money': () => redeemFrom(storyAt('empty'), 'acme', 1) },
  },
  'close-account': {
    OK: {
      'all of it was redeemed': () => {
        const story = storyAt('empty');
        issueTo(story, 'acme');
        redeemFrom(story, 'acme', 2_000_000);
        return closeOf(story, 'acme');
      },
    },
    E_NOT_FOUND: { 'there is none': () => closeOf(storyAt('empty'), 'acme') },
    E_ROLE: {
      'another signs': () => {
        const story = storyAt('empty');
        issueTo(story, 'acme', 1);
        return closeOf(story, 'acme', ['zenith']);
      },
    },
    E_STATE: {
      'money is on it': () => {
        const story = storyAt('empty');
        issueTo(story, 'acme', 1);
        return closeOf(story, 'acme');
      },
      'it is closed': () => {
        const story = storyAt('empty');
        issueTo(story, 'acme', 1);
        redeemFrom(story, 'acme', 1);
        closeOf(story, 'acme');
        return closeOf(story, 'acme');
      },
    },
  },
};

function payWith(story: Story, moneyKey: Uint8Array): Outcome {
  issueTo(story, 'zenith', 1);
  return payIn(story, { money: moneyKey }, ['acme']);
}

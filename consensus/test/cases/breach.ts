/** Cases of breach and enforcement (rows 23–28). */

import { moneyId } from '../../contracts/objects/money.ts';
import { party } from '../../contracts/registry.ts';
import { defaultTriggers } from '../../contracts/triggers/rules.ts';
import {
  acknowledge,
  beat,
  bidFor,
  byOrder,
  cureIt,
  declare,
  defaulted,
  freezeOn,
  notify,
  onSale,
  openSale,
  proved,
  setTriggers,
  shareOut,
  takeOver,
  tryAgain,
  waive,
  warned,
  warnOf,
} from '../breach-steps.ts';
import { DAY_MS, HALF_LOT, nowhere, PACKAGES, type Story, storyAt } from '../contract-story.ts';
import { HOUR_MS, idOf, type Outcome } from '../contract-world.ts';
import { lose, price } from '../goods-steps.ts';
import { called, issueTo, releaseSilently } from '../loan-steps.ts';
import type { Cases } from './cases.ts';

const MINUTE_MS = 60_000;

/** Pledged by receipt, whose insurance runs a year. */
function insured(): Story {
  const story = storyAt('approved');
  story.issue();
  story.agree();
  story.perfect();
  return story;
}

/** In default and ten days after notice of enforcement. */
function saleable(story: Story = defaulted()): readonly [Story, Uint8Array] {
  issueTo(story, 'zenith');
  const notice = proved(story, 'enforcement');
  story.world.pass(10 * DAY_MS);
  return [story, notice];
}

/** Half a lot is pledged outside receipts, and in default. */
function halfDefaulted(): Story {
  const story = storyAt('approved', 'lot');
  story.agree({ quantity: 500_000 });
  story.perfect();
  story.draw({ principal: 400_000 });
  story.warn();
  return defaulted(story);
}

const closed = (bids = true): readonly [Story, Uint8Array] => {
  const { story, sale } = onSale();
  if (bids) bidFor(story, sale);
  story.world.pass(6 * DAY_MS);
  return [story, sale];
};

const afterLoss = (lost: Parameters<typeof lose>[1]): Outcome => {
  const [story, sale] = closed();
  lose(story, lost);
  return shareOut(story, sale);
};

export const cases: Cases = {
  'agree-triggers': {
    OK: { 'the network’s defaults': () => setTriggers(storyAt('agreed')) },
    E_NOT_FOUND: { 'the pledge is unknown': () => setTriggers(storyAt('approved')) },
    E_SCHEMA: {
      'two rules for one signal': () =>
        setTriggers(storyAt('agreed'), [...defaultTriggers.slice(0, 1), ...defaultTriggers.slice(0, 1)]),
    },
    E_STATE: { 'it is warned': () => setTriggers(warned().story) },
  },
  'record-pulse': {
    OK: { 'a fresh weighing': () => beat(storyAt('perfected')) },
    E_EVIDENCE: { 'by the owner’s own scale': () => beat(storyAt('perfected'), 'acme-scale') },
    E_NOT_FOUND: { 'the unit is unknown': () => beat(storyAt('empty')) },
  },
  warn: {
    E_EVIDENCE: {
      'two weighings are wanted': () => {
        const story = storyAt('agreed');
        setTriggers(story);
        story.perfect();
        return story.warn();
      },
      'no rule for it': () => {
        const story = storyAt('agreed');
        setTriggers(story, []);
        story.perfect();
        return story.warn();
      },
    },
    E_STATE: {
      'sixteen are open': () => {
        const story = storyAt('perfected');
        for (let i = 0; i < 16; i++) story.warn();
        return story.warn();
      },
      'it is frozen': () => {
        const { story, warning } = warned();
        freezeOn(story, { type: 'pledgee', warning });
        return story.warn();
      },
    },
  },
  'warn-due': {
    OK: {
      'silence for more than thirty minutes': () => {
        const story = storyAt('perfected');
        beat(story);
        story.world.pass(30 * MINUTE_MS);
        return warnOf(story, 'silence');
      },
      'insured for six days more': () => {
        const story = insured();
        story.world.pass(359 * DAY_MS);
        return warnOf(story, 'insurance');
      },
    },
    E_EVIDENCE: {
      'heard of half an hour ago': () => {
        const story = storyAt('perfected');
        beat(story);
        story.world.pass(30 * MINUTE_MS - 250);
        return warnOf(story, 'silence');
      },
      'finality paused': () => {
        const story = storyAt('perfected');
        beat(story);
        story.world.pause(HOUR_MS);
        return warnOf(story, 'silence');
      },
      'never heard of': () => warnOf(storyAt('perfected'), 'silence'),
      'insured for longer': () => warnOf(insured(), 'insurance'),
      'no insurance is known': () => warnOf(storyAt('perfected'), 'insurance'),
    },
    E_NOT_FOUND: { 'the pledge is unknown': () => warnOf(storyAt('approved'), 'silence') },
    E_STATE: {
      'warned of it already': () => {
        const story = storyAt('perfected');
        beat(story);
        story.world.pass(HOUR_MS);
        warnOf(story, 'silence');
        return warnOf(story, 'silence');
      },
      'it is not perfected': () => warnOf(storyAt('agreed'), 'silence'),
    },
  },
  freeze: {
    OK: {
      'by the pledgee': () => {
        const { story, warning } = warned();
        return freezeOn(story, { type: 'pledgee', warning });
      },
      'by anybody, on a critical warning': () => {
        const { story, warning } = warned('970');
        return freezeOn(story, { type: 'policy', warning });
      },
      'by order': () => freezeOn(storyAt('perfected'), byOrder),
    },
    E_NOT_FOUND: {
      'the warning is unknown': () => freezeOn(warned().story, { type: 'pledgee', warning: nowhere }),
    },
    E_ROLE: {
      'a bank gives orders': () =>
        freezeOn(storyAt('perfected'), { ...byOrder, resolver: idOf('bankB') }, ['bankB']),
    },
    E_STATE: {
      'the warning is not critical': () => {
        const { story, warning } = warned();
        return [freezeOn(story, { type: 'policy', warning }), warning];
      },
      'it is not warned': () => freezeOn(storyAt('perfected'), { type: 'pledgee', warning: nowhere }),
      'the warning is cured': () => {
        const { story, warning } = warned();
        cureIt(story);
        story.warn();
        return [freezeOn(story, { type: 'pledgee', warning }), warning];
      },
      'by order, of a pledge that is not perfected': () => freezeOn(storyAt('agreed'), byOrder),
    },
  },
  cure: {
    OK: {
      'the weight is right again': () => cureIt(warned().story),
      'by a resolver in the bank’s place': () =>
        cureIt(warned().story, { resolver: idOf('resolver') }, ['monitor', 'resolver']),
      'of frozen goods': () => {
        const { story, warning } = warned();
        freezeOn(story, { type: 'pledgee', warning });
        return cureIt(story);
      },
      'the temperature is right again': () => {
        const story = warm();
        return cureIt(story, { evidence: withTemperature(story, '20') });
      },
      'the price has risen': () => {
        const story = called();
        price(story);
        return cureIt(story);
      },
    },
    E_EVIDENCE: {
      'no count': () => {
        const { story } = warned();
        return cureIt(story, {
          evidence: [story.world.reading({ device: 'scale', values: { weight: '1000' } })],
        });
      },
    },
    E_NOT_CURED: {
      'the weight is still wrong': () => {
        const { story } = warned();
        return cureIt(story, { evidence: story.world.count('985', PACKAGES) });
      },
      'no temperature is shown': () => cureIt(warm()),
      'it is still too warm': () => {
        const story = warm();
        return cureIt(story, { evidence: withTemperature(story, '41') });
      },
      'goods are short': () => {
        const story = storyAt('drawn', 'lot');
        lose(story);
        return cureIt(story, { evidence: story.world.count('900', 36) });
      },
      'the cover is not restored': () => cureIt(called()),
      'the insurance still ends': () => {
        const story = insured();
        story.world.pass(365 * DAY_MS);
        warnOf(story, 'insurance');
        return cureIt(story);
      },
    },
    E_NOT_FOUND: { 'the pledge is unknown': () => cureIt(storyAt('approved')) },
    E_PRICE_STALE: {
      'of a warning of cover': () => {
        const story = called();
        story.world.pass(25 * HOUR_MS);
        return cureIt(story);
      },
    },
    E_ROLE: {
      'another bank in the bank’s place': () =>
        cureIt(warned().story, { resolver: idOf('bankB') }, ['monitor', 'bankB']),
    },
    E_STATE: { 'it is not warned': () => cureIt(storyAt('perfected')) },
  },
  'give-notice': {
    OK: { 'of default': () => notify(storyAt('drawn')) },
    E_NOT_FOUND: { 'to nobody': () => notify(storyAt('drawn'), 'default', { addressee: nowhere }) },
  },
  'attempt-notice': {
    OK: {
      'on another channel': () => {
        const story = storyAt('drawn');
        return tryAgain(story, notify(story).id);
      },
    },
    E_NOT_FOUND: { 'of none': () => tryAgain(storyAt('drawn'), nowhere) },
    E_POLICY: {
      'eight were made': () => {
        const story = storyAt('drawn');
        const { id } = notify(story);
        for (let i = 0; i < 7; i++) tryAgain(story, id);
        return tryAgain(story, id);
      },
    },
    E_STATE: {
      'it is acknowledged': () => {
        const story = storyAt('drawn');
        return tryAgain(story, proved(story));
      },
    },
  },
  'acknowledge-notice': {
    OK: {
      plain: () => {
        const story = storyAt('drawn');
        return acknowledge(story, notify(story).id);
      },
    },
    E_NOT_FOUND: { 'of none': () => acknowledge(storyAt('drawn'), nowhere) },
    E_STATE: {
      twice: () => {
        const story = storyAt('drawn');
        return acknowledge(story, proved(story));
      },
    },
  },
  'declare-default': {
    OK: {
      'the cure period is over, notice acknowledged': () => {
        const { story } = warned();
        story.world.pass(DAY_MS);
        return declare(story, proved(story));
      },
      'two attempts on different channels and a day': () => {
        const { story } = warned();
        const { id } = notify(story);
        tryAgain(story, id);
        story.world.pass(DAY_MS);
        return declare(story, id);
      },
      'maturity is past and unpaid': () => {
        const story = storyAt('drawn');
        story.world.pass(90 * DAY_MS);
        return declare(story, proved(story));
      },
    },
    E_CURE_OPEN: {
      'a minute early': () => {
        const { story } = warned();
        story.world.pass(DAY_MS - MINUTE_MS);
        return declare(story, proved(story));
      },
      'finality paused for a day': () => {
        const { story } = warned();
        story.world.pause(DAY_MS);
        return declare(story, proved(story));
      },
    },
    E_NOT_FOUND: { 'no such notice': () => declare(warned().story) },
    E_NO_NOTICE: {
      'two attempts on one channel': () => {
        const { story } = warned();
        const { id } = notify(story);
        tryAgain(story, id, 'ledger');
        story.world.pass(3 * DAY_MS);
        return [declare(story, id), id];
      },
      'two attempts, and not yet a day': () => {
        const { story } = warned();
        story.world.pass(DAY_MS);
        const { id } = notify(story);
        tryAgain(story, id);
        return declare(story, id);
      },
      'of something else': () => {
        const { story } = warned();
        story.world.pass(DAY_MS);
        return declare(story, proved(story, 'enforcement'));
      },
      'given before the warning': () => {
        const story = storyAt('drawn');
        const id = proved(story);
        story.warn();
        story.world.pass(DAY_MS);
        return declare(story, id);
      },
      'given before maturity': () => {
        const story = storyAt('drawn');
        const id = proved(story);
        story.world.pass(90 * DAY_MS);
        return declare(story, id);
      },
      'used for an earlier default': () => {
        const story = storyAt('drawn');
        story.world.pass(90 * DAY_MS);
        const id = proved(story);
        declare(story, id);
        waive(story);
        return [declare(story, id), id];
      },
    },
    E_STATE: {
      'nothing is due': () => {
        const story = storyAt('drawn');
        return declare(story, proved(story));
      },
      'it is in default': () => {
        const story = defaulted();
        return declare(story, proved(story));
      },
    },
  },
  'waive-default': {
    OK: { 'a default': () => waive(defaulted()) },
    E_NOT_FOUND: { 'the pledge is unknown': () => waive(storyAt('approved')) },
    E_STATE: { 'there is none': () => waive(storyAt('drawn')) },
  },
  enforce: {
    OK: {
      'ten days after notice': () => openSale(...saleable()),
      'sooner, with a resolver': () => {
        const story = defaulted();
        issueTo(story, 'zenith');
        const notice = proved(story, 'enforcement');
        return openSale(story, notice, { resolver: idOf('resolver') }, ['bankA', 'resolver']);
      },
      'what a loss has left': () => {
        const story = defaulted();
        lose(story);
        return openSale(...saleable(story));
      },
    },
    E_CURRENCY: {
      'bids in dollars': () => {
        const [story, notice] = saleable();
        issueTo(story, 'zenith', 1, { currency: 'USD' });
        return openSale(story, notice, { money: dollars() });
      },
    },
    E_DEBT: {
      'it was redeemed': () => {
        const [story, notice] = saleable();
        story.repay();
        return openSale(story, notice);
      },
    },
    E_NOTICE: {
      'nine days after notice': () => {
        const story = defaulted();
        issueTo(story, 'zenith');
        const notice = proved(story, 'enforcement');
        story.world.pass(9 * DAY_MS);
        return [openSale(story, notice), notice];
      },
      'a notice of default': () => {
        const story = defaulted();
        issueTo(story, 'zenith');
        const notice = proved(story);
        story.world.pass(10 * DAY_MS);
        return openSale(story, notice);
      },
      'given before the default': () => {
        const { story } = warned();
        issueTo(story, 'zenith');
        const notice = proved(story, 'enforcement');
        defaulted(story);
        story.world.pass(10 * DAY_MS);
        return openSale(story, notice);
      },
    },
    E_NOT_FOUND: { 'no such notice': () => openSale(saleable()[0], nowhere) },
    E_RECEIPT_OUT: {
      'half a lot outside receipts': () => openSale(...saleable(halfDefaulted())),
      'of what a loss has left another bank holds a part': () => {
        const story = storyAt('approved', 'lot');
        const rival = story.rival('approved');
        story.agree({ quantity: 600_000 });
        story.perfect();
        story.draw({ principal: 400_000 });
        rival.agree({ quantity: 400_000 });
        rival.perfect();
        lose(story, { quantity: 500_000, packages: 0 });
        return openSale(...saleable(defaulted(story)));
      },
    },
    E_SCHEMA: {
      'closed before it opens': () => {
        const [story, notice] = saleable();
        return openSale(story, notice, { closesAt: story.world.time });
      },
    },
    E_STATE: {
      'it is not in default': () => openSale(warned().story, nowhere),
      'the goods are lost': () => {
        const [story, notice] = saleable();
        lose(story, { quantity: 1_000_000, packages: 40 });
        return openSale(story, notice);
      },
      'another ranks before it': () => {
        const [senior, rival] = juniorDefaulted();
        issueTo(rival, 'zenith');
        const notice = proved(rival, 'enforcement');
        rival.world.pass(10 * DAY_MS);
        return [openSale(rival, notice), senior.pledge];
      },
    },
  },
  bid: {
    OK: {
      first: () => {
        const { story, sale } = onSale();
        return bidFor(story, sale);
      },
      'higher, by the same': () => {
        const { story, sale } = onSale();
        bidFor(story, sale);
        return bidFor(story, sale, 2_000_000);
      },
    },
    E_AFFILIATE: {
      'the bidder controls the warehouse': () => {
        const { story, sale } = onSale();
        story.world.change(party, idOf('warehouse'), { controller: idOf('zenith') });
        return bidFor(story, sale);
      },
    },
    E_BID: {
      'less than asked': () => {
        const { story, sale } = onSale();
        return bidFor(story, sale, 99_999);
      },
      'no more than another': () => {
        const { story, sale } = onSale();
        const { id } = bidFor(story, sale);
        return [bidFor(story, sale, 1_500_000, 'bankB'), id];
      },
    },
    E_FUNDS: {
      'more than there is': () => {
        const { story, sale } = onSale();
        return bidFor(story, sale, 2_000_001);
      },
    },
    E_NOT_FOUND: { 'no such sale': () => bidFor(storyAt('drawn'), nowhere) },
    E_STATE: {
      'bidding has closed': () => bidFor(...closed()),
      'it was sold': () => {
        const [story, sale] = closed();
        shareOut(story, sale);
        return bidFor(story, sale);
      },
    },
  },
  appropriate: {
    OK: {
      'with consent, at an appraised value, the surplus paid': () => {
        const story = defaulted();
        issueTo(story, 'bankA');
        return takeOver(story);
      },
    },
    E_CURRENCY: {
      'the surplus in dollars': () => {
        const story = defaulted();
        issueTo(story, 'bankA', 1, { currency: 'USD' });
        return takeOver(story, { money: dollars() });
      },
    },
    E_DEBT: {
      'nothing is owed': () => {
        const story = defaulted();
        issueTo(story, 'bankA');
        story.repay();
        return takeOver(story);
      },
    },
    E_FORFEIT: {
      'without consent': () => takeOver(defaulted(), {}, ['bankA', 'appraiser']),
      'without an appraiser': () => takeOver(defaulted(), {}, ['bankA', 'acme']),
      'the appraiser is the bank’s': () => {
        const story = defaulted();
        story.world.change(party, idOf('appraiser'), { controller: idOf('bankA') });
        return takeOver(story);
      },
    },
    E_FUNDS: {
      'the bank cannot pay the surplus': () => {
        const story = defaulted();
        issueTo(story, 'bankA', 1);
        return takeOver(story);
      },
    },
    E_NOT_FOUND: { 'no such money': () => takeOver(defaulted()) },
    E_RECEIPT_OUT: { 'half a lot outside receipts': () => takeOver(halfDefaulted()) },
    E_STATE: { 'it is not in default': () => takeOver(warned().story) },
  },
  distribute: {
    OK: {
      'to the highest bidder': () => shareOut(...closed()),
      'nobody bid': () => shareOut(...closed(false)),
      'some of the goods are lost before it closes': () => afterLoss({ quantity: 100_000, packages: 4 }),
      'all of them are': () => afterLoss({ quantity: 1_000_000, packages: 40 }),
      'a receipt, with the warehouse’s lien': () => {
        const story = storyAt('approved');
        story.issue({ lienAmount: 5_000, lienCurrency: 'EUR' });
        story.agree();
        story.perfect();
        story.draw();
        story.warn();
        const { sale } = onSale(defaulted(story));
        bidFor(story, sale);
        story.world.pass(6 * DAY_MS);
        return shareOut(story, sale);
      },
      'half a lot, by a receipt of its own': () => {
        const story = halfDefaulted();
        const by = ['warehouse', 'monitor', 'acme', 'bankA'];
        story.issue({ ...HALF_LOT, pledge: story.pledge }, by);
        const { sale } = onSale(story);
        bidFor(story, sale);
        story.world.pass(6 * DAY_MS);
        return shareOut(story, sale);
      },
    },
    E_DEBT: {
      'it was redeemed': () => {
        const [story, sale] = closed();
        story.repay();
        return shareOut(story, sale);
      },
    },
    E_NOT_DUE: {
      'bidding runs': () => {
        const { story, sale } = onSale();
        return shareOut(story, sale);
      },
      'finality paused meanwhile': () => {
        const { story, sale } = onSale();
        story.world.pause(6 * DAY_MS);
        return shareOut(story, sale);
      },
    },
    E_NOT_FOUND: { 'no such sale': () => shareOut(storyAt('drawn'), nowhere) },
    E_STATE: {
      twice: () => {
        const [story, sale] = closed();
        shareOut(story, sale);
        return shareOut(story, sale);
      },
    },
  },
  'release-paid': {
    OK: {
      'redeemed before the sale: the bid goes back': () => {
        const { story, sale } = onSale();
        bidFor(story, sale);
        story.repay();
        story.world.pass(7 * DAY_MS);
        return releaseSilently(story);
      },
    },
  },
  'issue-receipt': {
    OK: {
      'a pledge goes over into it': () => {
        const story = storyAt('approved', 'lot');
        story.agree({ quantity: 500_000 });
        story.perfect();
        return story.issue({ ...HALF_LOT, pledge: story.pledge }, ['warehouse', 'monitor', 'acme', 'bankA']);
      },
    },
    E_STATE: {
      'the pledge is not perfected': () => {
        const story = storyAt('agreed', 'lot');
        return story.issue({ pledge: story.pledge }, ['warehouse', 'monitor', 'acme', 'bankA']);
      },
    },
    E_OVERISSUE: {
      'for less than is pledged': () => {
        const story = storyAt('perfected', 'lot');
        return story.issue({ ...HALF_LOT, pledge: story.pledge }, ['warehouse', 'monitor', 'acme', 'bankA']);
      },
    },
  },
};

/** Warned of warmth: above forty degrees. */
function warm(): Story {
  const story = storyAt('drawn');
  const evidence = [story.world.reading({ device: 'climate', values: { temperature: '41' } })];
  story.warn({ trigger: 'temperature', evidence });
  return story;
}
function withTemperature(story: Story, celsius: string): Uint8Array[] {
  return [
    ...story.world.count('1000', PACKAGES),
    story.world.reading({ device: 'climate', values: { temperature: celsius } }),
  ];
}
function dollars(): Uint8Array {
  return moneyId(idOf('bankA'), 'USD');
}
/** A senior and a junior pledge of one unit, both drawn upon, the junior in default. */
function juniorDefaulted(): readonly [Story, Story] {
  const story = storyAt('approved');
  const rival = story.rival('approved');
  const { world } = story;
  world.policy = { ...world.policy, juniorPledges: true };
  story.agree({ ceiling: 500_000 });
  story.perfect();
  story.draw({ principal: 300_000 });
  rival.agree({ behind: story.pledge, ceiling: 400_000 }, ['acme', 'bankB', 'bankA']);
  rival.perfect({}, ['bankB', 'monitor', 'warehouse']);
  rival.draw({ principal: 200_000 });
  rival.warn();
  defaulted(rival);
  return [story, rival];
}

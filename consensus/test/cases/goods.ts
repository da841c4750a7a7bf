/** Cases of goods and receipts (rows 1 and 3–7, and prices). */

import { pledge } from '../../contracts/objects/pledge.ts';
import { unit } from '../../contracts/objects/unit.ts';
import { party } from '../../contracts/registry.ts';
import { childId } from '../../contracts/rules/warnings.ts';
import {
  DAY_MS,
  GLN,
  HALF_LOT,
  nowhere,
  OTHER_SSCC,
  PACKAGES,
  QUANTITY,
  type Stage,
  type Story,
  storyAt,
} from '../contract-story.ts';
import { HOUR_MS, idOf, type Outcome } from '../contract-world.ts';
import {
  arrive,
  bringIn,
  cancel,
  countTwice,
  handTo,
  lose,
  measureStock,
  merge,
  OTHER_GLN,
  openZone,
  passReceipt,
  passTitle,
  price,
  split,
  takeOut,
} from '../goods-steps.ts';
import type { Cases } from './cases.ts';

/** A lot in store. */
const lotAt = (stage: Stage): Story => storyAt(stage, 'lot');

/** A lot under one receipt, which is then pledged and perfected when `held`. */
function receipted(held = false): Story {
  const story = lotAt('approved');
  story.issue();
  if (held) {
    story.agree();
    story.perfect();
  }
  return story;
}

/** Puts the pledge into a state that later rows lead to. */
function inState(story: Story, state: 'FROZEN' | 'WARNED'): Story {
  story.world.change(pledge, story.pledge, { state });
  return story;
}

/** `owner` controls the warehouse. */
function controlling(story: Story, owner: 'zenith' | 'acme' = 'zenith'): Story {
  story.world.change(party, idOf('warehouse'), { controller: idOf(owner) });
  return story;
}

/** A pool of a tonne with a line: at least 400 kg, worth at least `line`. */
function floating(line = 0): Story {
  const story = lotAt('approved');
  story.agree({ quantity: 400_000, line });
  story.perfect();
  return story;
}

function after(story: Story, ...steps: readonly ((story: Story) => Outcome)[]): Outcome {
  let last: Outcome | undefined;
  for (const step of steps) last = step(story);
  return last!;
}

/** Half of a lot is pledged, the rest is free. */
function halfPledged(): Story {
  const story = lotAt('approved');
  story.agree({ quantity: 500_000 });
  story.perfect();
  return story;
}

/** Splits the story's receipt in two. */
function partsOf(story: Story): readonly Uint8Array[] {
  const { id } = split(story);
  return [0, 1].map((index) => childId(id, index));
}

/** Times that receipts issued one after the other can share. */
function termsOf({ world: { time } }: Story) {
  const until = time + 180 * DAY_MS;
  return { storageFrom: time, storageUntil: until, insuredFrom: time, insuredUntil: until };
}

function mergeParts(story: Story): Outcome {
  return merge(story, partsOf(story));
}

export const cases: Cases = {
  'state-zone': {
    OK: {
      'before anything is there': () => openZone(storyAt('empty')),
      'where goods are': () => openZone(storyAt('registered'), { capacity: QUANTITY }),
    },
    E_ID_INVALID: { 'the GLN is wrong': () => openZone(storyAt('empty'), { gln: '9506000134351' }) },
    E_ROLE: {
      'the zone is another custodian’s': () =>
        openZone(storyAt('registered'), { custodian: idOf('carrier') }, ['carrier', 'monitor']),
    },
    E_SUM: {
      'more is registered': () => openZone(storyAt('registered'), { capacity: QUANTITY - 1 }),
    },
  },
  'measure-zone': {
    OK: {
      'all is there': () => measureStock(storyAt('registered')),
      'less is there': () => measureStock(storyAt('registered'), '900'),
    },
    E_EVIDENCE: {
      'a scale of the custodian’s own': () => {
        const story = storyAt('registered');
        const evidence = [story.world.reading({ device: 'second-scale', values: { weight: '1000' } })];
        return measureStock(story, '', { evidence });
      },
      'one scale twice': () => {
        const story = storyAt('registered');
        const weigh = () => story.world.reading({ device: 'scale', values: { weight: '500' } });
        return measureStock(story, '', { evidence: [weigh(), weigh()] });
      },
      'no weighing': () => {
        const story = storyAt('registered');
        return measureStock(story, '', {
          evidence: [story.world.reading({ device: 'climate', values: { temperature: '4' } })],
        });
      },
      'an old reading': () => {
        const story = storyAt('registered');
        const evidence = [story.world.reading({ device: 'scale', values: { weight: '1000' } })];
        story.world.pass(HOUR_MS);
        return measureStock(story, '', { evidence });
      },
    },
    E_NOT_FOUND: { 'the zone is unknown': () => measureStock(storyAt('empty')) },
  },
  'register-goods': {
    E_EVIDENCE: {
      'the zone is full': () => {
        const story = storyAt('registered');
        openZone(story, { capacity: QUANTITY });
        return story.register({ label: OTHER_SSCC });
      },
      'the zone is another custodian’s': () =>
        storyAt('registered').register({ label: OTHER_SSCC, custodian: idOf('carrier') }, [
          'monitor',
          'carrier',
          'acme',
        ]),
    },
  },
  'state-price': {
    OK: { 'of a bank': () => price(storyAt('registered')) },
    E_NOT_FOUND: { 'the unit is unknown': () => price(storyAt('empty')) },
    E_PRICE_STALE: {
      'of the day before': () => {
        const story = storyAt('registered');
        return price(story, { asOf: story.world.time - 25 * HOUR_MS });
      },
      'of a time to come': () => {
        const story = storyAt('registered');
        return price(story, { asOf: story.world.time + 251 });
      },
    },
    E_SCHEMA: { 'the currency is none': () => price(storyAt('registered'), { currency: 'eu' }) },
    E_STALE: {
      'older than the one before': () => {
        const story = storyAt('registered');
        price(story);
        return price(story, { asOf: story.world.time - 1000 });
      },
    },
  },
  'transfer-title': {
    OK: {
      'of free goods': () => passTitle(storyAt('registered')),
      'of pledged goods, with the bank': () =>
        passTitle(storyAt('drawn'), 'zenith', ['acme', 'zenith', 'bankA']),
    },
    E_AFFILIATE: {
      'the new owner controls the warehouse': () =>
        passTitle(controlling(storyAt('perfected')), 'zenith', ['acme', 'zenith', 'bankA']),
    },
    E_FROZEN: {
      'the pledge is frozen': () => [
        passTitle(inState(storyAt('perfected'), 'FROZEN'), 'zenith', ['acme', 'zenith', 'bankA']),
        storyAt('perfected').pledge,
      ],
      'the weight is in doubt': () => {
        const story = storyAt('perfected');
        const warned = story.warn().id;
        return [passTitle(story, 'zenith', ['acme', 'zenith', 'bankA']), warned];
      },
    },
    E_ENCUMBERED: { 'the bank did not sign': () => passTitle(storyAt('agreed')) },
    E_NOT_CONTROLLER: {
      'the owner did not sign': () => passTitle(storyAt('registered'), 'zenith', ['zenith']),
    },
    E_NOT_FOUND: { 'the unit is unknown': () => passTitle(storyAt('empty')) },
    E_RECEIPT_OUT: {
      'a receipt lives': () => {
        const story = receipted();
        return [passTitle(story), story.receipt ?? nowhere];
      },
    },
    E_STATE: {
      'the goods are out': () => after(storyAt('registered'), takeOut, (story) => passTitle(story)),
    },
  },
  'transfer-receipt': {
    OK: {
      'of a free receipt': () => passReceipt(receipted()),
      'of a held one, with the bank': () =>
        passReceipt(receipted(true), 'zenith', ['acme', 'zenith', 'bankA']),
    },
    E_AFFILIATE: {
      'the new owner controls the warehouse': () =>
        passReceipt(controlling(receipted(true)), 'zenith', ['acme', 'zenith', 'bankA']),
    },
    E_FROZEN: {
      'the pledge is frozen': () =>
        passReceipt(inState(receipted(true), 'FROZEN'), 'zenith', ['acme', 'zenith', 'bankA']),
    },
    E_ENCUMBERED: {
      'the bank that holds it did not sign': () => passReceipt(receipted(true)),
      'it is reserved': () => {
        const story = receipted();
        story.agree();
        return passReceipt(story);
      },
    },
    E_NOT_CONTROLLER: {
      'the owner did not sign': () => passReceipt(receipted(), 'zenith', ['zenith']),
    },
    E_NOT_FOUND: { 'there is none': () => passReceipt(lotAt('registered')) },
    E_STATE: { 'it is split': () => after(receipted(), split, (story) => passReceipt(story)) },
  },
  'split-receipt': {
    OK: {
      'of a free receipt': () => split(receipted()),
      'of a held one, with the bank': () =>
        split(receipted(true), [600_000, 400_000], ['bankA', 'warehouse']),
      'of one whose pledge is frozen: nothing leaves by it': () =>
        split(inState(receipted(true), 'FROZEN'), [600_000, 400_000], ['bankA', 'warehouse']),
      'of one that is pledged in part': () => {
        const story = receipted();
        story.agree({ quantity: 600_000 });
        story.perfect();
        return split(story, [600_000, 400_000], ['bankA', 'warehouse']);
      },
    },
    E_ENCUMBERED: {
      'it is reserved': () => {
        const story = receipted();
        story.agree();
        return [split(story), story.pledge];
      },
    },
    E_NOT_CONTROLLER: { 'the bank did not sign': () => split(receipted(true)) },
    E_NOT_FOUND: { 'there is none': () => split(lotAt('registered')) },
    E_POLICY: {
      'the lot has sixteen': () => {
        const story = lotAt('registered');
        for (let i = 0; i < 16; i++) story.issue({ quantity: 2, packages: 2 });
        return split(story, [1, 1], undefined, [1, 1]);
      },
      'the loan has sixteen': () => {
        const story = lotAt('approved');
        story.issue({ quantity: 2, packages: 2 });
        story.agree({ quantity: 2 });
        story.perfect();
        for (let i = 0; i < 15; i++) {
          const { pledge: first } = story;
          const { receipt } = story;
          story.issue({ quantity: 1, packages: 1 });
          story.agree({ quantity: 1 });
          Object.assign(story, { pledge: first, receipt });
        }
        story.world.change(unit, story.unit, {
          receipts: story.world.read(unit, story.unit).receipts.slice(0, 2),
        });
        return split(story, [1, 1], ['bankA', 'warehouse'], [1, 1]);
      },
    },
    E_STATE: {
      'it is split already': () => after(receipted(), split, split),
      'it is over a logistic unit': () => after(storyAt('registered'), (story) => story.issue(), split),
    },
    E_SUM: {
      'a gram is missing': () => split(receipted(), [600_000, 399_999]),
      'a package is missing': () => split(receipted(), [600_000, 400_000], undefined, [24, 15]),
    },
  },
  'merge-receipts': {
    OK: {
      'what was split': () => mergeParts(receipted()),
      'receipts that were issued one by one': () => {
        const story = lotAt('registered');
        const terms = termsOf(story);
        const ids = [400_000, 100_000].map((quantity) => story.issue({ quantity, packages: 4, ...terms }).id);
        return merge(story, ids);
      },
    },
    E_ENCUMBERED: {
      'one is reserved': () => {
        const story = receipted();
        const parts = partsOf(story);
        story.receipt = parts[1];
        story.agree({ quantity: 400_000 });
        return [merge(story, parts), story.pledge];
      },
    },
    E_MISMATCH: {
      'another quality': () => {
        const story = lotAt('registered');
        const terms = { packages: 4, ...termsOf(story) };
        const first = story.issue({ quantity: 400_000, ...terms }).id;
        const other = story.issue({ quantity: 100_000, ...terms, quality: 'second' }).id;
        return [merge(story, [first, other]), other];
      },
      'another owner': () => {
        const story = receipted();
        const parts = partsOf(story);
        story.receipt = parts[1];
        passReceipt(story);
        return [merge(story, parts), parts[1] ?? nowhere];
      },
    },
    E_NOT_CONTROLLER: {
      'the owner did not sign': () => {
        const story = receipted();
        return merge(story, partsOf(story), ['zenith', 'warehouse']);
      },
    },
    E_NOT_FOUND: { 'there is none': () => merge(lotAt('registered'), [nowhere, nowhere]) },
    E_RANGE: {
      'sums beyond exact integers': () => {
        const story = lotAt('registered');
        const terms = { ...termsOf(story), insuredAmount: Number.MAX_SAFE_INTEGER };
        const ids = [4, 5].map((packages) => story.issue({ quantity: 1_000, packages, ...terms }).id);
        return merge(story, ids);
      },
    },
    E_SCHEMA: {
      'one is named twice': () => {
        const story = receipted();
        const [first = nowhere] = partsOf(story);
        return merge(story, [first, first]);
      },
    },
    E_STATE: {
      'it is split': () => {
        const story = receipted();
        const whole = story.receipt ?? nowhere;
        const [first = nowhere] = partsOf(story);
        return [merge(story, [whole, first]), whole];
      },
    },
  },
  'cancel-receipt': {
    OK: { 'of a free receipt': () => cancel(receipted()) },
    E_ENCUMBERED: {
      'it is reserved': () => {
        const story = receipted();
        story.agree();
        return [cancel(story), story.pledge];
      },
    },
    E_NOT_CONTROLLER: { 'the controller did not sign': () => cancel(receipted(), ['warehouse']) },
    E_NOT_FOUND: { 'there is none': () => cancel(lotAt('registered')) },
    E_STATE: {
      'it is cancelled': () => after(receipted(), cancel, cancel),
      'the other goods are another’s': () => {
        const story = receipted();
        passReceipt(story);
        return cancel(story, ['zenith', 'warehouse']);
      },
    },
  },
  'move-in': {
    OK: {
      'into a lot': () => bringIn(lotAt('registered')),
      'into a floating pool': () => bringIn(floating()),
    },
    E_EVIDENCE: {
      'a kilogram in a hundred is missing': () => {
        const story = lotAt('registered');
        return bringIn(story, { evidence: story.world.count('495', 20) });
      },
      'the zone is full': () => {
        const story = lotAt('registered');
        openZone(story, { capacity: QUANTITY });
        return bringIn(story, { quantity: 1000, packages: 1 });
      },
      'the readings spoke before': () => {
        const story = lotAt('registered');
        const evidence = story.world.count('500', 20);
        bringIn(story, { evidence });
        return bringIn(story, { evidence });
      },
    },
    E_ID_INVALID: { 'the order is none': () => bringIn(lotAt('registered'), { order: ' ' }) },
    E_NOT_FOUND: { 'the unit is unknown': () => bringIn(lotAt('empty')) },
    E_RANGE: {
      'too much': () => {
        const story = lotAt('registered');
        const { stock } = story.world.read(unit, story.unit);
        story.world.change(unit, story.unit, { stock: { ...stock, entered: Number.MAX_SAFE_INTEGER } });
        return bringIn(story);
      },
    },
    E_STATE: {
      'it is a logistic unit': () => bringIn(storyAt('registered')),
      'it is out': () => after(lotAt('registered'), takeOut, (story) => bringIn(story)),
    },
    E_TITLE: { 'the owner did not sign': () => bringIn(lotAt('registered'), {}, ['warehouse', 'monitor']) },
  },
  'move-out': {
    OK: {
      'all of a free unit': () => takeOut(storyAt('registered')),
      'the free part of a lot': () => takeOut(halfPledged(), HALF_LOT),
      'a receipt is reduced': () => {
        const story = receipted();
        return takeOut(story, { ...HALF_LOT, receipt: story.receipt }, ['warehouse', 'monitor', 'acme']);
      },
      'a receipt is surrendered': () => {
        const story = receipted();
        return takeOut(story, { receipt: story.receipt }, ['warehouse', 'monitor', 'acme']);
      },
      'the surplus of a pool': () => {
        const story = floating(900_000);
        price(story);
        return takeOut(story, { quantity: 600_000, packages: 24 });
      },
    },
    E_BELOW_LINE: {
      'by a gram': () => {
        const story = floating();
        return [takeOut(story, { quantity: 600_001, packages: 24 }), story.pledge];
      },
      'by a cent': () => {
        // 400 kg at 2.50 a gram less a tenth are 900,000.
        const story = floating(900_001);
        price(story);
        return [takeOut(story, { quantity: 600_000, packages: 24 }), story.pledge];
      },
    },
    E_EVIDENCE: {
      'weight differs': () => {
        const story = storyAt('registered');
        return takeOut(story, { evidence: story.world.count('990', PACKAGES) });
      },
    },
    E_FROZEN: {
      'the pledge is frozen': () => takeOut(inState(halfPledged(), 'FROZEN'), HALF_LOT),
      'the weight is in doubt': () => {
        const story = halfPledged();
        const warned = story.warn().id;
        return [takeOut(story, HALF_LOT), warned];
      },
      'the zone holds less than is registered': () => {
        const story = storyAt('registered');
        measureStock(story, '900');
        return takeOut(story);
      },
    },
    E_INSUFFICIENT: {
      'more than is there': () => takeOut(lotAt('registered'), { quantity: QUANTITY + 1 }),
      'it is under a receipt': () => takeOut(receipted(), { quantity: 1, packages: 0 }),
      'another owner’s share of a pool that is short': () => {
        const story = receipted();
        split(story);
        const part = childId(story.world.read(unit, story.unit).call, 0);
        lose(story, { quantity: 500_000, packages: 20 });
        return takeOut(story, { quantity: 300_001, packages: 12, receipt: part }, [
          'warehouse',
          'monitor',
          'acme',
        ]);
      },
    },
    E_NOT_CONTROLLER: {
      'the controller did not sign': () => {
        const story = receipted();
        return takeOut(story, { receipt: story.receipt });
      },
      'the bank holds it': () => {
        const story = receipted(true);
        return takeOut(story, { receipt: story.receipt }, ['warehouse', 'monitor', 'acme']);
      },
    },
    E_NOT_FOUND: { 'the unit is unknown': () => takeOut(storyAt('empty')) },
    E_NO_RELEASE: {
      'it is reserved': () => [takeOut(storyAt('agreed')), storyAt('agreed').pledge],
      'it is pledged': () => [takeOut(storyAt('perfected')), storyAt('perfected').pledge],
    },
    E_PRICE_STALE: {
      'no price is stated': () => takeOut(floating(1), { quantity: 1000, packages: 0 }),
      'the price is of the day before': () => {
        const story = floating(1);
        price(story);
        story.world.pass(25 * HOUR_MS);
        return takeOut(story, { quantity: 1000, packages: 0 });
      },
    },
    E_STATE: {
      'it is out': () => after(storyAt('registered'), takeOut, takeOut),
      'the receipt is not over these goods': () => {
        const story = receipted();
        story.world.change(unit, story.unit, { receipts: [], receipted: 0 });
        return takeOut(story, { receipt: story.receipt }, ['warehouse', 'monitor', 'acme']);
      },
    },
    E_SUM: {
      'part of a logistic unit': () => takeOut(storyAt('registered'), { quantity: 500_000, packages: 20 }),
      'all grams and not all packages': () => takeOut(lotAt('registered'), { packages: 39 }),
      'more packages than there are': () => takeOut(lotAt('registered'), { quantity: 1, packages: 41 }),
    },
  },
  'hand-over': {
    OK: {
      'to a carrier': () => handTo(storyAt('registered')),
      'pledged goods to a carrier and back': () => after(storyAt('drawn'), handTo, arrive),
      'a preservation move of frozen goods': () =>
        handTo(inState(storyAt('perfected'), 'FROZEN'), {}, ['warehouse', 'carrier', 'monitor', 'bankA']),
    },
    E_AFFILIATE: {
      'the pledgor controls the carrier': () => {
        const story = storyAt('perfected');
        story.world.change(party, idOf('carrier'), { controller: idOf('acme') });
        return handTo(story);
      },
    },
    E_EVIDENCE: {
      'one scale only': () => {
        const story = storyAt('registered');
        return handTo(story, { evidence: story.world.count('1000', PACKAGES) });
      },
      'the zone is another custodian’s': () =>
        handTo(storyAt('registered'), { gln: GLN, zone: 'A1', seal: '', route: '' }),
    },
    E_FROZEN: { 'without the bank': () => handTo(inState(storyAt('perfected'), 'FROZEN')) },
    E_HANDOVER: {
      'the carrier did not sign': () => handTo(storyAt('registered'), {}, ['warehouse', 'monitor']),
      'the warehouse did not sign': () => handTo(storyAt('registered'), {}, ['carrier', 'monitor']),
      'without a seal': () => handTo(storyAt('registered'), { seal: '' }),
      'a seal from store to store': () => handTo(storyAt('registered'), { route: '' }),
      'to itself': () => handTo(storyAt('registered'), { to: idOf('warehouse') }),
    },
    E_ID_INVALID: { 'the GLN is wrong': () => handTo(storyAt('registered'), { gln: '9506000134351' }) },
    E_MISMATCH: {
      'another seal': () =>
        after(storyAt('registered'), handTo, (story) => arrive(story, { seal: 'SEAL-2' })),
      'less weight': () => {
        const story = storyAt('registered');
        handTo(story);
        return arrive(story, { evidence: countTwice(story, '990', PACKAGES) });
      },
      'a package less': () => {
        const story = storyAt('registered');
        return handTo(story, { evidence: countTwice(story, '1000', PACKAGES - 1), gln: OTHER_GLN });
      },
    },
    E_NOT_FOUND: { 'the unit is unknown': () => handTo(storyAt('empty')) },
    E_STATE: { 'it is out': () => after(storyAt('registered'), takeOut, (story) => handTo(story)) },
  },
  'report-loss': {
    OK: {
      'part of a pledged lot': () => lose(lotAt('drawn')),
      'all of a unit': () => lose(storyAt('drawn'), { quantity: QUANTITY, packages: PACKAGES }),
      'on a resolver’s finding': () =>
        lose(storyAt('registered'), { surveyor: idOf('resolver'), reportedBy: idOf('monitor') }, [
          'monitor',
          'resolver',
        ]),
    },
    E_EVIDENCE: {
      'no surveyor signs': () => lose(storyAt('registered'), {}, ['warehouse']),
      'the owner’s surveyor': () => {
        const story = storyAt('registered');
        story.world.change(party, idOf('appraiser'), { controller: idOf('acme') });
        return lose(story);
      },
      'the custodian’s surveyor': () => {
        const story = storyAt('registered');
        story.world.change(party, idOf('appraiser'), { controller: idOf('warehouse') });
        return lose(story);
      },
    },
    E_INSUFFICIENT: { 'more than there is': () => lose(storyAt('registered'), { quantity: QUANTITY + 1 }) },
    E_NOT_FOUND: { 'the unit is unknown': () => lose(storyAt('empty')) },
    E_ROLE: {
      'another warehouse reports': () =>
        lose(storyAt('registered'), { reportedBy: idOf('carrier') }, ['carrier', 'appraiser']),
    },
    E_STATE: { 'it is out': () => after(storyAt('registered'), takeOut, (story) => lose(story)) },
    E_SUM: {
      'all of it and not all packages': () =>
        lose(storyAt('registered'), { quantity: QUANTITY, packages: 1 }),
      'more packages than there are': () => lose(storyAt('registered'), { packages: 41 }),
    },
  },
  'supply-status': {
    E_SCOPE: {
      'the goods were sold': () => {
        const story = storyAt('stated');
        passTitle(story);
        return story.supply();
      },
    },
  },
  'perfect-pledge': {
    E_INSUFFICIENT: {
      'the goods were lost meanwhile': () => {
        const story = storyAt('agreed');
        lose(story);
        return story.perfect({ evidence: story.world.count('900', 36) });
      },
    },
    E_REGISTRATION: {
      'the law needs one': () => {
        const story = storyAt('agreed');
        story.world.policy = { ...story.world.policy, registrationNeeded: true };
        return story.perfect();
      },
    },
    OK: {
      'with its register entry': () => {
        const story = storyAt('agreed');
        story.world.policy = { ...story.world.policy, registrationNeeded: true };
        return story.perfect({ registration: 'RPV 2026-17' });
      },
    },
  },
  'agree-pledge': {
    OK: {
      'a junior pledge, with the senior’s consent': () => {
        const { rival, story } = juniorWanted();
        return rival.agree({ behind: story.pledge }, ['acme', 'bankB', 'bankA']);
      },
    },
    E_POLICY: {
      'a line over a logistic unit': () => storyAt('approved').agree({ line: 1 }),
      'junior pledges are off': () => {
        const { rival, story } = juniorWanted();
        rival.world.policy = { ...rival.world.policy, juniorPledges: false };
        return rival.agree({ behind: story.pledge }, ['acme', 'bankB', 'bankA']);
      },
    },
    E_ENCUMBERED: {
      'the senior does not consent': () => {
        const { rival, story } = juniorWanted();
        return rival.agree({ behind: story.pledge });
      },
      'another ranks there': () => {
        const { rival, story } = juniorWanted();
        rival.agree({ behind: story.pledge }, ['acme', 'bankB', 'bankA']);
        const first = rival.pledge;
        return [rival.agree({ behind: story.pledge }, ['acme', 'bankB', 'bankA']), first];
      },
    },
    E_INSUFFICIENT: {
      'more than the senior pledge': () => {
        const { rival, story } = juniorWanted();
        return rival.agree({ behind: story.pledge, quantity: QUANTITY + 1 }, ['acme', 'bankB', 'bankA']);
      },
    },
    E_STATE: {
      'the senior is not perfected': () => {
        const { rival, story } = juniorWanted(false);
        return rival.agree({ behind: story.pledge }, ['acme', 'bankB', 'bankA']);
      },
    },
  },
};

/** One bank has the goods, another would stand behind it; the policy allows that. */
function juniorWanted(perfected = true): { readonly story: Story; readonly rival: Story } {
  const story = storyAt('approved');
  const rival = story.rival('approved');
  story.world.policy = { ...story.world.policy, juniorPledges: true };
  story.agree();
  if (perfected) story.perfect();
  return { story, rival };
}

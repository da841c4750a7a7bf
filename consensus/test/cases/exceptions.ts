/** Cases of exceptions and transfers (rows 29–34). */

import { party } from '../../contracts/registry.ts';
import { childId } from '../../contracts/rules/warnings.ts';
import { notify, onSale } from '../breach-steps.ts';
import { DAY_MS, nowhere, storyAt } from '../contract-story.ts';
import { HOUR_MS, idOf } from '../contract-world.ts';
import {
  assign,
  correct,
  decideOn,
  dispute,
  divide,
  dollarsOfB,
  lockSide,
  misread,
  notices,
  recount,
  refundLegs,
  replaceBy2,
  sellTranche,
  settleLegs,
  swapped,
} from '../exception-steps.ts';
import { lose, takeOut } from '../goods-steps.ts';
import { euros, issueTo } from '../loan-steps.ts';
import type { Cases } from './cases.ts';

function controlled(
  name: 'resolver' | 'appraiser' | 'monitor2',
  by: 'acme' | 'warehouse',
  at = storyAt('drawn'),
) {
  at.world.change(party, idOf(name), { controller: idOf(by) });
  return at;
}
/** A lot under a receipt that permits a loss of a thousandth. */
function shrinking() {
  const story = storyAt('approved', 'lot');
  story.issue();
  story.agree();
  const evidence = [
    story.world.reading({ device: 'scale', values: { weight: '1000' }, counter: 9_999 }),
    story.world.reading({ device: 'camera', values: { count: '40' } }),
  ];
  story.perfect({ evidence });
  return story;
}

export const cases: Cases = {
  'raise-dispute': {
    OK: {
      'about a pledge': () => dispute(storyAt('drawn')),
      'about the goods, by the bank that has them': () =>
        dispute(storyAt('drawn'), { subject: storyAt('drawn').unit, type: 'unit', by: idOf('bankA') }, [
          'bankA',
        ]),
    },
    E_NOT_FOUND: { 'about nothing': () => dispute(storyAt('drawn'), { subject: nowhere }) },
    E_POLICY: {
      'eight are open': () => {
        const story = storyAt('drawn');
        for (let i = 0; i < 8; i++) dispute(story);
        return dispute(story);
      },
    },
    E_SCHEMA: {
      'to be decided yesterday': () => dispute(storyAt('drawn'), { deadline: storyAt('drawn').world.time }),
    },
    E_STANDING: { 'by a stranger': () => dispute(storyAt('drawn'), { by: idOf('zenith') }, ['zenith']) },
  },
  'decide-dispute': {
    OK: {
      upheld: () => {
        const story = storyAt('drawn');
        return decideOn(story, dispute(story).id);
      },
      'one of two': () => {
        const story = storyAt('drawn');
        dispute(story);
        return decideOn(story, dispute(story).id, false);
      },
    },
    E_NOT_FOUND: { none: () => decideOn(storyAt('drawn'), nowhere) },
    E_STANDING: {
      'the resolver is the enterprise’s': () => {
        const story = controlled('resolver', 'acme');
        return decideOn(story, dispute(story).id);
      },
    },
    E_STATE: {
      twice: () => {
        const story = storyAt('drawn');
        const { id } = dispute(story);
        decideOn(story, id);
        return decideOn(story, id);
      },
    },
  },
  draw: {
    E_STATE: {
      'the pledge is in dispute': () => {
        const story = storyAt('perfected');
        const { id } = dispute(story);
        return [story.draw(), id];
      },
      'the principal is divided': () => {
        const story = storyAt('drawn');
        divide(story);
        return story.draw({ principal: 1 });
      },
    },
  },
  'correct-reading': {
    OK: {
      'less than the book, more than the reading said': () => correct(misread().story),
      'a floating lot gains, with the bank': () =>
        correct(misread('lot').story, { quantity: 1_010_000, packages: 41 }),
      'by a surveyor, with the same scale': () => {
        const { story } = misread();
        const evidence = recount(story, 980_000, 39, 'scale');
        return correct(story, { surveyor: idOf('appraiser'), evidence }, ['monitor', 'bankA', 'appraiser']);
      },
      'a permitted loss': () =>
        correct(shrinking(), { kind: 'permitted-loss', quantity: 999_000, packages: 40 }, ['monitor']),
    },
    E_EVIDENCE: {
      'no such reading': () => correct(misread().story, { counter: 123_456 }),
      'weighed by the device that was wrong': () => {
        const { story } = misread();
        return correct(story, { evidence: recount(story, 980_000, 39, 'scale') });
      },
      'the count differs': () => {
        const { story } = misread();
        return correct(story, { evidence: recount(story, 900_000, 39) });
      },
      'the surveyor is the warehouse’s': () => {
        const { story } = misread();
        controlled('appraiser', 'warehouse', story);
        return correct(story, { surveyor: idOf('appraiser') }, ['monitor', 'bankA', 'appraiser']);
      },
    },
    E_NOT_FOUND: { 'the unit is unknown': () => correct(storyAt('empty'), {}, ['monitor']) },
    E_POLICY: {
      'more than is permitted': () =>
        correct(shrinking(), { kind: 'permitted-loss', quantity: 998_999, packages: 40 }, ['monitor']),
      'a gain': () =>
        correct(shrinking(), { kind: 'permitted-loss', quantity: 1_000_001, packages: 40 }, [
          'monitor',
          'bankA',
        ]),
    },
    E_ROLE: {
      'the bank does not countersign': () => correct(misread().story, {}, ['monitor']),
    },
    E_STATE: {
      'the goods are lost': () => {
        const { story } = misread();
        lose(story, { quantity: 1_000_000, packages: 40 });
        return correct(story);
      },
    },
    E_SUM: { 'the book says so': () => correct(misread().story, { quantity: 1_000_000, packages: 40 }) },
  },
  'replace-monitor': {
    OK: {
      'of pledged goods': () => replaceBy2(storyAt('drawn')),
      'of free goods, by the owner': () =>
        replaceBy2(storyAt('registered'), {}, ['acme', 'monitor2', 'warehouse']),
    },
    E_AFFILIATE: {
      'the pledgor controls the new one': () => replaceBy2(controlled('monitor2', 'acme')),
      'the custodian controls the new one': () => replaceBy2(controlled('monitor2', 'warehouse')),
    },
    E_EVIDENCE: {
      'the joint count differs': () => {
        const story = storyAt('drawn');
        const evidence = [
          story.world.reading({ device: 'scale', values: { weight: '990' } }),
          story.world.reading({ device: 'acme-counter', values: { count: '40' } }),
        ];
        return replaceBy2(story, { evidence });
      },
    },
    E_GAP: {
      'it does not attorn': () => replaceBy2(storyAt('drawn'), {}, ['bankA', 'warehouse']),
      'the same': () =>
        replaceBy2(storyAt('drawn'), { to: idOf('monitor') }, ['bankA', 'monitor', 'warehouse']),
    },
    E_NOT_FOUND: { 'the unit is unknown': () => replaceBy2(storyAt('empty')) },
    E_STATE: {
      'the goods are out': () => {
        const story = storyAt('registered');
        takeOut(story);
        return replaceBy2(story, {}, ['acme', 'monitor2', 'warehouse']);
      },
    },
  },
  'assign-loan': {
    OK: {
      'a drawn loan': () => assign(storyAt('drawn')),
      'with a held receipt': () => {
        const story = storyAt('approved');
        story.issue();
        story.agree();
        story.perfect();
        story.draw();
        return assign(story);
      },
    },
    E_NOTICE: {
      'the warehouse has none': () => {
        const story = storyAt('drawn');
        return [assign(story, notices(story, ['acme', 'monitor'])), idOf('warehouse')];
      },
      'one is not proved': () => {
        const story = storyAt('drawn');
        const cited = notices(story, ['acme', 'monitor']);
        const { id } = notify(story, 'assignment', { subject: story.loan, addressee: idOf('warehouse') });
        return [assign(story, [...cited, id]), id];
      },
    },
    E_NOT_FOUND: { 'no such notice': () => assign(storyAt('drawn'), [nowhere]) },
    E_NOT_HOLDER: {
      'its former creditor disposes of it again': () => {
        const story = storyAt('drawn');
        assign(story);
        return assign(story, [nowhere], ['bankA', 'monitor'], 'bankA');
      },
    },
    E_NO_CONTROL: {
      'the monitor does not re-attorn': () => {
        const story = storyAt('drawn');
        return assign(story, notices(story), ['bankA', 'bankB']);
      },
    },
    E_STATE: {
      'nothing is drawn': () => assign(storyAt('perfected')),
      'to itself': () => {
        const story = storyAt('drawn');
        return assign(story, notices(story), ['bankA', 'monitor'], 'bankA');
      },
      'a sale is under way': () => {
        const { story } = onSale();
        return [assign(story), story.pledge];
      },
    },
  },
  'tranche-loan': {
    OK: { 'in two': () => divide(storyAt('drawn')) },
    E_NOT_FOUND: { 'the loan is unknown': () => divide(storyAt('registered')) },
    E_STATE: {
      'nothing is drawn': () => divide(storyAt('perfected')),
      'divided already': () => {
        const story = storyAt('drawn');
        divide(story);
        return divide(story);
      },
    },
    E_SUM: { 'a cent too much': () => divide(storyAt('drawn'), [600_000, 300_001]) },
  },
  'transfer-tranche': {
    OK: {
      'against payment': () => {
        const story = storyAt('drawn');
        return sellTranche(story, childId(divide(story).id, 0));
      },
    },
    E_FUNDS: {
      'more than there is': () => {
        const story = storyAt('drawn');
        return sellTranche(story, childId(divide(story).id, 0), 1_000_001);
      },
    },
    E_NOT_FOUND: {
      'no such money': () => {
        const story = storyAt('drawn');
        return sellTranche(story, childId(divide(story).id, 0), 1, nowhere);
      },
    },
    E_STATE: {
      'it is paid': () => {
        const story = storyAt('drawn');
        const senior = childId(divide(story).id, 0);
        story.repay({ amount: 621_000 });
        return sellTranche(story, senior);
      },
    },
  },
  repay: {
    OK: {
      'to the holders of tranches, on the ledger': () => {
        const story = storyAt('drawn');
        const senior = childId(divide(story).id, 0);
        sellTranche(story, senior);
        issueTo(story, 'acme');
        return story.repay({ money: euros(), reference: '', amount: 700_000 }, ['acme']);
      },
    },
  },
  'open-swap': {
    OK: { 'euros for dollars': () => swapped().outcome },
    E_NOT_FOUND: {
      'no such money': () =>
        swapped({ second: { payer: idOf('zenith'), money: nowhere, amount: 1 } }).outcome,
    },
    E_PVP_TIMEOUT: { 'the quote is dead': () => swapped({ quoteUntil: 1 }).outcome },
  },
  'lock-leg': {
    OK: {
      first: () => {
        const { world, swap } = swapped();
        return lockSide(world, swap, 'first');
      },
    },
    E_FUNDS: {
      'more than there is': () => {
        const second = { payer: idOf('zenith'), money: dollarsOfB(), amount: 500_001 };
        const { world, swap } = swapped({ second });
        return lockSide(world, swap, 'second');
      },
    },
    E_NOT_FOUND: { 'no such exchange': () => lockSide(swapped().world, nowhere, 'first') },
    E_PVP_TIMEOUT: {
      'the quote is dead': () => {
        const { world, swap } = swapped();
        world.pass(HOUR_MS);
        return lockSide(world, swap, 'first');
      },
    },
    E_STATE: {
      twice: () => {
        const { world, swap } = swapped();
        lockSide(world, swap, 'first');
        return lockSide(world, swap, 'first');
      },
      'it is refunded': () => {
        const { world, swap } = swapped();
        world.pass(HOUR_MS);
        refundLegs(world, swap);
        return lockSide(world, swap, 'first');
      },
    },
  },
  'settle-swap': {
    OK: { 'both legs': () => settleLegs(...both()) },
    E_NOT_FOUND: { 'no such exchange': () => settleLegs(swapped().world, nowhere) },
    E_PVP_TIMEOUT: {
      'the quote has died': () => {
        const [world, swap] = both();
        world.pass(HOUR_MS);
        return settleLegs(world, swap);
      },
    },
    E_STATE: {
      'one leg only': () => {
        const { world, swap } = swapped();
        lockSide(world, swap, 'first');
        return settleLegs(world, swap);
      },
      twice: () => {
        const [world, swap] = both();
        settleLegs(world, swap);
        return settleLegs(world, swap);
      },
    },
  },
  'refund-swap': {
    OK: {
      'one leg was locked': () => {
        const { world, swap } = swapped();
        lockSide(world, swap, 'first');
        world.pass(HOUR_MS);
        return refundLegs(world, swap);
      },
    },
    E_NOT_DUE: {
      'the quote lives': () => refundLegs(...both()),
      'finality paused': () => {
        const [world, swap] = both();
        world.pause(DAY_MS);
        return refundLegs(world, swap);
      },
    },
    E_NOT_FOUND: { 'no such exchange': () => refundLegs(swapped().world, nowhere) },
    E_STATE: {
      'it is settled': () => {
        const [world, swap] = both();
        settleLegs(world, swap);
        return refundLegs(world, swap);
      },
    },
  },
};

function both() {
  const { world, swap } = swapped();
  lockSide(world, swap, 'first');
  lockSide(world, swap, 'second');
  return [world, swap] as const;
}

/** Cases of documentary credits and guarantees (row 34, R092). */

import { money } from '../../contracts/objects/money.ts';
import { DAY_MS, nowhere, type Story, storyAt } from '../contract-story.ts';
import { idOf, type Outcome } from '../contract-world.ts';
import { passReceipt } from '../goods-steps.ts';
import { euros, issueTo } from '../loan-steps.ts';
import {
  AMOUNT,
  demand,
  guaranteeFor,
  lapseOfCredit,
  lapseOfGuarantee,
  openFor,
  present,
  sellable,
} from '../undertaking-steps.ts';
import type { Cases } from './cases.ts';

/** A credit whose terms are those of the receipt, but for `terms`, and the presentation under it. */
function presented(terms: Parameters<typeof openFor>[1] = {}): readonly [Outcome, Uint8Array] {
  const story = sellable();
  const { id } = openFor(story, terms);
  return [present(story, id), story.receipt ?? nowhere];
}

function later(story: Story, id: Uint8Array): Uint8Array {
  story.world.pass(31 * DAY_MS);
  return id;
}

export const cases: Cases = {
  'open-credit': {
    OK: { 'for what the seller has': () => openFor(sellable()) },
    E_FUNDS: { 'the bank has not so much': () => openFor(sellable(), {}, { amount: 2_000_001 }) },
    E_NOT_FOUND: {
      'nobody sells': () => openFor(sellable(), {}, { beneficiary: nowhere }),
      'no such money': () => openFor(sellable(), {}, { money: nowhere }),
      'no such warehouse': () => openFor(sellable(), { issuer: nowhere }),
      'no such carrier': () => openFor(sellable(), { custodian: nowhere }),
    },
    E_SCHEMA: { 'it has expired': () => openFor(sellable(), {}, { expires: 1 }) },
  },
  'present-documents': {
    OK: { 'that comply': () => presented()[0] },
    E_ENCUMBERED: {
      'they are pledged': () => {
        const story = storyAt('approved', 'lot');
        story.issue();
        const credited = sellableOf(story);
        story.agree();
        return [present(story, credited), story.pledge];
      },
    },
    E_MISMATCH: {
      'another warehouse': () => presented({ issuer: idOf('carrier') }),
      'held by another': () => presented({ custodian: idOf('carrier') }),
      'other goods': () => presented({ goods: 'Tin' }),
      'another specification': () => presented({ specification: 'other' }),
      'another quality': () => presented({ quality: 'second' }),
      'a gram more': () => presented({ quantity: 1_000_001 }),
      'a package fewer': () => presented({ packages: 39 }),
    },
    E_NOT_CONTROLLER: {
      'they were sold already': () => {
        const story = sellable();
        const { id } = openFor(story);
        passReceipt(story, 'zenith');
        return [present(story, id), story.receipt ?? nowhere];
      },
    },
    E_NOT_FOUND: { 'there is no credit': () => present(sellable(), nowhere) },
    E_PVP_TIMEOUT: {
      'too late': () => {
        const story = sellable();
        const id = later(story, openFor(story).id);
        return [present(story, id), id];
      },
    },
    E_STATE: {
      twice: () => {
        const story = sellable();
        const { id } = openFor(story);
        present(story, id);
        return [present(story, id), id];
      },
    },
  },
  'lapse-credit': {
    OK: {
      'nobody drew it': () => {
        const story = sellable();
        return lapseOfCredit(story, later(story, openFor(story).id));
      },
    },
    E_NOT_DUE: {
      'it lives': () => {
        const story = sellable();
        const { id } = openFor(story);
        return [lapseOfCredit(story, id), id];
      },
    },
    E_NOT_FOUND: { 'there is none': () => lapseOfCredit(sellable(), nowhere) },
    E_STATE: {
      'it was paid': () => {
        const story = sellable();
        const { id } = openFor(story);
        present(story, id);
        return [lapseOfCredit(story, later(story, id)), id];
      },
    },
  },
  'issue-guarantee': {
    OK: { 'of delivery': () => guaranteeFor(sellable()) },
    E_NOT_FOUND: {
      'for nobody': () => guaranteeFor(sellable(), { beneficiary: nowhere }),
      'in no money': () => guaranteeFor(sellable(), { money: nowhere }),
    },
    E_SCHEMA: { 'it has expired': () => guaranteeFor(sellable(), { expires: 1 }) },
  },
  'call-guarantee': {
    OK: {
      'a part': () => called(400_000)[0],
      'all of it': () => called(AMOUNT)[0],
    },
    E_LIMIT: { 'more than it is for': () => called(AMOUNT + 1) },
    E_NOT_FOUND: { 'there is none': () => demand(sellable(), nowhere) },
    E_PVP_TIMEOUT: {
      'too late': () => {
        const story = sellable();
        const id = later(story, guaranteeFor(story).id);
        return [demand(story, id), id];
      },
    },
    E_RANGE: {
      'the bank has issued as much as can be counted': () => {
        const story = sellable();
        const { id } = guaranteeFor(story);
        story.world.change(money, euros(), { issued: Number.MAX_SAFE_INTEGER });
        return demand(story, id);
      },
    },
    E_STATE: {
      'nothing is left': () => {
        const story = sellable();
        const { id } = guaranteeFor(story);
        demand(story, id, AMOUNT);
        return [demand(story, id, 1), id];
      },
    },
  },
  'lapse-guarantee': {
    OK: {
      'after its time': () => {
        const story = sellable();
        return lapseOfGuarantee(story, later(story, guaranteeFor(story).id));
      },
    },
    E_NOT_DUE: {
      'it lives': () => {
        const story = sellable();
        const { id } = guaranteeFor(story);
        return [lapseOfGuarantee(story, id), id];
      },
    },
    E_NOT_FOUND: { 'there is none': () => lapseOfGuarantee(sellable(), nowhere) },
    E_STATE: {
      'it was called': () => {
        const story = sellable();
        const { id } = guaranteeFor(story);
        demand(story, id, AMOUNT);
        return [lapseOfGuarantee(story, later(story, id)), id];
      },
    },
  },
};

function called(amount: number): readonly [Outcome, Uint8Array] {
  const story = sellable();
  const { id } = guaranteeFor(story);
  return [demand(story, id, amount), id];
}

/** A credit over the receipt of a story that goes on. */
function sellableOf(story: Story): Uint8Array {
  issueTo(story, 'bankA');
  return openFor(story).id;
}

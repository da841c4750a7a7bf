/** Cases of fees and rewards (row 0, R009), and of what arrears bar. */

import { accountId } from '../../contracts/objects/money.ts';
import { rewardId } from '../../contracts/objects/reward.ts';
import { tariffId } from '../../contracts/objects/tariff.ts';
import { nowhere } from '../contract-story.ts';
import { idOf, type PartyName, signerOf } from '../contract-world.ts';
import { euros } from '../loan-steps.ts';
import {
  charge,
  charged,
  divided,
  due,
  fund,
  funded,
  prepay,
  settle,
  takeBack,
  waiting,
} from '../reward-steps.ts';
import type { Cases, Ran } from './cases.ts';
import { type Before, credited } from './policy.ts';

/** Fees are owed; on the way there are a tariff, and an epoch to which it applies. */
export const owing =
  (party: PartyName, prepaid = 0): Before =>
  (holder) => {
    charged(holder.world);
    if (prepaid > 0) prepay(holder, prepaid, party);
    holder.world.work([], { [party]: 6 });
  };

const refusedAll: Cases = Object.fromEntries(
  Object.entries(credited).map(([transition, run]): [string, Cases[string]] => [
    transition,
    {
      OK: {
        'fees were prepaid': () => run(owing('acme', 6)),
        'what was owed is paid': () =>
          run((holder) => {
            owing('acme')(holder);
            prepay(holder, 6);
          }),
        'another owes': () => run(owing('zenith')),
      },
      E_FEE: {
        'the borrower owes': (): Ran => [run(owing('acme')), accountId(euros(), idOf('acme'))],
        'the bank owes': (): Ran => [run(owing('bankA')), accountId(euros(), idOf('bankA'))],
        'a part is still owed': () => run(owing('acme', 5)),
      },
    },
  ]),
);

export const cases: Cases = {
  ...refusedAll,
  'state-tariff': {
    OK: {
      'the first': () => charge(funded()),
      'the second, once the first applies': () => charge(charged(), { callFee: 0, batchFee: 0, budget: 0 }),
      'as far ahead as may be': () => charge(charged(), { from: 65 }),
    },
    E_NOT_FOUND: { 'money that nobody issued': () => charge(charged(), { money: nowhere }) },
    E_ROLE: { 'two seats': () => charge(charged(), {}, ['bankA', 'monitor']) },
    E_SCHEMA: { 'too far ahead': () => charge(charged(), { from: 66 }) },
    E_STALE: { 'from the present epoch on': () => charge(charged(), { from: 1 }) },
    E_STATE: {
      'not the next': () => charge(charged(), { number: 3 }),
      'the one before still waits': () => [charge(waiting()), tariffId(1)],
    },
  },
  'fund-rewards': {
    OK: {
      plain: () => fund(charged(), 150),
      'before the tariff applies': () => fund(waiting(), 150),
    },
    E_FUNDS: { 'more than it has': () => fund(charged(), 4_000_000) },
    E_NOT_FOUND: { 'no tariff named the money': () => fund(charged(), 1, 'bankB', euros('bankB')) },
  },
  'prepay-fees': {
    OK: {
      plain: () => prepay(charged(), 10),
      'before the tariff applies': () => prepay(waiting(), 10),
    },
    E_FUNDS: { 'more than it has': () => prepay(charged(), 4_000_000) },
    E_NOT_FOUND: { 'no tariff named the money': () => prepay(charged(), 1, 'acme', euros('bankB')) },
  },
  'withdraw-prepaid': {
    OK: { 'what was not used up': () => takeBack(divided(), 4) },
    E_INSUFFICIENT: {
      'more than is left': () => takeBack(divided(), 5),
      'nothing was prepaid': () => [takeBack(charged(), 1), accountId(euros(), idOf('acme'))],
    },
  },
  'settle-reward': {
    OK: {
      'paid when its time is over': () => settle(due(), 'bankA', 1),
      'forfeited, as soon as an offence is on record': () => {
        const holder = divided();
        holder.world.convict('monitor');
        return settle(holder, 'monitor', 1);
      },
    },
    E_NOT_DUE: {
      'it still answers for offences': () => [
        settle(divided(), 'bankA', 1),
        rewardId(1, signerOf('bankA').publicKey),
      ],
    },
    E_NOT_FOUND: { 'an epoch without a tariff': () => settle(due(), 'bankA', 0) },
    E_STATE: {
      'paid before': () => {
        const holder = due();
        settle(holder, 'bankA', 1);
        return settle(holder, 'bankA', 1);
      },
      'nothing was earned': () => settle(due(), 'monitor2', 1),
    },
  },
};

/** Row 0, fees and rewards (R009): fees are prepaid and withdrawn, the fund is filled, rewards are paid or forfeited. */

import { hash32, int, key32 } from '../../codec/schema.ts';
import { accountId, money } from '../objects/money.ts';
import { poolOwner, type RewardPool, reward, rewardId, rewardPool } from '../objects/reward.ts';
import { roles } from '../registry.ts';
import { bookArrears, feeAccountOf, putFeeAccount } from '../rules/fees.ts';
import { checkFunds, pay } from '../rules/money.ts';
import { convictedAt } from '../rules/rewards.ts';
import {
  type Context,
  type ContractRefusal,
  isRefusal,
  lookUp,
  refused,
  transition,
  wrongState,
} from '../transition.ts';

interface Payment {
  readonly payer: Uint8Array;
  readonly money: Uint8Array;
  readonly amount: number;
}

const payment = { payer: hash32, money: hash32, amount: int(1) };
const payerSigns = {
  who: 'the payer',
  role: roles,
  party: ({ payer }: { readonly payer: Uint8Array }) => payer,
};

/** Pays into the pool of that money; the pool as it was before. */
function payIn({ payer, money: id, amount }: Payment, context: Context): RewardPool | ContractRefusal {
  const pool = lookUp(context, rewardPool, id);
  if (isRefusal(pool)) return pool;
  const short = checkFunds(id, payer, amount, context.get(money, id)!.currency, context);
  if (short !== undefined) return short;
  pay(id, payer, poolOwner, amount, context);
  return pool;
}

export const fundRewards = transition({
  name: 'fund-rewards',
  row: 0,
  summary: 'Pays into the fund from which epochs are given their budgets, for good.',
  args: { v0: payment },
  signedBy: [payerSigns],
  preconditions: { E_FUNDS: 'the payer has so much', E_NOT_FOUND: 'a tariff named the money' },
  effects: 'the fund has so much more',
  visibility: 'V0',
  apply: (args, context) => {
    const pool = payIn(args, context);
    if (isRefusal(pool)) return pool;
    context.put(rewardPool, args.money, { ...pool, fund: pool.fund + args.amount });
    return undefined;
  },
});

export const prepayFees = transition({
  name: 'prepay-fees',
  row: 0,
  summary: 'Pays fees that a party owes, and sets money aside for those to come.',
  args: { v0: payment },
  signedBy: [payerSigns],
  preconditions: { E_FUNDS: 'the payer has so much', E_NOT_FOUND: 'a tariff named the money' },
  effects: 'what is owed is paid first, the rest is prepaid',
  visibility: 'V0',
  apply: (args, context) => {
    const pool = payIn(args, context);
    if (isRefusal(pool)) return pool;
    const held = feeAccountOf(context, args.money, args.payer);
    const settled = Math.min(held.owed, args.amount);
    const prepaid = held.prepaid + args.amount - settled;
    putFeeAccount(context, { ...held, prepaid, owed: held.owed - settled });
    bookArrears(context, context.seating.epoch, args.money, settled);
    return undefined;
  },
});

export const withdrawPrepaid = transition({
  name: 'withdraw-prepaid',
  row: 0,
  summary: 'Takes back prepaid fees that were not used up.',
  args: { v0: payment },
  signedBy: [payerSigns],
  preconditions: { E_INSUFFICIENT: 'so much is prepaid' },
  effects: 'the money is the party’s to spend again',
  visibility: 'V0',
  apply: ({ payer, money: id, amount }, context) => {
    const held = feeAccountOf(context, id, payer);
    if (held.prepaid < amount)
      return refused('E_INSUFFICIENT', { prepaid: held.prepaid, amount }, accountId(id, payer));
    putFeeAccount(context, { ...held, prepaid: held.prepaid - amount });
    pay(id, poolOwner, payer, amount, context);
    return undefined;
  },
});

export const settleReward = transition({
  name: 'settle-reward',
  row: 0,
  summary:
    'Pays a reward that no longer answers for offences, or forfeits one whose seat was convicted in time.',
  args: { v0: { epoch: int(0), seat: key32 } },
  signedBy: [],
  preconditions: {
    E_NOT_DUE: 'it no longer answers for offences, or one is on record',
    E_NOT_FOUND: 'the seat has a reward of that epoch',
    E_STATE: 'it is WITHHELD',
  },
  effects: 'PAID to the party’s account; or FORFEITED, and carried to the next division',
  visibility: 'V0',
  apply: ({ epoch, seat }, context) => {
    const id = rewardId(epoch, seat);
    const held = lookUp(context, reward, id);
    if (isRefusal(held)) return held;
    if (held.state !== 'WITHHELD') return wrongState(held.state, ['WITHHELD'], id);
    const { withheldUntil } = held;
    const convicted = convictedAt(context, seat);
    if (convicted !== undefined && convicted <= withheldUntil) {
      const pool = context.get(rewardPool, held.money)!;
      context.put(rewardPool, held.money, { ...pool, carried: pool.carried + held.amount });
      context.put(reward, id, { ...held, state: 'FORFEITED' });
      return undefined;
    }
    if (context.time <= withheldUntil) return refused('E_NOT_DUE', { withheldUntil, time: context.time }, id);
    pay(held.money, poolOwner, held.party, held.amount, context);
    context.put(reward, id, { ...held, state: 'PAID' });
    return undefined;
  },
});

/** Row 34: payment against payment. Both legs are locked, then settle at one position while the quote lives, or go back. */

import { choice, hash32, timeMs } from '../../codec/schema.ts';
import { runningAt } from '../clock.ts';
import type { ValueOf } from '../object.ts';
import { money } from '../objects/money.ts';
import { leg, swap } from '../objects/swap.ts';
import { versionOf } from '../objects/version.ts';
import { roles } from '../registry.ts';
import { checkFunds, endLock, lockMoney } from '../rules/money.ts';
import {
  type Context,
  type ContractRefusal,
  isRefusal,
  lookUp,
  refused,
  transition,
  wrongState,
} from '../transition.ts';

type Swap = ValueOf<typeof swap>;

/** The swap, open; and with its quote alive, or past. */
function readOpen(id: Uint8Array, context: Context): Swap | ContractRefusal {
  const agreed = lookUp(context, swap, id);
  if (isRefusal(agreed)) return agreed;
  return agreed.state === 'OPEN' ? agreed : wrongState(agreed.state, ['OPEN'], id);
}

function checkQuote(id: Uint8Array, { quoteUntil }: Swap, context: Context): ContractRefusal | undefined {
  return context.running <= quoteUntil
    ? undefined
    : refused('E_PVP_TIMEOUT', { quoteUntil, running: context.running }, id);
}

export const openSwap = transition({
  name: 'open-swap',
  row: 34,
  summary: 'Agrees an exchange of two payments, at a quote that lives until a time.',
  args: { v0: { quoteUntil: timeMs }, v1: { first: leg, second: leg } },
  signedBy: [
    { who: 'first payer', role: roles, party: ({ first }) => first.payer },
    { who: 'second payer', role: roles, party: ({ second }) => second.payer },
  ],
  preconditions: { E_NOT_FOUND: 'both moneys exist', E_PVP_TIMEOUT: 'the quote lives' },
  effects: 'the exchange is OPEN',
  visibility: 'V2',
  apply: ({ quoteUntil, first, second }, context) => {
    for (const side of [first, second]) {
      const issue = lookUp(context, money, side.money);
      if (isRefusal(issue)) return issue;
    }
    const until = runningAt(quoteUntil, context);
    if (until <= context.running) return refused('E_PVP_TIMEOUT', { quoteUntil: until });
    context.put(swap, context.callId, {
      state: 'OPEN',
      ...{ quoteUntil: until, first, second, firstLock: undefined, secondLock: undefined },
      ...versionOf(context),
    });
    return undefined;
  },
});

export const lockLeg = transition({
  name: 'lock-leg',
  row: 34,
  summary: 'Sets the money of one leg aside.',
  args: { v0: { swap: hash32, side: choice('first', 'second') } },
  signedBy: [
    {
      who: 'payer of the leg',
      role: roles,
      party: (args, context) => {
        const agreed = lookUp(context, swap, args.swap);
        return isRefusal(agreed) ? agreed : agreed[args.side].payer;
      },
    },
  ],
  preconditions: {
    E_FUNDS: 'the payer has so much',
    E_NOT_FOUND: 'what it names exists',
    E_PVP_TIMEOUT: 'the quote lives',
    E_STATE: 'the exchange is open, the leg not locked yet',
  },
  effects: 'the leg is locked',
  visibility: 'V2',
  apply: ({ swap: id, side }, context) => {
    const agreed = readOpen(id, context);
    if (isRefusal(agreed)) return agreed;
    const name = side === 'first' ? 'firstLock' : 'secondLock';
    const before = agreed[name];
    if (before !== undefined) return refused('E_STATE', { reason: 'locked already' }, before);
    const late = checkQuote(id, agreed, context);
    if (late !== undefined) return late;
    const { payer: owner, money: moneyKey, amount } = agreed[side];
    const short = checkFunds(moneyKey, owner, amount, context.get(money, moneyKey)!.currency, context);
    if (short !== undefined) return short;
    lockMoney(context.callId, { money: moneyKey, owner, amount, purpose: id }, context);
    context.put(swap, id, { ...agreed, [name]: context.callId, ...versionOf(context) });
    return undefined;
  },
});

export const settleSwap = transition({
  name: 'settle-swap',
  row: 34,
  summary: 'Settles both legs at one position.',
  args: { v0: { swap: hash32 } },
  signedBy: [],
  preconditions: {
    E_NOT_FOUND: 'what it names exists',
    E_PVP_TIMEOUT: 'the quote lives',
    E_STATE: 'the exchange is open, both legs are locked',
  },
  effects: 'each payer has the other’s money',
  visibility: 'V2',
  apply: ({ swap: id }, context) => {
    const agreed = readOpen(id, context);
    if (isRefusal(agreed)) return agreed;
    const late = checkQuote(id, agreed, context);
    if (late !== undefined) return late;
    const { firstLock, secondLock, first, second } = agreed;
    if (firstLock === undefined || secondLock === undefined)
      return refused('E_STATE', { reason: 'a leg is not locked' }, id);
    endLock(firstLock, [{ to: second.payer, amount: first.amount }], context);
    endLock(secondLock, [{ to: first.payer, amount: second.amount }], context);
    context.put(swap, id, { ...agreed, state: 'SETTLED', ...versionOf(context) });
    return undefined;
  },
});

export const refundSwap = transition({
  name: 'refund-swap',
  row: 34,
  summary: 'Gives locked legs back once the quote has died.',
  args: { v0: { swap: hash32 } },
  signedBy: [],
  preconditions: {
    E_NOT_DUE: 'the quote has died',
    E_NOT_FOUND: 'what it names exists',
    E_STATE: 'the exchange is open',
  },
  effects: 'whoever had locked has it back',
  visibility: 'V2',
  apply: ({ swap: id }, context) => {
    const agreed = readOpen(id, context);
    if (isRefusal(agreed)) return agreed;
    if (context.running <= agreed.quoteUntil)
      return refused('E_NOT_DUE', { quoteUntil: agreed.quoteUntil, running: context.running }, id);
    for (const lockId of [agreed.firstLock, agreed.secondLock])
      if (lockId !== undefined) endLock(lockId, [], context);
    context.put(swap, id, { ...agreed, state: 'REFUNDED', ...versionOf(context) });
    return undefined;
  },
});

/** Money moves between accounts of one issue, and in and out of locks; nothing is made or lost on the way. */

import type { ValueOf } from '../object.ts';
import { account, accountId, lock, money } from '../objects/money.ts';
import { versionOf } from '../objects/version.ts';
import { type Context, type ContractRefusal, isRefusal, lookUp, refused } from '../transition.ts';
import { exactInteger } from './amounts.ts';

/** Writes an account whose balance and locked money change by so much; the first money opens it. */
export function changeAccount(
  moneyKey: Uint8Array,
  owner: Uint8Array,
  change: { readonly balance?: number; readonly locked?: number },
  context: Context,
): void {
  const id = accountId(moneyKey, owner);
  const opening = { money: moneyKey, owner, balance: 0, locked: 0, opened: context.callId };
  const before = context.get(account, id);
  const held = before?.state === 'OPEN' ? before : opening;
  const { balance = 0, locked = 0 } = change;
  context.put(account, id, {
    ...held,
    state: 'OPEN',
    balance: held.balance + balance,
    locked: held.locked + locked,
    ...versionOf(context),
  });
}

/** The refusal unless the party can spend so much of that money, in the currency wanted. */
export function checkFunds(
  moneyKey: Uint8Array,
  owner: Uint8Array,
  amount: number,
  currency: string,
  context: Context,
): ContractRefusal | undefined {
  const issue = lookUp(context, money, moneyKey);
  if (isRefusal(issue)) return issue;
  if (issue.currency !== currency)
    return refused('E_CURRENCY', { got: issue.currency, wanted: currency }, moneyKey);
  const id = accountId(moneyKey, owner);
  const balance = context.get(account, id)?.balance ?? 0;
  return balance < amount ? refused('E_FUNDS', { balance, amount }, id) : undefined;
}

/** A bank promises so much more, to that account; E_RANGE when all it ever issued leaves the exact integers. */
export function issueTo(
  moneyKey: Uint8Array,
  before: Pick<ValueOf<typeof money>, 'issuer' | 'currency' | 'issued' | 'redeemed'>,
  to: Uint8Array,
  amount: number,
  context: Context,
): ContractRefusal | undefined {
  const issued = exactInteger(BigInt(before.issued) + BigInt(amount), 'issued');
  if (typeof issued !== 'number') return issued;
  context.put(money, moneyKey, { ...before, issued, ...versionOf(context) });
  changeAccount(moneyKey, to, { balance: amount }, context);
  return undefined;
}

/** After `checkFunds`. */
export function pay(
  moneyKey: Uint8Array,
  from: Uint8Array,
  to: Uint8Array,
  amount: number,
  context: Context,
): void {
  changeAccount(moneyKey, from, { balance: -amount }, context);
  changeAccount(moneyKey, to, { balance: amount }, context);
}

/** After `checkFunds`: sets money aside under `id`. */
export function lockMoney(
  id: Uint8Array,
  held: {
    readonly money: Uint8Array;
    readonly owner: Uint8Array;
    readonly amount: number;
    readonly purpose: Uint8Array;
  },
  context: Context,
): void {
  const { money: moneyKey, owner, amount, purpose } = held;
  changeAccount(moneyKey, owner, { balance: -amount, locked: amount }, context);
  const value = { state: 'HELD', account: accountId(moneyKey, owner), owner, money: moneyKey } as const;
  context.put(lock, id, { ...value, amount, purpose, ...versionOf(context) });
}

/** Ends a lock: `shares` go to their takers, the rest back to its owner. They are no more than the lock. */
export function endLock(
  id: Uint8Array,
  shares: readonly { readonly to: Uint8Array; readonly amount: number }[],
  context: Context,
): void {
  const held = context.get(lock, id);
  if (held?.state !== 'HELD') return;
  const paid = shares.reduce((sum, { amount }) => sum + amount, 0);
  changeAccount(held.money, held.owner, { balance: held.amount - paid, locked: -held.amount }, context);
  for (const { to, amount } of shares)
    if (amount > 0) changeAccount(held.money, to, { balance: amount }, context);
  const state = paid > 0 ? 'PAID' : 'RETURNED';
  context.put(lock, id, { ...held, state, ...versionOf(context) });
}

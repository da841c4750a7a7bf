/** Row 40, money: a bank issues it to an account, and redeems it; an empty account is closed. Balances and locks are always what it owes. */

import { hash32, int, text } from '../../codec/schema.ts';
import { checkCurrency } from '../identifiers.ts';
import { account, accountId, money, moneyId } from '../objects/money.ts';
import { versionOf } from '../objects/version.ts';
import { party, roles } from '../registry.ts';
import { changeAccount, checkFunds, issueTo } from '../rules/money.ts';
import { isRefusal, lookUp, partyIn, refused, transition, wrongState } from '../transition.ts';

export const issueMoney = transition({
  name: 'issue-money',
  row: 40,
  summary: 'Issues money of a bank to an account, against funds that it holds.',
  args: {
    v1: { issuer: hash32, to: hash32, currency: text(3) },
    v2: { amount: int(1), reference: text(80, 1) },
  },
  signedBy: [{ who: 'issuing bank', role: 'bank', party: ({ issuer }) => issuer }],
  preconditions: {
    E_NOT_FOUND: 'the taker exists',
    E_RANGE: 'the sum is an exact integer',
    E_SCHEMA: 'the currency is well formed',
  },
  effects: 'the account has so much more, the bank owes so much more',
  evidence: 'the bank’s own reference',
  visibility: 'V2',
  apply: ({ issuer, to, currency, amount }, context) => {
    const defect = checkCurrency(currency);
    if (defect !== undefined) return refused('E_SCHEMA', { field: 'currency', reason: defect });
    const taker = lookUp(context, party, to);
    if (isRefusal(taker)) return taker;
    const id = moneyId(issuer, currency);
    const before = context.get(money, id) ?? { issuer, currency, issued: 0, redeemed: 0 };
    return issueTo(id, before, to, amount, context);
  },
});

export const redeemMoney = transition({
  name: 'redeem-money',
  row: 40,
  summary: 'Redeems money at the bank that issued it.',
  args: { v0: { money: hash32 }, v1: { owner: hash32 }, v2: { amount: int(1), reference: text(80, 1) } },
  signedBy: [
    { who: 'owner', role: roles, party: ({ owner }) => owner },
    { who: 'issuing bank', role: 'bank', party: partyIn(money, 'money', 'issuer') },
  ],
  preconditions: { E_FUNDS: 'the account has so much', E_NOT_FOUND: 'what it names exists' },
  effects: 'the account has so much less, the bank owes so much less',
  evidence: 'the bank’s own reference',
  visibility: 'V2',
  apply: ({ money: id, owner, amount }, context) => {
    const issue = lookUp(context, money, id);
    if (isRefusal(issue)) return issue;
    const short = checkFunds(id, owner, amount, issue.currency, context);
    if (short !== undefined) return short;
    changeAccount(id, owner, { balance: -amount }, context);
    context.put(money, id, { ...issue, redeemed: issue.redeemed + amount, ...versionOf(context) });
    return undefined;
  },
});

export const closeAccount = transition({
  name: 'close-account',
  row: 40,
  summary: 'Closes an empty account; the accounts of things that are bound to it are frozen.',
  args: { v0: { money: hash32 }, v1: { owner: hash32 } },
  signedBy: [{ who: 'owner', role: roles, party: ({ owner }) => owner }],
  preconditions: {
    E_NOT_FOUND: 'the owner has an account in that money',
    E_STATE: 'it is OPEN, nothing is on it, and nothing set aside',
  },
  effects: 'CLOSED; money that comes later opens it again, and nothing is bound to it then',
  visibility: 'V1',
  apply: ({ money: moneyKey, owner }, context) => {
    const id = accountId(moneyKey, owner);
    const held = lookUp(context, account, id);
    if (isRefusal(held)) return held;
    if (held.state !== 'OPEN') return wrongState(held.state, ['OPEN'], id);
    if (held.balance > 0 || held.locked > 0) return wrongState('not empty', ['empty'], id);
    context.put(account, id, { ...held, state: 'CLOSED', ...versionOf(context) });
    return undefined;
  },
});

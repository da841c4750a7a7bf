/** Rows 40 and 41: a thing gets a virtual account, and a mandate to pay from it within six limits. */

import { equalBytes } from '../../codec/bytes.ts';
import { hash32 } from '../../codec/schema.ts';
import { runningAt } from '../clock.ts';
import type { ValueOf } from '../object.ts';
import { mandate, mandateTerms } from '../objects/mandate.ts';
import { money } from '../objects/money.ts';
import { versionOf } from '../objects/version.ts';
import { wallet } from '../objects/wallet.ts';
import { device, roles } from '../registry.ts';
import { includesId } from '../rules/lists.ts';
import { windowOf } from '../rules/mandates.ts';
import {
  type Context,
  type ContractRefusal,
  isRefusal,
  lookUp,
  partyIn,
  refused,
  transition,
  wrongState,
} from '../transition.ts';

export const openAccount = transition({
  name: 'open-account',
  row: 40,
  summary: 'Opens a virtual account for a thing, bound to its owner’s account at a bank.',
  args: { v0: { device: hash32 }, v1: { owner: hash32, money: hash32 } },
  signedBy: [
    { who: 'owner', role: roles, party: ({ owner }) => owner, missing: 'E_NO_OWNER' },
    { who: 'bank whose money it is', role: 'bank', party: partyIn(money, 'money', 'issuer') },
    { who: 'the thing’s own key', role: roles, party: () => undefined },
  ],
  preconditions: {
    E_DEVICE_STATE: 'the device is active, has a key, and signs',
    E_NOT_FOUND: 'what it names exists',
    E_NO_OWNER: 'the device is the owner’s',
    E_STATE: 'the owner has no open account for it',
  },
  effects: 'the virtual account is OPEN, ownership dated; an earlier owner’s is closed',
  visibility: 'V2',
  apply: ({ device: id, owner, money: moneyKey }, context) => {
    const issue = lookUp(context, money, moneyKey);
    if (isRefusal(issue)) return issue;
    const enrolled = lookUp(context, device, id);
    if (isRefusal(enrolled)) return enrolled;
    if (!equalBytes(enrolled.owner, owner)) return refused('E_NO_OWNER', { reason: 'another’s device' }, id);
    if (enrolled.state !== 'ACTIVE' || enrolled.key.length === 0 || !context.signedByKey(enrolled.key))
      return refused('E_DEVICE_STATE', { state: enrolled.state, reason: 'not active, or did not sign' }, id);
    const before = context.get(wallet, id);
    if (before?.state === 'OPEN' && equalBytes(before.owner, owner))
      return wrongState(before.state, ['CLOSED'], id);
    context.put(wallet, id, {
      state: 'OPEN',
      ...{ owner, ownedSince: context.height, bank: issue.issuer, money: moneyKey },
      ...versionOf(context),
    });
    return undefined;
  },
});

/** An empty limit, or one that is over, allows nothing: that is a slip. */
function checkTerms(
  terms: Pick<ValueOf<typeof mandate>, 'until' | 'dayFrom' | 'dayUntil' | 'perPayment' | 'perWindow'>,
  { time }: Context,
): ContractRefusal | undefined {
  if (terms.until <= time) return refused('E_SCOPE', { limit: 'time', reason: 'over already' });
  if (terms.dayUntil <= terms.dayFrom) return refused('E_SCOPE', { limit: 'time of day', reason: 'empty' });
  return terms.perPayment > terms.perWindow
    ? refused('E_SCOPE', { limit: 'amount', reason: 'one payment above the whole window' })
    : undefined;
}

export const giveMandate = transition({
  name: 'give-mandate',
  row: 41,
  summary: 'Gives a thing a mandate: whom it may pay, for what, when, with what, how much, how often.',
  args: {
    v0: { device: hash32 },
    v1: {
      payees: mandateTerms.payees,
      contents: mandateTerms.contents,
      until: mandateTerms.until,
      dayFrom: mandateTerms.dayFrom,
      dayUntil: mandateTerms.dayUntil,
      secondKey: mandateTerms.secondKey,
    },
    v2: {
      money: mandateTerms.money,
      perPayment: mandateTerms.perPayment,
      perWindow: mandateTerms.perWindow,
      windowMs: mandateTerms.windowMs,
      countPerWindow: mandateTerms.countPerWindow,
      secondAbove: mandateTerms.secondAbove,
    },
  },
  signedBy: [{ who: 'owner', role: roles, party: partyIn(wallet, 'device', 'owner') }],
  preconditions: {
    E_NOT_FOUND: 'the thing has an account',
    E_NO_OWNER: 'the device is still the owner’s',
    E_SCOPE: 'the limits allow something; the money is the account’s',
    E_STATE: 'the account is OPEN',
  },
  effects: 'ACTIVE',
  visibility: 'V2',
  apply: ({ device: id, ...terms }, context) => {
    const account = lookUp(context, wallet, id);
    if (isRefusal(account)) return account;
    if (account.state !== 'OPEN') return wrongState(account.state, ['OPEN'], id);
    const owner = context.get(device, id)?.owner;
    if (owner === undefined || !equalBytes(owner, account.owner))
      return refused('E_NO_OWNER', { reason: 'the device has another owner' }, id);
    if (!equalBytes(terms.money, account.money))
      return refused('E_SCOPE', { limit: 'means', reason: 'not the account’s money' }, id);
    const empty = checkTerms(terms, context);
    if (empty !== undefined) return empty;
    context.put(mandate, context.callId, {
      state: 'ACTIVE',
      device: id,
      ...{ owner: account.owner, bank: account.bank, suspendedBy: undefined },
      ...terms,
      until: runningAt(terms.until, context),
      ...{ window: windowOf(terms, context.running), spent: 0, count: 0 },
      ...versionOf(context),
    });
    return undefined;
  },
});

export const narrowMandate = transition({
  name: 'narrow-mandate',
  row: 41,
  summary: 'Narrows the limits of a mandate; none may become wider.',
  args: {
    v0: { mandate: hash32 },
    v1: { payees: mandateTerms.payees, contents: mandateTerms.contents, until: mandateTerms.until },
    v2: {
      perPayment: mandateTerms.perPayment,
      perWindow: mandateTerms.perWindow,
      countPerWindow: mandateTerms.countPerWindow,
    },
  },
  signedBy: [{ who: 'owner', role: roles, party: partyIn(mandate, 'mandate', 'owner') }],
  preconditions: {
    E_NOT_FOUND: 'what it names exists',
    E_SCOPE: 'no limit becomes wider',
    E_STATE: 'the mandate is ACTIVE or SUSPENDED',
  },
  effects: 'the narrower limits hold from this position',
  visibility: 'V2',
  apply: ({ mandate: id, ...terms }, context) => {
    const given = lookUp(context, mandate, id);
    if (isRefusal(given)) return given;
    if (given.state !== 'ACTIVE' && given.state !== 'SUSPENDED')
      return wrongState(given.state, ['ACTIVE', 'SUSPENDED'], id);
    const until = runningAt(terms.until, context);
    const wider =
      terms.payees.some((payee) => !includesId(given.payees, payee)) ||
      terms.contents.some((content) => !given.contents.includes(content)) ||
      until > given.until ||
      terms.perPayment > given.perPayment ||
      terms.perWindow > given.perWindow ||
      terms.countPerWindow > given.countPerWindow;
    if (wider) return refused('E_SCOPE', { reason: 'a limit becomes wider' }, id);
    context.put(mandate, id, { ...given, ...terms, until, ...versionOf(context) });
    return undefined;
  },
});

export const revokeMandate = transition({
  name: 'revoke-mandate',
  row: 41,
  summary: 'Ends a mandate.',
  args: { v0: { mandate: hash32 } },
  signedBy: [{ who: 'owner', role: roles, party: partyIn(mandate, 'mandate', 'owner') }],
  preconditions: {
    E_NOT_FOUND: 'what it names exists',
    E_STATE: 'the mandate is ACTIVE or SUSPENDED',
  },
  effects: 'REVOKED',
  visibility: 'V2',
  apply: ({ mandate: id }, context) => {
    const given = lookUp(context, mandate, id);
    if (isRefusal(given)) return given;
    if (given.state !== 'ACTIVE' && given.state !== 'SUSPENDED')
      return wrongState(given.state, ['ACTIVE', 'SUSPENDED'], id);
    context.put(mandate, id, { ...given, state: 'REVOKED', ...versionOf(context) });
    return undefined;
  },
});

/** Row 40: a thing gets an account at a bank, bound to its owner's own account there. */

import { equalBytes } from '../../codec/bytes.ts';
import { hash32, timeMs } from '../../codec/schema.ts';
import { account, accountId, money } from '../objects/money.ts';
import { accountsMax, thing } from '../objects/thing.ts';
import { versionOf } from '../objects/version.ts';
import { virtualAccount, virtualAccountId } from '../objects/virtual-account.ts';
import { device, roles } from '../registry.ts';
import { activeDevice, checkBound } from '../rules/things.ts';
import { isRefusal, lookUp, partyIn, refused, transition } from '../transition.ts';

export const openAccount = transition({
  name: 'open-account',
  row: 40,
  summary: 'Opens a virtual account of a thing, bound to its owner’s account.',
  args: {
    v0: { device: hash32 },
    v2: { money: hash32, ownedSince: timeMs },
  },
  signedBy: [
    {
      who: 'owner of the device',
      role: roles,
      party: partyIn(device, 'device', 'owner'),
      missing: 'E_NO_OWNER',
    },
    { who: 'bank that issues the money', role: 'bank', party: partyIn(money, 'money', 'issuer') },
    { who: 'the thing, by its device key', role: roles, party: () => undefined },
  ],
  preconditions: {
    E_DEVICE_STATE: 'the device is ACTIVE, and has a key',
    E_ID_LIVE: 'the thing has no open account in that money, or its owner’s was closed since',
    E_NOT_FOUND: 'what it names exists',
    E_NO_OWNER:
      'the owner signs, and has an account in that money; ownership is dated, not later than now, and as before',
    E_POLICY: 'the thing has not too many accounts',
    E_ROLE: 'the thing signs',
  },
  effects: 'a virtual account; one that was frozen is bound anew',
  visibility: 'V2',
  apply: ({ device: id, money: moneyKey, ownedSince }, context) => {
    const enrolled = lookUp(context, device, id);
    if (isRefusal(enrolled)) return enrolled;
    const { owner } = enrolled;
    const active = activeDevice(id, owner, context);
    if (isRefusal(active)) return active;
    if (!context.signedByKey(active.key)) return refused('E_ROLE', { reason: 'the thing did not sign' }, id);
    const issue = lookUp(context, money, moneyKey);
    if (isRefusal(issue)) return issue;
    const primary = accountId(moneyKey, owner);
    const bound = context.get(account, primary);
    if (bound?.state !== 'OPEN')
      return refused('E_NO_OWNER', { reason: 'the owner has no open account in that money' }, primary);
    const before = context.get(thing, id) ?? { owner, ownedSince, accounts: [], mandates: [] };
    if (ownedSince > context.time)
      return refused('E_NO_OWNER', { reason: 'not yet the owner', ownedSince, time: context.time }, id);
    if (before.ownedSince !== ownedSince)
      return refused('E_NO_OWNER', { ownedSince, onRecord: before.ownedSince }, id);
    const opened = virtualAccountId(id, moneyKey);
    const held = before.accounts.some((entry) => equalBytes(entry, opened));
    if (held && checkBound(opened, context.get(virtualAccount, opened)!, context) === undefined)
      return refused('E_ID_LIVE', { reason: 'the account is open' }, opened);
    if (!held && before.accounts.length >= accountsMax)
      return refused('E_POLICY', { reason: 'too many accounts', most: accountsMax }, id);
    const { issuer: bank, currency } = issue;
    context.put(virtualAccount, opened, {
      state: 'OPEN',
      ...{ thing: id, owner, bank, money: moneyKey, currency, account: primary, opened: bound.opened },
      ...versionOf(context),
    });
    const accounts = held ? before.accounts : [...before.accounts, opened];
    context.put(thing, id, { ...before, accounts, ...versionOf(context) });
    return undefined;
  },
});

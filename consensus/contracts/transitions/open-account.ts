/** Row 40: a thing gets an account at a bank, bound to its owner's own account there. */

import { equalBytes } from '../../codec/bytes.ts';
import { hash32, timeMs } from '../../codec/schema.ts';
import { zero32 } from '../../crypto/hash.ts';
import { account, accountId, money } from '../objects/money.ts';
import { accountsMax, capabilities, thing } from '../objects/thing.ts';
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
    v2: {
      money: hash32,
      ownedSince: timeMs,
      /** Hash of the document by which the owner has it. */
      ownershipProof: hash32,
      capabilities,
    },
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
    E_CREDENTIAL: 'the thing is declared to prove its identity',
    E_DEVICE_STATE: 'the device is ACTIVE, and has a key',
    E_ID_LIVE: 'the thing has no open account in that money, or its owner’s was closed since',
    E_NOT_FOUND: 'what it names exists',
    E_NO_OWNER:
      'the owner signs, and has an account in that money; ownership is dated, not later than now, as before, and proved by a document',
    E_POLICY: 'the thing has not too many accounts',
    E_ROLE: 'the thing signs',
  },
  effects: 'a virtual account; one that was frozen is bound anew; what the thing can do is on record',
  visibility: 'V2',
  apply: ({ device: id, money: moneyKey, ownedSince, ...declared }, context) => {
    const enrolled = lookUp(context, device, id);
    if (isRefusal(enrolled)) return enrolled;
    const { owner } = enrolled;
    const active = activeDevice(id, owner, context);
    if (isRefusal(active)) return active;
    if (!context.signedByKey(active.key)) return refused('E_ROLE', { reason: 'the thing did not sign' }, id);
    if (!declared.capabilities.identity)
      return refused('E_CREDENTIAL', { field: 'capabilities', reason: 'no identity' }, id);
    if (equalBytes(declared.ownershipProof, zero32))
      return refused('E_NO_OWNER', { field: 'ownershipProof', reason: 'no document' }, id);
    const issue = lookUp(context, money, moneyKey);
    if (isRefusal(issue)) return issue;
    const primary = accountId(moneyKey, owner);
    const bound = context.get(account, primary);
    if (bound?.state !== 'OPEN')
      return refused('E_NO_OWNER', { reason: 'the owner has no open account in that money' }, primary);
    const none = { owner, ownedSince, accounts: [], mandates: [] };
    const before = { ...(context.get(thing, id) ?? none), ...declared };
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

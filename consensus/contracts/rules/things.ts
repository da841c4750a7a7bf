/** Things that pay: their devices, and how their mandates end (rows 40–43). */

import { equalBytes } from '../../codec/bytes.ts';
import { zero32 } from '../../crypto/hash.ts';
import type { ValueOf } from '../object.ts';
import { liveMandateStates, mandate, type mandateStates } from '../objects/mandate.ts';
import { account } from '../objects/money.ts';
import { thing } from '../objects/thing.ts';
import { versionOf } from '../objects/version.ts';
import { virtualAccount } from '../objects/virtual-account.ts';
import { device, hasExpired } from '../registry.ts';
import { type Context, type ContractRefusal, isRefusal, lookUp, refused } from '../transition.ts';

/** The enrolled device, when it is ACTIVE and not expired, can sign, and belongs to `owner`; else E_DEVICE_STATE. */
export function activeDevice(
  id: Uint8Array,
  owner: Uint8Array,
  context: Context,
): ValueOf<typeof device> | ContractRefusal {
  const enrolled = lookUp(context, device, id);
  if (isRefusal(enrolled)) return enrolled;
  if (enrolled.state !== 'ACTIVE') return refused('E_DEVICE_STATE', { state: enrolled.state }, id);
  if (hasExpired(enrolled, context))
    return refused('E_DEVICE_STATE', { reason: 'its enrolment has expired' }, id);
  if (enrolled.key.length === 0) return refused('E_DEVICE_STATE', { reason: 'it has no key' }, id);
  if (!equalBytes(enrolled.owner, owner)) return refused('E_DEVICE_STATE', { reason: 'it is another’s' }, id);
  return enrolled;
}

/**
 * `[THG-9]` E_FROZEN unless the owner's account, to which this one is bound, is the one that it was bound to: closed and
 * opened again, it is another, and the owner has bound nothing to it.
 */
export function checkBound(
  id: Uint8Array,
  { account: primary, opened }: Pick<ValueOf<typeof virtualAccount>, 'account' | 'opened'>,
  context: Context,
): ContractRefusal | undefined {
  const bound = context.get(account, primary);
  if (bound?.state === 'OPEN' && equalBytes(bound.opened, opened)) return undefined;
  return refused('E_FROZEN', { reason: 'the owner’s account that it was bound to is closed' }, id);
}

/** Ends a live mandate and takes it off its thing. */
export function endMandate(
  id: Uint8Array,
  state: Exclude<(typeof mandateStates)[number], 'ACTIVE' | 'SUSPENDED'>,
  context: Context,
): void {
  const given = context.get(mandate, id);
  if (given === undefined || !liveMandateStates.includes(given.state)) return;
  context.put(mandate, id, { ...given, state, ...versionOf(context) });
  const owned = context.get(thing, given.thing)!;
  const mandates = owned.mandates.filter((entry) => !equalBytes(entry, id));
  context.put(thing, given.thing, { ...owned, mandates, ...versionOf(context) });
}

/** `[THG-5]` The thing is another's from this position: its mandates end, its accounts close. */
export function changeThingOwner(id: Uint8Array, owner: Uint8Array, context: Context): void {
  const owned = context.get(thing, id);
  if (owned === undefined) return;
  for (const given of owned.mandates) endMandate(given, 'REVOKED', context);
  for (const opened of owned.accounts) {
    const value = context.get(virtualAccount, opened)!;
    context.put(virtualAccount, opened, { ...value, state: 'CLOSED', ...versionOf(context) });
  }
  // What it can do is still so; by what document it is the next owner's, that one declares.
  const passed = { ...owned, owner, ownedSince: context.time, ownershipProof: zero32 };
  context.put(thing, id, { ...passed, accounts: [], mandates: [], ...versionOf(context) });
}

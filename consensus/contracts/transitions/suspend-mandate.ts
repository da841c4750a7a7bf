/** Row 43: a mandate is suspended, by the owner, a bank, or on a warning by anybody; and resumed. */

import { equalBytes } from '../../codec/bytes.ts';
import { hash32, text } from '../../codec/schema.ts';
import { mandate } from '../objects/mandate.ts';
import { versionOf } from '../objects/version.ts';
import { virtualAccount } from '../objects/virtual-account.ts';
import { roles } from '../registry.ts';
import { isAtWarning, type Mandate } from '../rules/mandates.ts';
import { activeDevice } from '../rules/things.ts';
import {
  type Context,
  type ContractRefusal,
  isRefusal,
  lookUp,
  refused,
  transition,
  wrongState,
} from '../transition.ts';

/** What it takes a thing to pay is in order: its own device, and the second where there is one. */
function checkDevices(given: Mandate, context: Context): ContractRefusal | undefined {
  for (const id of given.second === undefined ? [given.thing] : [given.thing, given.second]) {
    const active = activeDevice(id, given.owner, context);
    if (isRefusal(active)) return active;
  }
  return undefined;
}

export const suspendMandate = transition({
  name: 'suspend-mandate',
  row: 43,
  summary: 'Suspends a mandate: payments under it are refused.',
  args: { v0: { mandate: hash32 }, v2: { by: hash32, reason: text(80, 1) } },
  signedBy: [{ who: 'owner, or a bank of its accounts', role: roles, party: ({ by }) => by }],
  preconditions: {
    E_NOT_FOUND: 'what it names exists',
    E_STANDING: 'it is the owner, or the bank of an account that the mandate names',
    E_STATE: 'the mandate is ACTIVE',
  },
  effects: 'SUSPENDED; who suspended it resumes it',
  visibility: 'V2',
  apply: ({ mandate: id, by }, context) => {
    const given = lookUp(context, mandate, id);
    if (isRefusal(given)) return given;
    const banks = given.limits.means.map((means) => context.get(virtualAccount, means)!.bank);
    if (![given.owner, ...banks].some((entry) => equalBytes(entry, by))) return refused('E_STANDING', {}, by);
    if (given.state !== 'ACTIVE') return wrongState(given.state, ['ACTIVE'], id);
    context.put(mandate, id, { ...given, state: 'SUSPENDED', suspendedBy: by, ...versionOf(context) });
    return undefined;
  },
});

export const suspendOnWarning = transition({
  name: 'suspend-on-warning',
  row: 43,
  summary:
    'Suspends a mandate whose device is not fit, or whose window is as full as the owner wants to be warned of.',
  args: { v0: { mandate: hash32 } },
  signedBy: [],
  preconditions: {
    E_NOT_DUE:
      'a device is not ACTIVE or not the owner’s; or a payment since the last resumption fills the window to the share',
    E_NOT_FOUND: 'what it names exists',
    E_STATE: 'the mandate is ACTIVE',
  },
  effects: 'SUSPENDED; the owner resumes it',
  visibility: 'V2',
  apply: ({ mandate: id }, context) => {
    const given = lookUp(context, mandate, id);
    if (isRefusal(given)) return given;
    if (given.state !== 'ACTIVE') return wrongState(given.state, ['ACTIVE'], id);
    if (checkDevices(given, context) === undefined && !isAtWarning(given, context.time))
      return refused('E_NOT_DUE', { reason: 'nothing to warn of' }, id);
    context.put(mandate, id, {
      ...given,
      state: 'SUSPENDED',
      suspendedBy: undefined,
      ...versionOf(context),
    });
    return undefined;
  },
});

export const resumeMandate = transition({
  name: 'resume-mandate',
  row: 43,
  summary: 'Resumes a suspended mandate.',
  args: { v0: { mandate: hash32 } },
  signedBy: [
    {
      who: 'who suspended it; the owner when that was the policy contract',
      role: roles,
      party: ({ mandate: id }, context) => {
        const given = lookUp(context, mandate, id);
        return isRefusal(given) ? given : (given.suspendedBy ?? given.owner);
      },
    },
  ],
  preconditions: {
    E_DEVICE_STATE: 'thing and second device are ACTIVE and the owner’s',
    E_NOT_FOUND: 'what it names exists',
    E_STATE: 'the mandate is SUSPENDED',
  },
  effects: 'ACTIVE, within the same limits; the window remembers what was paid',
  visibility: 'V2',
  apply: ({ mandate: id }, context) => {
    const given = lookUp(context, mandate, id);
    if (isRefusal(given)) return given;
    if (given.state !== 'SUSPENDED') return wrongState(given.state, ['SUSPENDED'], id);
    const unfit = checkDevices(given, context);
    if (unfit !== undefined) return unfit;
    context.put(mandate, id, {
      ...given,
      state: 'ACTIVE',
      suspendedBy: undefined,
      resumedAt: context.time,
      ...versionOf(context),
    });
    return undefined;
  },
});

/** Row 41: an owner lets a thing pay, within six limits; narrows them, or revokes the whole, at any time. */

import { equalBytes } from '../../codec/bytes.ts';
import { hash32 } from '../../codec/schema.ts';
import { runningAt } from '../clock.ts';
import {
  liveMandateStates,
  type MandateLimits,
  mandate,
  mandateLimits,
  mandateTerms,
} from '../objects/mandate.ts';
import { mandatesMax, thing } from '../objects/thing.ts';
import { versionOf } from '../objects/version.ts';
import { virtualAccount } from '../objects/virtual-account.ts';
import { party, roles } from '../registry.ts';
import { includesId } from '../rules/lists.ts';
import { checkLimits, widenedLimit } from '../rules/mandates.ts';
import { activeDevice, endMandate } from '../rules/things.ts';
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

/** The limits as they are kept: until when, in running time. */
const keptLimits = (limits: MandateLimits, context: Context): MandateLimits => ({
  ...limits,
  until: runningAt(limits.until, context),
});

/** The one currency of the accounts named, or E_SCOPE: another's account, a closed one, two currencies. */
function currencyOf(
  means: readonly Uint8Array[],
  accounts: readonly Uint8Array[],
  context: Context,
): string | ContractRefusal {
  let currency: string | undefined;
  for (const id of means) {
    const opened = context.get(virtualAccount, id);
    if (opened === undefined || !includesId(accounts, id))
      return refused('E_SCOPE', { limit: 'means', reason: 'no open account of the thing' }, id);
    if (currency !== undefined && currency !== opened.currency)
      return refused('E_SCOPE', { limit: 'means', reason: 'two currencies' }, id);
    currency = opened.currency;
  }
  return currency!;
}

export const giveMandate = transition({
  name: 'give-mandate',
  row: 41,
  summary: 'Lets a thing pay from its accounts, within six limits.',
  args: { v0: { thing: hash32 }, v2: { limits: mandateLimits, ...mandateTerms } },
  signedBy: [{ who: 'owner', role: roles, party: partyIn(thing, 'thing', 'owner') }],
  preconditions: {
    E_DEVICE_STATE: 'thing and second device are ACTIVE, have keys, and are the owner’s',
    E_NOT_FOUND: 'what it names exists',
    E_POLICY: 'the thing has not too many mandates',
    E_SCOPE:
      'the limits are possible; the means are open accounts of the thing, in one currency; the second device is another',
  },
  effects: 'ACTIVE',
  visibility: 'V2',
  apply: ({ thing: id, limits: stated, ...terms }, context) => {
    const owned = lookUp(context, thing, id);
    if (isRefusal(owned)) return owned;
    const { owner } = owned;
    for (const needed of terms.second === undefined ? [id] : [id, terms.second]) {
      const active = activeDevice(needed, owner, context);
      if (isRefusal(active)) return active;
    }
    if (terms.second !== undefined && equalBytes(terms.second, id))
      return refused('E_SCOPE', { reason: 'the second device is the thing itself' }, id);
    for (const payee of stated.payees) {
      const known = lookUp(context, party, payee);
      if (isRefusal(known)) return known;
    }
    const limits = keptLimits(stated, context);
    const outOf = checkLimits(limits, terms.second !== undefined, context.running);
    if (outOf !== undefined) return outOf;
    const currency = currencyOf(limits.means, owned.accounts, context);
    if (typeof currency !== 'string') return currency;
    if (owned.mandates.length >= mandatesMax)
      return refused('E_POLICY', { reason: 'too many mandates', most: mandatesMax }, id);
    context.put(mandate, context.callId, {
      state: 'ACTIVE',
      ...{ thing: id, owner, currency, limits },
      ...terms,
      ...{ recent: [], suspendedBy: undefined, resumedAt: 0 },
      ...versionOf(context),
    });
    const mandates = [...owned.mandates, context.callId];
    context.put(thing, id, { ...owned, mandates, ...versionOf(context) });
    return undefined;
  },
});

export const narrowMandate = transition({
  name: 'narrow-mandate',
  row: 41,
  summary: 'Narrows the limits of a mandate.',
  args: { v0: { mandate: hash32 }, v2: { limits: mandateLimits } },
  signedBy: [{ who: 'owner', role: roles, party: partyIn(mandate, 'mandate', 'owner') }],
  preconditions: {
    E_NOT_FOUND: 'what it names exists',
    E_SCOPE: 'no limit is wider than before; the limits are possible',
    E_STATE: 'the mandate is ACTIVE or SUSPENDED',
  },
  effects: 'the limits are those from this position',
  visibility: 'V2',
  apply: ({ mandate: id, limits: stated }, context) => {
    const given = lookUp(context, mandate, id);
    if (isRefusal(given)) return given;
    if (!liveMandateStates.includes(given.state)) return wrongState(given.state, liveMandateStates, id);
    const limits = keptLimits(stated, context);
    const widened = widenedLimit(limits, given.limits);
    if (widened !== undefined) return refused('E_SCOPE', { limit: widened, reason: 'wider than before' }, id);
    const outOf = checkLimits(limits, given.second !== undefined, context.running);
    if (outOf !== undefined) return outOf;
    context.put(mandate, id, { ...given, limits, ...versionOf(context) });
    return undefined;
  },
});

export const revokeMandate = transition({
  name: 'revoke-mandate',
  row: 41,
  summary: 'Revokes a mandate.',
  args: { v0: { mandate: hash32 } },
  signedBy: [{ who: 'owner', role: roles, party: partyIn(mandate, 'mandate', 'owner') }],
  preconditions: {
    E_NOT_FOUND: 'what it names exists',
    E_STATE: 'the mandate is ACTIVE or SUSPENDED',
  },
  effects: 'REVOKED; no payment under it takes effect after this position',
  visibility: 'V2',
  apply: ({ mandate: id }, context) => {
    const given = lookUp(context, mandate, id);
    if (isRefusal(given)) return given;
    if (!liveMandateStates.includes(given.state)) return wrongState(given.state, liveMandateStates, id);
    endMandate(id, 'REVOKED', context);
    return undefined;
  },
});

/** Rows 42 and 43: a thing pays within its mandate, once for each event; and is stopped. */

import { equalBytes } from '../../codec/bytes.ts';
import { hash32, int, maybe, text } from '../../codec/schema.ts';
import { mandate, thingPayment } from '../objects/mandate.ts';
import { money } from '../objects/money.ts';
import { versionOf } from '../objects/version.ts';
import { device, roles } from '../registry.ts';
import { consumeReadings, observe, readingProofs } from '../rules/evidence.ts';
import { checkDevice, checkLimits, usedOf } from '../rules/mandates.ts';
import { checkFunds, pay } from '../rules/money.ts';
import { isRefusal, lookUp, partyIn, refused, transition, wrongState } from '../transition.ts';

export const payByThing = transition({
  name: 'pay-by-thing',
  row: 42,
  summary: 'A thing pays for an event that it has measured, within its mandate.',
  args: {
    v0: { mandate: hash32 },
    v1: { payee: hash32, content: text(40, 1), event: readingProofs },
    v2: { amount: int(1) },
  },
  signedBy: [
    { who: 'the thing’s own key; its second key above a threshold', role: roles, party: () => undefined },
  ],
  preconditions: {
    E_DEVICE_STATE: 'the device is active, its owner’s still, and signs',
    E_EVIDENCE: 'the event is a fresh reading of this device that has paid for nothing yet',
    E_FUNDS: 'the owner’s account has so much',
    E_MANDATE: 'payees, content, time, means, amount and frequency hold at this position',
    E_NOT_FOUND: 'what it names exists',
    E_STATE: 'the mandate is ACTIVE',
  },
  effects: 'counters and money move together; the event is used up',
  evidence: 'root over the event’s readings',
  visibility: 'V2',
  apply: ({ mandate: id, payee, content, event, amount }, context) => {
    const given = lookUp(context, mandate, id);
    if (isRefusal(given)) return given;
    if (given.state !== 'ACTIVE') return wrongState(given.state, ['ACTIVE'], id);
    const unfit = checkDevice(given, context);
    if (unfit !== undefined) return unfit;
    if (!context.signedByKey(context.get(device, given.device)!.key))
      return refused('E_DEVICE_STATE', { reason: 'the device did not sign' }, given.device);
    const outside = checkLimits(id, given, { payee, content, amount }, context);
    if (outside !== undefined) return outside;
    const goods = { owner: given.owner, monitor: given.owner };
    const observed = observe(event, goods, context.time, context);
    if (isRefusal(observed)) return observed;
    const other = observed.observations.find((entry) => !equalBytes(entry.device, given.device));
    if (other !== undefined)
      return refused('E_EVIDENCE', { reason: 'an event of another device' }, other.device);
    const used = consumeReadings(observed.uses, given.device, context);
    if (used !== undefined) return used;
    const short = checkFunds(
      given.money,
      given.owner,
      amount,
      context.get(money, given.money)!.currency,
      context,
    );
    if (short !== undefined) return short;
    pay(given.money, given.owner, payee, amount, context);
    const { window, spent, count } = usedOf(given, context.running);
    context.put(mandate, id, {
      ...given,
      ...{ window, spent: spent + amount, count: count + 1 },
      ...versionOf(context),
    });
    context.put(thingPayment, context.callId, {
      ...{ mandate: id, owner: given.owner, bank: given.bank, payee, content, amount, window },
      ...{ money: given.money, evidenceRoot: observed.root },
      ...versionOf(context),
    });
    return undefined;
  },
});

/** Nine tenths of the window's money, or all of its payments, are a limit warning. */
function isNearLimit(
  used: { readonly spent: number; readonly count: number },
  most: { readonly perWindow: number; readonly countPerWindow: number },
): boolean {
  return BigInt(used.spent) * 10n >= BigInt(most.perWindow) * 9n || used.count >= most.countPerWindow;
}

export const suspendMandate = transition({
  name: 'suspend-mandate',
  row: 43,
  summary:
    'Suspends a mandate: by owner or bank at will, by anybody on a limit warning or a device that is not fit.',
  args: { v0: { mandate: hash32 }, v1: { by: maybe(hash32) } },
  signedBy: [
    {
      who: 'owner or bank; nobody on a warning',
      role: roles,
      party: ({ by }) => by,
    },
  ],
  preconditions: {
    E_NOT_FOUND: 'what it names exists',
    E_STANDING: 'who suspends is the owner or the bank',
    E_STATE: 'the mandate is ACTIVE; if nobody signs, there is a limit warning or the device is not fit',
  },
  effects: 'SUSPENDED: payments that are under way are refused',
  visibility: 'V2',
  apply: ({ mandate: id, by }, context) => {
    const given = lookUp(context, mandate, id);
    if (isRefusal(given)) return given;
    if (given.state !== 'ACTIVE') return wrongState(given.state, ['ACTIVE'], id);
    if (by !== undefined && !equalBytes(by, given.owner) && !equalBytes(by, given.bank))
      return refused('E_STANDING', { reason: 'neither owner nor bank' }, id);
    if (by === undefined) {
      const warned =
        isNearLimit(usedOf(given, context.running), given) || checkDevice(given, context) !== undefined;
      if (!warned) return refused('E_STATE', { reason: 'no warning: owner or bank decide' }, id);
    }
    const suspendedBy = by ?? given.owner;
    context.put(mandate, id, { ...given, state: 'SUSPENDED', suspendedBy, ...versionOf(context) });
    return undefined;
  },
});

export const resumeMandate = transition({
  name: 'resume-mandate',
  row: 43,
  summary: 'Lifts a suspension: by whoever suspended it, the owner after a warning.',
  args: { v0: { mandate: hash32 } },
  signedBy: [
    { who: 'owner', role: roles, party: partyIn(mandate, 'mandate', 'owner') },
    {
      who: 'bank',
      role: 'bank',
      party: (args, context) => {
        const given = lookUp(context, mandate, args.mandate);
        if (isRefusal(given)) return given;
        const byBank = given.suspendedBy && equalBytes(given.suspendedBy, given.bank);
        return byBank ? given.bank : undefined;
      },
      when: 'when the bank suspended it',
    },
  ],
  preconditions: {
    E_DEVICE_STATE: 'the device is active, and its owner’s still',
    E_NOT_FOUND: 'what it names exists',
    E_STATE: 'the mandate is SUSPENDED',
  },
  effects: 'ACTIVE',
  visibility: 'V2',
  apply: ({ mandate: id }, context) => {
    const given = lookUp(context, mandate, id);
    if (isRefusal(given)) return given;
    if (given.state !== 'SUSPENDED') return wrongState(given.state, ['SUSPENDED'], id);
    const unfit = checkDevice(given, context);
    if (unfit !== undefined) return unfit;
    context.put(mandate, id, { ...given, state: 'ACTIVE', suspendedBy: undefined, ...versionOf(context) });
    return undefined;
  },
});

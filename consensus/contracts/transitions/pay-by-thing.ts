/** Row 42: a thing pays. All six limits are judged at the final position; counters and money move together. */

import { equalBytes } from '../../codec/bytes.ts';
import { limits as byteLimits } from '../../codec/limits.ts';
import { bytes, hash32, int, maybe, text } from '../../codec/schema.ts';
import { mandate } from '../objects/mandate.ts';
import { thingPayment } from '../objects/thing-payment.ts';
import { versionOf } from '../objects/version.ts';
import { virtualAccount, virtualAccountId } from '../objects/virtual-account.ts';
import { roles } from '../registry.ts';
import { consumeReadings, observe } from '../rules/evidence.ts';
import { checkPurchase, type Mandate, windowOf } from '../rules/mandates.ts';
import { checkFunds, pay } from '../rules/money.ts';
import { activeDevice, checkBound } from '../rules/things.ts';
import {
  type Context,
  type ContractRefusal,
  isRefusal,
  lookUp,
  refused,
  transition,
  wrongState,
} from '../transition.ts';

export const payByThing = transition({
  name: 'pay-by-thing',
  row: 42,
  summary: 'Pays under a mandate, by the thing itself, for an event that it reported.',
  args: {
    v0: { mandate: hash32 },
    v2: {
      /** Virtual account to pay from. */
      means: hash32,
      payee: hash32,
      /** The payee's thing, if one takes the payment: a charging post, a gate. */
      payeeThing: maybe(hash32),
      content: text(40, 1),
      amount: int(1),
      /** Proof of the reading that triggers the payment. */
      event: bytes(byteLimits.callBytesMax, 1),
    },
  },
  signedBy: [
    { who: 'the thing, by its device key', role: roles, party: () => undefined },
    {
      who: 'the second device, by its key',
      role: roles,
      party: () => undefined,
      when: 'above the threshold',
      missing: 'E_MANDATE',
    },
    {
      who: 'the payee’s thing, by its device key',
      role: roles,
      party: () => undefined,
      when: 'if it is named',
    },
  ],
  preconditions: {
    E_DEVICE_STATE:
      'the thing is ACTIVE; so is the second device, where it is needed, and the owner’s; and the payee’s thing, the payee’s',
    E_EVIDENCE: 'the event is a fresh reading of the thing itself, and triggered nothing before',
    E_FROZEN: 'the owners’ accounts that these are bound to are open',
    E_FUNDS: 'the owner’s account has so much',
    E_MANDATE: 'the second key signs, above the threshold',
    E_MANDATE_AMOUNT: 'the amount is within that of one payment and of the window',
    E_MANDATE_CONTENT: 'the mandate names the content',
    E_MANDATE_FREQUENCY: 'the window holds fewer payments than it may',
    E_MANDATE_MEANS: 'the mandate names the account',
    E_MANDATE_PAYEE: 'the mandate names the payee',
    E_MANDATE_TIME: 'it is the mandate’s time, and its hours of the day',
    E_NOT_FOUND: 'what it names exists',
    E_ROLE: 'the thing signs, and the payee’s thing, if it is named',
    E_ROUTE: 'the money comes from an open account of the thing, and goes to one of the payee’s thing',
    E_STATE: 'the mandate is ACTIVE',
  },
  effects: 'the money moves from the owner’s account, the window counts it, the event is consumed',
  evidence: 'the event’s mark and root',
  visibility: 'V2',
  apply: (args, context) => {
    const { mandate: id, means, payee, payeeThing, amount, content } = args;
    const given = lookUp(context, mandate, id);
    if (isRefusal(given)) return given;
    if (given.state !== 'ACTIVE') return wrongState(given.state, ['ACTIVE'], id);
    const active = activeDevice(given.thing, given.owner, context);
    if (isRefusal(active)) return active;
    if (!context.signedByKey(active.key))
      return refused('E_ROLE', { reason: 'the thing did not sign' }, given.thing);
    const source = context.get(virtualAccount, means);
    if (source?.state !== 'OPEN' || !equalBytes(source.thing, given.thing))
      return refused('E_ROUTE', { reason: 'no open account of the thing' }, source && means);
    const seconded = isSeconded(given, amount, context);
    if (typeof seconded !== 'boolean') return seconded;
    const outOf = checkPurchase(id, given, { means, payee, content, amount, seconded }, context);
    if (outOf !== undefined) return outOf;
    const frozen = checkBound(means, source, context);
    if (frozen !== undefined) return frozen;
    const { money } = source;
    const unmet = payeeThing && checkPayeeThing(payeeThing, payee, money, context);
    if (unmet !== undefined) return unmet;
    const short = checkFunds(money, given.owner, amount, given.currency, context);
    if (short !== undefined) return short;
    const event = takeEvent(args.event, id, given, context);
    if (isRefusal(event)) return event;
    pay(money, given.owner, payee, amount, context);
    const recent = [...windowOf(given, context.time), { at: context.time, amount }];
    context.put(mandate, id, { ...given, recent, ...versionOf(context) });
    const { windowAmount, windowCount } = given.limits;
    context.put(thingPayment, context.callId, {
      ...{ mandate: id, thing: given.thing, payer: given.owner, payee, payeeThing, money, amount, content },
      ...{ at: context.time, seconded, ...event, windowAmount, windowCount },
      ...versionOf(context),
    });
    return undefined;
  },
});

/** `[THG-12]` The thing that is paid is the payee's, signs this very call, and has an account for the money. */
function checkPayeeThing(
  id: Uint8Array,
  payee: Uint8Array,
  money: Uint8Array,
  context: Context,
): ContractRefusal | undefined {
  const active = activeDevice(id, payee, context);
  if (isRefusal(active)) return active;
  if (!context.signedByKey(active.key))
    return refused('E_ROLE', { reason: 'the payee’s thing did not sign' }, id);
  const taker = virtualAccountId(id, money);
  const held = context.get(virtualAccount, taker);
  return held?.state === 'OPEN'
    ? checkBound(taker, held, context)
    : refused('E_ROUTE', { reason: 'no open account of the payee’s thing' }, id);
}

/** Did the second device sign a payment that needs it? It must be fit to. */
function isSeconded(given: Mandate, amount: number, context: Context): boolean | ContractRefusal {
  if (given.second === undefined || amount <= given.limits.threshold) return false;
  const second = activeDevice(given.second, given.owner, context);
  return isRefusal(second) ? second : context.signedByKey(second.key);
}

/** Marks the reading as used, or refuses: not the thing's own, not fresh, used before. */
function takeEvent(
  proof: Uint8Array,
  id: Uint8Array,
  { thing, owner }: Mandate,
  context: Context,
): { readonly event: Uint8Array; readonly eventRoot: Uint8Array } | ContractRefusal {
  const observed = observe([proof], { owner, monitor: owner }, context.time, context);
  if (isRefusal(observed)) return observed;
  if (!observed.observations.some(({ device }) => equalBytes(device, thing)))
    return refused('E_EVIDENCE', { reason: 'the event is not the thing’s own' }, thing);
  return (
    consumeReadings(observed.uses, id, context) ?? { event: observed.uses[0]!, eventRoot: observed.root }
  );
}

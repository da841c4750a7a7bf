/** Row 42: a thing pays. All limits are judged at the final position; counters and money move together. */

import { hash32, int, maybe } from '../../codec/schema.ts';
import { thingPayment } from '../objects/thing-payment.ts';
import { versionOf } from '../objects/version.ts';
import { virtualAccount, virtualAccountId } from '../objects/virtual-account.ts';
import { roles } from '../registry.ts';
import { actArgs, actSigners, countAct, judgeAct, readActor, withinMandate } from '../rules/acts.ts';
import { checkFunds, pay } from '../rules/money.ts';
import { book } from '../rules/thing-results.ts';
import { activeDevice, checkBound } from '../rules/things.ts';
import { type Context, type ContractRefusal, isRefusal, refused, transition } from '../transition.ts';

export const payByThing = transition({
  name: 'pay-by-thing',
  row: 42,
  summary: 'Pays under a mandate, by the thing itself, for an event that it reported.',
  args: {
    v0: { mandate: hash32 },
    v2: {
      ...actArgs,
      payee: hash32,
      /** The payee's thing, if one takes the payment: a charging post, a gate. */
      payeeThing: maybe(hash32),
      amount: int(1),
    },
  },
  signedBy: [
    ...actSigners,
    {
      who: 'the payee’s thing, by its device key',
      role: roles,
      party: () => undefined,
      when: 'if it is named',
    },
  ],
  preconditions: {
    ...withinMandate,
    E_DEVICE_STATE:
      'the thing is ACTIVE; so is the second device, where it is needed, and the owner’s; and the payee’s thing, the payee’s',
    E_FROZEN: 'the owners’ accounts that these are bound to are open',
    E_FUNDS: 'the owner’s account has so much',
    E_ROLE: 'the thing signs, and the payee’s thing, if it is named',
    E_ROUTE: 'the money comes from an open account of the thing, and goes to one of the payee’s thing',
  },
  effects: 'the money moves from the owner’s account, the window counts it, the event is consumed',
  evidence: 'the event’s mark and root',
  visibility: 'V2',
  apply: (args, context) => {
    const { payee, payeeThing, amount } = args;
    const actor = readActor(args, context);
    if (isRefusal(actor)) return actor;
    const seconded = judgeAct(actor, { ...args, family: 'transaction' }, context);
    if (typeof seconded !== 'boolean') return seconded;
    const { money, currency } = actor.source;
    const { thing, owner: payer } = actor.given;
    const unmet = payeeThing && checkPayeeThing(payeeThing, payee, money, context);
    if (unmet !== undefined) return unmet;
    const short = checkFunds(money, payer, amount, currency, context);
    if (short !== undefined) return short;
    const counted = countAct(actor, args, seconded, args.event, context);
    if (isRefusal(counted)) return counted;
    pay(money, payer, payee, amount, context);
    book({ thing, owner: payer, money }, { paid: amount }, context);
    if (payeeThing !== undefined)
      book({ thing: payeeThing, owner: payee, money }, { earned: amount }, context);
    context.put(thingPayment, context.callId, {
      ...counted,
      ...{ payer, payee, payeeThing },
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

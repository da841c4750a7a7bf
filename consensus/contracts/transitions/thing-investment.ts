/** Row 42, the family of investment: a thing buys and sells claims on loans, delivery against payment `[THG-19]`. */

import { equalBytes } from '../../codec/bytes.ts';
import { hash32, int } from '../../codec/schema.ts';
import { investment } from '../objects/investment.ts';
import { tranche } from '../objects/tranche.ts';
import { roles } from '../registry.ts';
import {
  type Actor,
  actArgs,
  actSigners,
  checkSides,
  readActor,
  recordAct,
  takeAct,
  withinMandate,
} from '../rules/acts.ts';
import { openInvestment } from '../rules/investments.ts';
import { activeClaim, type Claim, passTranche } from '../rules/tranches.ts';
import {
  type Context,
  type ContractRefusal,
  isRefusal,
  partyIn,
  refused,
  transition,
} from '../transition.ts';

export const buyByThing = transition({
  name: 'buy-by-thing',
  row: 42,
  summary: 'Buys a tranche of a loan under a mandate, by the thing itself.',
  args: { v0: { mandate: hash32, tranche: hash32 }, v2: { ...actArgs, price: int(1) } },
  signedBy: [
    ...actSigners,
    { who: 'holder, who sells', role: roles, party: partyIn(tranche, 'tranche', 'holder') },
  ],
  preconditions: {
    ...withinMandate,
    E_CURRENCY: 'the account is in the claim’s currency',
    E_FUNDS: 'the owner’s account has the price',
    E_SCOPE: 'the holder is another than the owner',
    E_STATE: 'mandate and tranche are ACTIVE',
  },
  effects: 'delivery against payment; the claim is an investment of the thing; its result has what it cost',
  evidence: 'the event’s mark and root',
  visibility: 'V2',
  apply: (args, context) => {
    const { tranche: id, price, content } = args;
    const actor = readActor(args, context);
    if (isRefusal(actor)) return actor;
    const claim = activeClaim(id, context);
    if (isRefusal(claim)) return claim;
    const { thing, owner } = actor.given;
    const { money } = actor.source;
    const wrong = checkSides(actor, { forWhom: owner, with: claim.holder, money });
    if (wrong !== undefined) return wrong;
    const deed = { family: 'investment', payee: claim.holder, content, amount: price } as const;
    const counted = takeAct(actor, deed, args.event, context);
    if (isRefusal(counted)) return counted;
    const subject = context.callId;
    const refusal = passTranche(id, claim, { to: owner, money, price, investment: subject }, context);
    if (refusal !== undefined) return refusal;
    openInvestment(id, { thing, owner, money }, price, context);
    const traded = { kind: 'buy', counterparty: claim.holder, subject, spent: price } as const;
    recordAct(actor, counted, traded, context);
    return undefined;
  },
});

export const sellByThing = transition({
  name: 'sell-by-thing',
  row: 42,
  summary: 'Sells a tranche that the thing bought, under a mandate, by the thing itself.',
  args: { v0: { mandate: hash32, tranche: hash32 }, v1: { to: hash32 }, v2: { ...actArgs, price: int(1) } },
  signedBy: [...actSigners, { who: 'buyer', role: roles, party: ({ to }) => to }],
  preconditions: {
    ...withinMandate,
    E_CURRENCY: 'the account is in the claim’s currency',
    E_FUNDS: 'the buyer has the price',
    E_SCOPE: 'the thing bought the claim, and the buyer is another than the owner',
    E_STATE: 'mandate and tranche are ACTIVE',
  },
  effects:
    'delivery against payment; the investment is CLOSED; the thing’s result has proceeds, and gain or loss',
  evidence: 'the event’s mark and root',
  visibility: 'V2',
  apply: (args, context) => {
    const { tranche: id, to, price, content } = args;
    const actor = readActor(args, context);
    if (isRefusal(actor)) return actor;
    const claim = activeClaim(id, context);
    if (isRefusal(claim)) return claim;
    const foreign = checkOwn(id, claim, actor, context);
    if (foreign !== undefined) return foreign;
    const { owner } = actor.given;
    const { money } = actor.source;
    const wrong = checkSides(actor, { forWhom: owner, with: to, money });
    if (wrong !== undefined) return wrong;
    const deed = { family: 'investment', payee: to, content, amount: claim.principal } as const;
    const counted = takeAct(actor, deed, args.event, context);
    if (isRefusal(counted)) return counted;
    const refusal = passTranche(id, claim, { to, money, price, investment: undefined }, context);
    if (refusal !== undefined) return refusal;
    const traded = { kind: 'sell', counterparty: to, subject: claim.investment!, received: price } as const;
    recordAct(actor, counted, traded, context);
    return undefined;
  },
});

/** A thing sells what it bought itself, for the owner that it has now. */
function checkOwn(
  id: Uint8Array,
  claim: Claim,
  { given }: Actor,
  context: Context,
): ContractRefusal | undefined {
  const bought = claim.investment && context.get(investment, claim.investment);
  const isOwn =
    bought !== undefined && equalBytes(bought.thing, given.thing) && equalBytes(bought.owner, given.owner);
  return isOwn ? undefined : refused('E_SCOPE', { reason: 'the thing did not buy it' }, id);
}

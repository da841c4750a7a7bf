/** Row 27: pledged goods are sold in public after notice; or taken over with consent given after default. */

import { equalBytes, toHex } from '../../codec/bytes.ts';
import { hash32, int, maybe, timeMs } from '../../codec/schema.ts';
import { runningAt } from '../clock.ts';
import type { ValueOf } from '../object.ts';
import { loan } from '../objects/loan.ts';
import { money } from '../objects/money.ts';
import { notice } from '../objects/notice.ts';
import { pledge } from '../objects/pledge.ts';
import { distribution, sale } from '../objects/sale.ts';
import { versionOf } from '../objects/version.ts';
import { isControlledBy } from '../rules/affiliation.ts';
import { totalDebt } from '../rules/amounts.ts';
import { checkFuture } from '../rules/dates.ts';
import { readHoldings } from '../rules/holdings.ts';
import { checkFunds, endLock, lockMoney, pay } from '../rules/money.ts';
import { checkNotice } from '../rules/notices.ts';
import { passableQuantity, passToBuyer, waterfall } from '../rules/proceeds.ts';
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

type Pledge = ValueOf<typeof pledge>;

export const enforce = transition({
  name: 'enforce',
  row: 27,
  summary: 'Opens the public sale of a defaulted pledge, ten days after notice of it.',
  args: {
    v0: { pledge: hash32, notice: hash32 },
    v1: {
      /** A resolver that shortens the notice, for perishable goods. */
      resolver: maybe(hash32),
      /** Date until when bids are taken. */
      closesAt: timeMs,
      /** The money that bids are made in. */
      money: hash32,
      least: int(1),
      /** Costs of enforcement that are claimed. */
      costs: int(0),
    },
  },
  signedBy: [
    { who: 'pledgee', role: 'bank', party: partyIn(pledge, 'pledge', 'pledgee') },
    {
      who: 'a resolver',
      role: 'resolver',
      party: ({ resolver }) => resolver,
      when: 'when the notice is shorter than ten days',
    },
  ],
  preconditions: {
    E_CURRENCY: 'bids are made in the debt’s currency',
    E_DEBT: 'something is owed',
    E_NOTICE: 'notice of enforcement, given since the default, is proved and ten days old',
    E_NOT_FOUND: 'what it names exists',
    E_RECEIPT_OUT: 'the goods are a receipt, or the whole of a unit',
    E_SCHEMA: 'bids are taken for a time to come',
    E_STATE: 'the pledge is DEFAULTED, no pledge ranks before it, the goods are there',
  },
  effects: 'ENFORCING; the sale is open to everybody, the pledgee too',
  evidence: 'the notice',
  visibility: 'V1',
  apply: (args, context) => {
    const held = lookUp(context, pledge, args.pledge);
    if (isRefusal(held)) return held;
    if (held.state !== 'DEFAULTED' || held.defaulted === undefined)
      return wrongState(held.state, ['DEFAULTED'], args.pledge);
    const quantity = readEnforceable(args.pledge, held, context);
    if (typeof quantity !== 'number') return quantity;
    const refusal = checkTerms(args, held, context);
    if (refusal !== undefined) return refusal;
    const given = lookUp(context, notice, args.notice);
    if (isRefusal(given)) return given;
    const { pledgor, pledgee, monitor, custodian, currency, unit } = held;
    const wanted = {
      subject: args.pledge,
      kind: 'enforcement',
      sender: pledgee,
      addressee: pledgor,
      after: 0,
      since: held.defaulted.height,
    } as const;
    const waitMs = args.resolver === undefined ? context.policy.enforcementNoticeMs : 0;
    const early = checkNotice(args.notice, given, wanted, waitMs, 'E_NOTICE', context);
    if (early !== undefined) return early;
    context.put(notice, args.notice, { ...given, state: 'USED', ...versionOf(context) });
    context.put(sale, context.callId, {
      state: 'OPEN',
      pledge: args.pledge,
      closesAt: runningAt(args.closesAt, context),
      ...{ bids: 0, highest: 0, unit, quantity, pledgor, pledgee, monitor, custodian, currency },
      ...{ money: args.money, best: undefined, bidder: undefined, costs: args.costs, least: args.least },
      ...versionOf(context),
    });
    const enforcing = { ...held, state: 'ENFORCING', sale: context.callId } as const;
    context.put(pledge, args.pledge, { ...enforcing, ...versionOf(context) });
    return undefined;
  },
});

/** Grams that can be sold or taken over. */
function readEnforceable(id: Uint8Array, held: Pledge, context: Context): number | ContractRefusal {
  const { behind } = held;
  const senior = readHoldings(held.unit, context).find((entry) => behind && equalBytes(entry.pledge, behind));
  if (senior !== undefined)
    return refused('E_STATE', { reason: 'another pledge ranks before it', pledge: toHex(id) }, senior.pledge);
  const owed = totalDebt(context.get(loan, held.loan)!.debt);
  if (owed === 0n) return refused('E_DEBT', { owed: '0' }, held.loan);
  return passableQuantity(id, held, context);
}

function checkTerms(
  { closesAt, money: moneyId }: { readonly closesAt: number; readonly money: Uint8Array },
  held: Pledge,
  context: Context,
): ContractRefusal | undefined {
  const closed = checkFuture('closesAt', closesAt, context);
  if (closed !== undefined) return closed;
  const issue = lookUp(context, money, moneyId);
  if (isRefusal(issue)) return issue;
  return issue.currency === held.currency
    ? undefined
    : refused('E_CURRENCY', { got: issue.currency, wanted: held.currency }, moneyId);
}

export const bid = transition({
  name: 'bid',
  row: 27,
  summary: 'Bids at the public sale of pledged goods; the money is set aside, a lower bid’s goes back.',
  args: { v0: { sale: hash32, amount: int(1) }, v1: { bidder: hash32 } },
  signedBy: [{ who: 'bidder', role: ['enterprise', 'bank'], party: ({ bidder }) => bidder }],
  preconditions: {
    E_AFFILIATE: 'the bidder controls neither custodian nor monitor of the goods',
    E_FUNDS: 'the account has so much',
    E_BID: 'the bid is the least asked at least, and above the highest so far',
    E_NOT_FOUND: 'what it names exists',
    E_STATE: 'the sale is open and takes bids still',
  },
  effects: 'the highest bid so far, its money set aside',
  visibility: 'V1',
  apply: ({ sale: id, amount, bidder }, context) => {
    const open = lookUp(context, sale, id);
    if (isRefusal(open)) return open;
    if (open.state !== 'OPEN') return wrongState(open.state, ['OPEN'], id);
    if (open.closesAt < context.running)
      return refused('E_STATE', { reason: 'bidding has closed', closesAt: open.closesAt }, id);
    for (const holder of [open.custodian, open.monitor])
      if (isControlledBy(holder, bidder, context))
        return refused('E_AFFILIATE', { reason: 'the bidder controls a holder' }, holder);
    if (amount < open.least || amount <= open.highest)
      return refused('E_BID', { least: Math.max(open.least, open.highest + 1) }, open.best ?? id);
    // The bidder's own earlier bid is set free first: it may be raised with the same money.
    if (open.best !== undefined) endLock(open.best, [], context);
    const short = checkFunds(open.money, bidder, amount, open.currency, context);
    if (short !== undefined) return short;
    lockMoney(context.callId, { money: open.money, owner: bidder, amount, purpose: id }, context);
    context.put(sale, id, {
      ...open,
      ...{ bids: open.bids + 1, highest: amount, best: context.callId, bidder },
      ...versionOf(context),
    });
    return undefined;
  },
});

export const appropriate = transition({
  name: 'appropriate',
  row: 27,
  summary:
    'The pledgee takes the goods at an appraised value, with the pledgor’s consent given after default.',
  args: {
    v0: { pledge: hash32 },
    v1: { appraiser: hash32, money: hash32 },
    v2: { value: int(1), costs: int(0) },
  },
  signedBy: [
    { who: 'pledgee', role: 'bank', party: partyIn(pledge, 'pledge', 'pledgee') },
    {
      who: 'pledgor, who consents',
      role: 'enterprise',
      party: partyIn(pledge, 'pledge', 'pledgor'),
      missing: 'E_FORFEIT',
    },
    { who: 'an appraiser', role: 'appraiser', party: ({ appraiser }) => appraiser, missing: 'E_FORFEIT' },
  ],
  preconditions: {
    E_CURRENCY: 'a surplus is paid in the debt’s currency',
    E_DEBT: 'something is owed',
    E_FORFEIT: 'pledgor and appraiser sign, after default; the pledgee does not control the appraiser',
    E_FUNDS: 'the pledgee pays what the value leaves beyond its own claim',
    E_NOT_FOUND: 'what it names exists',
    E_RECEIPT_OUT: 'the goods are a receipt, or the whole of a unit',
    E_STATE: 'the pledge is DEFAULTED, no pledge ranks before it, the goods are there',
  },
  effects: 'title passes to the pledgee; the value is shared out as proceeds are',
  evidence: 'the appraisal',
  visibility: 'V1',
  apply: ({ pledge: id, appraiser, money: moneyKey, value, costs }, context) => {
    const held = lookUp(context, pledge, id);
    if (isRefusal(held)) return held;
    if (held.state !== 'DEFAULTED') return wrongState(held.state, ['DEFAULTED'], id);
    if (isControlledBy(appraiser, held.pledgee, context))
      return refused('E_FORFEIT', { reason: 'the appraiser is the pledgee’s' }, appraiser);
    const quantity = readEnforceable(id, held, context);
    if (typeof quantity !== 'number') return quantity;
    const shares = waterfall(id, held, value, costs, context);
    const others = shares.filter(({ to }) => !equalBytes(to, held.pledgee));
    const sum = others.reduce((total, { amount }) => total + amount, 0);
    const short = checkFunds(moneyKey, held.pledgee, sum, held.currency, context);
    if (short !== undefined) return short;
    for (const { to, amount } of others) pay(moneyKey, held.pledgee, to, amount, context);
    const { pledgor, pledgee, currency } = held;
    context.put(distribution, context.callId, {
      ...{ pledge: id, pledgor, pledgee, currency, proceeds: value, shares },
      ...versionOf(context),
    });
    passToBuyer(id, held, pledgee, shares, context);
    return undefined;
  },
});

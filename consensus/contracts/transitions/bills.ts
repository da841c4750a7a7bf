/** Rows 35 to 37: a bill is issued, accepted, endorsed and discounted. */

import { equalBytes } from '../../codec/bytes.ts';
import { flag, hash32, int, text, timeMs } from '../../codec/schema.ts';
import type { ValueOf } from '../object.ts';
import { bill, endorsementsMax } from '../objects/bill.ts';
import { money } from '../objects/money.ts';
import { versionOf } from '../objects/version.ts';
import { party, roles } from '../registry.ts';
import { discountedPrice } from '../rules/bills.ts';
import { checkFunds, pay } from '../rules/money.ts';
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

export const issueBill = transition({
  name: 'issue-bill',
  row: 35,
  summary: 'Issues a bill: an unconditional order to pay one sum at one date.',
  args: {
    v1: {
      drawer: hash32,
      drawee: hash32,
      payee: hash32,
      face: int(1),
      /** The money it is payable in. */
      money: hash32,
      due: timeMs,
      place: text(80, 1),
      transferable: flag,
    },
  },
  signedBy: [{ who: 'drawer', role: roles, party: ({ drawer }) => drawer }],
  preconditions: {
    E_NOT_FOUND: 'drawee, payee and money exist',
    E_SCHEMA: 'the due date lies ahead; drawer and drawee differ',
  },
  effects: 'the bill is ISSUED, the payee holds it',
  visibility: 'V1',
  apply: (args, context) => {
    for (const id of [args.drawee, args.payee]) {
      const known = lookUp(context, party, id);
      if (isRefusal(known)) return known;
    }
    const issue = lookUp(context, money, args.money);
    if (isRefusal(issue)) return issue;
    if (args.due <= context.time) return refused('E_SCHEMA', { field: 'due', reason: 'not in the future' });
    if (equalBytes(args.drawer, args.drawee))
      return refused('E_SCHEMA', { field: 'drawee', reason: 'the drawer itself' });
    context.put(bill, context.callId, {
      state: 'ISSUED',
      ...args,
      currency: issue.currency,
      holder: args.payee,
      endorsements: [],
      presentedAt: 0,
      liable: 0,
      ...versionOf(context),
    });
    return undefined;
  },
});

export const acceptBill = transition({
  name: 'accept-bill',
  row: 35,
  summary: 'Accepts a bill: the drawee becomes its primary debtor.',
  args: { v0: { bill: hash32 } },
  signedBy: [{ who: 'drawee', role: roles, party: partyIn(bill, 'bill', 'drawee') }],
  preconditions: { E_NOT_FOUND: 'what it names exists', E_STATE: 'the bill is ISSUED, and not yet due' },
  effects: 'ACCEPTED',
  visibility: 'V1',
  apply: ({ bill: id }, context) => {
    const drawn = lookUp(context, bill, id);
    if (isRefusal(drawn)) return drawn;
    if (drawn.state !== 'ISSUED') return wrongState(drawn.state, ['ISSUED'], id);
    if (drawn.due <= context.time) return refused('E_STATE', { reason: 'due already', due: drawn.due }, id);
    context.put(bill, id, { ...drawn, state: 'ACCEPTED', ...versionOf(context) });
    return undefined;
  },
});

type Bill = ValueOf<typeof bill>;

/** The bill passes: before it is due, and not when it is marked otherwise. */
function checkPasses(id: Uint8Array, drawn: Bill, context: Context): ContractRefusal | undefined {
  if (!drawn.transferable) return refused('E_STATE', { reason: 'marked as not transferable' }, id);
  if (drawn.due <= context.time) return refused('E_STATE', { reason: 'due already', due: drawn.due }, id);
  return drawn.endorsements.length >= endorsementsMax
    ? refused('E_POLICY', { reason: 'too many endorsements', most: endorsementsMax }, id)
    : undefined;
}

function passBill(id: Uint8Array, drawn: Bill, to: Uint8Array, context: Context): void {
  const endorsements = [...drawn.endorsements, { from: drawn.holder, to, call: context.callId }];
  context.put(bill, id, { ...drawn, holder: to, endorsements, ...versionOf(context) });
}

export const endorse = transition({
  name: 'endorse',
  row: 36,
  summary: 'Passes a bill on by endorsement, for its whole sum.',
  args: { v0: { bill: hash32 }, v1: { to: hash32, sum: int(1) } },
  signedBy: [
    { who: 'holder', role: roles, party: partyIn(bill, 'bill', 'holder'), missing: 'E_NOT_HOLDER' },
    { who: 'endorsee', role: roles, party: ({ to }) => to },
  ],
  preconditions: {
    E_NOT_FOUND: 'what it names exists',
    E_NOT_HOLDER: 'the holder signs',
    E_PARTIAL: 'the whole sum passes',
    E_POLICY: 'not more than 32 endorsements',
    E_STATE: 'before maturity and dishonour; the bill is transferable',
  },
  effects: 'the endorsee holds it, the endorser is liable',
  visibility: 'V1',
  apply: ({ bill: id, to, sum }, context) => {
    const drawn = lookUp(context, bill, id);
    if (isRefusal(drawn)) return drawn;
    if (drawn.state !== 'ISSUED' && drawn.state !== 'ACCEPTED')
      return wrongState(drawn.state, ['ISSUED', 'ACCEPTED'], id);
    const stuck = checkPasses(id, drawn, context);
    if (stuck !== undefined) return stuck;
    if (sum !== drawn.face) return refused('E_PARTIAL', { sum, face: drawn.face }, id);
    passBill(id, drawn, to, context);
    return undefined;
  },
});

export const discount = transition({
  name: 'discount',
  row: 37,
  summary: 'A bank buys an accepted bill below its face, against payment at the same position.',
  args: {
    v0: { bill: hash32 },
    v1: { bank: hash32 },
    v2: { rateBp: int(0, 10_000), dayBasis: int(360, 366) },
  },
  signedBy: [
    { who: 'holder', role: roles, party: partyIn(bill, 'bill', 'holder'), missing: 'E_NOT_HOLDER' },
    { who: 'bank', role: 'bank', party: ({ bank }) => bank },
  ],
  preconditions: {
    E_FUNDS: 'the bank has the price',
    E_NOT_FOUND: 'what it names exists',
    E_NOT_HOLDER: 'the holder signs',
    E_POLICY: 'not more than 32 endorsements',
    E_RANGE: 'something is left to pay',
    E_STATE: 'the bill is ACCEPTED, transferable, and not due',
  },
  effects: 'the bank holds it; the holder is paid face − ceil(face × rate × days / day basis)',
  visibility: 'V2',
  apply: ({ bill: id, bank, ...terms }, context) => {
    const drawn = lookUp(context, bill, id);
    if (isRefusal(drawn)) return drawn;
    if (drawn.state !== 'ACCEPTED') return wrongState(drawn.state, ['ACCEPTED'], id);
    const stuck = checkPasses(id, drawn, context);
    if (stuck !== undefined) return stuck;
    const price = Number(discountedPrice(drawn.face, terms, drawn.due - context.time));
    if (price <= 0) return refused('E_RANGE', { price }, id);
    const short = checkFunds(drawn.money, bank, price, drawn.currency, context);
    if (short !== undefined) return short;
    pay(drawn.money, bank, drawn.holder, price, context);
    passBill(id, drawn, bank, context);
    return undefined;
  },
});

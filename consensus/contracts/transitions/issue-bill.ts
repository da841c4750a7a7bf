/** Row 35: the drawer issues a bill, the drawee accepts it and is then its primary debtor. */

import { equalBytes } from '../../codec/bytes.ts';
import { hash32 } from '../../codec/schema.ts';
import { bill, billTerms } from '../objects/bill.ts';
import { money } from '../objects/money.ts';
import { versionOf } from '../objects/version.ts';
import { party, roles } from '../registry.ts';
import { isRefusal, lookUp, partyIn, refused, transition, wrongState } from '../transition.ts';

export const issueBill = transition({
  name: 'issue-bill',
  row: 35,
  summary: 'Draws a bill on a drawee, for a sum at a date.',
  args: { v1: billTerms },
  signedBy: [{ who: 'drawer', role: roles, party: ({ drawer }) => drawer }],
  preconditions: {
    E_NOT_FOUND: 'drawee, payee and money exist',
    E_SCHEMA: 'it is due later than now; the drawee is another than the drawer',
  },
  effects: 'ISSUED; the payee holds it, the drawer is liable',
  visibility: 'V1',
  apply: (args, context) => {
    for (const id of [args.drawee, args.payee]) {
      const known = lookUp(context, party, id);
      if (isRefusal(known)) return known;
    }
    const issue = lookUp(context, money, args.money);
    if (isRefusal(issue)) return issue;
    if (args.due <= context.time)
      return refused('E_SCHEMA', { field: 'due', reason: 'not later than now', time: context.time });
    if (equalBytes(args.drawee, args.drawer))
      return refused('E_SCHEMA', { field: 'drawee', reason: 'is the drawer' });
    context.put(bill, context.callId, {
      state: 'ISSUED',
      ...args,
      currency: issue.currency,
      accepted: false,
      holder: args.payee,
      endorsements: 0,
      payUntil: 0,
      claimed: undefined,
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
  effects: 'ACCEPTED; the acceptor owes the face to whoever holds it',
  visibility: 'V1',
  apply: ({ bill: id }, context) => {
    const drawn = lookUp(context, bill, id);
    if (isRefusal(drawn)) return drawn;
    if (drawn.state !== 'ISSUED') return wrongState(drawn.state, ['ISSUED'], id);
    if (context.time >= drawn.due)
      return refused('E_STATE', { reason: 'it is due', due: drawn.due, time: context.time }, id);
    context.put(bill, id, { ...drawn, state: 'ACCEPTED', accepted: true, ...versionOf(context) });
    return undefined;
  },
});

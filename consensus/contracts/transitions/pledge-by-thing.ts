/** Row 42, the family of mortgage: a thing agrees a pledge of what its owner put at its disposal `[THG-18]`. */

import { hash32, int, maybe } from '../../codec/schema.ts';
import { loan } from '../objects/loan.ts';
import { moneyId } from '../objects/money.ts';
import {
  actArgs,
  actSigners,
  checkSides,
  readActor,
  recordAct,
  takeAct,
  withinMandate,
} from '../rules/acts.ts';
import { compliant } from '../rules/compliance.ts';
import { reservePledge } from '../rules/reserving.ts';
import { isRefusal, lookUp, partyIn, transition } from '../transition.ts';

export const pledgeByThing = transition({
  name: 'pledge-by-thing',
  row: 42,
  summary: 'Reserves goods of the owner, or a receipt, for a pledge, by a thing that may pledge them.',
  args: {
    v0: { mandate: hash32, unit: hash32 },
    v1: {
      quantity: int(1),
      /** Cited when the goods are receipted: then they are pledged only through the receipt. */
      receipt: maybe(hash32),
    },
    v2: { ...actArgs, loan: hash32, ceiling: int(1) },
  },
  signedBy: [...actSigners, { who: 'bank', role: 'bank', party: partyIn(loan, 'loan', 'bank') }],
  preconditions: {
    ...withinMandate,
    ...compliant,
    E_ENCUMBERED: 'nobody else holds the quantity',
    E_INELIGIBLE: 'the goods are the owner’s, in store, and valued for this loan',
    E_INSUFFICIENT: 'the whole is as large as the quantity',
    E_MANDATE_MEANS: 'the mandate names the account, and the goods or the receipt',
    E_POLICY: 'neither goods nor loan carry too many pledges',
    E_RECEIPT_OUT: 'receipted goods are pledged by their receipt, which the owner controls',
    E_SCOPE: 'the loan is the owner’s, and the bank another than the owner',
    E_STATE: 'the mandate is ACTIVE; the loan is approved and the approval runs',
  },
  effects: 'the pledge is AGREED, the quantity RESERVED',
  evidence: 'the event’s mark and root',
  visibility: 'V1',
  apply: (args, context) => {
    const actor = readActor(args, context);
    if (isRefusal(actor)) return actor;
    const asked = lookUp(context, loan, args.loan);
    if (isRefusal(asked)) return asked;
    const { applicant, bank, currency } = asked;
    const wrong = checkSides(actor, { forWhom: applicant, with: bank, money: moneyId(bank, currency) });
    if (wrong !== undefined) return wrong;
    const { content, ceiling: amount, receipt, unit } = args;
    const deed = { family: 'mortgage', payee: bank, content, amount, collateral: receipt ?? unit } as const;
    const counted = takeAct(actor, deed, args.event, context);
    if (isRefusal(counted)) return counted;
    const refusal = reservePledge({ ...args, behind: undefined, line: undefined }, context);
    if (refusal !== undefined) return refusal;
    recordAct(actor, counted, { kind: 'pledge', counterparty: bank, subject: context.callId }, context);
    return undefined;
  },
});

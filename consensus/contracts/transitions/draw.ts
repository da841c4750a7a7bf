/** Row 15: the loan is drawn. Money moves outside the ledger in this build; its reference is recorded here. */

import { hash32, int, maybe, text } from '../../codec/schema.ts';
import { loan } from '../objects/loan.ts';
import { compliant } from '../rules/compliance.ts';
import { drawOnLoan } from '../rules/loan-drawing.ts';
import { partyIn, transition } from '../transition.ts';

export const draw = transition({
  name: 'draw',
  row: 15,
  summary: 'Draws on an approved loan against its perfected pledges.',
  args: {
    v0: { loan: hash32 },
    v2: {
      /** Paid out, minor units. */
      principal: int(1),
      /** Agreed for this drawing and owed from now on. */
      interest: int(0),
      costs: int(0),
      /** The payment as the bank's own system names it. */
      reference: text(80),
      /** Money on the ledger that is paid out. */
      money: maybe(hash32),
    },
  },
  signedBy: [
    { who: 'bank', role: 'bank', party: partyIn(loan, 'loan', 'bank') },
    { who: 'applicant', role: 'enterprise', party: partyIn(loan, 'loan', 'applicant') },
  ],
  preconditions: {
    ...compliant,
    E_CURRENCY: 'money on the ledger is of the loan’s currency',
    E_EXPOSURE: 'what the borrower owes to all banks stays within the pack’s cap',
    E_FROZEN: 'the loan’s credit limit is not frozen',
    E_FUNDS: 'a payment is named, or the account has so much',
    E_LIMIT: 'principal ≤ limit and ≤ lendable of what is perfected; debt ≤ ceilings; used ≤ credit limit',
    E_NOT_FOUND: 'what it names exists',
    E_PRICE_STALE: 'goods that came after the evaluation have a fresh price',
    E_RANGE: 'sums are exact integers',
    E_STALE: 'what carries the credit limit was measured within its period',
    E_STATE: 'the approval runs, and its credit limit; a pledge is PERFECTED and none in trouble',
  },
  effects: 'money moves; the loan is DRAWN',
  visibility: 'V2',
  apply: (args, context) => drawOnLoan(args, context),
});

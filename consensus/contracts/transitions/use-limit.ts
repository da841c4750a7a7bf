/** Row 12, credit limits: money is drawn on one directly by its applicant, and paid back `[CRD-7]`. */

import { hash32, int, text } from '../../codec/schema.ts';
import { creditLimit } from '../objects/credit-limit.ts';
import { roles } from '../registry.ts';
import { compliant } from '../rules/compliance.ts';
import { drawOnLimit, repayOnLimit } from '../rules/limit-use.ts';
import { partyIn, transition } from '../transition.ts';

export const drawLimit = transition({
  name: 'draw-limit',
  row: 12,
  summary: 'Draws on a credit limit, to the applicant’s account in the bank’s money.',
  args: { v0: { limit: hash32 }, v2: { amount: int(1), reference: text(80, 1) } },
  signedBy: [{ who: 'applicant', role: roles, party: partyIn(creditLimit, 'limit', 'applicant') }],
  preconditions: {
    ...compliant,
    E_EXPOSURE: 'what the applicant owes to all banks stays within the pack’s cap',
    E_FROZEN: 'the limit is not frozen',
    E_FUNDS: 'the bank’s account has so much',
    E_LIMIT: 'used ≤ limit in force',
    E_NOT_FOUND: 'what it names exists; the bank has issued such money',
    E_RANGE: 'the sum of what is owed is an exact integer',
    E_STALE: 'what its members carry was measured within the period',
    E_STATE: 'the limit is ACTIVE and has not run out',
  },
  effects: 'the money moves, and so much more is used',
  visibility: 'V2',
  apply: (args, context) => drawOnLimit({ ...args, thing: undefined }, context),
});

export const repayLimit = transition({
  name: 'repay-limit',
  row: 12,
  summary: 'Pays back what was drawn on a credit limit, in the bank’s money.',
  args: {
    v0: { limit: hash32 },
    v2: { payer: hash32, amount: int(1), reference: text(80, 1) },
  },
  signedBy: [{ who: 'payer', role: roles, party: ({ payer }) => payer }],
  preconditions: {
    E_FUNDS: 'the payer’s account has so much',
    E_NOT_FOUND: 'what it names exists',
    E_STATE: 'something is drawn',
  },
  effects: 'the money moves, no more than is drawn, and so much less is used',
  visibility: 'V2',
  apply: (args, context) => repayOnLimit({ ...args, thing: undefined }, context),
});

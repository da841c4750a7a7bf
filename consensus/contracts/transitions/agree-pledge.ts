/** Row 13: enterprise and bank agree a pledge, and the quantity is reserved for it. */

import { hash32, int, maybe } from '../../codec/schema.ts';
import { loan } from '../objects/loan.ts';
import { pledge } from '../objects/pledge.ts';
import { compliant } from '../rules/compliance.ts';
import { reservePledge } from '../rules/reserving.ts';
import { isRefusal, lookUp, partyIn, transition } from '../transition.ts';

export const agreePledge = transition({
  name: 'agree-pledge',
  row: 13,
  summary: 'Reserves free goods, or a receipt over them, for a pledge.',
  args: {
    v0: { unit: hash32 },
    v1: {
      quantity: int(1),
      /** Cited when the goods are receipted: then they are pledged only through the receipt. */
      receipt: maybe(hash32),
      /** A junior pledge names the one before it. */
      behind: maybe(hash32),
    },
    v2: {
      loan: hash32,
      ceiling: int(1),
      /** A floating pledge: least value of the pool, minor units; `quantity` is its least quantity. */
      line: maybe(int(0)),
    },
  },
  signedBy: [
    { who: 'applicant', role: 'enterprise', party: partyIn(loan, 'loan', 'applicant') },
    { who: 'bank', role: 'bank', party: partyIn(loan, 'loan', 'bank') },
    {
      who: 'senior pledgee, who consents',
      role: 'bank',
      party: ({ behind }, context) => {
        if (behind === undefined) return undefined;
        const senior = lookUp(context, pledge, behind);
        return isRefusal(senior) ? senior : senior.pledgee;
      },
      when: 'for a junior pledge',
      missing: 'E_ENCUMBERED',
    },
  ],
  preconditions: {
    ...compliant,
    E_ENCUMBERED: 'nobody else holds the quantity',
    E_INELIGIBLE: 'the goods are the pledgor’s, in store, and valued for this loan',
    E_INSUFFICIENT: 'the whole is as large as the quantity',
    E_NOT_FOUND: 'what it names exists',
    E_POLICY: 'neither goods nor loan carry too many pledges',
    E_RECEIPT_OUT: 'receipted goods are pledged by their receipt, which the pledgor controls',
    E_STATE: 'the loan is approved and the approval runs',
  },
  effects: 'the pledge is AGREED, the quantity RESERVED',
  visibility: 'V1',
  apply: (args, context) => reservePledge(args, context),
});

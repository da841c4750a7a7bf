/** Row 33: the principal is divided into cash claims by seniority, which pass against payment. The pledge stays one. */

import { equalBytes } from '../../codec/bytes.ts';
import { hash32, int, list } from '../../codec/schema.ts';
import { loan, tranchesMax } from '../objects/loan.ts';
import { tranche } from '../objects/tranche.ts';
import { versionOf } from '../objects/version.ts';
import { roles } from '../registry.ts';
import { activeClaim, passTranche } from '../rules/tranches.ts';
import { childId } from '../rules/warnings.ts';
import { isRefusal, lookUp, partyIn, refused, transition, wrongState } from '../transition.ts';

export const trancheLoan = transition({
  name: 'tranche-loan',
  row: 33,
  summary: 'Divides a loan’s principal into tranches, the most senior first; the bank holds them at first.',
  args: { v0: { loan: hash32 }, v1: { trustee: hash32 }, v2: { principals: list(int(1), tranchesMax, 2) } },
  signedBy: [
    { who: 'bank, which stays the one security agent', role: 'bank', party: partyIn(loan, 'loan', 'bank') },
    { who: 'trustee', role: roles, party: ({ trustee }) => trustee },
  ],
  preconditions: {
    E_NOT_FOUND: 'what it names exists',
    E_STATE: 'the loan is DRAWN and not divided yet',
    E_SUM: 'the tranches sum to the outstanding principal',
  },
  effects: 'each tranche is a cash claim; repayments of principal fall on them by seniority',
  visibility: 'V2',
  apply: ({ loan: id, trustee, principals }, context) => {
    const lent = lookUp(context, loan, id);
    if (isRefusal(lent)) return lent;
    if (lent.state !== 'DRAWN') return wrongState(lent.state, ['DRAWN'], id);
    const [earlier] = lent.tranches;
    if (earlier !== undefined) return refused('E_STATE', { reason: 'divided already' }, earlier);
    const sum = principals.reduce((total, principal) => total + BigInt(principal), 0n);
    if (sum !== BigInt(lent.debt.principal))
      return refused('E_SUM', { sum: String(sum), principal: lent.debt.principal }, id);
    const tranches = principals.map((_, index) => childId(context.callId, index));
    for (const [index, principal] of principals.entries())
      context.put(tranche, tranches[index]!, {
        state: 'ACTIVE',
        ...{ seniority: index + 1, holder: lent.bank, trustee, loan: id, principal, investment: undefined },
        ...versionOf(context),
      });
    context.put(loan, id, { ...lent, tranches, ...versionOf(context) });
    return undefined;
  },
});

export const transferTranche = transition({
  name: 'transfer-tranche',
  row: 33,
  summary: 'Passes a tranche to a buyer against payment, both at one position.',
  args: { v0: { tranche: hash32 }, v1: { to: hash32, money: hash32 }, v2: { price: int(1) } },
  signedBy: [
    { who: 'holder', role: roles, party: partyIn(tranche, 'tranche', 'holder') },
    { who: 'buyer', role: roles, party: ({ to }) => to },
  ],
  preconditions: {
    E_CURRENCY: 'what a thing bought is sold in its own currency',
    E_FUNDS: 'the buyer has the price',
    E_NOT_FOUND: 'what it names exists',
    E_SCHEMA: 'the buyer is another than the holder',
    E_STATE: 'the tranche is ACTIVE',
  },
  effects: 'delivery against payment',
  visibility: 'V2',
  apply: ({ tranche: id, to, money, price }, context) => {
    const claim = activeClaim(id, context);
    if (isRefusal(claim)) return claim;
    if (equalBytes(to, claim.holder)) return refused('E_SCHEMA', { field: 'to', reason: 'the holder' }, id);
    return passTranche(id, claim, { to, money, price, investment: undefined }, context);
  },
});

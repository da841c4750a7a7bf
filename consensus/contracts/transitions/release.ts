/** Row 21: the pledgee lets go. The goods are free, and a receipt is the pledgor's again. */

import { flag, hash32 } from '../../codec/schema.ts';
import { loan } from '../objects/loan.ts';
import { endedStates, pledge, pledgeStates } from '../objects/pledge.ts';
import { totalDebt } from '../rules/amounts.ts';
import { letGo } from '../rules/letting-go.ts';
import { isRefusal, lookUp, partyIn, refused, transition, wrongState } from '../transition.ts';

export const release = transition({
  name: 'release',
  row: 21,
  summary: 'Releases a pledge whose debt is paid, or whose pledgee waives it.',
  args: {
    v0: {
      pledge: hash32,
      /** The pledgee gives up the security although debt remains; the debt stays. */
      waived: flag,
    },
  },
  signedBy: [{ who: 'pledgee', role: 'bank', party: partyIn(pledge, 'pledge', 'pledgee') }],
  preconditions: {
    E_DEBT: 'the secured debt is zero, or the bank waives',
    E_NOT_FOUND: 'what it names exists',
    E_STATE: 'the pledge has not ended',
  },
  effects: 'RELEASED; the receipt is the owner’s again',
  visibility: 'V0',
  apply: (args, context) => {
    const held = lookUp(context, pledge, args.pledge);
    if (isRefusal(held)) return held;
    if (endedStates.includes(held.state)) {
      return wrongState(
        held.state,
        pledgeStates.filter((state) => !endedStates.includes(state)),
        args.pledge,
      );
    }
    const secured = lookUp(context, loan, held.loan);
    if (isRefusal(secured)) return secured;
    const owed = totalDebt(secured.debt);
    if (owed > 0n && !args.waived) return refused('E_DEBT', { owed: String(owed) }, held.loan);
    letGo(args.pledge, held, 'RELEASED', context);
    return undefined;
  },
});

export const releasePaid = transition({
  name: 'release-paid',
  row: 21,
  summary: 'Releases a pledge whose debt is paid, when the bank has been silent for three business days.',
  args: { v0: { pledge: hash32 } },
  signedBy: [],
  preconditions: {
    E_DEBT: 'the debt is paid, and that is on the ledger',
    E_NOT_DUE: 'three business days have passed since',
    E_NOT_FOUND: 'what it names exists',
    E_STATE: 'the pledge has not ended',
  },
  effects: 'RELEASED; the receipt is the owner’s again',
  visibility: 'V0',
  apply: ({ pledge: id }, context) => {
    const held = lookUp(context, pledge, id);
    if (isRefusal(held)) return held;
    if (endedStates.includes(held.state)) return wrongState(held.state, ['not ended'], id);
    const secured = lookUp(context, loan, held.loan);
    if (isRefusal(secured)) return secured;
    if (secured.state !== 'REPAID')
      return refused('E_DEBT', { owed: String(totalDebt(secured.debt)) }, held.loan);
    if (context.running < secured.releaseDue)
      return refused('E_NOT_DUE', { due: secured.releaseDue, running: context.running }, held.loan);
    letGo(id, held, 'RELEASED', context);
    return undefined;
  },
});

/** A repayment of principal falls on the tranches in order of seniority; their sum stays the outstanding principal. */

import { loan } from '../objects/loan.ts';
import { tranche } from '../objects/tranche.ts';
import { versionOf } from '../objects/version.ts';
import type { Context } from '../transition.ts';

export interface TranchePaid {
  readonly holder: Uint8Array;
  readonly amount: number;
}

/** Takes `principal` off the loan's tranches, the most senior first; gives what each holder is due. */
export function payTranches(loanId: Uint8Array, principal: number, context: Context): readonly TranchePaid[] {
  const paid: TranchePaid[] = [];
  let left = principal;
  for (const id of context.get(loan, loanId)?.tranches ?? []) {
    const claim = context.get(tranche, id);
    if (claim === undefined || claim.principal === 0 || left === 0) continue;
    const amount = Math.min(left, claim.principal);
    left -= amount;
    const rest = claim.principal - amount;
    const state = rest === 0 ? 'PAID' : 'ACTIVE';
    context.put(tranche, id, { ...claim, state, principal: rest, ...versionOf(context) });
    paid.push({ holder: claim.holder, amount });
  }
  return paid;
}

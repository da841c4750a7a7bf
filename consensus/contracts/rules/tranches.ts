/** Cash claims on a loan's principal (row 33): repayments fall on them by seniority, and they pass against payment. */

import type { ValueOf } from '../object.ts';
import { loan } from '../objects/loan.ts';
import { money } from '../objects/money.ts';
import { tranche } from '../objects/tranche.ts';
import { versionOf } from '../objects/version.ts';
import { type Context, type ContractRefusal, isRefusal, lookUp, wrongState } from '../transition.ts';
import { bookReturn } from './investments.ts';
import { checkFunds, pay } from './money.ts';

export interface TranchePaid {
  readonly holder: Uint8Array;
  readonly amount: number;
}

/**
 * Takes `principal` off the loan's tranches, the most senior first; gives what each holder is due. In `moneyKey` when
 * the holders are paid on the ledger.
 */
export function payTranches(
  loanId: Uint8Array,
  principal: number,
  moneyKey: Uint8Array | undefined,
  context: Context,
): readonly TranchePaid[] {
  const paid: TranchePaid[] = [];
  let left = principal;
  for (const id of context.get(loan, loanId)?.tranches ?? []) {
    const claim = context.get(tranche, id);
    if (claim === undefined || claim.principal === 0 || left === 0) continue;
    const amount = Math.min(left, claim.principal);
    left -= amount;
    const rest = claim.principal - amount;
    const ends = rest === 0;
    const state = ends ? 'PAID' : 'ACTIVE';
    const { investment } = claim;
    const kept = ends ? undefined : investment;
    context.put(tranche, id, {
      ...claim,
      ...{ state, principal: rest, investment: kept },
      ...versionOf(context),
    });
    if (investment !== undefined)
      bookReturn(investment, { kind: 'repayment', amount, money: moneyKey, ends }, context);
    paid.push({ holder: claim.holder, amount });
  }
  return paid;
}

export type Claim = ValueOf<typeof tranche>;

export function activeClaim(id: Uint8Array, context: Context): Claim | ContractRefusal {
  const claim = lookUp(context, tranche, id);
  if (isRefusal(claim)) return claim;
  return claim.state === 'ACTIVE' ? claim : wrongState(claim.state, ['ACTIVE'], id);
}

export interface Trade {
  readonly to: Uint8Array;
  readonly money: Uint8Array;
  readonly price: number;
  /** As what a thing of the buyer's buys it. */
  readonly investment: Uint8Array | undefined;
}

/**
 * Delivery against payment. `[THG-19]` What a thing buys, or has bought, is traded in its own currency: in another no
 * gain or loss could be told.
 */
export function passTranche(
  id: Uint8Array,
  claim: Claim,
  { to, money: moneyKey, price, investment }: Trade,
  context: Context,
): ContractRefusal | undefined {
  const issue = lookUp(context, money, moneyKey);
  if (isRefusal(issue)) return issue;
  const isInvested = claim.investment !== undefined || investment !== undefined;
  const { currency } = isInvested ? context.get(loan, claim.loan)! : issue;
  const short = checkFunds(moneyKey, to, price, currency, context);
  if (short !== undefined) return short;
  pay(moneyKey, to, claim.holder, price, context);
  context.put(tranche, id, { ...claim, holder: to, investment, ...versionOf(context) });
  if (claim.investment !== undefined)
    bookReturn(claim.investment, { kind: 'sale', amount: price, money: moneyKey, ends: true }, context);
  return undefined;
}

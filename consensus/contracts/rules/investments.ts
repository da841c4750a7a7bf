/** Claims that things bought `[THG-19]`: what comes of one is booked to its thing, and what it made when it ends. */

import { investment, thingProceeds } from '../objects/investment.ts';
import { versionOf } from '../objects/version.ts';
import type { Context } from '../transition.ts';
import { addExactly, type Booked, book } from './thing-results.ts';
import { childId } from './warnings.ts';

/** A thing bought the claim, under the id of this call. */
export function openInvestment(tranche: Uint8Array, booked: Booked, cost: number, context: Context): void {
  const { thing, owner, money } = booked;
  context.put(investment, context.callId, {
    state: 'OPEN',
    ...{ tranche, thing, owner, money, cost, received: '0', returns: 0 },
    ...versionOf(context),
  });
  book(booked, { invested: cost }, context);
}

export interface Return {
  readonly kind: 'repayment' | 'sale';
  readonly amount: number;
  /** In which it came to the owner's account; absent when a bank hands it on outside the ledger. */
  readonly money: Uint8Array | undefined;
  /** Is nothing left of the claim, or not its owner's? */
  readonly ends: boolean;
}

export function bookReturn(id: Uint8Array, { kind, amount, money, ends }: Return, context: Context): void {
  const held = context.get(investment, id)!;
  const { thing, owner, cost, returns } = held;
  context.put(thingProceeds, childId(id, returns), {
    kind,
    ...{ investment: id, thing, owner, money, amount },
    ...versionOf(context),
  });
  if (money !== undefined) book({ thing, owner, money }, { proceeds: amount }, context);
  const received = addExactly(held.received, amount);
  const state = ends ? 'CLOSED' : 'OPEN';
  context.put(investment, id, { ...held, state, received, returns: returns + 1, ...versionOf(context) });
  if (!ends) return;
  const made = BigInt(received) - BigInt(cost);
  book(held, made < 0n ? { loss: -made } : { gain: made }, context);
}

/** Exact arithmetic of contracts `[ORD-5]`: BigInt inside, integers outside, lendable amounts down, debts up. */

import type { EvaluatedLine } from '../objects/evaluation.ts';
import type { Debt } from '../objects/loan.ts';
import { type ContractRefusal, refused } from '../transition.ts';

const WHOLE_BP = 10_000n;

/** The integer as a number, or E_RANGE when it leaves the range of exact integers. */
export function exactInteger(value: bigint, field: string): number | ContractRefusal {
  if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER)) {
    return refused('E_RANGE', { field });
  }
  return Number(value);
}

/** Is `measured` within `toleranceBp` of `expected`? Both in one unit. */
export function isWithin(measured: bigint, expected: bigint, toleranceBp: number): boolean {
  const difference = measured > expected ? measured - expected : expected - measured;
  return difference * WHOLE_BP <= expected * BigInt(toleranceBp);
}

export type PricedQuantity = Pick<EvaluatedLine, 'quantity' | 'price' | 'pricedQuantity'>;

export interface Valuation {
  readonly fxNumerator: number;
  readonly fxDenominator: number;
  readonly haircutBp: number;
  readonly fxHaircutBp: number;
  readonly loanToValueBp: number;
}

/** Σ floor(quantity × price × fx × (1 − haircut − fx haircut)) (semantics §6 "Value"). */
export function eligibleValue(lines: readonly PricedQuantity[], terms: Valuation): bigint {
  const keptBp = WHOLE_BP - BigInt(terms.haircutBp) - BigInt(terms.fxHaircutBp);
  let sum = 0n;
  for (const { quantity, price, pricedQuantity } of lines) {
    const value = BigInt(quantity) * BigInt(price) * BigInt(terms.fxNumerator) * keptBp;
    sum += value / (BigInt(pricedQuantity) * BigInt(terms.fxDenominator) * WHOLE_BP);
  }
  return sum;
}

/** floor(eligible × LTV). */
export function lendableValue(eligible: bigint, loanToValueBp: number): bigint {
  return (eligible * BigInt(loanToValueBp)) / WHOLE_BP;
}

export function totalDebt({ costs, interest, principal }: Debt): bigint {
  return BigInt(costs) + BigInt(interest) + BigInt(principal);
}

/** What `amount` takes off a debt: costs first, then interest, then principal; the rest is excess. */
export function allocateRepayment(
  debt: Debt,
  amount: number,
): { readonly applied: Debt; readonly excess: number } {
  const costs = Math.min(debt.costs, amount);
  const interest = Math.min(debt.interest, amount - costs);
  const principal = Math.min(debt.principal, amount - costs - interest);
  return { applied: { costs, interest, principal }, excess: amount - costs - interest - principal };
}

/** Which drawings on a credit limit are paid back: repayments cover the oldest drawing first. */

import { equalBytes } from '../../consensus/codec/bytes.ts';
import { limitPayment } from '../../consensus/contracts/objects/limit-payment.ts';
import type { LedgerView } from './ledger-view.ts';

export interface Drawing {
  readonly limit: Uint8Array;
  /** The member that drew; absent when a party did. */
  readonly thing: Uint8Array | undefined;
  /** Checkpoint time, ms. */
  readonly at: number;
  /** Minor units, and how much of it is paid back. */
  readonly amount: number;
  readonly repaid: number;
}

/** All drawings on a limit, oldest first. */
export function drawingsOn(limit: Uint8Array, view: LedgerView): Drawing[] {
  const records = view
    .all(limitPayment)
    .filter(({ value }) => equalBytes(value.limit, limit))
    .sort((a, b) => a.value.at - b.value.at || (a.name < b.name ? -1 : 1));
  let left = records
    .filter(({ value }) => value.kind === 'repayment')
    .reduce((sum, { value }) => sum + value.amount, 0);
  return records
    .filter(({ value }) => value.kind === 'draw')
    .map(({ value: { thing, at, amount } }) => {
      const repaid = Math.min(left, amount);
      left -= repaid;
      return { limit, thing, at, amount, repaid };
    });
}

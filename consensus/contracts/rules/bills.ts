/** The chain of a bill: who has signed it, who may be asked, what its discount is. */

import { equalBytes } from '../../codec/bytes.ts';
import type { ValueOf } from '../object.ts';
import type { bill } from '../objects/bill.ts';

type Bill = ValueOf<typeof bill>;

/** Signers whom a holder may ask once the bill is dishonoured: the drawer first, then each endorser. */
export function signersOf({ drawer, endorsements }: Bill): readonly Uint8Array[] {
  return [drawer, ...endorsements.map(({ from }) => from)];
}

/** From the payee to the holder each endorsement begins where the one before ended. */
export function isContinuous({ payee, holder, endorsements, state }: Bill): boolean {
  let last = payee;
  for (const { from, to } of endorsements) {
    if (!equalBytes(from, last)) return false;
    last = to;
  }
  return state === 'RECOURSE' || state === 'SETTLED' || equalBytes(last, holder);
}

const DAY_MS = 86_400_000n;

/** face − ceil(face × rate × days / day basis); begun days count whole. */
export function discountedPrice(
  face: number,
  terms: { readonly rateBp: number; readonly dayBasis: number },
  msToRun: number,
): bigint {
  const days = (BigInt(Math.max(0, msToRun)) + DAY_MS - 1n) / DAY_MS;
  const divisor = 10_000n * BigInt(terms.dayBasis);
  const taken = BigInt(face) * BigInt(terms.rateBp) * days;
  return BigInt(face) - (taken + divisor - 1n) / divisor;
}

/** What came in and went out by a thing, summed up in the step that moves it `[THG-20]`. */

import { type ResultSum, resultSums, thingResult, thingResultId } from '../objects/thing-result.ts';
import { versionOf } from '../objects/version.ts';
import type { Context } from '../transition.ts';

/** A thing in its owner's hands, and the money of one of its accounts. */
export interface Booked {
  readonly thing: Uint8Array;
  readonly owner: Uint8Array;
  readonly money: Uint8Array;
}

const nothing = Object.fromEntries(resultSums.map((sum) => [sum, '0'])) as Record<ResultSum, string>;

/** Adds to the sums named; the first entry opens the result. */
export function book(
  { thing, owner, money }: Booked,
  added: { readonly [S in ResultSum]?: number | bigint },
  context: Context,
): void {
  const id = thingResultId(thing, owner, money);
  const before = context.get(thingResult, id) ?? { ...nothing, thing, owner, money };
  const sums = Object.fromEntries(
    resultSums.map((sum) => [sum, addExactly(before[sum], added[sum] ?? 0)]),
  ) as Record<ResultSum, string>;
  context.put(thingResult, id, { ...before, ...sums, ...versionOf(context) });
}

export type Sums = { readonly [S in ResultSum]: string };

/** What came in less what went out: by so much the owner's account changed. */
export const changeOf = ({ earned, borrowed, proceeds, paid, repaid, interest, invested }: Sums): bigint =>
  BigInt(earned) +
  BigInt(borrowed) +
  BigInt(proceeds) -
  (BigInt(paid) + BigInt(repaid) + BigInt(interest) + BigInt(invested));

/** What the thing made, or lost. */
export const resultOf = ({ earned, gain, paid, interest, loss }: Sums): bigint =>
  BigInt(earned) + BigInt(gain) - (BigInt(paid) + BigInt(interest) + BigInt(loss));

export function addExactly(sum: string, added: number | bigint): string {
  return String(BigInt(sum) + BigInt(added));
}

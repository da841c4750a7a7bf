/** What a business audit looks at, and how a check says what it found. */

import { toHex } from '../../consensus/codec/bytes.ts';
import type { Survey } from '../../consensus/contracts/invariants/survey.ts';
import type { ObjectType, ValueOf } from '../../consensus/contracts/object.ts';
import type { loan } from '../../consensus/contracts/objects/loan.ts';
import type { Policy } from '../../consensus/contracts/policy.ts';
import { isWithin } from '../../consensus/contracts/rules/amounts.ts';

export interface Check {
  readonly subject: { readonly type: string; readonly id: string };
  readonly check: string;
  /** `withheld`: what it would need is not this party's to see. */
  readonly result: 'pass' | 'fail' | 'withheld';
  /** The two sides of a comparison; how far they may differ, in basis points of the first. */
  readonly pair?: {
    readonly left: number | string;
    readonly right: number | string;
    readonly toleranceBp: number;
  };
}

/** A loan's file as its auditor sees it. */
export interface File {
  /** Is an object of this type, that fits, in the state and not in the survey? Then a check cannot tell. */
  readonly hides: <T>(type: ObjectType<T>, fits: (value: T) => boolean) => boolean;
  readonly network: Uint8Array;
  readonly policy: Policy;
  readonly survey: Survey;
  readonly id: Uint8Array;
  readonly loan: ValueOf<typeof loan>;
}

type Subject = { readonly name: string };
export const subjectOf = ({ name }: Subject, id: Uint8Array): Check['subject'] => ({
  type: name,
  id: toHex(id),
});
export const judged = (holds: boolean): Check['result'] => (holds ? 'pass' : 'fail');

/** The two sides agree within the tolerance; the pair is shown either way. */
export function compared(
  subject: Check['subject'],
  check: string,
  left: bigint,
  right: bigint,
  toleranceBp = 0,
): Check {
  const result = judged(isWithin(right, left, toleranceBp));
  return { subject, check, result, pair: { left: Number(left), right: Number(right), toleranceBp } };
}

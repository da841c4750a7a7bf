/**
 * The form of cases: for each transition and each code, OK included, what leads there. Every file of this folder that
 * exports `cases` is found by its name (contract-coverage.ts), so a family adds a file and touches no other.
 */

import type { Outcome } from '../contract-world.ts';

/** What came of the call; where it matters, with the id that must be named as standing in the way. */
export type Ran = Outcome | readonly [Outcome, Uint8Array] | string;
export type Cases = {
  readonly [transition: string]: { readonly [code: string]: { readonly [when: string]: () => Ran } };
};

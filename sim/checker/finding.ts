/** What a check finds: which check, how bad it is, and a sentence. The names stand in docs/spec/simulator.md. */

import type { Failure } from '../run-result.ts';

export type Finding = Pick<Failure, 'verdict' | 'check' | 'what'>;

export function broken(check: string, what: string): Finding {
  return { verdict: 'invariant broken', check, what };
}

export function diverged(check: 'agreement' | 'state', what: string): Finding {
  return { verdict: 'diverged', check, what };
}

export function stuck(what: string): Finding {
  return { verdict: 'no progress', check: 'finality', what };
}

/** The first of what the checks find; those after it are not asked. */
export function first(...checks: readonly (() => Finding | undefined)[]): Finding | undefined {
  for (const check of checks) {
    const found = check();
    if (found !== undefined) return found;
  }
  return undefined;
}

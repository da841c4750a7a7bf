/** What one run of spin is worth: its figures, and whether the model behaved as its table says. docs/model/README.md. */

/**
 * `holds`: no violation anywhere in the whole state space. `caught`: a planted fault, which must be found. `reached`: a
 * state that must exist, or the checks of that model would hold of nothing; found the same way.
 */
export type Expectation = 'holds' | 'caught' | 'reached';

/** What counts as finding it: a run that ends for another reason has found nothing. */
export type Violation = 'assertion violated' | 'non-progress cycle';

export interface SearchRun {
  /** What the checker printed; or the compiler, where that failed. */
  readonly output: string;
  /** Exit code, or the name of the signal that ended it. */
  readonly code: number | string | null;
  readonly timedOut: boolean;
}

export interface SearchVerdict {
  readonly ok: boolean;
  /** In a word or a few: what was found. */
  readonly found: string;
  readonly states: number;
  readonly depth: number;
}

/** Signs that a part of the state space was not looked at. */
const INCOMPLETE =
  /search not completed|max search depth too small|out of memory|reached -DMEMLIM|hash array|aborting|hint: /i;

function readNumber(output: string, pattern: RegExp): number {
  return Number(pattern.exec(output)?.[1] ?? 0);
}

export function judgeSearch(expected: Expectation, violation: Violation, run: SearchRun): SearchVerdict {
  const { output } = run;
  const states = readNumber(output, /([\d.e+]+) states, stored/);
  const depth = readNumber(output, /depth reached (\d+)/);
  const verdict = (ok: boolean, found: string): SearchVerdict => ({ ok, found, states, depth });
  if (run.timedOut) return verdict(false, 'not finished in its time');
  const errors = /, errors: (\d+)/.exec(output)?.[1];
  if (run.code !== 0 || errors === undefined) return verdict(false, `did not run: ended with ${run.code}`);
  if (errors === '0') {
    if (INCOMPLETE.test(output) || states === 0) return verdict(false, 'not searched to the end');
    return expected === 'holds'
      ? verdict(true, 'holds')
      : verdict(false, `nothing found, should be ${expected}`);
  }
  const seen = /^pan:\d+: (.*?)(?: \(at depth \d+\))?$/m.exec(output)?.[1] ?? 'an error without a name';
  if (expected === 'holds') return verdict(false, `BROKEN: ${seen}`);
  return seen.startsWith(violation)
    ? verdict(true, expected)
    : verdict(false, `found something else: ${seen}`);
}

/** The last line, and the exit code. Nothing run is a failure; so is a whole table without one of the three kinds. */
export function summarise(
  verdicts: readonly { readonly expected: Expectation; readonly ok: boolean }[],
  partly = false,
): { readonly line: string; readonly exitCode: number } {
  const count = (expected: Expectation, ok: boolean): number =>
    verdicts.filter((verdict) => verdict.expected === expected && verdict.ok === ok).length;
  const of = (expected: Expectation): string => {
    const good = count(expected, true);
    return `${good} of ${good + count(expected, false)} ${expected}`;
  };
  const failed = verdicts.filter((verdict) => !verdict.ok).length;
  const kinds = ['holds', 'caught', 'reached'] as const;
  const enough = partly
    ? verdicts.length > 0
    : kinds.every((kind) => verdicts.some(({ expected }) => expected === kind));
  return {
    line: `models: ${of('holds')}, ${of('caught')}, ${of('reached')}; ${failed} failed`,
    exitCode: failed === 0 && enough ? 0 : 1,
  };
}

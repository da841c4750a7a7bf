/** What one run of a test file is worth: counts from uvu's summary, and every reason not to believe it. */

import { stripVTControlCharacters } from 'node:util';
import type { FileRun } from './test-process.ts';

export interface Verdict {
  passed: number;
  failed: number;
  skipped: number;
  /** Empty when the file passed. */
  reasons: string[];
}

const SUMMARY = /^ {2}Total: +(\d+)\n {2}Passed: +(\d+)\n {2}Skipped: +(\d+)$/gm;
const REJECTION = /unhandled ?(promise ?)?rejection|PromiseRejectionHandledWarning/i;
const SUITE = /\b(?:const|let|var)\s+(\w+)\s*=\s*suite\s*\(/g;

/** Names of the suites in a test's source that are never run. */
function suitesNotRun(source: string): string[] {
  const names = Array.from(source.matchAll(SUITE), (match) => match[1]!);
  return names.filter((name) => !new RegExp(`\\b${name}\\.run\\(`).test(source));
}

export function judgeRun(run: FileRun, source: string): Verdict {
  const output = stripVTControlCharacters(run.output).replaceAll('\r\n', '\n');
  let total = 0;
  let passed = 0;
  let skipped = 0;
  for (const [, totalText, passedText, skippedText] of output.matchAll(SUMMARY)) {
    total += Number(totalText);
    passed += Number(passedText);
    skipped += Number(skippedText);
  }
  const reasons: string[] = [];
  if (run.lingered) reasons.push('never ended: something that a test opened is still open');
  else if (run.timedOut) reasons.push(`hung: killed after ${run.seconds.toFixed(1)} s`);
  else if (total === 0) reasons.push('ran no test: is .run() missing?');
  for (const name of suitesNotRun(source))
    reasons.push(`suite "${name}" never runs: ${name}.run() is missing`);
  if (passed < total) reasons.push(`${total - passed} of ${total} tests did not pass`);
  if (REJECTION.test(output)) reasons.push('left a promise rejection unhandled');
  if (run.code !== 0 && !run.timedOut && reasons.length === 0) reasons.push(`ended with ${run.code}`);
  const failed = Math.max(total - passed, reasons.length > 0 ? 1 : 0);
  return { passed, failed, skipped, reasons };
}

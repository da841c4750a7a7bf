/**
 * `npm test`: runs every compiled test file in a process of its own and counts what ran.
 *
 * uvu alone exits 0 when nothing matches, when a file or a suite forgets `.run()` and when a `before` hook
 * throws, and it never ends a test that hangs. Here each of those is a failure. `judgeRun` decides.
 */

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { findTests } from './test-files.ts';
import { type FileRun, killRunning, runFile } from './test-process.ts';
import { judgeRun, type Verdict } from './test-verdict.ts';

const { values: options, positionals: filters } = parseArgs({
  allowPositionals: true,
  options: {
    jobs: { type: 'string', default: String(Math.min(2, availableParallelism())) },
    'timeout-s': { type: 'string', default: '600' },
    'linger-s': { type: 'string', default: '60' },
    root: { type: 'string', default: '.' },
  },
});

function readCount(name: 'jobs' | 'timeout-s' | 'linger-s'): number {
  const count = Number(options[name]);
  if (Number.isSafeInteger(count) && count > 0) return count;
  console.error(`--${name} expected a whole number above 0, got "${options[name]}"`);
  process.exit(2);
}

function printLine(file: string, verdict: Verdict, run: FileRun): void {
  const skipped = verdict.skipped > 0 ? `, ${verdict.skipped} skipped` : '';
  const counts = `${verdict.passed} passed, ${verdict.failed} failed${skipped}`;
  console.log(
    `${verdict.reasons.length === 0 ? 'ok  ' : 'FAIL'} ${file}  ${counts}  ${run.seconds.toFixed(1)} s`,
  );
  for (const reason of verdict.reasons) console.log(`     ${reason}`);
  if (verdict.reasons.length > 0) console.log(run.output.trimEnd().replace(/^/gm, '   | '));
}

async function runAll(): Promise<{ passed: number; failed: number; skipped: number }> {
  const root = resolve(options.root);
  const jobs = readCount('jobs');
  const timeoutMs = readCount('timeout-s') * 1000;
  const lingerMs = readCount('linger-s') * 1000;
  const total = { passed: 0, failed: 0, skipped: 0 };
  const waiting = findTests(root, filters);
  if (waiting.length === 0) {
    const matching = filters.length > 0 ? ` matching ${filters.join(', ')}` : '';
    console.log(`FAIL no test files${matching} under ${root}/dist`);
    total.failed = 1;
  }
  const work = async (): Promise<void> => {
    for (let test = waiting.shift(); test !== undefined; test = waiting.shift()) {
      const run = await runFile(test.compiled, root, timeoutMs, lingerMs);
      const verdict = judgeRun(run, readFileSync(test.compiled, 'utf8'));
      printLine(test.source, verdict, run);
      total.passed += verdict.passed;
      total.failed += verdict.failed;
      total.skipped += verdict.skipped;
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return total;
}

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.on(signal, () => {
    killRunning();
    process.exit(code);
  });
}

const { passed, failed, skipped } = await runAll();
console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

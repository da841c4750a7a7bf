/**
 * `npm run model [-- --large] [FILTER …]`: checks the models in docs/model/ with spin, one line for each run, and fails
 * when one that must hold does not, or when a planted fault is not caught. `model-table.ts` lists the runs,
 * `model-verdict.ts` judges them.
 *
 * Exit code 0: all as expected; 1: not; 2: wrong options; 3: spin or a C compiler is missing, nothing was checked.
 */

import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { MODEL_RUNS, type ModelRun } from './model-table.ts';
import {
  judgeSearch,
  type SearchRun,
  type SearchVerdict,
  summarise,
  type Violation,
} from './model-verdict.ts';

const MEMORY_MIB = 2_500;
const MEMORY_LARGE_MIB = 9_000;
const TIMEOUT_MS = 600_000;
const TIMEOUT_LARGE_MS = 1_800_000;
const DEPTH_MAX = 100_000;

/** Whether what it takes to check a model is on this machine. */
export function canCheckModels(): boolean {
  return ['spin', 'gcc'].every((tool) => {
    const { error } = spawnSync(tool, [tool === 'spin' ? '-V' : '--version']);
    return error === undefined;
  });
}

function perform(
  command: string,
  args: readonly string[],
  cwd: string,
  timeoutMs: number,
): Promise<SearchRun> {
  return new Promise((done) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    child.on('error', (error) => {
      output += `could not start: ${error.message}\n`;
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      done({ output, code: code ?? signal, timedOut });
    });
  });
}

/** Options for spin; a planted fault also says that it is one. */
function macrosOf({ define, expected }: ModelRun): string[] {
  return [...define, ...(expected === 'caught' ? ['BROKEN'] : [])].map((macro) => `-D${macro}`);
}

/** Makes and runs the checker of one model in `directory`, where its trail is left. */
async function search(run: ModelRun, directory: string): Promise<SearchRun> {
  const file = `${run.model}.pml`;
  copyFileSync(resolve('docs', 'model', file), join(directory, file));
  const generated = await perform('spin', ['-a', ...macrosOf(run), file], directory, TIMEOUT_MS);
  // spin can end with 0 after an error in the model.
  if (generated.code !== 0 || /\bError: /.test(generated.output))
    return { ...generated, code: 'spin: error' };
  const options = [
    run.expected === 'holds' ? '-O2' : '-O1',
    run.cycles ? '-DNP' : '-DSAFETY',
    ...(run.hashed ? ['-DHC4'] : []),
    '-DNOREDUCE',
    `-DMEMLIM=${run.large ? MEMORY_LARGE_MIB : MEMORY_MIB}`,
  ];
  const compiled = await perform('gcc', ['-w', ...options, '-o', 'pan', 'pan.c'], directory, TIMEOUT_MS);
  if (compiled.code !== 0) return compiled;
  const timeoutMs = run.large ? TIMEOUT_LARGE_MS : TIMEOUT_MS;
  return perform('./pan', [`-m${DEPTH_MAX}`, ...(run.cycles ? ['-l'] : [])], directory, timeoutMs);
}

/** Checks one entry of the table and prints its line. */
export async function checkModel(run: ModelRun): Promise<SearchVerdict> {
  const directory = mkdtempSync(join(tmpdir(), 'tallystick-model-'));
  const startedMs = performance.now();
  // Only the runs that look for cycles may end by finding one.
  const violation: Violation = run.cycles ? 'non-progress cycle' : 'assertion violated';
  const searched = await search(run, directory);
  const verdict = judgeSearch(run.expected, violation, searched);
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
  const name = `${run.model.padEnd(9)} ${run.define.join(' ').padEnd(40)}`;
  const figures = `${verdict.states.toLocaleString('en').padStart(11)} states  depth ${String(verdict.depth).padStart(3)}`;
  const hashed = run.hashed ? ' (states hashed)' : '';
  console.log(
    `${verdict.ok ? 'ok  ' : 'FAIL'} ${name} ${figures} ${seconds.padStart(6)} s  ${verdict.found}${hashed}`,
  );
  if (verdict.ok) rmSync(directory, { recursive: true, force: true });
  else {
    console.log(searched.output.trimEnd().replace(/^/gm, '   | '));
    console.log(
      `     to see how: cd ${directory} && spin -t -p -g ${macrosOf(run).join(' ')} ${run.model}.pml`,
    );
  }
  return verdict;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { large: { type: 'boolean', default: false }, jobs: { type: 'string', default: '2' } },
  });
  const jobs = Number(values.jobs);
  if (!Number.isSafeInteger(jobs) || jobs < 1) {
    console.error(`--jobs expected a whole number above 0, got "${values.jobs}"`);
    return 2;
  }
  if (!canCheckModels()) {
    console.log('models: NOT CHECKED, spin or gcc is missing (Debian: apt-get install spin gcc)');
    return 3;
  }
  const named = ({ model, define }: ModelRun) =>
    positionals.length === 0 || positionals.some((filter) => `${model} ${define.join(' ')}`.includes(filter));
  const wanted = MODEL_RUNS.filter((run) => (run.large ?? false) === values.large && named(run));
  const verdicts: { expected: ModelRun['expected']; ok: boolean }[] = [];
  const waiting = [...wanted];
  const work = async (): Promise<void> => {
    for (let run = waiting.shift(); run !== undefined; run = waiting.shift()) {
      const { ok } = await checkModel(run);
      verdicts.push({ expected: run.expected, ok });
    }
  };
  // Large ones one after the other: each may take gigabytes.
  await Promise.all(Array.from({ length: values.large ? 1 : jobs }, work));
  const { line, exitCode } = summarise(verdicts, positionals.length > 0 || values.large);
  console.log(line);
  return exitCode;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.exitCode = await main();

/** Runs many seeds at once, each in a thread of its own; a result does not depend on which thread or when. */

import { totalmem } from 'node:os';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { RunResult } from './run-result.ts';
import type { WorkerAnswer, WorkerTask } from './worker.ts';

/** Of the machine's memory, for all threads together. */
const MEMORY_SHARE = 0.75;
/** Most of what a step makes is gone with it: with more room it is collected less often. */
const YOUNG_MB = 64;

export interface PoolHooks {
  onResult(result: RunResult): void;
  /** Runs finished, with the shares of those under way. */
  onProgress(done: number): void;
}

/** Results in the order of the seeds. */
export async function runSeeds(
  task: WorkerTask,
  seeds: readonly number[],
  jobs: number,
  hooks: PoolHooks,
): Promise<RunResult[]> {
  const results = new Map<number, RunResult>();
  const shares = new Map<number, number>();
  const waiting = seeds.slice();
  const threads = Math.min(jobs, seeds.length);
  // A thousand nodes need more than a thread gets by itself.
  const resourceLimits = {
    maxOldGenerationSizeMb: Math.floor((MEMORY_SHARE * totalmem()) / 2 ** 20 / threads),
    maxYoungGenerationSizeMb: YOUNG_MB,
  };
  const workers: Worker[] = [];
  const one = () =>
    new Promise<void>((resolve, reject) => {
      let seed = waiting.shift();
      if (seed === undefined) return resolve();
      const worker = new Worker(new URL(`./worker${extname(import.meta.url)}`, import.meta.url), {
        workerData: task,
        resourceLimits,
      });
      workers.push(worker);
      worker.on('error', (cause) =>
        reject(new Error(`seed ${seed}: the simulator broke: ${cause.message}`, { cause })),
      );
      worker.on('message', (answer: WorkerAnswer) => {
        if (answer.type === 'progress') {
          shares.set(answer.seed, answer.share);
          hooks.onProgress(results.size + sum(shares.values()));
          return;
        }
        results.set(answer.result.seed, answer.result);
        shares.delete(answer.result.seed);
        hooks.onResult(answer.result);
        hooks.onProgress(results.size + sum(shares.values()));
        seed = waiting.shift();
        if (seed === undefined) resolve();
        else worker.postMessage(seed);
      });
      worker.postMessage(seed);
    });
  try {
    await Promise.all(Array.from({ length: threads }, one));
  } finally {
    // After an error too: or the others would go on, and the command with them.
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  return seeds.map((seed) => results.get(seed)!);
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

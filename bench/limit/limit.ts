/** Measures the limit: the bare loop on one core, and on all cores together. docs/spec/bench.md, *The limit*. */

import { availableParallelism } from 'node:os';
import { extname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { concatBytes } from '../../consensus/codec/bytes.ts';
import { invariant } from '../../consensus/codec/result.ts';
import { verifiers } from './bare-loop.ts';
import type { LimitWork } from './limit-worker.ts';

export interface Limit {
  /** All cores together. */
  readonly verticesPerS: number;
  readonly oneCoreVerticesPerS: number;
  /** CPU of all threads, LevelDB's included; depends far less on what others do on the machine. */
  readonly cpuUsPerVertex: number;
}

export const limitVerifier = verifiers[0]!.name;

/** `directory` must be a new one; each vertex passes once on one core, and once in the round of all cores. */
export async function measureLimit(
  envelopes: readonly Uint8Array[],
  network: Uint8Array,
  directory: string,
): Promise<Limit> {
  const oneCore = await runWorkers([envelopes], network, join(directory, 'one-core'));
  const cores = availableParallelism();
  const share = Math.ceil(envelopes.length / cores);
  const shares = Array.from({ length: cores }, (_, core) =>
    envelopes.slice(core * share, (core + 1) * share),
  );
  const all = await runWorkers(shares, network, join(directory, 'all-cores'));
  return {
    verticesPerS: (1_000 * envelopes.length) / all.wallMs,
    oneCoreVerticesPerS: (1_000 * envelopes.length) / oneCore.wallMs,
    cpuUsPerVertex: (oneCore.cpuUs + all.cpuUs) / (2 * envelopes.length),
  };
}

/** Until the last of them was done; clocks start when all are ready. */
async function runWorkers(
  shares: readonly (readonly Uint8Array[])[],
  network: Uint8Array,
  directory: string,
): Promise<{ readonly wallMs: number; readonly cpuUs: number }> {
  const workers = shares.map((share, number) => {
    const work: LimitWork = {
      bytes: concatBytes(...share),
      lengths: share.map((envelope) => envelope.length),
      ...{ network, directory: `${directory}-${number}` },
    };
    return new Worker(new URL(`./limit-worker${extname(import.meta.url)}`, import.meta.url), {
      workerData: work,
    });
  });
  try {
    for (const said of await Promise.all(workers.map(nextMessage)))
      invariant(said === 'ready', 'a worker says first that it is ready');
    const cpuBefore = process.cpuUsage();
    const startMs = performance.now();
    const done = workers.map(nextMessage);
    for (const worker of workers) worker.postMessage('go');
    await Promise.all(done);
    const wallMs = performance.now() - startMs;
    const { user, system } = process.cpuUsage(cpuBefore);
    return { wallMs, cpuUs: user + system };
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

function nextMessage(worker: Worker): Promise<unknown> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`a worker of the bare loop ended with ${code}`)));
  });
}

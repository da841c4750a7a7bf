/** A worker thread of `tally sim`: takes seeds one after the other and answers with their results. */

import { parentPort, workerData } from 'node:worker_threads';
import { type RunOptions, run } from './run.ts';
import type { RunResult } from './run-result.ts';
import type { Settings } from './settings.ts';
import { varySettings } from './vary.ts';

export interface WorkerTask {
  /** Absent: each seed draws its own. */
  readonly settings: Settings | undefined;
  readonly keepTrace: boolean;
}

export type WorkerAnswer =
  | { readonly type: 'progress'; readonly seed: number; readonly share: number }
  | { readonly type: 'result'; readonly result: RunResult };

if (parentPort !== null) {
  const port = parentPort;
  const { settings, keepTrace } = workerData as WorkerTask;
  port.on('message', (seed: number) => {
    const options: RunOptions = {
      keepTrace,
      onProgress: (share) => port.postMessage({ type: 'progress', seed, share } satisfies WorkerAnswer),
    };
    // A run that throws is an error of the simulator: it ends the thread, and with it the command.
    void run(settings ?? varySettings(seed), seed, options).then((result) => {
      // A campaign is long, and its passing runs have nothing in common to draw.
      const kept =
        settings === undefined && result.failure === undefined ? { ...result, samples: [] } : result;
      port.postMessage({ type: 'result', result: kept } satisfies WorkerAnswer);
    });
  });
}

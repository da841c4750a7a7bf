/** A worker thread of `tally sim`: takes seeds one after the other and answers with their results. */

import { parentPort, workerData } from 'node:worker_threads';
import { type RunOptions, run } from './run.ts';
import type { RunResult } from './run-result.ts';
import type { Settings } from './settings.ts';

export interface WorkerTask {
  readonly settings: Settings;
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
    void run(settings, seed, options).then((result) =>
      port.postMessage({ type: 'result', result } satisfies WorkerAnswer),
    );
  });
}

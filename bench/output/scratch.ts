/** A folder for one run, gone when the run is, however it ends; unless somebody should look into it. */

import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const INTERRUPTED = 130;

export interface Scratch {
  readonly folder: string;
  /** Leaves it when the run ends. */
  keep(): void;
}

/** Below `directory`, or the system's temporary folder. A signal ends the process, and the folder with it. */
export async function inScratch<T>(
  directory: string | undefined,
  work: (scratch: Scratch) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(directory ?? tmpdir(), 'tally-bench-'));
  let isKept = false;
  // Whoever has started processes ends them on this same event.
  const onExit = (): void => {
    if (!isKept) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  const onSignal = (): void => process.exit(INTERRUPTED);
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  process.on('exit', onExit);
  try {
    return await work({
      folder,
      keep: () => {
        isKept = true;
      },
    });
  } finally {
    process.off('exit', onExit);
    for (const signal of signals) process.off(signal, onSignal);
    if (!isKept) await rm(folder, { recursive: true, force: true });
  }
}

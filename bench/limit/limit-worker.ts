/** One core's bare loop: gets its vertices, says when it is ready, runs when it is told, says how long it took. */

import { parentPort, workerData } from 'node:worker_threads';
import { installNativePrimitives } from '../../node/crypto/native.ts';
import { runBareLoop } from './bare-loop.ts';

export interface LimitWork {
  /** Envelopes one after the other, and the length of each: packed, so that they travel cheaply. */
  readonly bytes: Uint8Array;
  readonly lengths: readonly number[];
  readonly network: Uint8Array;
  readonly directory: string;
}

const { bytes, lengths, network, directory } = workerData as LimitWork;
installNativePrimitives();
const envelopes: Uint8Array[] = [];
let at = 0;
for (const length of lengths) {
  envelopes.push(bytes.subarray(at, at + length));
  at += length;
}
parentPort!.once('message', async () => {
  const startMs = performance.now();
  await runBareLoop(envelopes, network, directory);
  parentPort!.postMessage({ ms: performance.now() - startMs });
});
parentPort!.postMessage('ready');

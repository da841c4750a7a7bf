/** Child of the kill test: writes to a store without end, and says after each write what is durable. */

import { openStore } from '../level/store.ts';
import type { StoreWrite } from '../ports.ts';
import { checkpointOf, idOf, vertexOf } from './store-samples.ts';

export const VERTICES_PER_WRITE = 5;
export const WRITES_PER_CHECKPOINT = 7;

/** Vertex numbers run on without gaps; checkpoint h confirms the h-th run of them, and puts object h. */
export function writeOf(step: number, height: number): StoreWrite[] {
  const first = step * VERTICES_PER_WRITE;
  const writes: StoreWrite[] = [{ type: 'vote', height: height + 1, entry: Uint8Array.of(step & 255) }];
  for (let number = first; number < first + VERTICES_PER_WRITE; number++) {
    writes.push({ type: 'vertex', vertex: vertexOf(number, number % 3 === 0 ? 300 : 0) });
  }
  return writes;
}

export function checkpointAt(height: number): StoreWrite {
  const count = VERTICES_PER_WRITE * WRITES_PER_CHECKPOINT;
  const numbers = Array.from({ length: count }, (_, index) => (height - 1) * count + index);
  return {
    type: 'checkpoint',
    checkpoint: checkpointOf(height, numbers, [height], height > 3 ? [height - 3] : []),
  };
}

async function writeOn(directory: string): Promise<never> {
  const store = await openStore(directory, { firstStart: true });
  let { height } = await store.load();
  let step = height * WRITES_PER_CHECKPOINT;
  while ((await store.vertex(idOf(step * VERTICES_PER_WRITE))) !== undefined) step += 1;
  for (;;) {
    const pending: Promise<void>[] = [];
    for (; step < (height + 1) * WRITES_PER_CHECKPOINT; step++) {
      const acknowledged = step;
      const write = store.write(writeOf(step, height), true);
      pending.push(write.then(() => void process.stdout.write(`step ${acknowledged}\n`)));
      // Some wait and share a batch, some do not.
      if (step % 3 === 0) await write;
    }
    await Promise.all(pending);
    height += 1;
    await store.write([checkpointAt(height)], true);
    process.stdout.write(`height ${height}\n`);
  }
}

if (process.argv[2] === 'write-on') await writeOn(process.argv[3]!);

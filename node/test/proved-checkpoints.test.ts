/** Checkpoints kept for proofs: read once while they are asked for, and forgotten when there are too many. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { outcomesRoot } from '../../consensus/checkpoint/outcome.ts';
import { memoryStore } from '../memory-store.ts';
import type { Store } from '../ports.ts';
import { ProvedCheckpoints } from '../service/proved-checkpoints.ts';
import { checkpointOf, vertexOf } from './store-samples.ts';

const test = suite('proved checkpoints');

/** A store of some checkpoints with so many outcomes each, which counts the questions. */
async function storeOf(outcomes: number, heights = 3): Promise<{ store: Store; readonly asked: number[] }> {
  const memory = memoryStore();
  const asked: number[] = [];
  for (let height = 1; height <= heights; height++) {
    const numbers = Array.from({ length: outcomes }, (_, i) => height * outcomes + i);
    await memory.write(
      numbers.map((number) => ({ type: 'vertex', vertex: vertexOf(number, 0) })),
      true,
    );
    await memory.write([{ type: 'checkpoint', checkpoint: checkpointOf(height, numbers, []) }], true);
  }
  const checkpoint: Store['checkpoint'] = (height) => {
    asked.push(height);
    return memory.checkpoint(height);
  };
  return { store: { ...memory, checkpoint }, asked };
}

test('a checkpoint is read once, with the tree over its outcomes; one that is not there is looked for again', async () => {
  const { store, asked } = await storeOf(5);
  const kept = new ProvedCheckpoints(store);
  const [first] = await Promise.all([kept.at(2), kept.at(2)]);
  assert.equal(first!.tree.at(-1)![0], outcomesRoot(first!.outcomes));
  assert.is(await kept.at(2), first);
  asked.length = 0;
  assert.is(await kept.at(2), first);
  assert.is(await kept.at(9), undefined);
  assert.is(await kept.at(9), undefined);
  assert.equal(asked, [9, 9]);
});

test('the one that was asked for longest ago goes first', async () => {
  const { store, asked } = await storeOf(9_000);
  const kept = new ProvedCheckpoints(store);
  for (const height of [1, 2, 1, 3]) await kept.at(height);
  asked.length = 0;
  for (const height of [1, 3, 2]) await kept.at(height);
  assert.equal(asked, [2]);
});

test('checkpoints of one outcome take room too: their headers and certificates are larger', async () => {
  const { store, asked } = await storeOf(1, 1_000);
  const kept = new ProvedCheckpoints(store);
  for (let height = 1; height <= 1_000; height++) await kept.at(height);
  asked.length = 0;
  await kept.at(1_000);
  await kept.at(1);
  assert.equal(asked, [1]);
});

test.run();

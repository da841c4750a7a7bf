/** Hashes of the history `[CKP-2]` as the store holds them; `undefined` where it joined too late to have one of them. */

import { zero32 } from '../consensus/crypto/hash.ts';
import { historyPath, historyPositions } from '../consensus/merkle/history.ts';
import type { Store } from './ports.ts';

type Nodes = ReadonlyMap<string, Uint8Array>;
const nameOf = (level: number, index: number): string => `${level}/${index}`;

async function readNodes(
  store: Store,
  positions: readonly { readonly level: number; readonly index: number }[],
): Promise<Nodes | undefined> {
  const nodes = new Map<string, Uint8Array>();
  for (const { level, index } of positions) {
    const node = await store.historyNode(level, index);
    if (node === undefined) return undefined;
    nodes.set(nameOf(level, index), node);
  }
  return nodes;
}

/** Path from the header at `height` to the root over the first `size` headers; empty where it comes right after them. */
export async function readHistoryPath(
  store: Store,
  height: number,
  size: number,
): Promise<Uint8Array[] | undefined> {
  if (height === size) return [];
  // First which nodes the path needs, then the path.
  const wanted: { level: number; index: number }[] = [];
  historyPath(height, size, (level, index) => {
    wanted.push({ level, index });
    return zero32;
  });
  const nodes = await readNodes(store, wanted);
  return nodes && historyPath(height, size, (level, index) => nodes.get(nameOf(level, index))!);
}

/** The peaks over the first `size` headers, largest first. */
export async function readPeaks(store: Store, size: number): Promise<Uint8Array[] | undefined> {
  const nodes = await readNodes(store, historyPositions(size));
  return nodes && [...nodes.values()];
}

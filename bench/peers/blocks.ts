/** Counts over the blocks that the peer's nodes hold `[BCH-1]`, as `countStore` does over our stores. */

import { pause, until } from '../cluster/schedule.ts';
import type { StoreCount } from '../output/count.ts';
import { heightOf } from './comet.ts';
import { idOf } from './record.ts';
import { type Rpc, resultOf } from './rpc.ts';

const SETTLED_WITHIN_MS = 30_000;
const SETTLED_MS = 1_000;
/** Heights in one answer: the peer lists 20 headers at most, and 64 calls a batch are set. */
const HEIGHTS_TOGETHER = 20;

export interface Block {
  readonly block_id: { readonly hash: string };
  readonly block: {
    readonly header: { readonly height: string; readonly app_hash: string };
    readonly data: { readonly txs: readonly string[] | null };
  };
}

/** Resolves to the height at which all nodes stand still: the peer makes a block after the last to prove its state. */
export async function settledHeight(rpcs: readonly Rpc[]): Promise<number> {
  let last = -1;
  await until(
    async () => {
      const heights = await Promise.all(rpcs.map(heightOf));
      const isSame = heights.every((height) => height === last);
      last = heights[0]!;
      if (!isSame) await pause(SETTLED_MS);
      return isSame;
    },
    SETTLED_WITHIN_MS,
    'all nodes of the peer stand at one height',
  );
  return last;
}

/** Blocks whole, from one node. */
export async function countBlocks(name: string, rpc: Rpc, height: number): Promise<StoreCount> {
  const count = emptyCount();
  for (let from = 1; from <= height; from += HEIGHTS_TOGETHER) {
    const heights = Array.from({ length: Math.min(HEIGHTS_TOGETHER, height + 1 - from) }, (_, i) => from + i);
    const calls = heights.map((at) => ({ method: 'block', params: { height: String(at) } }));
    for (const answer of await rpc.batch(calls)) addBlock(count, name, resultOf<Block>(answer));
  }
  return { ...count, height, stateRoot: await stateOf(rpc) };
}

/** Ids of another node's blocks: what is in a block follows from its id. */
export async function countIds(name: string, rpc: Rpc, height: number): Promise<StoreCount> {
  const count = emptyCount();
  for (let from = 1; from <= height; from += HEIGHTS_TOGETHER) {
    const maxHeight = Math.min(height, from + HEIGHTS_TOGETHER - 1);
    const params = { minHeight: String(from), maxHeight: String(maxHeight) };
    const { block_metas: metas } = await rpc.ask<{ block_metas: { block_id: { hash: string } }[] }>(
      'blockchain',
      params,
    );
    // Newest first.
    count.headers.push(...metas.map(({ block_id: { hash } }) => hash).reverse());
  }
  if (count.headers.length !== height)
    count.faults.push(`${name}: ${count.headers.length} blocks, and ${height} are expected`);
  return { ...count, height, stateRoot: await stateOf(rpc) };
}

interface Counting {
  readonly headers: string[];
  readonly heights: Map<string, number>;
  readonly faults: string[];
}

function emptyCount(): Counting {
  return { headers: [], heights: new Map(), faults: [] };
}

export function addBlock(
  { headers, heights, faults }: Counting,
  name: string,
  { block_id: blockId, block }: Block,
): void {
  const at = Number(block.header.height);
  if (at !== headers.length + 1) faults.push(`${name}: block ${at} came as number ${headers.length + 1}`);
  headers.push(blockId.hash);
  for (const transaction of block.data.txs ?? []) {
    const id = idOf(Buffer.from(transaction, 'base64'));
    if (heights.has(id)) faults.push(`${name}: record ${id} stands in ${heights.get(id)} and in ${at}`);
    heights.set(id, at);
  }
}

async function stateOf(rpc: Rpc): Promise<string> {
  const { response } = await rpc.ask<{ response: { last_block_app_hash: string } }>('abci_info');
  return response.last_block_app_hash;
}

/** The ids of blocks say what is in them: the others hold what the first one holds, if their ids are the same. */
export function withContents(first: StoreCount, other: StoreCount): StoreCount {
  const isSame =
    first.headers.length === other.headers.length &&
    first.headers.every((id, at) => id === other.headers[at]);
  return isSame ? { ...other, heights: first.heights } : other;
}

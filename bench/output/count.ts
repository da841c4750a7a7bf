/**
 * Counts over the stores of nodes that have stopped `[BCH-1]`: every vertex that was taken stands in exactly one
 * checkpoint with outcome OK, and all nodes hold the same headers, so the same state roots.
 */

import { headerId } from '../../consensus/checkpoint/header.ts';
import { outcomeCode } from '../../consensus/checkpoint/outcome.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import { LedgerState } from '../../consensus/contracts/state.ts';
import { openStore } from '../../node/level/store.ts';

export interface StoreCount {
  readonly height: number;
  /** Least height of a checkpoint; 1 where it is left out, unless the node joined by a snapshot. */
  readonly firstHeight?: number;
  /** Id of each header, hex; the first is that of `firstHeight`. */
  readonly headers: readonly string[];
  /** State root of the newest header. */
  readonly stateRoot: string;
  /** Height of each confirmed vertex, by its id. */
  readonly heights: ReadonlyMap<string, number>;
  readonly faults: readonly string[];
}

/** Reads one store whole. Its node must have stopped. */
export async function countStore(name: string, directory: string): Promise<StoreCount> {
  const store = await openStore(directory);
  try {
    const faults: string[] = [];
    const { height, objects } = await store.load();
    const firstHeight = Math.max(1, await store.firstHeight());
    const headers: string[] = [];
    const heights = new Map<string, number>();
    let stateRoot = '';
    for (let at = firstHeight; at <= height; at++) {
      const checkpoint = await store.checkpoint(at);
      if (checkpoint === undefined) {
        faults.push(`${name}: checkpoint ${at} is missing`);
        break;
      }
      headers.push(toHex(headerId(checkpoint.header)));
      stateRoot = toHex(checkpoint.header.stateRoot);
      for (const outcome of checkpoint.outcomes) {
        const id = toHex(outcome.id);
        if (heights.has(id))
          faults.push(`${name}: vertex ${id} is confirmed at ${heights.get(id)} and at ${at}`);
        if (outcomeCode(outcome) !== 'OK')
          faults.push(`${name}: vertex ${id} has outcome ${outcomeCode(outcome)}`);
        heights.set(id, at);
      }
    }
    const held = toHex(LedgerState.of(objects).map.root);
    if (height > 0 && held !== stateRoot)
      faults.push(`${name}: the stored state has root ${held}, and ${stateRoot} is certified`);
    return { height, firstHeight, headers, stateRoot, heights, faults };
  } finally {
    await store.close();
  }
}

const FAULTS_SHOWN = 10;

/**
 * What is wrong with the counts of all nodes together. `taken`: ids of the vertices that nodes said they took; `behind`:
 * names of nodes that were killed on the way, which hold the beginning only.
 */
export function faultsOf(
  counts: ReadonlyMap<string, StoreCount>,
  taken: readonly string[],
  behind: ReadonlySet<string> = new Set(),
): string[] {
  const faults = [...counts.values()].flatMap((count) => count.faults);
  const [[firstName, first] = [undefined, undefined]] = counts;
  if (first === undefined) return ['there is no store to count'];
  for (const [name, count] of counts) {
    // What came before a snapshot is known from who has it.
    const { firstHeight = 1 } = count;
    const isExpected = (id: string): boolean =>
      firstHeight === 1 || (first.heights.get(id) ?? 0) >= firstHeight;
    const missing = behind.has(name) ? [] : taken.filter((id) => isExpected(id) && !count.heights.has(id));
    if (missing.length > 0)
      faults.push(
        `${name}: ${missing.length} of ${taken.length} vertices are not confirmed, such as ${missing[0]}`,
      );
    const differs = count.headers.findIndex((id, at) => (first.headers[firstHeight - 1 + at] ?? id) !== id);
    if (differs >= 0)
      faults.push(`${name} and ${firstName} hold different headers at height ${firstHeight + differs}`);
    if (count.height === first.height && count.stateRoot !== first.stateRoot)
      faults.push(`${name} and ${firstName} hold different state roots at height ${first.height}`);
  }
  if (new Set(taken).size !== taken.length) faults.push('a vertex was sent twice under one id');
  return faults.length <= FAULTS_SHOWN
    ? faults
    : [...faults.slice(0, FAULTS_SHOWN), `and ${faults.length - FAULTS_SHOWN} more`];
}

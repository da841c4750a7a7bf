/** How far batches of readings were let go `[STO-3]`: one account for every store, on disk and in memory. */

import type { Pruned, StoreWrite } from './ports.ts';

type PruneWrite = Extract<StoreWrite, { readonly type: 'prune' }>;

export const nothingPruned: Pruned = { height: 0, late: undefined, batches: 0, bytes: 0 };

/** A batch was stored, again or for the first time, whose vertex was confirmed at `height`. */
export function noteLate(pruned: Pruned, height: number): Pruned {
  if (height > pruned.height || (pruned.late ?? height + 1) <= height) return pruned;
  return { ...pruned, late: height };
}

export function notePrune(pruned: Pruned, { from, height, vertices, freed }: PruneWrite): Pruned {
  const reached = Math.max(pruned.height, height);
  const { late } = pruned;
  // One that came meanwhile, below where this look began, is still to be found.
  const passed = late !== undefined && late > from ? Math.max(late, height + 1) : late;
  return {
    height: reached,
    late: passed !== undefined && passed <= pruned.height ? passed : undefined,
    batches: pruned.batches + vertices.length,
    bytes: pruned.bytes + freed,
  };
}

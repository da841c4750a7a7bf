/** The node's store as its services want it: it says which objects a checkpoint changed, once that is durable. */

import type { Change } from '../../consensus/contracts/state.ts';
import type { Store } from '../ports.ts';

export interface WatchedStore extends Store {
  /** The objects that the checkpoint at `height` wrote; given out once. */
  takeChanges(height: number): readonly Change[];
}

/** Changes of checkpoints whose notice nobody took: one round of effects never holds more. */
const KEPT_MAX = 1_024;

export function watchStore(store: Store): WatchedStore {
  const changes = new Map<number, readonly Change[]>();

  function keep(height: number, written: readonly Change[]): void {
    changes.set(height, written);
    for (const oldest of changes.keys()) {
      if (changes.size <= KEPT_MAX) break;
      changes.delete(oldest);
    }
  }

  return {
    load: () => store.load(),
    write: async (writes, durable) => {
      await store.write(writes, durable);
      for (const write of writes)
        if (write.type === 'checkpoint') keep(write.checkpoint.header.height, write.checkpoint.changes);
    },
    checkpoint: (height) => store.checkpoint(height),
    stage: () => store.stage(),
    firstHeight: () => store.firstHeight(),
    decision: (height) => store.decision(height),
    vertex: (key) => store.vertex(key),
    position: (key) => store.position(key),
    message: (id) => store.message(id),
    historyNode: (level, index) => store.historyNode(level, index),
    committeeChange: (epoch) => store.committeeChange(epoch),
    headerHeight: (idKey) => store.headerHeight(idKey),
    pruned: () => store.pruned(),
    size: () => store.size(),
    close: () => store.close(),
    takeChanges: (height) => {
      const taken = changes.get(height) ?? [];
      changes.delete(height);
      return taken;
    },
  };
}

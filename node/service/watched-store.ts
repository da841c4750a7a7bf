/** A store that says which objects a checkpoint changed, once that is durable. */

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
  return {
    load: () => store.load(),
    write: async (writes, durable) => {
      await store.write(writes, durable);
      for (const write of writes) if (write.type === 'checkpoint') changes.set(write.checkpoint.header.height, write.checkpoint.changes);
      for (const height of changes.keys()) {
        if (changes.size <= KEPT_MAX) break;
        changes.delete(height);
      }
    },
    checkpoint: (height) => store.checkpoint(height),
    vertex: (key) => store.vertex(key),
    position: (key) => store.position(key),
    historyNode: (level, index) => store.historyNode(level, index),
    size: () => store.size(),
    close: () => store.close(),
    takeChanges: (height) => {
      const taken = changes.get(height) ?? [];
      changes.delete(height);
      return taken;
    },
  };
}

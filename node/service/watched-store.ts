/**
 * The node's store as its services want it: it says which objects a checkpoint changed once that is durable, and a
 * vertex that is being written just now is waited for.
 */

import type { Change } from '../../consensus/contracts/state.ts';
import type { Store } from '../ports.ts';

export interface WatchedStore extends Store {
  /** The objects that the checkpoint at `height` wrote; given out once. */
  takeChanges(height: number): readonly Change[];
}

/** Changes of checkpoints whose notice nobody took: one round of effects never holds more. */
const KEPT_MAX = 1_024;
/** A vertex is written when it comes, when it is confirmed, and when its payload comes. */
const WRITES_PER_VERTEX = 3;

export function watchStore(store: Store): WatchedStore {
  const changes = new Map<number, readonly Change[]>();
  let writing: Promise<unknown> | undefined;

  function keep(height: number, written: readonly Change[]): void {
    changes.set(height, written);
    for (const oldest of changes.keys()) {
      if (changes.size <= KEPT_MAX) break;
      changes.delete(oldest);
    }
  }

  /** While a batch is under way the store knows where a vertex of it will stand, but not yet what stands there. */
  async function readVertex(key: string): Promise<Uint8Array | undefined> {
    for (let tries = 0; ; tries++) {
      const underWay = tries < WRITES_PER_VERTEX ? writing : undefined;
      try {
        const found = await store.vertex(key);
        if (found !== undefined || underWay === undefined) return found;
      } catch (error) {
        if (underWay === undefined) throw error;
      }
      await underWay;
    }
  }

  return {
    load: () => store.load(),
    write: async (writes, durable) => {
      const written = store.write(writes, durable);
      const settled = Promise.allSettled([writing, written]);
      writing = settled;
      try {
        await written;
      } finally {
        if (writing === settled) writing = undefined;
      }
      for (const write of writes)
        if (write.type === 'checkpoint') keep(write.checkpoint.header.height, write.checkpoint.changes);
    },
    checkpoint: (height) => store.checkpoint(height),
    decision: (height) => store.decision(height),
    vertex: readVertex,
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

/**
 * Gives back to the disk what was pruned `[STO-3]`. LevelDB frees what is overwritten only when it compacts, and by itself it
 * may never: the small remains of large values weigh too little to move.
 */

import type { StoreWrite } from '../ports.ts';
import type { Database } from './database.ts';
import { bodyKey } from './keys.ts';
import type { Known } from './known.ts';

/** A key below all others, which none has. */
const NOTHING = new Uint8Array(0);
/** Above all: no kind has such a letter. */
const BEYOND = Uint8Array.of(0xff);

export class Compaction {
  readonly #db: Database;
  /** Ordinals between which bodies were pruned since the last one, in this life. */
  #pruned: { readonly from: number; readonly to: number } | undefined;

  constructor(db: Database) {
    this.#db = db;
  }

  /** What was written just now. */
  note(writes: readonly StoreWrite[], { confirmed }: Known): void {
    for (const write of writes) {
      if (write.type !== 'prune') continue;
      for (const { key } of write.vertices) {
        const { ordinal } = confirmed.get(key)!;
        const { from, to } = this.#pruned ?? { from: ordinal, to: ordinal };
        this.#pruned = { from: Math.min(from, ordinal), to: Math.max(to, ordinal) };
      }
    }
  }

  async run(what: 'pruned' | 'all'): Promise<void> {
    const range = this.#pruned;
    this.#pruned = undefined;
    // LevelDB chooses its levels before it writes out what is in memory: so that goes first, by a range that holds nothing.
    await this.#db.compactRange(NOTHING, NOTHING);
    if (what === 'all') await this.#db.compactRange(NOTHING, BEYOND);
    else if (range !== undefined) await this.#db.compactRange(bodyKey(range.from), bodyKey(range.to));
  }
}

/**
 * The checkpoints that proofs were last asked of, decoded, with the trees over their outcomes: a busy checkpoint has
 * thousands of outcomes, and each gateway asks for the proof of each of its own.
 */

import { outcomeTree } from '../../consensus/checkpoint/outcome.ts';
import type { Store, StoredCheckpoint } from '../ports.ts';

/** Outcomes held in all, beside those of the one asked for last: 0.3 KB each with its share of the tree. */
const OUTCOMES_MAX = 20_000;
/** A checkpoint's header and certificate take as much as so many outcomes. */
const BASE_OUTCOMES = 50;

export interface ProvedCheckpoint extends StoredCheckpoint {
  readonly tree: ReturnType<typeof outcomeTree>;
}

export class ProvedCheckpoints {
  readonly #store: Store;
  /** By height; the one that was asked for longest ago comes first. */
  readonly #kept = new Map<number, ProvedCheckpoint>();
  #outcomes = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  /** `undefined` where the store has none at this height. */
  async at(height: number): Promise<ProvedCheckpoint | undefined> {
    const stored = this.#kept.has(height) ? undefined : await this.#store.checkpoint(height);
    // Somebody else may have asked meanwhile.
    const kept = this.#kept.get(height);
    if (kept !== undefined) this.#kept.delete(height);
    const found = kept ?? (stored && { ...stored, tree: outcomeTree(stored.outcomes) });
    if (found === undefined) return undefined;
    this.#kept.set(height, found);
    if (kept === undefined) this.#outcomes += roomOf(found);
    for (const [oldest, checkpoint] of this.#kept) {
      if (this.#outcomes <= OUTCOMES_MAX || oldest === height) break;
      this.#kept.delete(oldest);
      this.#outcomes -= roomOf(checkpoint);
    }
    return found;
  }
}

function roomOf({ outcomes }: ProvedCheckpoint): number {
  return BASE_OUTCOMES + outcomes.length;
}

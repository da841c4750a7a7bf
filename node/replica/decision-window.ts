/**
 * For which heights a node keeps why they were decided `[BFT-2]`: for the trusting period at least, by the times of the
 * headers, and for no more heights than honest leaders make in twice that time. docs/spec/committee.md.
 *
 * Times are remembered of one height in each block only, and a block's decisions go a few at a time, so that a network that
 * wakes after a long pause does not drop them all at once.
 */

import type { Pace } from '../../consensus/checkpoint/genesis.ts';
import type { Header } from '../../consensus/checkpoint/header.ts';

/** Heights of a block; a mark is the time of its last one. */
export const DECISION_BLOCK = 4_096;
/** Dropped with one checkpoint at most. */
export const DROPPED_MAX = 256;
/** After a restart so many blocks are dropped once more: the last life may not have come to all that were due. */
const BLOCKS_AGAIN = 16;

export class DecisionWindow {
  readonly #periodMs: number;
  readonly #heightsMax: number;
  /** Number of a block → time of its last height, of those not dropped yet. */
  readonly #marks: Map<number, number>;
  /** The least height whose decision may still be there. */
  #next: number;

  /** `marks`: times of the last heights of all blocks up to `newest` that this node has seen whole, by the blocks' numbers. */
  constructor(
    { trustingPeriodMs, checkpointIntervalMs }: Pace,
    newest: Pick<Header, 'height' | 'time'>,
    marks: ReadonlyMap<number, number>,
  ) {
    this.#periodMs = trustingPeriodMs;
    this.#heightsMax = 2 * Math.ceil(trustingPeriodMs / Math.max(1, checkpointIntervalMs));
    this.#marks = new Map(marks);
    const complete = Math.floor(newest.height / DECISION_BLOCK);
    const [lowest = complete] = this.#marks.keys();
    const due = [...this.#marks.keys()].find((block) => !this.#isOver(block, newest)) ?? complete;
    const first = Math.max(lowest, due - BLOCKS_AGAIN);
    for (let block = lowest; block < first; block++) this.#marks.delete(block);
    this.#next = first * DECISION_BLOCK + 1;
  }

  /** The next height is certified: those whose decisions go with it, ascending. */
  advance(newest: Pick<Header, 'height' | 'time'>): number[] {
    if (newest.height % DECISION_BLOCK === 0)
      this.#marks.set(newest.height / DECISION_BLOCK - 1, newest.time);
    const block = Math.floor((this.#next - 1) / DECISION_BLOCK);
    if (!this.#isOver(block, newest)) return [];
    const last = (block + 1) * DECISION_BLOCK;
    const count = Math.min(DROPPED_MAX, last - this.#next + 1);
    const dropped = Array.from({ length: count }, (_, i) => this.#next + i);
    this.#next += count;
    if (this.#next > last) this.#marks.delete(block);
    return dropped;
  }

  #isOver(block: number, { height, time }: Pick<Header, 'height' | 'time'>): boolean {
    const mark = this.#marks.get(block);
    if (mark === undefined) return false;
    return mark + this.#periodMs < time || (block + 1) * DECISION_BLOCK <= height - this.#heightsMax;
  }
}

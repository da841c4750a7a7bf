/**
 * Measures finality in a world of nodes some of which may be down: from the author's signing to the moment that the last
 * node of those that count holds the certified checkpoint, stored.
 */

import { toHex } from '../../consensus/codec/bytes.ts';
import type { Notice } from '../../node/replica/events.ts';
import type { SimulatedNode, World } from '../world.ts';

export class FinalityMeter {
  /** Finality of vertices that are no witnesses, ms. */
  readonly durations: number[] = [];
  /** When the last of those that count held each height, ms since the start. */
  readonly heldAt = new Map<number, number>();
  readonly #world: World;
  readonly #counted: Set<SimulatedNode>;
  readonly #fromMs: number;
  readonly #reached = new Map<number, number>();

  /** Vertices signed before `fromMs` since the start are left out. */
  constructor(world: World, counted: readonly SimulatedNode[], fromMs: number) {
    this.#world = world;
    this.#counted = new Set(counted);
    this.#fromMs = world.time.startMs + fromMs;
    const before = world.onNotice;
    world.onNotice = (node, notice) => {
      before(node, notice);
      if (notice.type === 'checkpoint' && this.#counted.has(node)) this.#onCheckpoint(notice);
    };
  }

  /** From now on this node does not count; heights that it had reached alone are not to be asked for. */
  leaveOut(node: SimulatedNode): void {
    this.#counted.delete(node);
  }

  #onCheckpoint({ header, vertices }: Extract<Notice, { type: 'checkpoint' }>): void {
    const reached = (this.#reached.get(header.height) ?? 0) + 1;
    this.#reached.set(header.height, reached);
    if (reached !== this.#counted.size) return;
    this.heldAt.set(header.height, this.#world.time.elapsedMs);
    const authors = new Set([...this.#counted].map(({ key }) => key));
    // Authors sign with the time of their clocks, which no fault moves here.
    for (const { kind, time, author } of vertices)
      if (kind !== 'witness' && time >= this.#fromMs && authors.has(toHex(author)))
        this.durations.push(this.#world.time.now() - time);
  }
}

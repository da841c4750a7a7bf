/** Virtual time: events in order of (time, sequence), one seed for all chance. The same seed gives the same run. */

import type { Clock, Timers } from '../node/ports.ts';

interface Scheduled {
  readonly atMs: number;
  readonly sequence: number;
  readonly call: () => void;
}

export class VirtualTime implements Clock, Timers {
  #nowMs: number;
  #sequence = 0;
  #seed: number;
  readonly #cancelled = new Set<number>();
  readonly #heap: Scheduled[] = [];

  constructor(startMs: number, seed: number) {
    this.#nowMs = startMs;
    this.#seed = seed >>> 0;
  }

  now(): number {
    return this.#nowMs;
  }

  at(atMs: number, call: () => void): () => void {
    const event = { atMs: Math.max(atMs, this.#nowMs), sequence: this.#sequence++, call };
    this.#push(event);
    return () => this.#cancelled.add(event.sequence);
  }

  /** A number from 0 (included) to 1; mulberry32, so that it is the same on every machine. */
  chance(): number {
    this.#seed = (this.#seed + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#seed ^ (this.#seed >>> 15), 1 | this.#seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Runs events up to `untilMs`, after each of them whatever it set going that takes no virtual time. */
  async run(untilMs: number, settle: () => Promise<void>): Promise<void> {
    for (let next = this.#heap[0]; next !== undefined && next.atMs <= untilMs; next = this.#heap[0]) {
      this.#pop();
      if (this.#cancelled.delete(next.sequence)) continue;
      this.#nowMs = next.atMs;
      next.call();
      await settle();
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  #push(event: Scheduled): void {
    const heap = this.#heap;
    heap.push(event);
    for (let at = heap.length - 1; at > 0; ) {
      const above = (at - 1) >> 1;
      if (!isBefore(heap[at]!, heap[above]!)) return;
      [heap[at], heap[above]] = [heap[above]!, heap[at]!];
      at = above;
    }
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    heap[0] = last;
    for (let at = 0; ; ) {
      let child = 2 * at + 1;
      if (child >= heap.length) return;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, heap[at]!)) return;
      [heap[at], heap[child]] = [heap[child]!, heap[at]!];
      at = child;
    }
  }
}

function isBefore(a: Scheduled, b: Scheduled): boolean {
  return a.atMs !== b.atMs ? a.atMs < b.atMs : a.sequence < b.sequence;
}

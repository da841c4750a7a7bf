/** Virtual time: events in order of (time, sequence). The same calls give the same run. docs/spec/simulator.md. */

import type { Clock, Timers } from '../node/ports.ts';
import { Random } from './random.ts';

interface Scheduled {
  readonly atMs: number;
  readonly sequence: number;
  /** Absent once it was called off. What it answers does not matter, except `calm`. */
  call: (() => unknown) | undefined;
}

/** Answered by an event that set nothing going: then nothing need be waited for. */
export const calm: unique symbol = Symbol('calm');

/** Times are multiples of this, so that sums and differences are exact. */
const STEPS_PER_MS = 64;

export class VirtualTime implements Clock, Timers {
  readonly startMs: number;
  /** Events that have happened. */
  events = 0;
  #nowMs: number;
  #sequence = 0;
  #stopped = false;
  readonly #random: Random;
  readonly #heap: Scheduled[] = [];

  constructor(startMs: number, seed: number) {
    this.startMs = startMs;
    this.#nowMs = startMs;
    this.#random = new Random(seed, 'world');
  }

  now(): number {
    return this.#nowMs;
  }

  /** Milliseconds since the start. */
  get elapsedMs(): number {
    return this.#nowMs - this.startMs;
  }

  /** The same in whole steps, for the trace. */
  get elapsedSteps(): number {
    return this.elapsedMs * STEPS_PER_MS;
  }

  at(atMs: number, call: () => unknown): () => void {
    const steps = Math.ceil(atMs * STEPS_PER_MS) / STEPS_PER_MS;
    const event: Scheduled = { atMs: Math.max(steps, this.#nowMs), sequence: this.#sequence++, call };
    this.#push(event);
    return () => {
      event.call = undefined;
    };
  }

  after(delayMs: number, call: () => unknown): () => void {
    return this.at(this.#nowMs + delayMs, call);
  }

  /** A number from 0 (included) to 1. */
  chance(): number {
    return this.#random.chance();
  }

  /** Runs events up to `untilMs`; after each of them whatever it set going that takes no virtual time. */
  async run(untilMs: number): Promise<void> {
    this.#stopped = false;
    for (let next = this.#heap[0]; next !== undefined && next.atMs <= untilMs; next = this.#heap[0]) {
      this.#pop();
      if (next.call === undefined) continue;
      this.#nowMs = next.atMs;
      this.events += 1;
      // All promise jobs run before the next turn of the event loop: nothing in a node waits for anything else.
      if (next.call() !== calm) await turn();
      if (this.#stopped) return;
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  /** Ends the `run` under way after the present event. */
  stop(): void {
    this.#stopped = true;
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

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function isBefore(a: Scheduled, b: Scheduled): boolean {
  return a.atMs !== b.atMs ? a.atMs < b.atMs : a.sequence < b.sequence;
}

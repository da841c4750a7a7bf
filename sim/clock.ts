/**
 * One node's clock and timers over virtual time: offset, drift and jumps. A timer counts the node's own seconds from when it
 * is set, as `setTimeout` does: it drifts with the clock, and a jump does not move it.
 */

import type { Clock, Timers } from '../node/ports.ts';
import type { VirtualTime } from './virtual-time.ts';

export class NodeClock implements Clock, Timers {
  readonly #time: VirtualTime;
  /** Called when a timer goes off, before its call. */
  readonly #onTimer: () => void;
  /** Own milliseconds to one of virtual time. */
  #rate = 1;
  /** What the clock showed at `#since`. */
  #shownMs: number;
  #since: number;

  constructor(time: VirtualTime, onTimer: () => void = () => {}) {
    this.#time = time;
    this.#onTimer = onTimer;
    this.#shownMs = time.now();
    this.#since = time.now();
  }

  now(): number {
    return Math.floor(this.#exact());
  }

  /** What it shows more than virtual time, ms. */
  get offsetMs(): number {
    return this.#exact() - this.#time.now();
  }

  at(atMs: number, call: () => void): () => void {
    const leftMs = Math.max(0, atMs - this.#exact()) / this.#rate;
    return this.#time.after(leftMs, () => {
      this.#onTimer();
      call();
    });
  }

  /** Runs fast by `ppm` parts per million from now on; slow where that is negative. */
  drift(ppm: number): void {
    this.#shownMs = this.#exact();
    this.#since = this.#time.now();
    this.#rate = 1 + ppm / 1e6;
  }

  jump(byMs: number): void {
    this.#shownMs += byMs;
  }

  /** Shows virtual time and keeps it, as if set from outside. */
  setRight(): void {
    this.#rate = 1;
    this.#shownMs = this.#time.now();
    this.#since = this.#time.now();
  }

  #exact(): number {
    return this.#shownMs + (this.#time.now() - this.#since) * this.#rate;
  }
}

/**
 * Which times of one device were seen, where its packs have no counter and their time counts instead. Times are
 * sparse, so a bitmap would reach back one second: this keeps the 128 greatest themselves.
 */

import type { Sight, Window } from './counter-window.ts';

const TIMES = 128;

export class TimeWindow implements Window {
  /** Ascending. */
  #times: number[] = [];

  get highest(): number {
    return this.#times.at(-1) ?? -1;
  }

  judge(time: number): Sight {
    if (this.#times.includes(time)) return 'seen';
    return this.#times.length === TIMES && time < this.#times[0]! ? 'old' : 'new';
  }

  mark(time: number): void {
    let place = this.#times.length;
    while (place > 0 && this.#times[place - 1]! > time) place--;
    this.#times.splice(place, 0, time);
    if (this.#times.length > TIMES) this.#times.shift();
  }

  encode(): Uint8Array {
    const bytes = new Uint8Array(8 * this.#times.length);
    const view = new DataView(bytes.buffer);
    for (const [index, time] of this.#times.entries()) view.setBigUint64(8 * index, BigInt(time));
    return bytes;
  }

  /** What `encode` wrote, or `undefined` when it cannot have. */
  static decode(bytes: Uint8Array): TimeWindow | undefined {
    if (bytes.length % 8 !== 0 || bytes.length > 8 * TIMES) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const window = new TimeWindow();
    for (let offset = 0; offset < bytes.length; offset += 8)
      window.#times.push(Number(view.getBigUint64(offset)));
    return window;
  }
}

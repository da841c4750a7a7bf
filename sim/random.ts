/**
 * Chance by the seed: independent streams of numbers, one for each purpose. Only +, −, × and ÷ are used, which IEEE 754
 * defines to the last bit; `Math.log` and its kin may differ from one machine to the next.
 */

import { createHash } from 'node:crypto';

export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** The stream of one purpose, such as `faults/crash`; equal for equal seeds and names. */
  constructor(seed: number, purpose: string) {
    const digest = createHash('sha256').update(`${seed}/${purpose}`).digest();
    [this.#a, this.#b, this.#c] = [0, 4, 8].map((at) => digest.readInt32LE(at)) as [number, number, number];
  }

  /** From 0 (included) to 1, in steps of 2⁻³²: sfc32. */
  chance(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  }

  /** A whole number from 0 to `count − 1`. */
  below(count: number): number {
    return Math.floor(this.chance() * count);
  }

  between(least: number, most: number): number {
    return least + (most - least) * this.chance();
  }

  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError('"items" expected at least one, got none');
    return items[this.below(items.length)]!;
  }

  /** `count` different ones, or all where there are fewer, in drawn order. */
  sample<T>(items: readonly T[], count: number): T[] {
    const left = items.slice();
    const drawn: T[] = [];
    while (drawn.length < count && left.length > 0) drawn.push(...left.splice(this.below(left.length), 1));
    return drawn;
  }

  /** Mean 0, deviation 1: the sum of twelve uniform numbers less six, so that nothing lies beyond ±6. */
  normal(): number {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += this.chance();
    return sum;
  }

  /** e to the power of a normal number times `spread`: median 1, with a heavy tail. */
  lognormal(spread: number): number {
    return exponential(this.normal() * spread);
  }
}

/** eˣ by its series around 0, squared back up: the same bits everywhere. */
function exponential(x: number): number {
  const small = x / 256;
  let power = 1 + small * (1 + (small / 2) * (1 + (small / 3) * (1 + (small / 4) * (1 + small / 5))));
  for (let i = 0; i < 8; i++) power *= power;
  return power;
}

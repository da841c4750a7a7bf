/** Chances that are the same in every run, for tests that draw what they try. */

/** mulberry32: numbers from 0 up to 1. */
export function chanceOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export class Dice {
  readonly chance: () => number;

  constructor(seed: number) {
    this.chance = chanceOf(seed);
  }

  below(n: number): number {
    return Math.floor(this.chance() * n);
  }

  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}

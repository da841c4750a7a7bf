/** Seeded chance for walks: the same seed, the same walk. */

export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  /** 32 bits, by xorshift. */
  next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state;
  }

  /** 0 to `count` − 1. */
  below(count: number): number {
    return this.next() % count;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /** True once in `count`. */
  once(count: number): boolean {
    return this.below(count) === 0;
  }
}

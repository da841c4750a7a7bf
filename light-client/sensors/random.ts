/** Randomness of the simulated sensors: seeded, so that one seed is one scenario. For nothing else. */

import { hash } from 'node:crypto';

/** sfc32 (Chris Doty-Humphrey): small, fast, passes PractRand. */
export class Random {
  readonly #state: Uint32Array;

  /** Streams with different names are independent, so that a sensor more changes nothing for the others. */
  constructor(seed: string, name: string) {
    const digest = hash('sha256', `${seed}\n${name}`, 'buffer');
    this.#state = Uint32Array.from({ length: 4 }, (_, i) => digest.readUInt32BE(4 * i));
  }

  /** Uniform in [0, 1). */
  next(): number {
    const s = this.#state;
    const sum = s[0]! + s[1]! + s[3]!;
    s[3]! += 1;
    s[0] = s[1]! ^ (s[1]! >>> 9);
    s[1] = s[2]! + (s[2]! << 3);
    s[2] = ((s[2]! << 21) | (s[2]! >>> 11)) + sum;
    return (sum >>> 0) / 2 ** 32;
  }

  between(min: number, max: number): number {
    return min + (max - min) * this.next();
  }

  /** Normal with mean 0. */
  noise(deviation: number): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    return deviation * radius * Math.cos(2 * Math.PI * this.next());
  }

  /** Exponential: time to the next of events that come `mean` apart. */
  wait(mean: number): number {
    return -mean * Math.log(1 - this.next());
  }
}

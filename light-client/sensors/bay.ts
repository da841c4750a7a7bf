/**
 * A bay of a cold warehouse: pallets on a weighing platform, forklifts that come and go by day, a door. In a
 * breach of kind `weight` a forklift takes pallets away.
 */

import { Random } from './random.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 1440 * MINUTE_MS;
const OPENS_AT_MS = 6 * 60 * MINUTE_MS;
const CLOSES_AT_MS = 18 * 60 * MINUTE_MS;
const VISITS_APART_MS = 40 * MINUTE_MS;

export const PALLETS = 24;
export const PALLET_KG = 480;
const FORKLIFT_KG = 3200;
const STOLEN_PALLETS = 4;

interface Visit {
  readonly fromMs: number;
  readonly toMs: number;
  /** Pallets gone when the visit ends. */
  readonly taken: number;
}

export class Bay {
  readonly #random: Random;
  /** Breaches still to come, ascending. */
  readonly #theftsMs: number[];
  #visit: Visit;
  #pallets = PALLETS;

  constructor(seed: string, startMs: number, theftsMs: readonly number[]) {
    this.#random = new Random(seed, 'bay');
    this.#theftsMs = theftsMs.filter((atMs) => atMs >= startMs).sort((a, b) => a - b);
    this.#visit = this.#nextVisit(startMs);
  }

  /** Moves on to `timeMs`, which must not lie before the last one. */
  advance(timeMs: number): void {
    while (timeMs >= this.#visit.toMs) {
      this.#pallets -= Math.min(this.#pallets, this.#visit.taken);
      this.#visit = this.#nextVisit(this.#visit.toMs);
    }
  }

  /** The door stands open while a forklift is inside. */
  get doorOpen(): (timeMs: number) => boolean {
    const { fromMs, toMs } = this.#visit;
    return (timeMs) => timeMs >= fromMs && timeMs < toMs;
  }

  /** When the door moves next, after `timeMs`. */
  doorMovesMs(timeMs: number): number {
    return timeMs < this.#visit.fromMs ? this.#visit.fromMs : this.#visit.toMs;
  }

  forkliftOn(timeMs: number): boolean {
    const { fromMs, toMs } = this.#visit;
    return timeMs >= fromMs + 15_000 && timeMs < toMs - 15_000;
  }

  get pallets(): number {
    return this.#pallets;
  }

  /** True mass on the platform, kg. */
  massKg(timeMs: number): number {
    return this.#pallets * PALLET_KG + (this.forkliftOn(timeMs) ? FORKLIFT_KG : 0);
  }

  #nextVisit(afterMs: number): Visit {
    const fromMs = workingTime(afterMs + this.#random.wait(VISITS_APART_MS));
    const lastsMs = this.#random.between(1, 4) * MINUTE_MS;
    const [theftMs] = this.#theftsMs;
    if (theftMs !== undefined && fromMs + lastsMs >= theftMs) {
      this.#theftsMs.shift();
      const at = Math.max(theftMs, afterMs);
      return { fromMs: at, toMs: at + 6 * MINUTE_MS, taken: STOLEN_PALLETS };
    }
    return { fromMs: Math.round(fromMs), toMs: Math.round(fromMs + lastsMs), taken: 0 };
  }
}

/** The same time by day; by night the next morning's opening, as far in as it was past closing. */
function workingTime(timeMs: number): number {
  const inDay = timeMs % DAY_MS;
  if (inDay < OPENS_AT_MS) return timeMs - inDay + OPENS_AT_MS + (inDay % VISITS_APART_MS);
  if (inDay >= CLOSES_AT_MS) return timeMs - inDay + DAY_MS + OPENS_AT_MS + (inDay % VISITS_APART_MS);
  return timeMs;
}

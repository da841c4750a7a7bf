/**
 * Allowances `[ADM-2]`: a token bucket for each author, and for each peer. Local policy: it delays relaying, it never
 * decides validity.
 */

export const RATE_PER_S = 500;
/** What may come at once: so many seconds' worth. */
export const BURST_S = 2;
export const BURST_VERTICES = BURST_S * RATE_PER_S;
const KEYS_MAX = 10_000;

interface Bucket {
  tokens: number;
  filledAt: number;
}

export class Allowance {
  readonly #perS: number;
  readonly #burst: number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(perS = RATE_PER_S) {
    this.#perS = perS;
    this.#burst = BURST_S * perS;
  }

  /** Takes `cost` vertices from the allowance of a key; false when it is used up. */
  take(key: string, cost: number, nowMs: number): boolean {
    const bucket = this.#filled(key, nowMs);
    if (bucket.tokens < cost) return false;
    bucket.tokens -= cost;
    return true;
  }

  /** Vertices that `take` would give: below zero where the key owes some. */
  left(key: string, nowMs: number): number {
    return Math.floor(this.#filled(key, nowMs).tokens);
  }

  /** Takes `cost` whether or not it is there: the key owes what is missing, and gets nothing before that is filled. */
  charge(key: string, cost: number, nowMs: number): void {
    this.#filled(key, nowMs).tokens -= cost;
  }

  /** Undoes a `take`. */
  giveBack(key: string, cost: number): void {
    const bucket = this.#buckets.get(key);
    if (bucket !== undefined) bucket.tokens = Math.min(this.#burst, bucket.tokens + cost);
  }

  #filled(key: string, nowMs: number): Bucket {
    const bucket = this.#buckets.get(key) ?? this.#open(key, nowMs);
    const filled = bucket.tokens + (Math.max(0, nowMs - bucket.filledAt) * this.#perS) / 1_000;
    bucket.tokens = Math.min(this.#burst, filled);
    bucket.filledAt = nowMs;
    return bucket;
  }

  #open(key: string, nowMs: number): Bucket {
    // Only enrolled keys, and peers, reach this, so the bound is met by a network larger than it was built for, not by a flood.
    if (this.#buckets.size >= KEYS_MAX) this.#buckets.clear();
    const bucket = { tokens: this.#burst, filledAt: nowMs };
    this.#buckets.set(key, bucket);
    return bucket;
  }
}

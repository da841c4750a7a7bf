/** Allowances `[ADM-2]`: a token bucket per author. Local policy: it delays relaying, it never decides validity. */

const RATE_PER_S = 500;
const BURST = 1_000;
const AUTHORS_MAX = 10_000;

interface Bucket {
  tokens: number;
  filledAt: number;
}

export class Allowance {
  readonly #buckets = new Map<string, Bucket>();

  /** Takes `cost` vertices from an author's allowance; false when it is used up. */
  take(authorKey: string, cost: number, nowMs: number): boolean {
    const bucket = this.#buckets.get(authorKey) ?? this.#open(authorKey, nowMs);
    bucket.tokens = Math.min(BURST, bucket.tokens + ((nowMs - bucket.filledAt) * RATE_PER_S) / 1_000);
    bucket.filledAt = nowMs;
    if (bucket.tokens < cost) return false;
    bucket.tokens -= cost;
    return true;
  }

  #open(authorKey: string, nowMs: number): Bucket {
    // Enrolled authors only reach this, so the bound is met by a network larger than it was built for, not by a flood.
    if (this.#buckets.size >= AUTHORS_MAX) this.#buckets.clear();
    const bucket = { tokens: BURST, filledAt: nowMs };
    this.#buckets.set(authorKey, bucket);
    return bucket;
  }
}

/**
 * How long heights have taken here of late, and so how long a view's leader is waited for `[BFT-7]`. On slow devices, or
 * under a load that they can just bear, a height takes longer than the genesis foresaw: giving each of its leaders up would
 * make it longer still.
 */

/** Heights that are remembered. Fewer than half of them may have had a leader who lies about being slow. */
const HEIGHTS = 15;
/** A leader may take so many times as long as was usual. */
const MARGIN = 3;

export class Tempo {
  readonly #leastMs: number;
  readonly #mostMs: number;
  readonly #took: number[] = new Array(HEIGHTS).fill(0);
  #next = 0;

  constructor({ viewTimeoutMs, viewTimeoutMaxMs }: { viewTimeoutMs: number; viewTimeoutMaxMs: number }) {
    this.#leastMs = viewTimeoutMs;
    this.#mostMs = viewTimeoutMaxMs;
  }

  /** A height was certified so long after the timer of its last view started here. */
  note(tookMs: number): void {
    this.#took[this.#next] = tookMs;
    this.#next = (this.#next + 1) % HEIGHTS;
  }

  /** The time that view 0 is given. */
  get patienceMs(): number {
    const usual = this.#took.slice().sort((a, b) => a - b)[(HEIGHTS - 1) / 2]!;
    return Math.min(Math.max(this.#leastMs, MARGIN * usual), this.#mostMs);
  }
}

/**
 * How long one height waits `[BFT-7]`: for the leader of a view, ever longer with each view, and before own words are
 * said again. Times are the caller's, ms; it looks at `wakeAt` and calls in time.
 */

import type { PbftRules } from './outputs.ts';

/** What is left of a view's timeout while its leader is not connected. */
const ABSENT_LEADER_SHARE = 1 / 4;

export class Patience {
  readonly #rules: PbftRules;
  readonly #height: number;
  /** Absent for an observer, who waits for nobody. */
  readonly #seat: number | undefined;
  #deadline: number | undefined;
  #startedAt: number | undefined;
  #resendAt = Number.POSITIVE_INFINITY;

  constructor(rules: PbftRules, height: number, seat: number | undefined) {
    this.#rules = rules;
    this.#height = height;
    this.#seat = seat;
  }

  /** When something is due; infinity when there is nothing to wait for. */
  get wakeAt(): number {
    return Math.min(this.#deadline ?? Number.POSITIVE_INFINITY, this.#resendAt);
  }

  /** A view's timer runs. */
  get runs(): boolean {
    return this.#deadline !== undefined;
  }

  /** Since the last view's timer started; `undefined` where none did. */
  waitedMs(nowMs: number): number | undefined {
    return this.#startedAt === undefined ? undefined : nowMs - this.#startedAt;
  }

  isOver(nowMs: number): boolean {
    return this.#deadline !== undefined && nowMs >= this.#deadline;
  }

  isResendDue(nowMs: number): boolean {
    return nowMs >= this.#resendAt;
  }

  start(view: number, nowMs: number): void {
    if (this.#seat === undefined) return;
    this.#startedAt = nowMs;
    this.#deadline = nowMs + this.#timeoutMs(view);
    this.#resendAt = Math.min(this.#resendAt, nowMs + this.#resendMs);
  }

  /** A connection broke: if it was the leader's, less patience is left. */
  shorten(view: number, nowMs: number): void {
    if (this.#deadline !== undefined)
      this.#deadline = Math.min(this.#deadline, nowMs + this.#timeoutMs(view));
  }

  /** The view is given up; the next one's timer waits for others to ask for it. */
  pause(): void {
    this.#deadline = undefined;
  }

  /** Own words were just said, or are to be said again at once. */
  said(nowMs: number): void {
    this.#resendAt = nowMs + this.#resendMs;
  }

  sayAgain(): void {
    this.#resendAt = 0;
  }

  end(): void {
    this.#deadline = undefined;
    this.#resendAt = Number.POSITIVE_INFINITY;
  }

  get #resendMs(): number {
    return this.#rules.viewTimeoutMs / 2;
  }

  #timeoutMs(view: number): number {
    const { viewTimeoutMs, viewTimeoutMaxMs, patienceMs = viewTimeoutMs, committee, isAbsent } = this.#rules;
    const leader = committee.leader(this.#height, view);
    const gone = leader !== this.#seat && isAbsent?.(leader) === true;
    return Math.min(patienceMs * 2 ** view, viewTimeoutMaxMs) * (gone ? ABSENT_LEADER_SHARE : 1);
  }
}

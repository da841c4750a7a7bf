/**
 * The newest certified header that this node's store holds. The ledger in memory may be a moment ahead of it: what is
 * said outside ends in this header, never in one that a kill would make this node forget.
 */

import { headerId } from '../../consensus/checkpoint/header.ts';
import { equalBytes } from '../../consensus/codec/bytes.ts';
import { ok, type Result, refuse } from '../../consensus/codec/result.ts';
import type { CertifiedHeader } from '../../light-client/proof/anchor.ts';
import type { Ledger } from '../replica/ledger.ts';

/** A node that is this long without rest is catching up, and had better be asked later. */
const REST_WITHIN_MS = 5_000;

export class DurableHead {
  readonly #ledger: Ledger;
  #certified: CertifiedHeader | undefined;
  #waiting: (() => void)[] = [];

  /** At a start everything the ledger has comes from the store. */
  constructor(ledger: Ledger) {
    const { header, certificate } = ledger;
    this.#ledger = ledger;
    this.#certified = certificate && { header, certificate };
  }

  /** `undefined` before the first checkpoint. */
  get certified(): CertifiedHeader | undefined {
    return this.#certified;
  }

  get height(): number {
    return this.#certified?.header.height ?? 0;
  }

  /** A checkpoint has become durable. */
  advance(certified: CertifiedHeader): void {
    this.#certified = certified;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  /** Calls `read` at a moment when the state in memory is the one under the durable header. */
  async atRest<T>(read: (certified: CertifiedHeader) => T): Promise<Result<T>> {
    const untilMs = performance.now() + REST_WITHIN_MS;
    for (;;) {
      const certified = this.#certified;
      if (certified !== undefined && equalBytes(headerId(certified.header), this.#ledger.headerId))
        return ok(read(certified));
      const leftMs = untilMs - performance.now();
      if (certified === undefined && this.#ledger.height === 0)
        return refuse('E_UNKNOWN', { reason: 'no checkpoint is certified yet' });
      if (leftMs <= 0) return refuse('E_FULL', { reason: 'catching up', height: this.#ledger.height });
      await this.#nextAdvance(leftMs);
    }
  }

  #nextAdvance(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}

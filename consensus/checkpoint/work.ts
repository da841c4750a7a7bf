/**
 * What a checkpoint adds to the account of its epoch `[RWD-4]` `[RWD-6]`: counted vertex by vertex in memory, written once.
 * Where no tariff applies nothing is counted, and nothing written.
 */

import { epochId } from '../contracts/objects/epoch.ts';
import { rewardEpoch } from '../contracts/objects/reward.ts';
import { tariff, tariffId } from '../contracts/objects/tariff.ts';
import { key } from '../contracts/registry.ts';
import { bookWork } from '../contracts/rules/fees.ts';
import type { Draft } from '../contracts/state.ts';
import type { Vertex } from '../vertex/vertex.ts';
import type { Committee } from './committee.ts';

export class Work {
  readonly #draft: Draft;
  readonly #committee: Committee;
  readonly #fees: { readonly call: number; readonly batch: number } | undefined;
  /** Seats with a witness of their own. */
  readonly #heard = new Set<number>();
  /** What each author's vertices cost; a map keeps the order in which they came. */
  readonly #due = new Map<string, { readonly author: Uint8Array; amount: number }>();

  constructor(draft: Draft, committee: Committee) {
    this.#draft = draft;
    this.#committee = committee;
    const running = draft.get(rewardEpoch, epochId(committee.epoch));
    const terms = running && draft.get(tariff, tariffId(running.tariff));
    this.#fees = terms && { call: terms.callFee, batch: terms.batchFee };
  }

  /** Counts a vertex that was confirmed with OK. A call is `free` where none is charged for it. */
  count({ kind, author, authorKey }: Vertex, free: boolean): void {
    if (this.#fees === undefined) return;
    if (kind === 'witness') {
      const seat = this.#committee.seatOf.get(authorKey);
      if (seat !== undefined) this.#heard.add(seat);
    } else if (kind === 'readings') this.#charge(author, authorKey, this.#fees.batch);
    else if (kind === 'transaction' && !free) this.#charge(author, authorKey, this.#fees.call);
  }

  #charge(author: Uint8Array, authorKey: string, fee: number): void {
    if (fee === 0) return;
    const known = this.#due.get(authorKey);
    if (known === undefined) this.#due.set(authorKey, { author, amount: fee });
    else known.amount += fee;
  }

  /** Books what was counted, after the last vertex. */
  write(): void {
    if (this.#heard.size === 0 && this.#due.size === 0) return;
    const fees = [...this.#due.values()].map(({ author, amount }) => {
      return { party: this.#draft.get(key, author)!.party, amount };
    });
    bookWork(this.#draft.openly(), this.#committee.epoch, { heard: this.#heard, fees });
  }
}

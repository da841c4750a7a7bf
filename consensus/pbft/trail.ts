/**
 * What led to a height's decision `[BFT-2]`: the sayings of every seat, held against each other, and the new-views that
 * opened its views. From it come offences while votes are cast, and the proof that is kept beside a certificate.
 */

import { makeQuorum } from '../checkpoint/certificate.ts';
import type { Committee } from '../checkpoint/committee.ts';
import type { Header } from '../checkpoint/header.ts';
import type { Offence } from '../vertex/offence.ts';
import type { Saying } from '../vertex/sayings.ts';
import type { NewViewProof } from './messages.ts';
import { type DecisionProof, newViewsMax, OffenceWatch, viewChangeSaying } from './offence.ts';
import type { QuorumReached } from './vote-box.ts';

export class Trail {
  readonly #committee: Committee;
  readonly #watch: OffenceWatch;
  readonly #newViews = new Map<number, NewViewProof>();
  readonly #onOffence: (offence: Offence) => void;

  constructor(committee: Committee, height: number, onOffence: (offence: Offence) => void) {
    this.#committee = committee;
    this.#watch = new OffenceWatch(committee, height);
    this.#onOffence = onOffence;
  }

  /** Its guilt is proved: nothing that contradicts what it said before needs to be looked at. */
  isGuilty(seat: number): boolean {
    return this.#watch.isGuilty(seat);
  }

  /** What a seat signed, its signature checked. */
  note(seat: number, said: Saying): void {
    const offence = this.#watch.note(seat, said);
    if (offence !== undefined) this.#onOffence(offence);
  }

  /** A new-view that was checked: its view-changes count as if they had been heard, and it may have to be shown. */
  keep(view: number, newView: NewViewProof): void {
    for (const change of newView.viewChanges) this.note(change.seat, viewChangeSaying(change));
    this.#newViews.set(view, newView);
    if (this.#newViews.size > newViewsMax) this.#newViews.delete(Math.min(...this.#newViews.keys()));
  }

  /** The proof of a decision in `view` on `header`; without prepares where this node did not count q of them. */
  proof(view: number, header: Header | undefined, prepares: QuorumReached | undefined): DecisionProof {
    const newViews = [...this.#newViews].sort(([a], [b]) => a - b).map(([, newView]) => newView);
    if (header === undefined || prepares === undefined) return { prepared: undefined, newViews };
    const quorum = makeQuorum(prepares.signatures, this.#committee);
    return { prepared: { view, header, newView: prepares.newView, quorum }, newViews };
  }
}

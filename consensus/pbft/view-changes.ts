/** The view-changes of one height `[BFT-4]` `[BFT-5]`: one a seat, its highest, and what follows from how many there are. */

import type { Committee } from '../checkpoint/committee.ts';
import { contradiction } from '../vertex/offence.ts';
import type { NewViewProof, ViewChangeMessage } from './messages.ts';
import { viewChangeSaying } from './offence.ts';

export class ViewChanges {
  readonly #committee: Committee;
  readonly #bySeat = new Map<number, ViewChangeMessage>();

  constructor(committee: Committee) {
    this.#committee = committee;
  }

  of(seat: number): ViewChangeMessage | undefined {
    return this.#bySeat.get(seat);
  }

  /** Whether a message tells nothing new: a lower view than its seat asks for already, or the same words again. */
  isStale(message: ViewChangeMessage): boolean {
    const known = this.of(message.seat);
    if (known === undefined || known.view !== message.view) return (known?.view ?? -1) > message.view;
    return contradiction(viewChangeSaying(known), viewChangeSaying(message)) === undefined;
  }

  /** Keeps a message that was checked; false where its seat has said something else for that view. */
  put(message: ViewChangeMessage): boolean {
    if (this.of(message.seat)?.view === message.view) return false;
    this.#bySeat.set(message.seat, message);
    return true;
  }

  /** A view above `view` that f+1 seats ask for, if there is one: one of them is honest, and its time ran out. */
  joinable(view: number): number | undefined {
    const above = [...this.#bySeat.values()].map((change) => change.view).filter((asked) => asked > view);
    return above.sort((a, b) => b - a)[this.#committee.faults];
  }

  /** Whether q seats ask for this view or a higher one. */
  isOpen(view: number): boolean {
    const changes = [...this.#bySeat.values()];
    return changes.filter((change) => change.view >= view).length >= this.#committee.quorum;
  }

  /** Why a leader may propose in this view: q view-changes for exactly it. */
  proofFor(view: number): NewViewProof | undefined {
    const { quorum } = this.#committee;
    const changes = [...this.#bySeat.values()].filter((change) => change.view === view);
    if (changes.length < quorum) return undefined;
    return { viewChanges: changes.sort((a, b) => a.seat - b.seat).slice(0, quorum) };
  }
}

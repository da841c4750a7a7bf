/** Votes of one height by view, phase and seat: one each, of views near the current one, so that it stays small. */

import type { VotePhase } from '../checkpoint/certificate.ts';
import { toHex } from '../codec/bytes.ts';
import type { VoteMessage } from './messages.ts';

/** Views above the current one for which votes are kept. */
const VIEWS_AHEAD_MAX = 4;

export interface QuorumReached {
  readonly headerId: Uint8Array;
  readonly newView: Uint8Array;
  readonly signatures: ReadonlyMap<number, Uint8Array>;
}

export class VoteBox {
  readonly #quorum: number;
  readonly #boxes = new Map<string, Map<number, VoteMessage>>();

  constructor(quorum: number) {
    this.#quorum = quorum;
  }

  /** Whether a vote is new, known, contradicts a known one, or is of a view too far away to keep. */
  room(vote: VoteMessage, currentView: number): 'new' | 'known' | 'conflict' | 'far' {
    // Commits of older views still count: they may complete a certificate that others already hold.
    const tooOld = vote.phase === 'prepare' && vote.view < currentView;
    if (tooOld || vote.view > currentView + VIEWS_AHEAD_MAX) return 'far';
    const known = this.#boxes.get(`${vote.phase}/${vote.view}`)?.get(vote.seat);
    if (known === undefined) return 'new';
    return subjectOf(known) === subjectOf(vote) ? 'known' : 'conflict';
  }

  add(vote: VoteMessage): void {
    const name = `${vote.phase}/${vote.view}`;
    const box = this.#boxes.get(name) ?? new Map<number, VoteMessage>();
    box.set(vote.seat, vote);
    this.#boxes.set(name, box);
  }

  /** All votes of one seat that are held. */
  of(seat: number): VoteMessage[] {
    return [...this.#boxes.values()].flatMap((box) => box.get(seat) ?? []);
  }

  /** The value for which q seats voted in this view and phase, with their signatures. */
  quorum(phase: VotePhase, view: number): QuorumReached | undefined {
    const counted = new Map<string, VoteMessage[]>();
    for (const vote of this.#boxes.get(`${phase}/${view}`)?.values() ?? []) {
      const subject = subjectOf(vote);
      counted.set(subject, [...(counted.get(subject) ?? []), vote]);
    }
    for (const votes of counted.values()) {
      if (votes.length < this.#quorum) continue;
      const { headerId, newView } = votes[0]!;
      return { headerId, newView, signatures: new Map(votes.map((vote) => [vote.seat, vote.signature])) };
    }
    return undefined;
  }
}

function subjectOf(vote: VoteMessage): string {
  return `${toHex(vote.headerId)}/${toHex(vote.newView)}`;
}

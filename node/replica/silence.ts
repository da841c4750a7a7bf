/**
 * Silence after a lost vote log `[BFT-1]`: a node that was restored does not know what it signed, so it says nothing
 * until nothing that it may have signed can matter any more. docs/spec/pbft.md.
 *
 * A seat hears the working heights of n − q + f + 1 other seats, each shown with a certificate, and votes only above
 * the greatest plus one. When it voted at height H, q seats had committed H − 1; one of them that is honest is among
 * those heard, and its working height is H − 1 or more. Others that are silent do not count: they may be as old as itself.
 * A node without a seat has no votes to repeat, but a chain of vertices not to fork: it waits as long, for what one peer
 * shows. Meanwhile peers' tips have brought what it said and no checkpoint holds yet. It is silent again should it come
 * to a seat.
 */

import { toHex } from '../../consensus/codec/bytes.ts';
import type { PeerKey } from '../ports.ts';
import type { Ledger } from './ledger.ts';

/** What a restored node still waits for; told in logs and at `/readyz`. */
export interface SilenceReport {
  readonly why: string;
  /** How many others have shown their height, of how many that are needed. */
  readonly heard: number;
  readonly needed: number;
  /** The height from which it speaks, once that is known. */
  readonly speaksFrom: number | undefined;
}

export interface SilenceStart {
  /** Least height at which it may vote; absent when the vote log is not whole. */
  readonly votesFrom: number | undefined;
}

export class Silence {
  readonly #ledger: Ledger;
  readonly #ownKey: PeerKey;
  #why: string | undefined;
  #votesFrom: number | undefined;
  /** Where the silence ends, once that is known. */
  #speaksFrom: number | undefined;
  /** Working heights that peers have shown in this life. */
  readonly #shown = new Map<PeerKey, number>();
  /** Other seats heard in this life, until they are enough. */
  readonly #heard = new Set<PeerKey>();
  #hasHeard = false;

  constructor(ledger: Ledger, publicKey: Uint8Array, { votesFrom }: SilenceStart) {
    this.#ledger = ledger;
    this.#ownKey = toHex(publicKey);
    const isOver = votesFrom !== undefined && ledger.height + 1 >= votesFrom;
    this.#why = isOver ? undefined : 'its vote log was lost, or put back from a backup';
    this.#votesFrom = votesFrom;
    this.#speaksFrom = isOver ? undefined : votesFrom;
    this.#hasHeard = ledger.committee.quorum <= 1;
  }

  /** Whether this node may vote at a height. */
  mayVote(height: number): boolean {
    return this.#votesFrom !== undefined && height >= this.#votesFrom && this.#hasHeard;
  }

  /** Absent when this node may speak. */
  get report(): SilenceReport | undefined {
    if (this.#why === undefined) return undefined;
    const { heard, needed } = this.#counted();
    return { why: this.#why, heard, needed, speaksFrom: this.#speaksFrom };
  }

  /** Somebody shows a vote of this seat that its log does not know. */
  begin(why: string): void {
    this.#why = why;
    this.#votesFrom = undefined;
    this.#speaksFrom = undefined;
    this.#shown.clear();
  }

  /**
   * A peer has spoken of its newest header. A log that is whole by its stamp may still be a copy of the whole machine.
   * Nothing can be decided before q − 1 other seats are there, so it costs nothing to hear them first: they tell at once
   * what they know of this seat's votes.
   */
  hear(peer: PeerKey): void {
    if (this.#hasHeard || peer === this.#ownKey || !this.#isSeat(peer)) return;
    this.#heard.add(peer);
    this.#hasHeard = this.#heard.size >= this.#ledger.committee.quorum - 1;
  }

  /** A peer has shown its newest certified header, whose certificate was checked; or the genesis header. */
  note(peer: PeerKey, height: number): void {
    if (this.#why === undefined || peer === this.#ownKey) return;
    // Seats are few; of others one is enough, and the first stays.
    const known = this.#shown.has(peer) || this.#isSeat(peer) || this.#shown.size < this.#seats.size;
    if (known) this.#shown.set(peer, Math.max(height + 1, this.#shown.get(peer) ?? 0));
  }

  /**
   * Looks whether the silence is over. `votesFrom`: the log begins anew from this height on, which must be durable
   * before anything is said; `over`: the node speaks again.
   */
  progress(): { readonly votesFrom?: number; readonly over: boolean } {
    const { height } = this.#ledger;
    const voting = this.#isSeat(this.#ownKey);
    if (this.#why === undefined) {
      if (this.#votesFrom === undefined && voting)
        this.#why = 'it has come to a seat, and its vote log is not whole';
      return { over: false };
    }
    if (this.#speaksFrom !== undefined) return { over: this.#endAt(height, voting) };
    const { heard, needed, greatest } = this.#counted();
    // Level with the greatest first: only then is it known whose heights count.
    if (heard < needed || height + 1 < greatest) return { over: false };
    this.#speaksFrom = greatest + 2;
    if (!voting) return { over: false };
    this.#votesFrom = this.#speaksFrom;
    return { votesFrom: this.#votesFrom, over: this.#endAt(height, voting) };
  }

  #endAt(height: number, voting: boolean): boolean {
    if (height + 1 < this.#speaksFrom!) return false;
    this.#speaksFrom = undefined;
    this.#shown.clear();
    // It came to a seat meanwhile: what it heard was not enough for that.
    if (voting && this.#votesFrom === undefined) return false;
    this.#why = undefined;
    return true;
  }

  get #seats(): ReadonlyMap<string, number> {
    return this.#ledger.committee.seatOf;
  }

  #isSeat(peer: PeerKey): boolean {
    return this.#seats.has(peer);
  }

  #counted(): { readonly heard: number; readonly needed: number; readonly greatest: number } {
    const voting = this.#isSeat(this.#ownKey);
    const heights = [...this.#shown]
      .filter(([peer]) => !voting || this.#isSeat(peer))
      .map(([, shown]) => shown);
    // So many others share f + 1, one of them honest, with any q − 1 others that committed the height before.
    const { size, quorum, faults } = this.#ledger.committee;
    const needed = voting ? size - quorum + faults + 1 : 1;
    return { heard: heights.length, needed, greatest: Math.max(0, ...heights) };
  }
}

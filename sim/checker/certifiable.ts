/**
 * `agreement`, before anybody adopts it: whether two headers of one height could both be certified, by the commits that
 * honest seats really sent and those that liars may add. What nodes hold shows a second one only when a node takes it, and
 * below the newest height nobody does.
 */

import { toHex } from '../../consensus/codec/bytes.ts';
import { diverged, type Finding } from './finding.ts';

/** Heights that are remembered, the greatest: votes on lower ones are answered with the certificate. */
const HEIGHTS_MAX = 64;

export class Certifiable {
  readonly #needed: number;
  /** Seats that committed to a header, by height and header id (hex). */
  readonly #commits = new Map<number, Map<string, Set<number>>>();

  /** `liars`: seats that are not honest. With more than a third of them nothing is promised, and nothing found. */
  constructor(seats: number, quorum: number, liars: number) {
    this.#needed = 3 * liars < seats ? quorum - liars : Number.POSITIVE_INFINITY;
  }

  /** The honest `seat` commits to this header. */
  commit(seat: number, height: number, headerId: Uint8Array): Finding | undefined {
    const headers = this.#commits.get(height) ?? new Map<string, Set<number>>();
    this.#commits.set(height, headers);
    if (this.#commits.size > HEIGHTS_MAX) this.#commits.delete(Math.min(...this.#commits.keys()));
    const id = toHex(headerId);
    const seats = headers.get(id) ?? new Set<number>();
    headers.set(id, seats.add(seat));
    const certifiable = [...headers.values()].filter(({ size }) => size >= this.#needed);
    if (certifiable.length < 2) return undefined;
    return diverged('agreement', `two headers of height ${height} have the commits to be certified`);
  }
}

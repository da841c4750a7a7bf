/**
 * Messages of seats that are a little ahead: kept until this node reaches their height. One height ahead, a few a seat;
 * the caller knows that each came from its seat.
 */

import type { SeatMessage } from '../../consensus/pbft/outputs.ts';

const PER_SEAT_MAX = 8;

export class SeatMail {
  #height = 0;
  readonly #bySeat = new Map<number, SeatMessage[]>();

  /** Keeps a message for the height after the one being decided; anything further away is dropped. */
  keep(message: SeatMessage, height: number, ownHeight: number): void {
    if (height !== ownHeight + 2) return;
    if (height !== this.#height) this.#bySeat.clear();
    this.#height = height;
    const kept = this.#bySeat.get(message.seat) ?? [];
    if (kept.length < PER_SEAT_MAX) this.#bySeat.set(message.seat, [...kept, message]);
  }

  /** The messages kept for `height`, now being decided. */
  take(height: number): SeatMessage[] {
    if (height !== this.#height) return [];
    const messages = [...this.#bySeat.values()].flat();
    this.#bySeat.clear();
    return messages;
  }
}

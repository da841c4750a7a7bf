/**
 * What events have made due, durably `[THG-14]`: written in the batch that settles the event's vertex, so each event is here
 * once whatever is killed when; and kept for some time after it was settled, to be looked at.
 */

import { compareBytes, equalBytes, toHex } from '../../consensus/codec/bytes.ts';
import { type Database, del, keyOf, type Operation, put } from './database.ts';
import { decodeOwn, type PaymentRecord, paymentRecord } from './records.ts';

/** Settled payments that are kept, the newest. */
const SETTLED_MAX = 1_000;
const PLACE_BYTES = 12;

/** One of the book, and where it stands: the vertex and the frame that made it due. */
export interface BookedPayment extends PaymentRecord {
  readonly place: Uint8Array;
}

/** Number of the readings' vertex, and the frame's place in its batch: they ascend as events become final. */
export function eventPlace(sequence: number, frameIndex: number): Uint8Array {
  const place = new Uint8Array(PLACE_BYTES);
  const view = new DataView(place.buffer);
  view.setBigUint64(0, BigInt(sequence));
  view.setUint32(8, frameIndex);
  return place;
}

export class PaymentBook {
  readonly #database: Database;
  /** Places, oldest first. */
  readonly #due: Uint8Array[] = [];
  /** By the number of the vertex that carries the call. */
  readonly #carried = new Map<number, Uint8Array>();
  readonly #settled: Uint8Array[] = [];

  private constructor(database: Database) {
    this.#database = database;
  }

  static async open(database: Database): Promise<PaymentBook> {
    const book = new PaymentBook(database);
    for await (const [rest, value] of database.entries('payment')) {
      const place = Uint8Array.from(rest);
      const { carried, settled } = decodeOwn(paymentRecord, value, `the payment at ${toHex(place)}`);
      if (settled !== undefined) book.#settled.push(place);
      else if (carried !== undefined) book.#carried.set(carried.sequence, place);
      else book.#due.push(place);
    }
    return book;
  }

  /** Payments for which no call is under way. */
  get dueCount(): number {
    return this.#due.length;
  }

  get carriedCount(): number {
    return this.#carried.size;
  }

  /** Takes a new one. Like the others gives the operations that make it durable; they belong into one batch with their cause. */
  add(payment: BookedPayment): Operation {
    this.#due.push(payment.place);
    return this.#write(payment);
  }

  /** The one that has been due longest. */
  async firstDue(): Promise<BookedPayment | undefined> {
    const [place] = this.#due;
    return place && this.#read(place);
  }

  /** A vertex carries a call for the one that has been due longest. */
  carry(payment: BookedPayment, carried: NonNullable<PaymentRecord['carried']>): Operation {
    this.#release(payment);
    this.#carried.set(carried.sequence, payment.place);
    return this.#write({ ...payment, carried, calls: payment.calls + 1 });
  }

  /** The one whose call this vertex carries. */
  async carriedBy(sequence: number): Promise<BookedPayment | undefined> {
    const place = this.#carried.get(sequence);
    return place && this.#read(place);
  }

  /** Nothing more is done about it. */
  settle(payment: BookedPayment, settled: NonNullable<PaymentRecord['settled']>): Operation[] {
    this.#release(payment);
    this.#settled.push(payment.place);
    const dropped = this.#settled.splice(0, Math.max(0, this.#settled.length - SETTLED_MAX));
    return [
      this.#write({ ...payment, settled, event: new Uint8Array(0) }),
      ...dropped.map((place) => del(keyOf('payment', place))),
    ];
  }

  /** Its call came to nothing and can come to nothing any more: it is due again, before all others. */
  renew(payment: BookedPayment): Operation {
    this.#release(payment);
    this.#due.unshift(payment.place);
    return this.#write({ ...payment, carried: undefined });
  }

  /** Newest first: due, under way, and of those that are settled the newest. */
  async list(limit: number): Promise<BookedPayment[]> {
    const places = [...this.#settled, ...this.#carried.values(), ...this.#due];
    places.sort((a, b) => compareBytes(b, a));
    await this.#database.flushed();
    // One may have been dropped meanwhile.
    return places.slice(0, limit).flatMap((place) => {
      const value = this.#database.get(keyOf('payment', place));
      return value === undefined ? [] : [this.#open(place, value)];
    });
  }

  #release({ place, carried }: BookedPayment): void {
    if (carried !== undefined) this.#carried.delete(carried.sequence);
    else {
      const index = this.#due.findIndex((due) => equalBytes(due, place));
      this.#due.splice(index, 1);
    }
  }

  /** It may be on its way to the disk still. */
  async #read(place: Uint8Array): Promise<BookedPayment> {
    await this.#database.flushed();
    return this.#open(place, this.#database.get(keyOf('payment', place)));
  }

  #open(place: Uint8Array, value: Uint8Array | undefined): BookedPayment {
    return { place, ...decodeOwn(paymentRecord, value, `the payment at ${toHex(place)}`) };
  }

  #write({ place, ...payment }: BookedPayment): Operation {
    return put(keyOf('payment', place), paymentRecord.encode(payment));
  }
}

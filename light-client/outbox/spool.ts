/**
 * Messages of devices that nobody could be asked about yet, kept durably so that their broker may forget them: a
 * gateway that starts without an uplink loses nothing. Bounded; in the order in which they came.
 */

import { type Database, del, keyOf, type Operation, put } from './database.ts';
import { decodeOwn, type HeldMessage, heldMessage } from './records.ts';

export interface SpoolLimits {
  readonly messagesMax: number;
  readonly bytesMax: number;
}

export const spoolLimits: SpoolLimits = { messagesMax: 10_000, bytesMax: 16 << 20 };

interface Held {
  readonly number: number;
  readonly bytes: number;
  readonly devices: readonly string[];
}

export class Spool {
  readonly #database: Database;
  readonly #limits: SpoolLimits;
  readonly #held: Held[] = [];
  /** How many held messages name a device. */
  readonly #messagesOf = new Map<string, number>();
  #bytes = 0;
  #next = 0;

  private constructor(database: Database, limits: SpoolLimits) {
    this.#database = database;
    this.#limits = limits;
  }

  static async open(database: Database, limits = spoolLimits): Promise<Spool> {
    const spool = new Spool(database, limits);
    for await (const [rest, value] of database.entries('held')) {
      const number = Number(new DataView(rest.buffer, rest.byteOffset).getBigUint64(0));
      const { payload, devices } = decodeOwn(heldMessage, value, `held message ${number}`);
      spool.#add({ number, bytes: payload.length, devices });
    }
    return spool;
  }

  get size(): number {
    return this.#held.length;
  }

  get isFull(): boolean {
    return this.#held.length >= this.#limits.messagesMax || this.#bytes >= this.#limits.bytesMax;
  }

  /** Something of this device waits here, so what it says now must wait behind. */
  holds(device: string): boolean {
    return this.#messagesOf.has(device);
  }

  /** Every device that some message waits for. */
  get devices(): readonly string[] {
    return [...this.#messagesOf.keys()];
  }

  /** Takes a message; durable when it resolves. */
  hold(message: HeldMessage): Promise<void> {
    const { payload, devices } = message;
    const number = this.#next;
    this.#add({ number, bytes: payload.length, devices });
    return this.#database.write([put(keyOf('held', number), heldMessage.encode(message))], true);
  }

  /** The oldest message whose devices all satisfy `isReady`, none of them named by an older one that must wait. */
  async firstReady(
    isReady: (device: string) => boolean,
  ): Promise<{ readonly number: number; readonly message: HeldMessage } | undefined> {
    const blocked = new Set<string>();
    const first = this.#held.find(({ devices }) => {
      if (devices.every((device) => isReady(device) && !blocked.has(device))) return true;
      for (const device of devices) blocked.add(device);
      return false;
    });
    if (first === undefined) return undefined;
    // It may be on its way to the disk still.
    await this.#database.flushed();
    const value = this.#database.get(keyOf('held', first.number));
    return { number: first.number, message: decodeOwn(heldMessage, value, `held message ${first.number}`) };
  }

  /** Forgets a message; the operation belongs into the batch that brings what became of it. */
  release(number: number): Operation {
    const index = this.#held.findIndex((held) => held.number === number);
    const [held] = this.#held.splice(index, 1);
    this.#bytes -= held!.bytes;
    for (const device of held!.devices) {
      const left = this.#messagesOf.get(device)! - 1;
      if (left > 0) this.#messagesOf.set(device, left);
      else this.#messagesOf.delete(device);
    }
    return del(keyOf('held', number));
  }

  #add(held: Held): void {
    this.#held.push(held);
    this.#bytes += held.bytes;
    this.#next = held.number + 1;
    for (const device of held.devices) this.#messagesOf.set(device, (this.#messagesOf.get(device) ?? 0) + 1);
  }
}

/**
 * The small LevelDB of a gateway: everything that must outlive a kill. Writes that wait while another is under way
 * share the next batch, so that many durable ones cost one sync.
 */

import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Level } from 'level';

const KIB = 1 << 10;

/** What the keys of each kind begin with, so that a kind is a range. */
const kinds = {
  /** Epoch → the change of committee that began it. */
  change: 'c',
  /** The one record of counters and of the chain's end. */
  head: 'a',
  device: 'd',
  evidence: 'e',
  guard: 'g',
  held: 'h',
  /** Id of a vertex → its sequence. */
  index: 'i',
  /** The certified header that was verified last. */
  newest: 'n',
  /** Place of an event → the payment that it made due. */
  payment: 'b',
  proof: 'p',
  queue: 'q',
  tally: 't',
  vertex: 'v',
} as const;
export type Kind = keyof typeof kinds;

export type Operation =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: Uint8Array };

/** Key of a kind, followed by a number, by bytes, or by nothing. */
export function keyOf(kind: Kind, rest: number | Uint8Array = new Uint8Array(0)): Uint8Array {
  const tail = typeof rest === 'number' ? new Uint8Array(8) : rest;
  if (typeof rest === 'number') new DataView(tail.buffer).setBigUint64(0, BigInt(rest));
  const key = new Uint8Array(1 + tail.length);
  key[0] = kinds[kind].charCodeAt(0);
  key.set(tail, 1);
  return key;
}

export const put = (key: Uint8Array, value: Uint8Array): Operation => ({ type: 'put', key, value });
export const del = (key: Uint8Array): Operation => ({ type: 'del', key });

interface Waiting {
  readonly operations: readonly Operation[];
  readonly durable: boolean;
  readonly done: () => void;
  readonly failed: (cause: Error) => void;
}

export class Database {
  readonly directory: string;
  readonly #db: Level<Uint8Array, Uint8Array>;
  /** Written with every batch: what counts the rest of it. */
  #closing: (() => Operation) | undefined;
  #waiting: Waiting[] = [];
  #writer: Promise<void> | undefined;
  #failure: Error | undefined;

  private constructor(directory: string, db: Level<Uint8Array, Uint8Array>) {
    this.directory = directory;
    this.#db = db;
  }

  /** Opens or creates it. Throws where another process has it open, or the disk does not let us. */
  static async open(directory: string): Promise<Database> {
    // Readings are nobody else's business on this machine.
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const db = new Level<Uint8Array, Uint8Array>(directory, {
      keyEncoding: 'view',
      valueEncoding: 'view',
      // A gateway has little memory, and what it writes is soon deleted again.
      writeBufferSize: 2048 * KIB,
      cacheSize: 512 * KIB,
      maxOpenFiles: 64,
    });
    try {
      await db.open();
    } catch (cause) {
      const inner = (cause as Error).cause as { code?: string; message?: string } | undefined;
      if (inner?.code === 'LEVEL_LOCKED') {
        throw new Error(`${directory} is in use by another process: one gateway, one outbox`, { cause });
      }
      throw new Error(
        `${directory} cannot be opened as an outbox: ${inner?.message ?? (cause as Error).message}`,
        { cause },
      );
    }
    return new Database(directory, db);
  }

  /** Ends every batch with the operation that `closing` gives when the batch is put together. */
  closeBatchesWith(closing: () => Operation): void {
    this.#closing = closing;
  }

  /** Once a batch failed nobody knows what the disk holds: nothing more is written, and this says why. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Applies all operations in order, as one atomic batch together with whatever else waits; synced when asked. */
  write(operations: readonly Operation[], durable: boolean): Promise<void> {
    return new Promise((done, failed) => {
      this.#waiting.push({ operations, durable, done, failed });
      this.#writer ??= this.#writeWaiting();
    });
  }

  /** Resolves once everything that was written so far is durable. */
  flushed(): Promise<void> {
    return this.#writer === undefined && this.#failure === undefined
      ? Promise.resolve()
      : this.write([], true);
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#db.getSync(key);
  }

  /** Values of a kind whose numbers are from `from` to `to`, `to` excluded, ascending. */
  async values(kind: Kind, from: number, to: number, limit = -1): Promise<Uint8Array[]> {
    return this.#db.values({ gte: keyOf(kind, from), lt: keyOf(kind, to), limit }).all();
  }

  /** All of a kind: what follows the kind in the key, and the value. */
  async *entries(kind: Kind): AsyncGenerator<[rest: Uint8Array, value: Uint8Array]> {
    const end = keyOf(kind);
    end[0]! += 1;
    for await (const [key, value] of this.#db.iterator({ gte: keyOf(kind), lt: end }))
      yield [key.subarray(1), value];
  }

  /** Bytes on disk, about. */
  async size(): Promise<number> {
    const names = await readdir(this.directory);
    // A file may be compacted away between the listing and the question.
    const sizes = names.map((name) =>
      stat(join(this.directory, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    );
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  }

  async close(): Promise<void> {
    await this.#writer;
    await this.#db.close();
  }

  async #writeWaiting(): Promise<void> {
    // The caller may add more in this same turn: they share the batch.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      try {
        if (this.#failure !== undefined) throw this.#failure;
        await this.#writeGroup(group);
        for (const { done } of group) done();
      } catch (cause) {
        this.#failure ??= new Error(`${this.directory}: a write failed; nothing more is written`, { cause });
        for (const { failed } of group) failed(this.#failure);
      }
    }
    // In the same turn as the last look at the queue, or a write that comes between would wait for ever.
    this.#writer = undefined;
  }

  async #writeGroup(group: readonly Waiting[]): Promise<void> {
    const batch = this.#db.batch();
    for (const { operations } of group) {
      for (const operation of operations) {
        if (operation.type === 'put') batch.put(operation.key, operation.value);
        else batch.del(operation.key);
      }
    }
    const last = this.#closing?.();
    if (last?.type === 'put') batch.put(last.key, last.value);
    await batch.write({ sync: group.some(({ durable }) => durable) });
  }
}

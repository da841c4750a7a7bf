/**
 * The store on disk `[STO-1]`: LevelDB, one atomic batch for each write, every value under a checksum. One writer
 * works at a time; writes that wait for it share the next batch, so that many durable ones cost one sync.
 */

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type StoredObject, storedObject } from '../../consensus/contracts/object.ts';
import type { Position, Store, StoredCheckpoint, StoredState, StoreWrite } from '../ports.ts';
import { Acknowledged } from './acknowledged.ts';
import { type AuditReport, auditRecords } from './audit.ts';
import { buildBatch } from './batch.ts';
import { type Database, openDatabase } from './database.ts';
import { type Head, readHead } from './head.ts';
import { bodyKey, checkpointKey, decisionKey, historyKey, indexKey, voteKey } from './keys.ts';
import { findKnown } from './known.ts';
import { RecordReader } from './reader.ts';
import {
  BURIED_HEIGHT,
  decodeOwn,
  decodeStored,
  type IndexEntry,
  StoreDamage,
  storedCheckpoint,
} from './records.ts';

interface Waiting {
  readonly writes: readonly StoreWrite[];
  readonly durable: boolean;
  readonly done: () => void;
  readonly failed: (cause: Error) => void;
}

/**
 * Opens the store in `directory`, or begins one there. Throws when another process has it open, when it is of
 * another format, and `StoreDamage` when what the disk holds is not what was written.
 */
export async function openStore(directory: string): Promise<AuditedStore> {
  const db = await openDatabase(directory);
  let acknowledged: Acknowledged | undefined;
  try {
    acknowledged = new Acknowledged(directory);
    const reader = new RecordReader(db, directory);
    const head = await readHead(db, directory, reader, acknowledged.read());
    return new LevelStore(db, directory, reader, head, acknowledged);
  } catch (error) {
    acknowledged?.close();
    await db.close();
    throw error;
  }
}

export interface AuditedStore extends Store {
  /**
   * Reads everything that is stored, while nothing writes: a damaged key makes a record vanish without a word, and
   * only this counts what must be there.
   */
  audit(): Promise<AuditReport>;
}

class LevelStore implements AuditedStore {
  readonly #db: Database;
  readonly #directory: string;
  readonly #reader: RecordReader;
  readonly #head: Head;
  readonly #acknowledged: Acknowledged;
  #waiting: Waiting[] = [];
  #writer: Promise<void> | undefined;
  /** After a failed batch nobody knows what the disk holds: nothing more is written. */
  #failure: Error | undefined;

  constructor(db: Database, directory: string, reader: RecordReader, head: Head, acknowledged: Acknowledged) {
    this.#db = db;
    this.#directory = directory;
    this.#reader = reader;
    this.#head = head;
    this.#acknowledged = acknowledged;
  }

  async load(): Promise<StoredState> {
    const objects: StoredObject[] = [];
    for await (const [key, value] of this.#reader.entries('object')) {
      objects.push(decodeStored(this.#directory, key, storedObject, value));
    }
    const { counters } = this.#head;
    if (objects.length !== counters.objectCount) {
      throw new StoreDamage(
        `${this.#directory}: expected ${counters.objectCount} objects, found ${objects.length}`,
      );
    }
    const ordinals = [...this.#head.open.values()].map((entry) => entry.ordinal);
    const votes = this.#head.votes.slice().sort((a, b) => a.height - b.height || a.sequence - b.sequence);
    return {
      height: counters.height,
      objects,
      openVertices: await this.#reader.demandMany(ordinals.map(bodyKey)),
      voteLog: await this.#reader.demandMany(votes.map((vote) => voteKey(vote.height, vote.sequence))),
    };
  }

  write(writes: readonly StoreWrite[], durable: boolean): Promise<void> {
    return new Promise((done, failed) => {
      this.#waiting.push({ writes, durable, done, failed });
      this.#writer ??= this.#writeWaiting();
    });
  }

  async #writeWaiting(): Promise<void> {
    // The caller may add more writes in this same turn: they share the batch.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      try {
        if (this.#failure !== undefined) throw this.#failure;
        const writes = group.flatMap((waiting) => waiting.writes);
        const durable = group.some((waiting) => waiting.durable);
        await this.#writeBatch(writes, durable);
        for (const { done } of group) done();
      } catch (cause) {
        this.#failure ??= new Error(`${this.#directory}: a write failed; the store takes no more`, { cause });
        for (const { failed } of group) failed(this.#failure);
      }
    }
    // In the same turn as the last look at the queue, or a write that comes between would wait forever.
    this.#writer = undefined;
  }

  async #writeBatch(writes: readonly StoreWrite[], durable: boolean): Promise<void> {
    const known = await findKnown(writes, this.#head, this.#reader);
    // A chained batch costs a sixth of an array of operations.
    const batch = this.#db.batch();
    buildBatch(writes, this.#head, known, batch);
    await batch.write({ sync: durable });
    if (durable) this.#acknowledged.write(this.#head.counters.batch);
  }

  async checkpoint(height: number): Promise<StoredCheckpoint | undefined> {
    const key = checkpointKey(height);
    const value = this.#reader.get(key);
    return value && decodeStored(this.#directory, key, storedCheckpoint, value);
  }

  async decision(height: number): Promise<Uint8Array | undefined> {
    return this.#reader.get(decisionKey(height));
  }

  async vertex(key: string): Promise<Uint8Array | undefined> {
    const ordinal = this.#head.open.get(key)?.ordinal ?? this.#indexEntry(key)?.ordinal;
    return ordinal === undefined ? undefined : this.#reader.demand(bodyKey(ordinal));
  }

  async position(key: string): Promise<Position | undefined> {
    const entry = this.#indexEntry(key);
    if (entry === undefined || entry.height === BURIED_HEIGHT) return undefined;
    return { height: entry.height, index: entry.index };
  }

  async historyNode(level: number, index: number): Promise<Uint8Array | undefined> {
    return this.#reader.get(historyKey(level, index));
  }

  async size(): Promise<number> {
    const names = await readdir(this.#directory);
    // A file may be compacted away between the listing and the question.
    const sizes = names.map((name) =>
      stat(join(this.#directory, name)).then(
        (found) => found.size,
        () => 0,
      ),
    );
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  }

  async close(): Promise<void> {
    await this.#writer;
    await this.#db.close();
    this.#acknowledged.close();
  }

  audit(): Promise<AuditReport> {
    return auditRecords(this.#reader, this.#head, this.#directory);
  }

  #indexEntry(key: string): IndexEntry | undefined {
    const value = this.#reader.get(indexKey(key));
    return value && decodeOwn<IndexEntry>(value);
  }
}

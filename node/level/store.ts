/**
 * The store on disk `[STO-1]`: LevelDB, one atomic batch for each write, every value under a checksum. One writer
 * works at a time; writes that wait for it share the next batch, so that many durable ones cost one sync.
 */

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type StoredObject, storedObject } from '../../consensus/contracts/object.ts';
import type { Position, Pruned, Store, StoredCheckpoint, StoredState, StoreWrite } from '../ports.ts';
import { nothingPruned } from '../pruned.ts';
import { type AuditReport, auditRecords } from './audit.ts';
import { buildBatch } from './batch.ts';
import { Compaction } from './compaction.ts';
import { type Database, openDatabase } from './database.ts';
import { type BytesByKind, DiskMeter } from './disk-meter.ts';
import { type DiskPlan, planDisk } from './disk-plan.ts';
import { type Head, type OpenVertex, readHead } from './head.ts';
import {
  bodyKey,
  changeKey,
  checkpointKey,
  decisionKey,
  headerKey,
  historyKey,
  indexKey,
  messageKey,
  pendingKey,
  sealedKey,
  voteKey,
} from './keys.ts';
import { findKnown } from './known.ts';
import { RecordReader } from './reader.ts';
import {
  BURIED_HEIGHT,
  decodeHeight,
  decodeOwn,
  decodeStored,
  type IndexEntry,
  StoreDamage,
  storedCheckpoint,
} from './records.ts';
import { Stamp } from './stamp.ts';

interface Waiting {
  readonly writes: readonly StoreWrite[];
  readonly durable: boolean;
  readonly done: () => void;
  readonly failed: (cause: Error) => void;
}

export interface OpenOptions {
  /** An empty store without a stamp is one that was never used, not one that lost both. */
  readonly firstStart?: boolean;
  /** The operator put it back from a backup: that it is behind its stamp is no damage. */
  readonly restored?: boolean;
  /** The operators of all seats agreed from which height on this one may vote: more than f were silent `[BFT-1]`. */
  readonly votesFrom?: number;
  /** The most that the folder may take `[STO-3]`; left out, whatever it takes. */
  readonly diskBytesMax?: number;
}

/** No budget holds these up: they make room, or are said once. */
const ALWAYS_WRITTEN: ReadonlySet<StoreWrite['type']> = new Set(['prune', 'bury', 'votesFrom']);

/**
 * Opens the store in `directory`, or begins one there. Throws when another process has it open, when it is of
 * another format, and `StoreDamage` when what the disk holds is not what was written. Where its vote log may not be
 * whole, its state says so from then on `[BFT-1]`.
 */
export async function openStore(
  directory: string,
  { firstStart = false, restored = false, votesFrom, diskBytesMax }: OpenOptions = {},
): Promise<DiskStore> {
  const plan = planDisk(diskBytesMax);
  const db = await openDatabase(directory, plan);
  let stamp: Stamp | undefined;
  try {
    stamp = new Stamp(directory);
    const reader = new RecordReader(db, directory);
    const head = await readHead(db, directory, reader, restored ? 0 : (stamp.found ?? 0));
    const meter = new DiskMeter(db, directory, plan);
    await meter.measure();
    const store = new LevelStore({ db, directory, reader, head, stamp, plan, meter });
    const first = stamp.found === undefined && firstStart && head.counters.batch === 0;
    if (restored || (stamp.found === undefined && !first))
      await store.write([{ type: 'votesFrom', height: undefined }], true);
    else stamp.write(head.counters.batch);
    if (votesFrom !== undefined) await store.write([{ type: 'votesFrom', height: votesFrom }], true);
    return store;
  } catch (error) {
    stamp?.close();
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

/** A store whose disk is watched `[STO-3]`. */
export interface DiskStore extends AuditedStore {
  readonly plan: DiskPlan;
  readonly meter: Pick<DiskMeter, 'bytes' | 'written' | 'measure' | 'spent'>;
  /** Of the data at rest, by the kind of record. */
  byKind(): Promise<BytesByKind>;
  /** Frees on disk what was pruned since the last time in this life, or whatever else was overwritten or removed. */
  compact(what: 'pruned' | 'all'): Promise<void>;
}

interface LevelParts {
  readonly db: Database;
  readonly directory: string;
  readonly reader: RecordReader;
  readonly head: Head;
  readonly stamp: Stamp;
  readonly plan: DiskPlan;
  readonly meter: DiskMeter;
}

class LevelStore implements DiskStore {
  readonly plan: DiskPlan;
  readonly meter: DiskMeter;
  readonly #db: Database;
  readonly #directory: string;
  readonly #reader: RecordReader;
  readonly #head: Head;
  readonly #stamp: Stamp;
  readonly #compaction: Compaction;
  /** Places, before the batch that is being written, of the vertices it touches: the head is ahead of the disk then. */
  #before: ReadonlyMap<string, OpenVertex | undefined> = new Map();
  #waiting: Waiting[] = [];
  #writer: Promise<void> | undefined;
  /** After a failed batch nobody knows what the disk holds: nothing more is written. */
  #failure: Error | undefined;

  constructor({ db, directory, reader, head, stamp, plan, meter }: LevelParts) {
    this.plan = plan;
    this.meter = meter;
    this.#db = db;
    this.#directory = directory;
    this.#reader = reader;
    this.#head = head;
    this.#stamp = stamp;
    this.#compaction = new Compaction(db);
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
      pendingCalls: await this.#reader.demandMany([...this.#head.pending].sort().map(pendingKey)),
      messages: await this.#reader.demandMany([...this.#head.messages].sort().map(messageKey)),
      votesFrom: counters.votesFrom ?? undefined,
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
    this.#before = new Map(vertexKeysOf(writes).map((key) => [key, this.#head.open.get(key)]));
    const bytes = buildBatch(writes, this.#head, known, batch);
    if (!writes.some(({ type }) => ALWAYS_WRITTEN.has(type))) await this.meter.demandRoom(bytes);
    this.meter.note(bytes);
    await batch.write({ sync: durable });
    this.#before = new Map();
    this.#compaction.note(writes, known);
    if (durable) this.#stamp.write(this.#head.counters.batch);
  }

  async checkpoint(height: number): Promise<StoredCheckpoint | undefined> {
    const key = checkpointKey(height);
    const value = this.#reader.get(key);
    return value && decodeStored(this.#directory, key, storedCheckpoint, value);
  }

  async stage(): Promise<'empty' | 'joining' | 'whole'> {
    const { counters } = this.#head;
    if (counters.joining) return 'joining';
    return counters.height === 0 && counters.nextOrdinal === 0 ? 'empty' : 'whole';
  }

  async firstHeight(): Promise<number> {
    return this.#head.counters.firstHeight;
  }

  async decision(height: number): Promise<Uint8Array | undefined> {
    return this.#reader.get(decisionKey(height));
  }

  async vertex(key: string): Promise<Uint8Array | undefined> {
    // A batch is seen whole or not at all: by its index and bodies once the disk has them, until then as before it.
    const open = this.#before.has(key) ? this.#before.get(key) : this.#head.open.get(key);
    const ordinal = open?.ordinal ?? this.#indexEntry(key)?.ordinal;
    return ordinal === undefined ? undefined : this.#reader.demand(bodyKey(ordinal));
  }

  async position(key: string): Promise<Position | undefined> {
    const entry = this.#indexEntry(key);
    if (entry === undefined || entry.height === BURIED_HEIGHT) return undefined;
    return { height: entry.height, index: entry.index };
  }

  async message(id: string): Promise<Uint8Array | undefined> {
    return this.#reader.get(sealedKey(id));
  }

  async historyNode(level: number, index: number): Promise<Uint8Array | undefined> {
    return this.#reader.get(historyKey(level, index));
  }

  async committeeChange(epoch: number): Promise<Uint8Array | undefined> {
    return this.#reader.get(changeKey(epoch));
  }

  async headerHeight(idKey: string): Promise<number | undefined> {
    const value = this.#reader.get(headerKey(idKey));
    return value && decodeHeight(value);
  }

  async pruned(): Promise<Pruned> {
    return this.#head.counters.pruned ?? nothingPruned;
  }

  byKind(): Promise<BytesByKind> {
    return this.meter.byKind();
  }

  compact(what: 'pruned' | 'all'): Promise<void> {
    return this.#compaction.run(what);
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
    this.#stamp.close();
  }

  audit(): Promise<AuditReport> {
    return auditRecords(this.#reader, this.#head, this.#directory);
  }

  #indexEntry(key: string): IndexEntry | undefined {
    const value = this.#reader.get(indexKey(key));
    return value && decodeOwn<IndexEntry>(value);
  }
}

/** Every vertex that these writes store, confirm, bury or prune. */
function vertexKeysOf(writes: readonly StoreWrite[]): string[] {
  return writes.flatMap((write) => {
    if (write.type === 'vertex') return [write.vertex.key];
    if (write.type === 'bury') return write.keys;
    if (write.type === 'prune' || write.type === 'backfill') return write.vertices.map(({ key }) => key);
    return write.type === 'checkpoint' ? write.checkpoint.vertices : [];
  });
}

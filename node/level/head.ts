/**
 * What the store keeps in memory of what it holds on disk: counters, the open vertices' places, the votes' keys. On
 * opening it is rebuilt and held against the counters in the meta record: a batch that the disk lost shows here.
 */

import { concatBytes, toHex } from '../../consensus/codec/bytes.ts';
import type { Database } from './database.ts';
import { checkpointKey, idBytes, metaKey, readNumber } from './keys.ts';
import type { RecordReader } from './reader.ts';
import { type Counters, decodeOwn, encodeOwn, FORMAT, type Meta, StoreDamage, seal } from './records.ts';

/** Outcome lists of this many checkpoints decide what is settled `[ORD-1]`: none of them may be missing. */
const CHECKPOINTS_CHECKED = 1_024;

export interface OpenVertex {
  readonly ordinal: number;
  readonly payload: boolean;
}

export interface VotePlace {
  readonly height: number;
  readonly sequence: number;
}

/** Written by the one writer only, batch by batch. */
export interface Head {
  readonly counters: Counters;
  /** By id, in order of arrival. */
  readonly open: Map<string, OpenVertex>;
  votes: VotePlace[];
  /** Ids of pending calls, hex. */
  readonly pending: Set<string>;
  /** Ids of messages that are kept, hex. */
  readonly messages: Set<string>;
}

export function encodeHead({ counters, open, votes, pending, messages }: Head): Uint8Array {
  const counts = { openCount: open.size, voteCount: votes.length, pendingCount: pending.size };
  return encodeOwn({ format: FORMAT, counters, ...counts, messageCount: messages.size });
}

export function encodeOpen(id: string, payload: boolean): Uint8Array {
  return concatBytes(Uint8Array.of(payload ? 1 : 0), idBytes(id));
}

/** Reads the head of an existing database, or begins that of an empty one. */
export async function readHead(
  db: Database,
  directory: string,
  reader: RecordReader,
  stamped: number,
): Promise<Head> {
  const value = reader.get(metaKey);
  if (value === undefined) {
    if (stamped === 0) return beginHead(db, directory);
    throw new StoreDamage(`${directory}: ${stamped} batches were written, and none is there`);
  }
  const meta = decodeOwn<Meta>(value);
  if (meta.format !== FORMAT) {
    throw new Error(`${directory}: format ${meta.format}, and this program reads format ${FORMAT} only`);
  }
  const lost = stamped - meta.counters.batch;
  if (lost > 0) throw new StoreDamage(`${directory}: the last ${lost} durable batches are missing`);
  const head: Head = beginWith(meta.counters);
  const open: [id: string, place: OpenVertex][] = [];
  for await (const [key, opened] of reader.entries('open')) {
    open.push([toHex(opened.subarray(1)), { ordinal: readNumber(key, 1), payload: opened[0] === 1 }]);
  }
  // A damaged table may give whole records in another order than that of their keys.
  open.sort(([, one], [, other]) => one.ordinal - other.ordinal);
  for (const [id, place] of open) head.open.set(id, place);
  for await (const [key] of reader.entries('vote')) {
    head.votes.push({ height: readNumber(key, 1), sequence: readNumber(key, 9) });
  }
  for await (const [key] of reader.entries('pending')) head.pending.add(toHex(key.subarray(1)));
  for await (const [key] of reader.entries('message')) head.messages.add(toHex(key.subarray(1)));
  await checkHead(db, directory, head, meta);
  return head;
}

const beginWith = (counters: Counters): Head => ({
  ...{ counters, open: new Map(), votes: [], pending: new Set(), messages: new Set() },
});

async function beginHead(db: Database, directory: string): Promise<Head> {
  for await (const _ of db.keys({ limit: 1 })) {
    throw new StoreDamage(`${directory}: the meta record is missing, or this is another program's database`);
  }
  const heights = { height: 0, firstHeight: 0 };
  const votes = { nextVote: 0, votesFrom: 0 };
  const counts = { objectCount: 0, historyCount: 0, headerCount: 0, changeCount: 0 };
  const counters = { batch: 0, ...heights, nextOrdinal: 0, ...votes, ...counts, joining: false };
  const head = beginWith(counters);
  await db.put(metaKey, seal(metaKey, encodeHead(head)), { sync: true });
  return head;
}

async function checkHead(db: Database, directory: string, head: Head, meta: Meta): Promise<void> {
  const demand = (what: string, expected: number, found: number): void => {
    if (expected !== found)
      throw new StoreDamage(`${directory}: expected ${expected} ${what}, found ${found}`);
  };
  demand('open vertices', meta.openCount, head.open.size);
  demand('votes', meta.voteCount, head.votes.length);
  demand('pending calls', meta.pendingCount ?? 0, head.pending.size);
  demand('messages', meta.messageCount ?? 0, head.messages.size);
  const { height, firstHeight } = head.counters;
  if (height === 0) return;
  const from = Math.max(firstHeight, height - CHECKPOINTS_CHECKED + 1);
  const range = { gte: checkpointKey(from), lte: checkpointKey(height) };
  demand(`checkpoints from height ${from}`, height - from + 1, (await db.keys(range).all()).length);
}

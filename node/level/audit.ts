/**
 * Reads everything the store holds and says what is wrong with it. A flipped bit in a value shows when it is read;
 * one in a key makes the record vanish, and only counting what must be there shows that.
 */

import { headerId } from '../../consensus/checkpoint/header.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import type { Head } from './head.ts';
import { describeKey, headerKey, type Kind, readNumber } from './keys.ts';
import type { RecordReader } from './reader.ts';
import {
  BURIED_HEIGHT,
  decodeHeight,
  decodeOwn,
  decodeStored,
  type IndexEntry,
  storedCheckpoint,
} from './records.ts';

export interface AuditReport {
  readonly records: number;
  readonly bytes: number;
  /** One line for each; empty when the store is whole. */
  readonly faults: readonly string[];
}

/** Only while nothing writes: the counts are of one moment. */
export async function auditRecords(
  reader: RecordReader,
  head: Head,
  directory: string,
): Promise<AuditReport> {
  const faults: string[] = [];
  let records = 0;
  let bytes = 0;

  async function each(kind: Kind, visit: (key: Uint8Array, value: Uint8Array) => void): Promise<void> {
    try {
      for await (const [key, value] of reader.entries(kind)) {
        records += 1;
        bytes += key.length + value.length;
        visit(key, value);
        // Looked up as well: a damaged filter hides a record from a question, not from a walk.
        if (reader.get(key) === undefined) faults.push(`${directory}: ${describeKey(key)} cannot be found`);
      }
    } catch (error) {
      faults.push((error as Error).message);
    }
  }
  const compare = (what: string, expected: number, found: number): void => {
    if (expected !== found) faults.push(`${directory}: expected ${expected} ${what}, found ${found}`);
  };

  const { counters } = head;
  let outcomes = 0;
  let checkpoints = 0;
  await each('checkpoint', (key, value) => {
    checkpoints += 1;
    const { header, outcomes: list } = decodeStored(directory, key, storedCheckpoint, value);
    outcomes += list.length;
    const found = reader.get(headerKey(toHex(headerId(header))));
    const height = found && decodeHeight(found);
    if (height !== header.height)
      faults.push(`${directory}: the id of header ${header.height} leads to ${height ?? 'no'} height`);
  });
  compare('checkpoints', counters.height === 0 ? 0 : counters.height - counters.firstHeight + 1, checkpoints);

  /** One bit for each ordinal whose body must be there. */
  const wanted = new Uint8Array(Math.ceil(counters.nextOrdinal / 8));
  const want = (ordinal: number): void => {
    wanted[ordinal >> 3]! |= 1 << (ordinal & 7);
  };
  let indexed = 0;
  let buried = 0;
  await each('index', (_, value) => {
    const { ordinal, height } = decodeOwn<IndexEntry>(value);
    if (height === BURIED_HEIGHT) buried += 1;
    else indexed += 1;
    want(ordinal);
  });
  compare('confirmed vertices in the index', outcomes, indexed);
  // The open vertices and the votes were counted on opening.
  for (const { ordinal } of head.open.values()) want(ordinal);

  let bodies = 0;
  await each('body', (key) => {
    const ordinal = readNumber(key, 1);
    if ((wanted[ordinal >> 3]! & (1 << (ordinal & 7))) !== 0) bodies += 1;
    else faults.push(`${directory}: ${describeKey(key)} belongs to nothing`);
  });
  compare('bodies', indexed + buried + head.open.size, bodies);

  let objects = 0;
  await each('object', () => {
    objects += 1;
  });
  compare('objects', counters.objectCount, objects);
  await each('decision', () => undefined);
  let headers = 0;
  await each('header', () => {
    headers += 1;
  });
  compare('ids of headers', counters.headerCount, headers);
  let changes = 0;
  await each('change', () => {
    changes += 1;
  });
  compare('changes of committee', counters.changeCount, changes);
  // Counted on opening, like the votes.
  await each('pending', () => undefined);
  await each('message', () => undefined);
  let sealed = 0;
  await each('sealed', () => {
    sealed += 1;
  });
  compare('ciphertexts of messages', head.messages.size, sealed);
  let nodes = 0;
  await each('history', () => {
    nodes += 1;
  });
  compare('history nodes', counters.historyCount, nodes);
  await each('meta', () => undefined);
  await each('open', () => undefined);
  await each('vote', () => undefined);
  try {
    compare('records in all', await reader.count(), records);
  } catch (error) {
    faults.push((error as Error).message);
  }
  return { records, bytes, faults };
}

/** What a batch must know of the records that its writes touch, looked up before it is built. */

import type { StoreWrite } from '../ports.ts';
import type { Head } from './head.ts';
import { changeKey, headerKey, historyKey, indexKey, objectKey } from './keys.ts';
import type { RecordReader } from './reader.ts';
import { decodeOwn, type IndexEntry } from './records.ts';

export interface Known {
  /** Index entries of confirmed vertices, by id. */
  readonly confirmed: Map<string, IndexEntry>;
  /** Names of keys that exist, of kinds that are counted. */
  readonly existing: Set<string>;
}

/** A key as a member of a set. */
export function nameOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1');
}

export async function findKnown(
  writes: readonly StoreWrite[],
  head: Head,
  reader: RecordReader,
): Promise<Known> {
  const ids = new Set<string>();
  const counted: Uint8Array[] = [];
  for (const write of writes) {
    if (write.type === 'vertex' && write.fresh !== true) ids.add(write.vertex.key);
    if (write.type === 'prune') for (const { key } of write.vertices) ids.add(key);
    // An installed state goes into an empty store.
    if (write.type === 'header') counted.push(headerKey(write.id));
    if (write.type !== 'checkpoint') continue;
    if (write.checkpoint.committeeChange !== undefined)
      counted.push(changeKey(write.checkpoint.header.epoch));
    for (const id of write.checkpoint.vertices) ids.add(id);
    for (const { path } of write.checkpoint.changes) counted.push(objectKey(path));
    for (const { level, index } of write.checkpoint.historyNodes) counted.push(historyKey(level, index));
  }
  const unknown = [...ids].filter((id) => !head.open.has(id));
  const confirmed = new Map<string, IndexEntry>();
  for (const [place, value] of (await reader.getMany(unknown.map(indexKey))).entries()) {
    if (value !== undefined) confirmed.set(unknown[place]!, decodeOwn<IndexEntry>(value));
  }
  const exists = await reader.hasMany(counted);
  return { confirmed, existing: new Set(counted.filter((_, place) => exists[place]).map(nameOf)) };
}

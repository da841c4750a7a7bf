/** Turns the writes of the port into one atomic batch of the database, and advances the head with them. */

import { invariant } from '../../consensus/codec/result.ts';
import { storedObject } from '../../consensus/contracts/object.ts';
import type { Change } from '../../consensus/contracts/state.ts';
import type { CheckpointRecord, StoreWrite, VertexRecord } from '../ports.ts';
import { encodeHead, encodeOpen, type Head } from './head.ts';
import {
  bodyKey,
  checkpointKey,
  historyKey,
  indexKey,
  metaKey,
  objectKey,
  openKey,
  voteKey,
} from './keys.ts';
import { carriesPayload } from './payload.ts';
import { encodeOwn, type IndexEntry, seal, storedCheckpoint } from './records.ts';

/** What a batch of the database can take. */
export interface Batch {
  put(key: Uint8Array, value: Uint8Array): unknown;
  del(key: Uint8Array): unknown;
}

/** Ids in `writes` whose index entry must be looked up before the batch is built. */
export function idsToLookUp(writes: readonly StoreWrite[], head: Head): string[] {
  const ids = new Set<string>();
  const add = (id: string): void => {
    if (!head.open.has(id)) ids.add(id);
  };
  for (const write of writes) {
    if (write.type === 'vertex') add(write.vertex.key);
    else if (write.type === 'checkpoint') write.checkpoint.vertices.forEach(add);
  }
  return [...ids];
}

/** Fills `batch`. `confirmed` holds the index entries found for `idsToLookUp`. Mutates `head` and `confirmed`. */
export function buildBatch(
  writes: readonly StoreWrite[],
  head: Head,
  confirmed: Map<string, IndexEntry>,
  batch: Batch,
): void {
  const put = (key: Uint8Array, value: Uint8Array): void => {
    batch.put(key, seal(key, value));
  };
  const remove = (key: Uint8Array): void => {
    batch.del(key);
  };

  function confirm(id: string, entry: IndexEntry): void {
    confirmed.set(id, entry);
    put(indexKey(id), encodeOwn(entry));
  }

  function keepOpen(id: string, ordinal: number, payload: boolean): void {
    head.open.set(id, { ordinal, payload });
    put(openKey(ordinal), encodeOpen(id, payload));
  }

  /** Stores the body where there is none yet, or where it lacked the payload. */
  function putVertex({ key, envelope }: VertexRecord): void {
    const known = head.open.get(key) ?? confirmed.get(key);
    if (known?.payload) return;
    const payload = carriesPayload(envelope);
    if (known !== undefined && !payload) return;
    const ordinal = known?.ordinal ?? head.nextOrdinal++;
    put(bodyKey(ordinal), envelope);
    const entry = confirmed.get(key);
    if (entry === undefined) keepOpen(key, ordinal, payload);
    else confirm(key, { ...entry, payload });
  }

  function forget(id: string): void {
    const entry = head.open.get(id);
    if (entry === undefined) return;
    head.open.delete(id);
    remove(openKey(entry.ordinal));
    remove(bodyKey(entry.ordinal));
  }

  function putChange({ path, object }: Change): void {
    if (object === undefined) remove(objectKey(path));
    else put(objectKey(path), storedObject.encode(object));
  }

  function putCheckpoint(record: CheckpointRecord): void {
    const { header, certificate, outcomes } = record;
    for (const [index, id] of record.vertices.entries()) {
      const known = head.open.get(id) ?? confirmed.get(id);
      invariant(known !== undefined, `confirmed vertex ${id} was never stored`);
      const { ordinal, payload } = known;
      if (head.open.delete(id)) remove(openKey(ordinal));
      confirm(id, { ordinal, payload, height: header.height, index });
    }
    record.changes.forEach(putChange);
    for (const { level, index, hash } of record.historyNodes) put(historyKey(level, index), hash);
    put(checkpointKey(header.height), storedCheckpoint.encode({ header, certificate, outcomes }));
    head.firstHeight = head.height === 0 ? header.height : Math.min(head.firstHeight, header.height);
    head.height = Math.max(head.height, header.height);
    dropVotes(header.height);
  }

  function putVote(height: number, entry: Uint8Array): void {
    const sequence = head.nextVote++;
    head.votes.push({ height, sequence });
    put(voteKey(height, sequence), entry);
  }

  function dropVotes(upTo: number): void {
    for (const vote of head.votes) if (vote.height <= upTo) remove(voteKey(vote.height, vote.sequence));
    head.votes = head.votes.filter((vote) => vote.height > upTo);
  }

  for (const write of writes) {
    if (write.type === 'vertex') putVertex(write.vertex);
    else if (write.type === 'forget') write.keys.forEach(forget);
    else if (write.type === 'checkpoint') putCheckpoint(write.checkpoint);
    else putVote(write.height, write.entry);
  }
  head.batch += 1;
  put(metaKey, encodeHead(head));
}

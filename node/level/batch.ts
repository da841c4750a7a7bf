/** Turns the writes of the port into one atomic batch of the database, and advances the head with them. */

import { headerId } from '../../consensus/checkpoint/header.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import { invariant } from '../../consensus/codec/result.ts';
import { objectPath, storedObject } from '../../consensus/contracts/object.ts';
import type { Change } from '../../consensus/contracts/state.ts';
import type { HistoryNode } from '../../consensus/merkle/history.ts';
import type { CheckpointRecord, StoredCheckpoint, StoreWrite, VertexRecord } from '../ports.ts';
import { noteLate, notePrune, nothingPruned } from '../pruned.ts';
import { encodeHead, encodeOpen, type Head } from './head.ts';
import {
  bodyKey,
  changeKey,
  checkpointKey,
  decisionKey,
  headerKey,
  historyKey,
  indexKey,
  messageKey,
  metaKey,
  objectKey,
  openKey,
  pendingKey,
  sealedKey,
  voteKey,
} from './keys.ts';
import { type Known, nameOf } from './known.ts';
import { carriesPayload } from './payload.ts';
import {
  BURIED_HEIGHT,
  encodeHeight,
  encodeOwn,
  type IndexEntry,
  seal,
  storedCheckpoint,
} from './records.ts';

/** What a batch of the database can take. */
export interface Batch {
  put(key: Uint8Array, value: Uint8Array): unknown;
  del(key: Uint8Array): unknown;
}

/** Fills `batch`, and says how many bytes are put. Mutates `head` and `known`. */
export function buildBatch(writes: readonly StoreWrite[], head: Head, known: Known, batch: Batch): number {
  const { confirmed, existing } = known;
  const { counters } = head;
  let bytes = 0;
  const put = (key: Uint8Array, value: Uint8Array): void => {
    const sealed = seal(key, value);
    bytes += key.length + sealed.length;
    batch.put(key, sealed);
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
    const stored = head.open.get(key) ?? confirmed.get(key);
    if (stored?.payload) return;
    const payload = carriesPayload(envelope);
    if (stored !== undefined && !payload) return;
    const ordinal = stored?.ordinal ?? counters.nextOrdinal++;
    put(bodyKey(ordinal), envelope);
    const entry = confirmed.get(key);
    if (entry === undefined) keepOpen(key, ordinal, payload);
    else {
      confirm(key, { ...entry, payload });
      if (counters.pruned && entry.height !== BURIED_HEIGHT)
        counters.pruned = noteLate(counters.pruned, entry.height);
    }
  }

  /** Its body stays, and the index says that it has no place. */
  function bury(id: string): void {
    const entry = head.open.get(id);
    if (entry === undefined) return;
    head.open.delete(id);
    remove(openKey(entry.ordinal));
    confirm(id, { ...entry, height: BURIED_HEIGHT, index: 0 });
  }

  /** The body without its payload takes the place of that with it. */
  function prune(write: Extract<StoreWrite, { readonly type: 'prune' }>): void {
    for (const { key, envelope } of write.vertices) {
      const entry = confirmed.get(key);
      invariant(entry !== undefined, `vertex ${key} is not confirmed: its batch may be needed`);
      put(bodyKey(entry.ordinal), envelope);
      confirm(key, { ...entry, payload: false });
    }
    counters.pruned = notePrune(counters.pruned ?? nothingPruned, write);
  }

  /** Puts or removes a record of a kind that is counted. */
  function putCounted(
    count: 'objectCount' | 'historyCount' | 'headerCount' | 'changeCount',
    key: Uint8Array,
    value: Uint8Array | undefined,
  ): void {
    const name = nameOf(key);
    const before = existing.has(name);
    if (value === undefined) {
      remove(key);
      existing.delete(name);
    } else {
      put(key, value);
      existing.add(name);
    }
    counters[count] += (value === undefined ? 0 : 1) - (before ? 1 : 0);
  }

  function putChange({ path, object }: Change): void {
    putCounted('objectCount', objectKey(path), object && storedObject.encode(object));
  }

  function putHistory(nodes: readonly HistoryNode[]): void {
    for (const { level, index, hash } of nodes) putCounted('historyCount', historyKey(level, index), hash);
  }

  function putHeader(id: string, height: number): void {
    putCounted('headerCount', headerKey(id), encodeHeight(height));
  }

  function putStored({ header, certificate, outcomes }: StoredCheckpoint): void {
    put(checkpointKey(header.height), storedCheckpoint.encode({ header, certificate, outcomes }));
    putHeader(toHex(headerId(header)), header.height);
    counters.firstHeight = Math.min(counters.firstHeight || header.height, header.height);
    counters.height = Math.max(counters.height, header.height);
  }

  function putCheckpoint(record: CheckpointRecord): void {
    const { header } = record;
    for (const [index, id] of record.vertices.entries()) {
      const stored = head.open.get(id) ?? confirmed.get(id);
      invariant(stored !== undefined, `confirmed vertex ${id} was never stored`);
      const { ordinal, payload } = stored;
      if (head.open.delete(id)) remove(openKey(ordinal));
      confirm(id, { ordinal, payload, height: header.height, index });
    }
    record.changes.forEach(putChange);
    putHistory(record.historyNodes);
    putStored(record);
    if (record.committeeChange !== undefined)
      putCounted('changeCount', changeKey(header.epoch), record.committeeChange);
    if (record.decision !== undefined) put(decisionKey(header.height), record.decision);
    for (const height of record.droppedDecisions) remove(decisionKey(height));
    dropVotes(header.height);
  }

  function install({ objects, changes }: Extract<StoreWrite, { readonly type: 'install' }>): void {
    invariant(
      counters.height === 0 && counters.objectCount === 0,
      'a state is installed where there is none',
    );
    for (const object of objects) putChange({ path: objectPath(object.type, object.id), object });
    for (const [epoch, change] of changes) putCounted('changeCount', changeKey(epoch), change);
    counters.joining = true;
  }

  function backfill(checkpoint: StoredCheckpoint, vertices: readonly VertexRecord[]): void {
    const { height } = checkpoint.header;
    const isNext = counters.firstHeight === 0 || height === counters.firstHeight - 1;
    invariant(counters.joining && isNext, `checkpoint ${height} is not below ${counters.firstHeight}`);
    for (const [index, { key, envelope }] of vertices.entries()) {
      const ordinal = counters.nextOrdinal++;
      put(bodyKey(ordinal), envelope);
      confirm(key, { ordinal, payload: carriesPayload(envelope), height, index });
    }
    // Nothing below it was ever here, so there is nothing to prune.
    const { pruned = nothingPruned } = counters;
    counters.pruned = { ...pruned, height: Math.max(pruned.height, height) };
    putStored(checkpoint);
  }

  function putVote(height: number, entry: Uint8Array): void {
    const sequence = counters.nextVote++;
    head.votes.push({ height, sequence });
    put(voteKey(height, sequence), entry);
  }

  function putPending(id: string, entry: Uint8Array | undefined): void {
    if (entry === undefined) {
      if (head.pending.delete(id)) remove(pendingKey(id));
    } else {
      head.pending.add(id);
      put(pendingKey(id), entry);
    }
  }

  function putMessage(id: string, entry: Uint8Array | undefined, ciphertext: Uint8Array | undefined): void {
    if (entry === undefined) {
      if (!head.messages.delete(id)) return;
      remove(messageKey(id));
      remove(sealedKey(id));
      return;
    }
    invariant(ciphertext !== undefined || head.messages.has(id), `message ${id} has no ciphertext`);
    head.messages.add(id);
    put(messageKey(id), entry);
    if (ciphertext !== undefined) put(sealedKey(id), ciphertext);
  }

  function voidVotes(from: number | undefined): void {
    dropVotes(Number.MAX_SAFE_INTEGER);
    counters.votesFrom = from ?? null;
  }

  function dropVotes(upTo: number): void {
    for (const vote of head.votes) if (vote.height <= upTo) remove(voteKey(vote.height, vote.sequence));
    head.votes = head.votes.filter((vote) => vote.height > upTo);
  }

  for (const write of writes) {
    if (write.type === 'vertex') putVertex(write.vertex);
    else if (write.type === 'bury') write.keys.forEach(bury);
    else if (write.type === 'prune') prune(write);
    else if (write.type === 'checkpoint') putCheckpoint(write.checkpoint);
    else if (write.type === 'vote') putVote(write.height, write.entry);
    else if (write.type === 'pending') putPending(write.call, write.entry);
    else if (write.type === 'message') putMessage(write.id, write.entry, write.ciphertext);
    else if (write.type === 'install') install(write);
    else if (write.type === 'backfill') backfill(write.checkpoint, write.vertices);
    else if (write.type === 'header') putHeader(write.id, write.height);
    else if (write.type === 'joined') {
      putHistory(write.historyNodes);
      counters.joining = false;
    } else voidVotes(write.height);
  }
  counters.batch += 1;
  put(metaKey, encodeHead(head));
  return bytes;
}

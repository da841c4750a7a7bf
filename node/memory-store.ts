/**
 * The store in memory: what `Store` means, without a disk. `sim/` runs nodes on it, and tests hold the one on disk
 * against it. Nothing here survives the object, so `durable` says nothing.
 */

import { headerId } from '../consensus/checkpoint/header.ts';
import { compareBytes, toHex } from '../consensus/codec/bytes.ts';
import { invariant } from '../consensus/codec/result.ts';
import { objectPath, type StoredObject } from '../consensus/contracts/object.ts';
import type { Change } from '../consensus/contracts/state.ts';
import type { HistoryNode } from '../consensus/merkle/history.ts';
import { carriesPayload } from './level/payload.ts';
import type {
  CheckpointRecord,
  Position,
  Store,
  StoredCheckpoint,
  StoreWrite,
  VertexRecord,
} from './ports.ts';
import { noteLate, notePrune, nothingPruned } from './pruned.ts';

interface Entry {
  envelope: Uint8Array;
  /** Absent while the vertex is open, and where it is buried. */
  position: Position | undefined;
  buried: boolean;
}

interface Vote {
  readonly height: number;
  readonly entry: Uint8Array;
}

/** `keep` gives the bytes to hold of an envelope: a copy, unless the caller knows better. */
export function memoryStore(
  keep: (key: string, envelope: Uint8Array) => Uint8Array = (_, envelope) => envelope.slice(),
): Store {
  /** Confirmed and open ones in the order in which they first came. */
  const vertices = new Map<string, Entry>();
  const checkpoints = new Map<number, StoredCheckpoint>();
  const objects = new Map<string, { path: Uint8Array; object: StoredObject }>();
  const history = new Map<string, Uint8Array>();
  const headers = new Map<string, number>();
  const decisions = new Map<number, Uint8Array>();
  const pending = new Map<string, Uint8Array>();
  const messages = new Map<string, { readonly entry: Uint8Array; readonly ciphertext: Uint8Array }>();
  let votes: Vote[] = [];
  let votesFrom: number | undefined = 0;
  const changes = new Map<number, Uint8Array>();
  let height = 0;
  let firstHeight = 0;
  let joining = false;
  let pruned = nothingPruned;
  let closed = false;

  function putVertex({ key, envelope }: VertexRecord, fresh: boolean): void {
    const known = vertices.get(key);
    const isClosed = known !== undefined && (known.buried || known.position !== undefined);
    invariant(!fresh || !isClosed, `vertex ${key} is not fresh: it was confirmed or buried`);
    if (known === undefined)
      vertices.set(key, { envelope: keep(key, envelope), position: undefined, buried: false });
    else if (carriesPayload(envelope) && !carriesPayload(known.envelope)) {
      known.envelope = keep(key, envelope);
      if (known.position !== undefined) pruned = noteLate(pruned, known.position.height);
    }
  }

  function bury(keys: readonly string[]): void {
    for (const key of keys) {
      const entry = vertices.get(key);
      if (entry !== undefined) entry.buried = true;
    }
  }

  function prune(write: Extract<StoreWrite, { readonly type: 'prune' }>): void {
    for (const { key, envelope } of write.vertices) {
      const entry = vertices.get(key);
      invariant(entry?.position !== undefined, `vertex ${key} is not confirmed: its batch may be needed`);
      entry.envelope = keep(key, envelope);
    }
    pruned = notePrune(pruned, write);
  }

  function putChange({ path, object }: Change): void {
    if (object === undefined) objects.delete(toHex(path));
    else objects.set(toHex(path), { path, object });
  }

  function putCheckpoint(record: CheckpointRecord): void {
    const { header, certificate, outcomes } = record;
    record.vertices.forEach((key, index) => {
      const entry = vertices.get(key);
      invariant(entry !== undefined, `confirmed vertex ${key} was never stored`);
      entry.position = { height: header.height, index };
    });
    record.changes.forEach(putChange);
    putHistory(record.historyNodes);
    putStored({ header, certificate, outcomes });
    if (record.committeeChange !== undefined) changes.set(header.epoch, record.committeeChange);
    if (record.decision !== undefined) decisions.set(header.height, record.decision.slice());
    for (const height of record.droppedDecisions) decisions.delete(height);
    votes = votes.filter((vote) => vote.height > header.height);
  }

  function putHistory(nodes: readonly HistoryNode[]): void {
    for (const { level, index, hash } of nodes) history.set(`${level}/${index}`, hash);
  }

  function putStored(checkpoint: StoredCheckpoint): void {
    const { header } = checkpoint;
    checkpoints.set(header.height, checkpoint);
    headers.set(toHex(headerId(header)), header.height);
    firstHeight = Math.min(firstHeight || header.height, header.height);
    height = Math.max(height, header.height);
  }

  function install(write: Extract<StoreWrite, { readonly type: 'install' }>): void {
    invariant(height === 0 && objects.size === 0, 'a state is installed where there is none');
    for (const object of write.objects) putChange({ path: objectPath(object.type, object.id), object });
    for (const [epoch, change] of write.changes) changes.set(epoch, change);
    joining = true;
  }

  function backfill(checkpoint: StoredCheckpoint, records: readonly VertexRecord[]): void {
    const at = checkpoint.header.height;
    const isNext = firstHeight === 0 || at === firstHeight - 1;
    invariant(joining && isNext, `checkpoint ${at} is not below ${firstHeight}`);
    for (const [index, { key, envelope }] of records.entries())
      vertices.set(key, {
        envelope: keep(key, envelope),
        position: { height: at, index },
        buried: false,
      });
    pruned = { ...pruned, height: Math.max(pruned.height, at) };
    putStored(checkpoint);
  }

  function put(write: StoreWrite): void {
    if (write.type === 'vertex') putVertex(write.vertex, write.fresh === true);
    else if (write.type === 'bury') bury(write.keys);
    else if (write.type === 'prune') prune(write);
    else if (write.type === 'checkpoint') putCheckpoint(write.checkpoint);
    else if (write.type === 'pending') {
      if (write.entry === undefined) pending.delete(write.call);
      else pending.set(write.call, write.entry.slice());
    } else if (write.type === 'message') putMessage(write.id, write.entry, write.ciphertext);
    else if (write.type === 'install') install(write);
    else if (write.type === 'backfill') backfill(write.checkpoint, write.vertices);
    else if (write.type === 'header') headers.set(write.id, write.height);
    else if (write.type === 'joined') {
      putHistory(write.historyNodes);
      joining = false;
    } else if (write.type === 'vote') votes.push({ height: write.height, entry: write.entry.slice() });
    else {
      votes = [];
      votesFrom = write.height;
    }
  }

  function putMessage(id: string, entry: Uint8Array | undefined, ciphertext: Uint8Array | undefined): void {
    if (entry === undefined) {
      messages.delete(id);
      return;
    }
    const sealed = ciphertext?.slice() ?? messages.get(id)?.ciphertext;
    invariant(sealed !== undefined, `message ${id} has no ciphertext`);
    messages.set(id, { entry: entry.slice(), ciphertext: sealed });
  }

  function demandOpen(): void {
    if (closed) throw new Error('the store is closed');
  }

  return {
    load: async () => {
      demandOpen();
      const sorted = [...objects.values()].sort((a, b) => compareBytes(a.path, b.path));
      const open = [...vertices.values()].filter((entry) => entry.position === undefined && !entry.buried);
      const log = votes.slice().sort((a, b) => a.height - b.height);
      return {
        height,
        objects: sorted.map((entry) => entry.object),
        openVertices: open.map((entry) => entry.envelope),
        voteLog: log.map((vote) => vote.entry),
        pendingCalls: [...pending].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry),
        messages: [...messages].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, { entry }]) => entry),
        votesFrom,
      };
    },
    write: async (writes) => {
      demandOpen();
      writes.forEach(put);
    },
    checkpoint: async (at) => checkpoints.get(at),
    stage: async () => {
      if (joining) return 'joining';
      return height === 0 && vertices.size === 0 ? 'empty' : 'whole';
    },
    firstHeight: async () => firstHeight,
    decision: async (at) => decisions.get(at),
    vertex: async (key) => vertices.get(key)?.envelope,
    position: async (key) => vertices.get(key)?.position,
    message: async (id) => messages.get(id)?.ciphertext,
    historyNode: async (level, index) => history.get(`${level}/${index}`),
    committeeChange: async (epoch) => changes.get(epoch),
    headerHeight: async (idKey) => headers.get(idKey),
    pruned: async () => pruned,
    size: async () => {
      let bytes = 0;
      for (const { envelope } of vertices.values()) bytes += envelope.length;
      return bytes;
    },
    close: async () => {
      closed = true;
    },
  };
}

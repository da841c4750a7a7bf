/**
 * What a snapshot's window does not bring along and a restart needs: the history `[SNP-4]`, the heights of older headers that
 * vertices cite, and the end of the own chain `[SNP-5]`.
 */

import type { Genesis } from '../../consensus/checkpoint/genesis.ts';
import { type Header, headerId, historyLeaf, isInHistory } from '../../consensus/checkpoint/header.ts';
import { equalBytes, toHex } from '../../consensus/codec/bytes.ts';
import { invariant, ok, refuse } from '../../consensus/codec/result.ts';
import type { ObjectReader } from '../../consensus/contracts/object.ts';
import { chain } from '../../consensus/contracts/registry.ts';
import { zero32 } from '../../consensus/crypto/hash.ts';
import { History, type HistoryNode, historyPositions } from '../../consensus/merkle/history.ts';
import { decodeVertex } from '../../consensus/vertex/vertex.ts';
import type { Store, StoreWrite } from '../ports.ts';
import type { Conversation } from './conversation.ts';
import { fetchVertices } from './vertex-fetch.ts';

export interface CompletePorts {
  readonly conversation: Conversation;
  readonly store: Store;
  readonly genesis: Genesis;
  readonly state: ObjectReader;
  /** Of the node that joins, 32 bytes. */
  readonly publicKey: Uint8Array;
}

/** The last writes of a join, all of one batch. The store has the checkpoints from `first` to `last`. */
export async function completeJoin(ports: CompletePorts, first: number, last: number): Promise<StoreWrite[]> {
  const { store, genesis } = ports;
  const heights = new Map([[toHex(genesis.headerId), 0]]);
  const headers: Header[] = [];
  const cited = new Map<string, Uint8Array>();
  for (let height = first; height <= last; height++) {
    const checkpoint = await store.checkpoint(height);
    invariant(checkpoint !== undefined, `checkpoint ${height} was stored`);
    headers.push(checkpoint.header);
    heights.set(toHex(headerId(checkpoint.header)), height);
    for (const { id } of checkpoint.outcomes) {
      const checkpointId = await citedBy(store, toHex(id));
      cited.set(toHex(checkpointId), checkpointId);
    }
  }
  const ownEnd = await fetchOwnEnd(ports);
  const writes: StoreWrite[] = [];
  if (ownEnd !== undefined) {
    writes.push({ type: 'vertex', vertex: ownEnd.record }, { type: 'bury', keys: [ownEnd.record.key] });
    cited.set(toHex(ownEnd.checkpoint), ownEnd.checkpoint);
  }
  for (const [name, id] of cited) {
    if (heights.has(name)) continue;
    writes.push({ type: 'header', id: name, height: await fetchHeight(ports, id, headers.at(-1)!) });
  }
  writes.push({ type: 'joined', historyNodes: await fetchHistory(ports, headers) });
  return writes;
}

async function citedBy(store: Store, key: string): Promise<Uint8Array> {
  const envelope = await store.vertex(key);
  const decoded = envelope && decodeVertex(envelope);
  invariant(decoded?.ok, `vertex ${key} was stored`);
  return decoded.value.checkpoint;
}

/** The last confirmed vertex of the own chain, where the window does not have it. */
async function fetchOwnEnd({ conversation, store, genesis, state, publicKey }: CompletePorts) {
  const own = state.get(chain, publicKey);
  if (own === undefined || own.lastSequence === 0) return undefined;
  const key = toHex(own.lastId);
  if ((await store.vertex(key)) !== undefined) return undefined;
  const record = (await fetchVertices(conversation, genesis.network, [own.lastId])).get(key)!;
  const decoded = decodeVertex(record.envelope);
  invariant(decoded.ok, 'what was checked decodes');
  return { record, checkpoint: decoded.value.checkpoint };
}

async function fetchHeight(
  { conversation }: CompletePorts,
  id: Uint8Array,
  { height: size, historyRoot }: Header,
): Promise<number> {
  const found = await conversation.ask<number>(
    () => ({ type: 'getHeader', id, size }),
    (message) => {
      if (message.type !== 'provedHeader' || message.size !== size) return undefined;
      if (!equalBytes(headerId(message.header), id)) return undefined;
      return isInHistory(id, message.header.height, { size, root: historyRoot, path: message.path })
        ? ok(message.header.height)
        : refuse('E_PROOF', { reason: 'not in the history', height: message.header.height });
    },
  );
  return found!;
}

/** The peaks below the first of these headers, and every node that is complete from there to the last. */
async function fetchHistory(
  { conversation }: CompletePorts,
  headers: readonly Header[],
): Promise<HistoryNode[]> {
  const { height: size, historyRoot } = headers[0]!;
  const positions = historyPositions(size);
  const found = await conversation.ask<HistoryNode[]>(
    () => ({ type: 'getPeaks', size }),
    (message) => {
      if (message.type !== 'peaks' || message.size !== size) return undefined;
      const { hashes } = message;
      const peaks = positions.map((position, i) => ({ ...position, hash: hashes[i] ?? zero32 }));
      const isIt = hashes.length === peaks.length && equalBytes(historyOf(size, peaks).root, historyRoot);
      return isIt ? ok(peaks) : refuse('E_PROOF', { reason: 'not the peaks of the history', size });
    },
  );
  const peaks = found!;
  const nodes: HistoryNode[] = [...peaks];
  let history = historyOf(size, peaks);
  // The last header's own leaf comes with the next one, as always.
  for (const header of headers.slice(0, -1)) {
    const grown = history.append(historyLeaf(headerId(header)));
    history = grown.history;
    nodes.push(...grown.completed);
  }
  return nodes;
}

function historyOf(size: number, peaks: readonly HistoryNode[]): History {
  return History.restore(
    size,
    (level, index) => peaks.find((peak) => peak.level === level && peak.index === index)!.hash,
  );
}

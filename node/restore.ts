/** What a replica starts from: the genesis, or everything that an earlier life of this node made durable `[STO-1]`. */

import type { Genesis } from '../consensus/checkpoint/genesis.ts';
import { headerId } from '../consensus/checkpoint/header.ts';
import { toHex } from '../consensus/codec/bytes.ts';
import { invariant } from '../consensus/codec/result.ts';
import { chain } from '../consensus/contracts/registry.ts';
import { LedgerState } from '../consensus/contracts/state.ts';
import type { Signer } from '../consensus/crypto/ed25519.ts';
import type { AncestorFacts } from '../consensus/dag/open-dag.ts';
import { History, historyPositions } from '../consensus/merkle/history.ts';
import { voteLogEntry } from '../consensus/pbft/messages.ts';
import { decisionProof } from '../consensus/pbft/offence.ts';
import { decodeVertex, type Vertex } from '../consensus/vertex/vertex.ts';
import type { Store, StoredCheckpoint } from './ports.ts';
import type { ChainEnd } from './replica/author.ts';
import { DECISION_BLOCK } from './replica/decision-window.ts';
import type { ReplicaStart } from './replica/start.ts';

export async function restore(
  genesis: Genesis,
  signer: Signer,
  store: Store,
  seed: number,
  salt = seed,
): Promise<ReplicaStart> {
  const stored = await store.load();
  const voteLog = stored.voteLog.map((entry) => {
    const decoded = voteLogEntry.decode(entry);
    invariant(decoded.ok, 'a line of the vote log does not decode');
    return decoded.value;
  });
  const silence = { votesFrom: stored.votesFrom };
  invariant((await store.stage()) !== 'joining', 'a node starts on a snapshot that is whole');
  const { openVertices, pendingCalls, messages } = stored;
  const start = { genesis, signer, openVertices, pendingCalls, messages, voteLog, silence, seed, salt };
  const first = { id: genesis.headerId, time: genesis.header.time };
  if (stored.height === 0) {
    const ledger = {
      header: genesis.header,
      certificate: undefined,
      state: genesis.makeState(),
      history: History.empty,
      headers: [first],
    };
    const seen = { ownEnd: undefined, settled: [], decision: undefined, decisionMarks: new Map() };
    return { ...start, ...seen, ledger, isWhole: true };
  }

  const window = genesis.record.pace.settledWindow;
  const from = Math.max(1, stored.height - window + 1);
  const headers = from === 1 ? [first] : [];
  const recent = new Map([[toHex(genesis.headerId), 0]]);
  const heightOf = async (id: Uint8Array) => {
    const height = recent.get(toHex(id)) ?? (await store.headerHeight(toHex(id)));
    invariant(height !== undefined, `header ${toHex(id)} is cited by a confirmed vertex, and unknown`);
    return height;
  };
  let newest: StoredCheckpoint | undefined;
  const settled: { height: number; vertices: { key: string; facts: AncestorFacts }[] }[] = [];
  for (let height = from; height <= stored.height; height++) {
    const checkpoint = await store.checkpoint(height);
    invariant(checkpoint !== undefined, `checkpoint ${height} of ${stored.height} is missing in the store`);
    const id = headerId(checkpoint.header);
    headers.push({ id, time: checkpoint.header.time });
    recent.set(toHex(id), height);
    newest = checkpoint;
    settled.push({ height, vertices: await settledFacts(checkpoint, store, heightOf) });
  }
  const { header, certificate } = newest!;
  const firstHeight = await store.firstHeight();
  const state = LedgerState.of(stored.objects);
  invariant(
    toHex(state.map.root) === toHex(header.stateRoot),
    `the stored state is not the one certified at height ${header.height}`,
  );
  const history = await restoreHistory(header.height, store);
  const ownEnd = await lastConfirmed(signer, state, store, heightOf);
  const kept = await store.decision(header.height);
  const decoded = kept && decisionProof.decode(kept);
  invariant(decoded?.ok !== false, 'why the newest height was decided does not decode');
  const ledger = { header, certificate, state, history, headers };
  const decisionMarks = await readMarks(firstHeight, header.height, store);
  const isWhole = firstHeight === 1;
  return { ...start, ledger, ownEnd, settled, decision: decoded?.value, decisionMarks, isWhole };
}

/** Times of every so-manieth header: how old the decisions are that the store keeps. */
async function readMarks(first: number, height: number, store: Store): Promise<Map<number, number>> {
  const marks = new Map<number, number>();
  for (let block = Math.floor((first - 1) / DECISION_BLOCK); ; block++) {
    const at = (block + 1) * DECISION_BLOCK;
    if (at > height) return marks;
    const checkpoint = await store.checkpoint(at);
    invariant(checkpoint !== undefined, `checkpoint ${at} of ${height} is missing in the store`);
    marks.set(block, checkpoint.header.time);
  }
}

/** Height of a header by its id, whether or not it is one of the last. */
type HeightOf = (id: Uint8Array) => Promise<number>;

/** The last confirmed vertex of the own chain: the next one stands on it, however long ago it settled `[VTX-2]`. */
async function lastConfirmed(
  signer: Signer,
  state: LedgerState,
  store: Store,
  heightOf: HeightOf,
): Promise<ChainEnd | undefined> {
  const own = state.get(chain, signer.publicKey);
  if (own === undefined || own.lastSequence === 0) return undefined;
  const { time, checkpoint } = await storedVertex(toHex(own.lastId), store);
  return {
    sequence: own.lastSequence,
    id: own.lastId,
    time,
    checkpointHeight: await heightOf(checkpoint),
  };
}

async function storedVertex(key: string, store: Store): Promise<Vertex> {
  const envelope = await store.vertex(key);
  const decoded = envelope && decodeVertex(envelope);
  invariant(decoded?.ok, `confirmed vertex ${key} is missing in the store`);
  return decoded.value;
}

async function settledFacts(checkpoint: StoredCheckpoint, store: Store, heightOf: HeightOf) {
  const facts: { key: string; facts: AncestorFacts }[] = [];
  for (const { id } of checkpoint.outcomes) {
    const key = toHex(id);
    const { authorKey, sequence, time, checkpoint: cited } = await storedVertex(key, store);
    facts.push({
      key,
      facts: { authorKey, sequence, time, checkpointHeight: await heightOf(cited) },
    });
  }
  return facts;
}

/** The accumulator over headers 0 … height−1. */
async function restoreHistory(height: number, store: Store): Promise<History> {
  const nodes = new Map<string, Uint8Array>();
  for (const { level, index } of historyPositions(height)) {
    const node = await store.historyNode(level, index);
    invariant(node !== undefined, `history node ${level}/${index} is missing in the store`);
    nodes.set(`${level}/${index}`, node);
  }
  return History.restore(height, (level, index) => nodes.get(`${level}/${index}`)!);
}

/** What a node needs from the world, as interfaces: adapters implement them, `node/` wires them, `sim/` replaces them. */

import type { Certificate } from '../consensus/checkpoint/certificate.ts';
import type { Header } from '../consensus/checkpoint/header.ts';
import type { Outcome } from '../consensus/checkpoint/outcome.ts';
import type { StoredObject } from '../consensus/contracts/object.ts';
import type { Change } from '../consensus/contracts/state.ts';
import type { HistoryNode } from '../consensus/merkle/history.ts';

export interface Clock {
  /** Milliseconds since 1970-01-01T00:00Z. */
  now(): number;
}

export interface Timers {
  /** Calls once when the clock shows `atMs`; returns how to call it off. */
  at(atMs: number, call: () => void): () => void;
}

export interface Random {
  /** `length` unpredictable bytes. */
  bytes(length: number): Uint8Array;
}

/** A vertex as the store keeps it: its id (hex) and its encoded envelope. */
export interface VertexRecord {
  readonly key: string;
  readonly envelope: Uint8Array;
}

/** Everything that one checkpoint changes, written as one atomic batch `[STO-1]`. */
export interface CheckpointRecord {
  readonly header: Header;
  readonly certificate: Certificate;
  readonly outcomes: readonly Outcome[];
  /** Ids (hex) of the confirmed vertices in final order, one for each outcome; each was written as open before. */
  readonly vertices: readonly string[];
  readonly changes: readonly Change[];
  readonly historyNodes: readonly HistoryNode[];
  /** Encoded: the change of committee that it proves, where it ends an epoch. */
  readonly committeeChange: Uint8Array | undefined;
  /** Encoded: why it was decided, where this node knows `[BFT-2]`. */
  readonly decision: Uint8Array | undefined;
  /** Heights whose decision is kept no longer. */
  readonly droppedDecisions: readonly number[];
}

export type StoreWrite =
  /**
   * An open vertex; its checkpoint gives it a position. A payload that arrives later replaces the envelope. `fresh`: the
   * writer knows that no vertex of this id was ever confirmed or buried, so that nobody need look.
   */
  | { readonly type: 'vertex'; readonly vertex: VertexRecord; readonly fresh?: boolean }
  /** Vertices that can never be confirmed: open no longer, but kept, since what stands on them is valid `[VTX-2]`. */
  | { readonly type: 'bury'; readonly keys: readonly string[] }
  | { readonly type: 'checkpoint'; readonly checkpoint: CheckpointRecord }
  /**
   * Batches of readings that are kept no longer `[STO-3]`: the envelopes, without payload, of their vertices, which are
   * confirmed. All above `from` up to `height` has been looked at, none means that nothing was to go. `freed`: bytes.
   */
  | {
      readonly type: 'prune';
      readonly from: number;
      readonly height: number;
      readonly vertices: readonly VertexRecord[];
      readonly freed: number;
    }
  /** An encoded line of the vote log; lines of lower heights may be dropped `[BFT-1]`. */
  | { readonly type: 'vote'; readonly height: number; readonly entry: Uint8Array }
  /** A pending call, encoded, under its id in hex; without an entry it is kept no longer `[GTH-9]`. */
  | { readonly type: 'pending'; readonly call: string; readonly entry: Uint8Array | undefined }
  /**
   * Into an empty store `[STO-2]`: the state at a height that was not come to by replay, and the encoded changes of
   * committee before it, by the epoch that each ended. The checkpoint of that height comes with it, as a `backfill`.
   */
  | {
      readonly type: 'install';
      readonly objects: readonly StoredObject[];
      readonly changes: ReadonlyMap<number, Uint8Array>;
    }
  /** The checkpoint below the lowest one, with its vertices in final order. */
  | {
      readonly type: 'backfill';
      readonly checkpoint: StoredCheckpoint;
      readonly vertices: readonly VertexRecord[];
    }
  /** What was installed is whole: a node can start from it. */
  | { readonly type: 'joined'; readonly historyNodes: readonly HistoryNode[] }
  /** The height of a certified header whose checkpoint is not stored here; `id` in hex. */
  | { readonly type: 'header'; readonly id: string; readonly height: number }
  /**
   * A message that is kept `[MSG-6]`, under its id in hex: what is known of it, encoded, and its ciphertext where that is new.
   * Without an entry it is kept no longer.
   */
  | {
      readonly type: 'message';
      readonly id: string;
      readonly entry: Uint8Array | undefined;
      readonly ciphertext?: Uint8Array;
    }
  /** Voids the vote log: this seat may vote from this height on, or, where it is absent, not before that is known. */
  | { readonly type: 'votesFrom'; readonly height: number | undefined };

/** Where a confirmed vertex stands. */
export interface Position {
  readonly height: number;
  /** Index among its checkpoint's outcomes. */
  readonly index: number;
}

/** What `prune` writes have come to. */
export interface Pruned {
  /** Greatest height of one; 0 when there was none. */
  readonly height: number;
  /** Least height, of those up to `height`, for which a batch was stored again since it was looked at. */
  readonly late: number | undefined;
  readonly batches: number;
  readonly bytes: number;
}

export interface StoredCheckpoint {
  readonly header: Header;
  readonly certificate: Certificate;
  readonly outcomes: readonly Outcome[];
}

/** What a node restarts from. */
export interface StoredState {
  /** Height of the last certified checkpoint; 0 when there is none yet. */
  readonly height: number;
  /** All objects of the state after it; empty at height 0. */
  readonly objects: readonly StoredObject[];
  /** Encoded envelopes of open vertices, in the order in which they came. */
  readonly openVertices: readonly Uint8Array[];
  readonly voteLog: readonly Uint8Array[];
  /** Encoded pending calls, by id. */
  readonly pendingCalls: readonly Uint8Array[];
  /** What is known of each message that is kept, encoded, by id. */
  readonly messages: readonly Uint8Array[];
  /** Least height at which this seat may vote; absent while the log is not known to be whole `[BFT-1]`. */
  readonly votesFrom: number | undefined;
}

/** Durable storage of one node. Reads return what was written and acknowledged, also after a kill at any instant. */
export interface Store {
  load(): Promise<StoredState>;
  /** Applies all writes as one atomic batch, in order; durable (synced) before it resolves when asked. */
  write(writes: readonly StoreWrite[], durable: boolean): Promise<void>;
  checkpoint(height: number): Promise<StoredCheckpoint | undefined>;
  /** `empty`: nothing was ever written. `joining`: a state was installed, and what it needs besides is not all there. */
  stage(): Promise<'empty' | 'joining' | 'whole'>;
  /** Least height of a stored checkpoint: 1, unless the node joined by a snapshot; 0 when there is none. */
  firstHeight(): Promise<number>;
  /** What the checkpoint's record held as `decision`, if it did and no later one dropped it. */
  decision(height: number): Promise<Uint8Array | undefined>;
  /** Envelope of an open, confirmed or buried vertex. */
  vertex(key: string): Promise<Uint8Array | undefined>;
  position(key: string): Promise<Position | undefined>;
  /** Ciphertext of a message that is kept, by its id in hex. */
  message(id: string): Promise<Uint8Array | undefined>;
  historyNode(level: number, index: number): Promise<Uint8Array | undefined>;
  /** Encoded: the change of committee that ended this epoch. */
  committeeChange(epoch: number): Promise<Uint8Array | undefined>;
  /** Height of the certified header of this id (hex), as far as this store was told. */
  headerHeight(idKey: string): Promise<number | undefined>;
  pruned(): Promise<Pruned>;
  /** Bytes on disk, about. */
  size(): Promise<number>;
  close(): Promise<void>;
}

/** A peer is named by its key in hexadecimal: the stakeholder's Ed25519 public key is its libp2p identity. */
export type PeerKey = string;

export type Verdict = 'accept' | 'ignore' | 'reject';

/** What the network tells the node. */
export interface NetworkHandlers {
  /** May a peer with this key be connected? Asked before any of its bytes is parsed `[ADM-3]`. */
  admits(peer: PeerKey): boolean;
  onConnect(peer: PeerKey): void;
  onDisconnect(peer: PeerKey): void;
  /** One frame of the peer's direct stream. */
  onMessage(peer: PeerKey, frame: Uint8Array): void;
  /** One gossip message; the answer decides whether it is relayed and whether its sender loses score. */
  onGossip(peer: PeerKey, data: Uint8Array): Verdict;
  /** A light client's request; the answer's frame. */
  onRequest(peer: PeerKey, frame: Uint8Array): Promise<Uint8Array>;
  onRefused(peer: PeerKey, code: string): void;
}

export interface Network {
  readonly peers: readonly PeerKey[];
  /** Queues a frame on the peer's direct stream; dropped, and counted, when the peer is gone or its queue is full. */
  send(peer: PeerKey, frame: Uint8Array): void;
  gossip(data: Uint8Array): void;
  /** Sends a frame to every light client that follows this node. */
  pushToLightClients(frame: Uint8Array): void;
  close(): Promise<void>;
}

/** The seam of the replica: what it is told, and what it wants done. `step(event, now) → effects`. */

import type { Certificate } from '../../consensus/checkpoint/certificate.ts';
import type { Header } from '../../consensus/checkpoint/header.ts';
import type { Outcome } from '../../consensus/checkpoint/outcome.ts';
import type { Code } from '../../consensus/codec/codes.ts';
import type { Facts, Refusal } from '../../consensus/codec/result.ts';
import type { AncestorFacts } from '../../consensus/dag/open-dag.ts';
import type { SignedCall } from '../../consensus/vertex/call.ts';
import type { Offence } from '../../consensus/vertex/offence.ts';
import type { Vertex, VertexKind } from '../../consensus/vertex/vertex.ts';
import type { PeerMessage } from '../../consensus/wire/messages.ts';
import type { PeerKey, StoreWrite, Verdict } from '../ports.ts';
import type { PendingState } from './pending-call.ts';

export type Event =
  | { readonly type: 'connected' | 'disconnected'; readonly peer: PeerKey }
  /** One frame of a peer's direct stream. */
  | { readonly type: 'message'; readonly peer: PeerKey; readonly frame: Uint8Array }
  /** One gossip message: a bundle of vertices. */
  | { readonly type: 'gossip'; readonly peer: PeerKey; readonly data: Uint8Array }
  /** A vertex from a light client of this node; without `client`, from this node's own process. */
  | { readonly type: 'submit'; readonly envelope: Uint8Array; readonly client?: PeerKey }
  /** Several from one light client, each judged by itself; the reply is `each`. */
  | { readonly type: 'submitMany'; readonly envelopes: readonly Uint8Array[]; readonly client?: PeerKey }
  /** This node's own stakeholder says something. */
  | {
      readonly type: 'author';
      readonly kind: VertexKind;
      readonly payload: Uint8Array;
      readonly payloadHash: Uint8Array;
    }
  /** This node's own stakeholder has signatures gathered, or gives or refuses its own: docs/spec/gathering.md. */
  | { readonly type: 'pending'; readonly act: PendingAct }
  /** This node's own stakeholder sends a message, or deals with one that it got: docs/spec/messages.md. */
  | { readonly type: 'mailbox'; readonly act: MailboxAct }
  /** Answer to a `recall` effect. */
  | ({ readonly type: 'recalled' } & Recalled)
  /** Answer to a `recallHeader` effect; without a height where the store knows none. */
  | { readonly type: 'recalledHeader'; readonly id: Uint8Array; readonly height: number | undefined }
  /** How many bytes of batches of readings the disk has room for, until this is told anew `[STO-3]`. */
  | { readonly type: 'room'; readonly batchBytes: number }
  /** `wakeAt` has come. */
  | { readonly type: 'tick' };

export type PendingAct =
  /** Asks all parties that must sign it; of a call that is here, adds the signatures that it brings. */
  | { readonly act: 'propose'; readonly call: SignedCall }
  /** `call` is its id, hex. */
  | { readonly act: 'sign'; readonly call: string }
  /** `reason`: printable ASCII. The holder's own decline withdraws the call. */
  | { readonly act: 'decline'; readonly call: string; readonly reason: string };

/** Ids and parties in hex. */
export type MailboxAct =
  /** Keeps the ciphertext of a message whose call, `id`, is about to be submitted. */
  | {
      readonly act: 'keep';
      readonly id: string;
      readonly recipient: string;
      readonly ciphertext: Uint8Array;
      /** The call's, ms. */
      readonly deadline: number;
    }
  | { readonly act: 'read' | 'remove'; readonly id: string };

export interface RecalledVertex {
  readonly key: string;
  readonly facts: AncestorFacts;
}

/** What the store knows of vertices that the DAG does not hold. */
export interface Recalled {
  /** Confirmed ones. */
  readonly found: readonly RecalledVertex[];
  /** Envelopes of those that were never confirmed: dead, or open and not solid again since the restart. */
  readonly unconfirmed: readonly Uint8Array[];
  readonly absent: readonly Uint8Array[];
}

/** What the store answers, not the replica. */
export type Question = Extract<
  PeerMessage,
  {
    readonly type:
      | 'getVertices'
      | 'getChain'
      | 'getBatches'
      | 'getCheckpoint'
      | 'getChanges'
      | 'getPeaks'
      | 'getHeader';
  }
>;

export type Effect =
  /** Applied before any `send` or `gossip` of the same step, in one batch. */
  | { readonly type: 'store'; readonly write: StoreWrite }
  /** What this step stores, and all that was stored before, must be durable before anything of it is sent. */
  | { readonly type: 'sync' }
  | { readonly type: 'send'; readonly peer: PeerKey; readonly message: PeerMessage }
  | { readonly type: 'broadcast'; readonly message: PeerMessage; readonly to: 'seats' | 'peers' }
  | { readonly type: 'gossip'; readonly vertices: readonly Vertex[] }
  /** Look these up in the store and come back with `recalled`. */
  | { readonly type: 'recall'; readonly ids: readonly Uint8Array[] }
  /** Look up at which height this header was certified, and come back with `recalledHeader`. */
  | { readonly type: 'recallHeader'; readonly id: Uint8Array }
  /** Answer a peer from the store, as far as that holds what it asked for. */
  | { readonly type: 'serve'; readonly peer: PeerKey; readonly question: Question }
  /** Send ciphertexts that are kept, and say which are not. */
  | {
      readonly type: 'serveSealed';
      readonly peer: PeerKey;
      readonly ids: readonly Uint8Array[];
      readonly absent: readonly Uint8Array[];
    }
  | { readonly type: 'notice'; readonly notice: Notice }
  /** This node is wrong about itself and must stop `[BFT-3]`. */
  | { readonly type: 'halt'; readonly reason: string; readonly facts: Facts };

/** What happened, for logs, metrics and whoever listens at the API. */
export type Notice =
  | { readonly type: 'vertex'; readonly vertex: Vertex }
  /** The batch of a vertex that was here without it. */
  | { readonly type: 'batch'; readonly vertex: Vertex }
  /** Batches were sent to a peer, whose party may be told of them: ids, hex. */
  | { readonly type: 'disclosed'; readonly peer: PeerKey; readonly vertices: readonly string[] }
  | {
      readonly type: 'checkpoint';
      readonly header: Header;
      readonly certificate: Certificate;
      readonly outcomes: readonly Outcome[];
      readonly vertices: readonly Vertex[];
    }
  /** A seat was seen to cheat; the offence proves it to anybody `[BFT-2]`. */
  | { readonly type: 'offence'; readonly offence: Offence }
  /** A pending call has come here, or to another state. */
  | {
      readonly type: 'pending';
      readonly call: string;
      readonly transition: string;
      readonly deadline: number;
      readonly state: PendingState;
    }
  /** The ciphertext of a message to this party has come; `id` in hex. */
  | { readonly type: 'message'; readonly id: string }
  | { readonly type: 'view'; readonly height: number; readonly view: number }
  /** This node was restored and says nothing; or it speaks again `[BFT-1]`. */
  | { readonly type: 'silent'; readonly why: string }
  | { readonly type: 'speaking' }
  | { readonly type: 'refused'; readonly code: Code; readonly facts: Facts; readonly peer?: PeerKey };

/** What a step answers to whoever caused it, besides its effects. */
export type Reply =
  | { readonly type: 'none' }
  | { readonly type: 'verdict'; readonly verdict: Verdict }
  | { readonly type: 'taken'; readonly vertex: Vertex }
  | { readonly type: 'each'; readonly replies: readonly Reply[] }
  /** Id of the pending call, hex. */
  | { readonly type: 'pending'; readonly call: string }
  /** Id of a message, hex. */
  | { readonly type: 'message'; readonly id: string }
  | { readonly type: 'refused'; readonly refusal: Refusal };

export interface StepResult {
  readonly effects: readonly Effect[];
  readonly reply: Reply;
}

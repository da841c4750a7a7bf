/** What full nodes say to each other over their direct streams; gossip carries bundles of vertices. docs/spec/wire.md. */

import { certificateSchema } from '../checkpoint/certificate.ts';
import { committeeChange } from '../checkpoint/change.ts';
import { headerSchema } from '../checkpoint/header.ts';
import { outcomeSchema } from '../checkpoint/outcome.ts';
import { limits } from '../codec/limits.ts';
import { bytes, flag, hash32, type Infer, int, key32, list, record, tagged } from '../codec/schema.ts';
import { storedObject } from '../contracts/object.ts';
import { proposalMessage, viewChangeMessage, voteMessage } from '../pbft/messages.ts';
import { callSignature } from '../vertex/call.ts';
import { callDecline } from '../vertex/decline.ts';
import { ciphertextBytesMax } from '../vertex/sealed-message.ts';

export const VERTICES_PER_REQUEST_MAX = 256;
export const LINKS_TOLD_MAX = 64;
export const BATCHES_PER_REQUEST_MAX = 16;
/** Of the largest committee each, they fit a frame. */
export const CHANGES_PER_ANSWER_MAX = 64;
export const OBJECTS_PER_PART_MAX = 4_096;
/** Peaks, or a path, of any history. */
const HISTORY_HASHES_MAX = 64;
export const SEALED_PER_REQUEST_MAX = 16;
const vertexBytesMax = limits.batchBytesMax + limits.vertexHeaderBytesMax + 128;

/** In encoded envelopes. */
const vertices = list(bytes(vertexBytesMax), VERTICES_PER_REQUEST_MAX);

/** Vertices as gossip carries them. Who publishes them sends them to all its peers; nothing vouches for its name. */
export const bundle = record('bundle', { publisher: key32, vertices });

/** A header with its certificate: said on connecting, and whenever a node learns of a new one. */
export const certified = record('certified', {
  header: headerSchema,
  certificate: list(certificateSchema, 1),
  /** Not while its sender is silent: its height is then that of a backup, and proves nothing to others `[BFT-1]`. */
  speaks: flag,
});

export type Certified = Infer<typeof certified>;

export const peerMessage = tagged('peer-message', {
  certified,
  /** Asks for the checkpoint at a height. */
  getCheckpoint: record('get-checkpoint', { height: int(1) }),
  /** A certified checkpoint with its outcomes, from which the vertices it confirmed are known in order. */
  checkpoint: record('checkpoint', {
    header: headerSchema,
    certificate: certificateSchema,
    outcomes: list(outcomeSchema, limits.outcomesMax),
  }),
  /** Ids of open tips: said on connecting and now and then while something is open, so that nothing stays unheard. */
  tips: record('tips', { ids: list(hash32, limits.witnessParentsMax) }),
  getVertices: record('get-vertices', { ids: list(hash32, VERTICES_PER_REQUEST_MAX, 1) }),
  /** The answer. */
  vertices: record('vertices', { vertices }),
  proposal: proposalMessage,
  vote: voteMessage,
  viewChange: viewChangeMessage,
  /** Asks the party of the node that gets it to sign; with all signatures so far `[GTH-5]`. */
  callOffer: record('call-offer', {
    call: bytes(limits.callBytesMax),
    declines: list(callDecline, limits.signersMax),
  }),
  /** Who has signed a call that both hold, and who has declined. */
  callNews: record('call-news', {
    call: hash32,
    signatures: list(callSignature, limits.signersMax),
    declines: list(callDecline, limits.signersMax),
    /** The sender wants to know whether it was heard. */
    asks: flag,
  }),
  /** Peers of the sender, or some of them: what it publishes reaches them without anybody's help. */
  links: record('links', { peers: list(key32, LINKS_TOLD_MAX) }),
  /** Asks for a vertex and those before it in its author's chain, so many in all: newest first. */
  getChain: record('get-chain', { id: hash32, count: int(2, VERTICES_PER_REQUEST_MAX) }),
  /** Asks for vertices of readings with their batches `[RDG-6]`. */
  getBatches: record('get-batches', { ids: list(hash32, BATCHES_PER_REQUEST_MAX, 1) }),
  /** The answer; `refused` are not held here, or not for whoever asked. */
  batches: record('batches', {
    vertices: list(bytes(vertexBytesMax), BATCHES_PER_REQUEST_MAX),
    refused: list(hash32, BATCHES_PER_REQUEST_MAX),
  }),
  /** Asks for the changes of committee from the end of this epoch on `[SNP-1]`. */
  getChanges: record('get-changes', { epoch: int(0) }),
  changes: record('changes', { epoch: int(0), changes: list(committeeChange, CHANGES_PER_ANSWER_MAX) }),
  /** Asks for the newest snapshot; who has none says nothing `[SNP-6]`. */
  getSnapshot: record('get-snapshot', {}),
  snapshot: record('snapshot', { header: headerSchema, certificate: certificateSchema }),
  /** Asks for the part of a snapshot's state that begins at a path `[SNP-2]`. */
  getState: record('get-state', { height: int(1), from: hash32 }),
  state: record('state', {
    height: int(1),
    from: hash32,
    siblings: list(hash32, 256),
    objects: list(storedObject, OBJECTS_PER_PART_MAX),
  }),
  /** Asks for the peaks of the history of the first `size` headers `[SNP-4]`. */
  getPeaks: record('get-peaks', { size: int(1) }),
  peaks: record('peaks', { size: int(1), hashes: list(hash32, HISTORY_HASHES_MAX) }),
  /** Asks for the header of that id, and its path in the history of the first `size` headers `[SNP-5]`. */
  getHeader: record('get-header', { id: hash32, size: int(1) }),
  provedHeader: record('proved-header', {
    size: int(1),
    header: headerSchema,
    path: list(hash32, HISTORY_HASHES_MAX),
  }),
  /** Asks for the ciphertexts of messages between banks `[MSG-7]`. */
  getSealed: record('get-sealed', { ids: list(hash32, SEALED_PER_REQUEST_MAX, 1) }),
  /** The answer; `absent` are not held here, or not for whoever asked. */
  sealed: record('sealed', {
    messages: list(
      record('sealed-message', { id: hash32, ciphertext: bytes(ciphertextBytesMax) }),
      SEALED_PER_REQUEST_MAX,
    ),
    absent: list(hash32, SEALED_PER_REQUEST_MAX),
  }),
});
export type PeerMessage = Infer<typeof peerMessage>;

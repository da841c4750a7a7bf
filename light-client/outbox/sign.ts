/**
 * The next vertex of the chain: from the frames that have waited longest, or around a call. Pure: what it says of the queue
 * is not done yet.
 */

import { equalBytes } from '../../consensus/codec/bytes.ts';
import { invariant } from '../../consensus/codec/result.ts';
import type { Signer } from '../../consensus/crypto/ed25519.ts';
import { zero32 } from '../../consensus/crypto/hash.ts';
import { batch, batchHash, checkBatch, makeBatch } from '../../consensus/vertex/batch.ts';
import { callPayloadHash, type SignedCall, signedCall } from '../../consensus/vertex/call.ts';
import { compareFrames } from '../../consensus/vertex/frame.ts';
import { encodeVertex, signVertex, type Vertex, type VertexKind } from '../../consensus/vertex/vertex.ts';
import { composeBatch } from './compose.ts';
import type { OutboxHead, QueuedFrame } from './records.ts';
import type { OutboxVertex } from './vertices.ts';

/** A frame that waits, and the bytes it takes in the queue. */
export interface WaitingFrame {
  readonly entry: QueuedFrame;
  readonly size: number;
}

export interface SignedBatch {
  readonly signed: OutboxVertex;
  /** How many of those that waited are in it, oldest first, and the bytes they took. */
  readonly takenCount: number;
  readonly takenBytes: number;
}

export interface VertexTerms {
  readonly signer: Signer;
  /** Id of the newest header that was verified `[VTX-3]`. */
  readonly checkpoint: Uint8Array;
  readonly nowMs: number;
}

/** `waiting` must not be empty. */
export function signBatch(
  waiting: readonly WaitingFrame[],
  framesMax: number,
  head: OutboxHead,
  terms: VertexTerms & { readonly salt: Uint8Array },
): SignedBatch {
  // In the batch's own order, so that the times of arrival stay with their frames.
  const chosen = composeBatch(
    waiting.map(({ entry }) => entry),
    framesMax,
  ).slice();
  const taken = waiting.slice(0, chosen.length);
  chosen.sort((a, b) => compareFrames(a.frame, b.frame));
  const made = makeBatch(
    chosen.map(({ frame }) => frame),
    terms.salt,
  );
  const checked = checkBatch(made);
  // Signed once, it would stand in the chain for ever: better no vertex than one that nobody may take.
  invariant(checked.ok, `the next batch is none: ${checked.ok ? '' : JSON.stringify(checked.facts)}`);
  const vertex = signNextVertex(
    { kind: 'readings', payloadHash: batchHash(made), payload: batch.encode(made) },
    head,
    terms,
  );
  return {
    signed: {
      vertex,
      envelope: encodeVertex(vertex),
      receivedMs: chosen.map(({ receivedMs }) => receivedMs),
    },
    takenCount: taken.length,
    takenBytes: taken.reduce((sum, { size }) => sum + size, 0),
  };
}

export function signTransaction(call: SignedCall, head: OutboxHead, terms: VertexTerms): OutboxVertex {
  const vertex = signNextVertex(
    { kind: 'transaction', payloadHash: callPayloadHash(call), payload: signedCall.encode(call) },
    head,
    terms,
  );
  return { vertex, envelope: encodeVertex(vertex), receivedMs: [] };
}

function signNextVertex(
  {
    kind,
    payloadHash,
    payload,
  }: { readonly kind: VertexKind; readonly payloadHash: Uint8Array; readonly payload: Uint8Array },
  { network, author, sequence, lastId, lastTime }: OutboxHead,
  { signer, checkpoint, nowMs }: VertexTerms,
): Vertex {
  invariant(equalBytes(signer.publicKey, author), 'the outbox belongs to another key');
  const header = {
    ...{ network, checkpoint, kind, payloadHash, parents: [] },
    ...{ sequence: sequence + 1, previous: sequence === 0 ? zero32 : lastId },
    time: Math.max(nowMs, lastTime + 1),
  };
  return signVertex(header, payload, signer);
}

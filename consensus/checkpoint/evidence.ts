/** Reading proofs: one frame, its batch's vertex, that vertex's outcome. Used by bundles and by contracts. */

import { equalBytes, toHex } from '../codec/bytes.ts';
import { ok, type Result, refuse } from '../codec/result.ts';
import { type Infer, record } from '../codec/schema.ts';
import { type ContractRefusal, type Evidence, refused } from '../contracts/transition.ts';
import { frameProof, payloadHashFromFrame } from '../vertex/batch.ts';
import { frameDefect } from '../vertex/frame.ts';
import type { VertexHeader } from '../vertex/vertex.ts';
import { headerId } from './header.ts';
import { checkVertexProof, outcomeCode, vertexProof } from './outcome.ts';

const readingProofBytesMax = 8 << 10;

export const readingProof = record('reading-proof', { frame: frameProof, vertex: vertexProof });
export type ReadingProof = Infer<typeof readingProof>;

/** Checks a reading proof up to its checkpoint header: the batch took effect and holds this frame. */
export function checkReadingProof(proof: ReadingProof, network: Uint8Array): Result<VertexHeader> {
  const vertex = checkVertexProof(proof.vertex, network);
  if (!vertex.ok) return vertex;
  const code = outcomeCode(proof.vertex.outcome);
  if (code !== 'OK') return refuse('E_PROOF', { reason: 'the batch did not take effect', code });
  const payloadHash = payloadHashFromFrame(proof.frame);
  if (
    vertex.value.kind !== 'readings' ||
    payloadHash === undefined ||
    !equalBytes(payloadHash, vertex.value.payloadHash)
  ) {
    return refuse('E_PROOF', { reason: 'the frame is not in the batch' });
  }
  return vertex;
}

/** Evidence for a contract: a reading proof under one of the recent headers, given by hex id with their times. */
export function openEvidence(
  proofBytes: Uint8Array,
  network: Uint8Array,
  recentHeaders: ReadonlyMap<string, number>,
): Evidence | ContractRefusal {
  const decoded = readingProof.decode(proofBytes, readingProofBytesMax);
  if (!decoded.ok) return refused('E_EVIDENCE', decoded.facts);
  const proof = decoded.value;
  const finalTime = recentHeaders.get(toHex(headerId(proof.vertex.header)));
  if (finalTime === undefined)
    return refused('E_EVIDENCE', {
      reason: 'its checkpoint is not among the recent ones',
      height: proof.vertex.header.height,
    });
  // The batch may be one that no server has opened: what is impossible in it convinces nobody.
  const defect = frameDefect(proof.frame.frame);
  if (defect !== undefined) return refused('E_EVIDENCE', { reason: defect });
  const checked = checkReadingProof(proof, network);
  if (!checked.ok) return refused('E_EVIDENCE', { ...checked.facts, cause: checked.code });
  return { frame: proof.frame.frame, gateway: checked.value.author, finalTime };
}

export function encodeReadingProof(proof: ReadingProof): Result<Uint8Array> {
  const encoded = readingProof.encode(proof);
  return encoded.length <= readingProofBytesMax
    ? ok(encoded)
    : refuse('E_LIMIT_BYTES', { bytes: encoded.length, limit: readingProofBytesMax });
}

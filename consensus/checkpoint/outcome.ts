/** Outcomes `[ORD-3]`: one leaf per confirmed vertex, and the proof that a vertex took effect, or why not. */

import { equalBytes } from '../codec/bytes.ts';
import { type Code, codeNumber, codeOf, codes } from '../codec/codes.ts';
import { limits } from '../codec/limits.ts';
import { ok, type Result, refuse } from '../codec/result.ts';
import { bytes, hash32, type Infer, int, list, record, signature64 } from '../codec/schema.ts';
import { verifyDigest } from '../crypto/ed25519.ts';
import { inclusionPath, leafHash, treeLevels, treeRoot, verifyInclusion } from '../merkle/tree.ts';
import { type Vertex, type VertexHeader, vertexHeader, vertexId } from '../vertex/vertex.ts';
import { type Header, headerSchema } from './header.ts';

export const outcomeSchema = record('outcome', {
  id: hash32,
  /** Number of a code of codec/codes.ts; 0 is OK. */
  code: int(0, Object.keys(codes).length - 1),
  /** What it lost to; zero when nothing stood in the way. */
  conflict: hash32,
});
export type Outcome = Infer<typeof outcomeSchema>;

export function makeOutcome(id: Uint8Array, code: Code, conflict: Uint8Array): Outcome {
  return { id, code: codeNumber(code), conflict };
}

export function outcomeCode(outcome: Outcome): Code {
  return codeOf(outcome.code)!;
}

function outcomeLeaves(outcomes: readonly Outcome[]): Uint8Array[] {
  return outcomes.map((outcome) => leafHash(outcomeSchema.encode(outcome)));
}

export function outcomesRoot(outcomes: readonly Outcome[]): Uint8Array {
  return treeRoot(outcomeLeaves(outcomes));
}

/** A vertex header, its author's signature, and its outcome under a checkpoint header. */
export const vertexProof = record('vertex-proof', {
  vertex: bytes(limits.vertexHeaderBytesMax),
  signature: signature64,
  outcome: outcomeSchema,
  index: int(0),
  path: list(hash32, 32),
  header: headerSchema,
});
export type VertexProof = Infer<typeof vertexProof>;

/** The tree under a header's `outcomesRoot`, leaves first: as many hashes as there are outcomes, twice. */
export function outcomeTree(outcomes: readonly Outcome[]): ReturnType<typeof treeLevels> {
  return treeLevels(outcomeLeaves(outcomes));
}

/** A vertex proof without the vertex. */
export type OutcomeProof = Omit<VertexProof, 'vertex' | 'signature'>;

/** Whoever proves several outcomes of one checkpoint makes its `tree` once. */
export function proveOutcome(
  outcomes: readonly Outcome[],
  index: number,
  header: Header,
  tree = outcomeTree(outcomes),
): OutcomeProof {
  const outcome = outcomes[index];
  if (outcome === undefined)
    throw new RangeError(`"index" expected 0 to ${outcomes.length - 1}, got ${index}`);
  return { outcome, index, path: inclusionPath(tree, index), header };
}

export function proveVertex(
  { headerBytes, signature }: Vertex,
  outcomes: readonly Outcome[],
  index: number,
  header: Header,
  tree = outcomeTree(outcomes),
): VertexProof {
  return { vertex: headerBytes, signature, ...proveOutcome(outcomes, index, header, tree) };
}

/**
 * Checks a vertex proof up to its checkpoint header; the caller decides why that header is to be believed (a
 * certificate, or its own chain).
 */
export function checkVertexProof(proof: VertexProof, network: Uint8Array): Result<VertexHeader> {
  const decoded = vertexHeader.decode(proof.vertex, limits.vertexHeaderBytesMax);
  if (!decoded.ok) return decoded;
  const vertex = decoded.value;
  const id = vertexId(proof.vertex);
  if (!equalBytes(vertex.network, network) || !equalBytes(proof.header.network, network))
    return refuse('E_NETWORK', { part: 'vertex' });
  if (!equalBytes(proof.outcome.id, id))
    return refuse('E_PROOF', { reason: 'the outcome is another vertex’s' });
  if (!verifyDigest(proof.signature, 'vertex-signature', network, id, vertex.author))
    return refuse('E_SIG', { part: 'vertex' });
  const leaf = leafHash(outcomeSchema.encode(proof.outcome));
  if (
    !verifyInclusion(proof.header.outcomesRoot, leaf, proof.index, proof.header.outcomesCount, proof.path)
  ) {
    return refuse('E_PROOF', { reason: 'the outcome is not under the header’s outcomes root' });
  }
  return ok(vertex);
}

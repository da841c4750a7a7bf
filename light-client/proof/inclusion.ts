/**
 * `[LC-5]` The proof that a vertex has an outcome, for somebody who holds the vertex and a certified header already: what
 * those two do not say, and nothing twice. docs/spec/proofs.md.
 */

import { headerSchema } from '../../consensus/checkpoint/header.ts';
import type { OutcomeProof, VertexProof } from '../../consensus/checkpoint/outcome.ts';
import { equalBytes } from '../../consensus/codec/bytes.ts';
import { codes } from '../../consensus/codec/codes.ts';
import { hash32, type Infer, int, list, maybe, record } from '../../consensus/codec/schema.ts';
import { zero32 } from '../../consensus/crypto/hash.ts';
import type { Vertex } from '../../consensus/vertex/vertex.ts';
import type { AnchorProof, CertifiedHeader } from './anchor.ts';

export const inclusionProof = record('inclusion-proof', {
  /** Of the vertex' outcome. */
  code: int(0, Object.keys(codes).length - 1),
  /** Absent where nothing stood in the way. */
  conflict: maybe(hash32),
  index: int(0),
  path: list(hash32, 32),
  /** The one that confirmed the vertex; absent where it is the header held. */
  header: maybe(headerSchema),
  /** From it to the header held `[CKP-2]`. */
  history: list(hash32, 64),
});
export type InclusionProof = Infer<typeof inclusionProof>;

/** For somebody who holds the vertex, and the header at height `under`, to which `history` leads. */
export function abridgeProof(
  { outcome, index, path, header }: OutcomeProof,
  under: number,
  history: Uint8Array[],
): InclusionProof {
  const { code, conflict } = outcome;
  return {
    ...{ code, index, path, history },
    conflict: equalBytes(conflict, zero32) ? undefined : conflict,
    header: header.height === under ? undefined : header,
  };
}

/** The whole proof again. It is as good as the two that it is put together with: whoever relies on it checks it. */
export function completeProof(
  inclusion: InclusionProof,
  { id, headerBytes, signature }: Vertex,
  held: CertifiedHeader,
): { readonly proof: VertexProof; readonly anchor: AnchorProof } {
  const { code, conflict = zero32, index, path, header = held.header, history } = inclusion;
  return {
    proof: { vertex: headerBytes, signature, outcome: { id, code, conflict }, index, path, header },
    anchor: { certified: held, path: history },
  };
}

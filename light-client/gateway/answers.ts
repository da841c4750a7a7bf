/** Checks what a node answered, down to a certified header: nothing of it is believed for the node's sake. */

import { checkVertexProof, outcomeCode, type VertexProof } from '../../consensus/checkpoint/outcome.ts';
import { equalBytes } from '../../consensus/codec/bytes.ts';
import type { Code } from '../../consensus/codec/codes.ts';
import { ok, type Result, refuse } from '../../consensus/codec/result.ts';
import type { ObjectType } from '../../consensus/contracts/object.ts';
import type { Vertex } from '../../consensus/vertex/vertex.ts';
import type { AnchorProof, CertifiedHeader } from '../proof/anchor.ts';
import { completeProof } from '../proof/inclusion.ts';
import { checkStateProof, type StateProof } from '../proof/state-proof.ts';
import type { LightResponse } from '../protocol/messages.ts';
import type { Follower } from './follower.ts';

/** Who answered, when, and by which headers it is judged. */
export interface Judging {
  readonly follower: Follower;
  readonly source: string;
  readonly nowMs: number;
}

export interface FinalVertex {
  readonly proof: VertexProof;
  readonly anchor: AnchorProof;
  readonly code: Code;
}

const unexpected = (response: LightResponse) =>
  response.type === 'refused'
    ? refuse('E_UNKNOWN', { code: response.code, detail: response.detail })
    : refuse('E_PROOF', { reason: 'another kind of answer than asked for', type: response.type });

/** The proof that this vertex has an outcome under the header held `[LC-5]`; `undefined` while it has none. */
export function checkVertexAnswer(
  response: LightResponse,
  asked: { readonly vertex: Vertex; readonly held: CertifiedHeader },
  { follower, source, nowMs }: Judging,
): Result<FinalVertex | undefined> {
  if (response.type !== 'vertex') return unexpected(response);
  if (response.proof === undefined) return ok(undefined);
  const { proof, anchor } = completeProof(response.proof, asked.vertex, asked.held);
  const checked = checkVertexProof(proof, follower.network);
  if (!checked.ok) return checked;
  const anchored = follower.checkAnchor(proof.header, anchor, source, nowMs);
  return anchored.ok ? ok({ proof, anchor, code: outcomeCode(proof.outcome) }) : anchored;
}

/** The public part of an object: what a node shows to everybody. The rest of it may stay closed. */
export interface ProvedObject<V0> {
  /** `undefined`: there is none of this id. */
  readonly value: V0 | undefined;
  readonly proof: StateProof;
  readonly anchor: AnchorProof;
}

/**
 * The object as it stands in a certified state that is not older than `height`: a node that still shows an old state
 * hides a revocation. `V0` are the type's public fields.
 */
export function checkObjectAnswer<V0>(
  response: LightResponse,
  wanted: { readonly type: ObjectType<V0>; readonly id: Uint8Array; readonly height: number },
  judging: Judging,
): Result<ProvedObject<V0>> {
  const proved = proveParts(response, wanted, judging);
  if (!proved.ok) return proved;
  const { parts, proof, anchor } = proved.value;
  if (parts === undefined) return ok({ value: undefined, proof, anchor });
  if (parts[0] === undefined)
    return refuse('E_PROOF', { reason: 'the public part stays closed', type: proof.type });
  const decoded = wanted.type.classes[0].decode(parts[0]);
  return decoded.ok ? ok({ value: decoded.value as V0, proof, anchor }) : decoded;
}

/** All fields that this gateway's party may see; those of closed parts are left out. `undefined`: there is no such object. */
export function checkOpenObject<T>(
  response: LightResponse,
  wanted: { readonly type: ObjectType<T>; readonly id: Uint8Array; readonly height: number },
  judging: Judging,
): Result<Partial<T> | undefined> {
  const proved = proveParts(response, wanted, judging);
  if (!proved.ok) return proved;
  if (proved.value.parts === undefined) return ok(undefined);
  const value: Partial<T> = {};
  for (const [index, opened] of proved.value.parts.entries()) {
    if (opened === undefined) continue;
    const decoded = wanted.type.classes[index as 0 | 1 | 2].decode(opened);
    if (!decoded.ok) return decoded;
    Object.assign(value, decoded.value);
  }
  return ok(value);
}

/** The object's parts, where they are open, down to a certified header; none for an absence. */
function proveParts(
  response: LightResponse,
  wanted: { readonly type: { readonly name: string }; readonly id: Uint8Array; readonly height: number },
  { follower, source, nowMs }: Judging,
): Result<{
  readonly parts: readonly (Uint8Array | undefined)[] | undefined;
  readonly proof: StateProof;
  readonly anchor: AnchorProof;
}> {
  if (response.type !== 'object') return unexpected(response);
  const { proof, anchor } = response;
  if (proof.type !== wanted.type.name || !equalBytes(proof.id, wanted.id))
    return refuse('E_PROOF', { reason: 'the proof is another object’s' });
  const anchored = follower.checkAnchor(proof.header, anchor, source, nowMs);
  if (!anchored.ok) return anchored;
  if (proof.header.height < wanted.height)
    return refuse('E_STALE', { height: proof.header.height, wanted: wanted.height });
  const shown = checkStateProof(proof);
  if (!shown.ok) return shown;
  return ok({ parts: shown.value === 'absent' ? undefined : shown.value, proof, anchor });
}

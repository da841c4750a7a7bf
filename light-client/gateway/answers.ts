/** Checks what a node answered, down to a certified header: nothing of it is believed for the node's sake. */

import { checkVertexProof, outcomeCode, type VertexProof } from '../../consensus/checkpoint/outcome.ts';
import { equalBytes } from '../../consensus/codec/bytes.ts';
import type { Code } from '../../consensus/codec/codes.ts';
import { ok, type Result, refuse } from '../../consensus/codec/result.ts';
import type { ObjectType } from '../../consensus/contracts/object.ts';
import type { AnchorProof } from '../proof/anchor.ts';
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

/** The proof that the vertex with this id has an outcome; `undefined` while it has none. */
export function checkVertexAnswer(
  response: LightResponse,
  id: Uint8Array,
  { follower, source, nowMs }: Judging,
): Result<FinalVertex | undefined> {
  if (response.type !== 'vertex') return unexpected(response);
  if (response.proof === undefined) return ok(undefined);
  const { vertex: proof, anchor } = response.proof;
  const checked = checkVertexProof(proof, follower.network);
  if (!checked.ok) return checked;
  if (!equalBytes(proof.outcome.id, id))
    return refuse('E_PROOF', { reason: 'the proof is another vertex’s' });
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
  { follower, source, nowMs }: Judging,
): Result<ProvedObject<V0>> {
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
  if (shown.value === 'absent') return ok({ value: undefined, proof, anchor });
  const [opened] = shown.value;
  if (opened === undefined)
    return refuse('E_PROOF', { reason: 'the public part stays closed', type: proof.type });
  const decoded = wanted.type.classes[0].decode(opened);
  return decoded.ok ? ok({ value: decoded.value as V0, proof, anchor }) : decoded;
}

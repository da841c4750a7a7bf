/** Checks what a node answered, down to a certified header: nothing of it is believed for the node's sake. */

import { equalBytes } from '../../consensus/codec/bytes.ts';
import type { Code } from '../../consensus/codec/codes.ts';
import { ok, refuse, type Result } from '../../consensus/codec/result.ts';
import { checkVertexProof, outcomeCode, type VertexProof } from '../../consensus/checkpoint/outcome.ts';
import type { ObjectType } from '../../consensus/contracts/object.ts';
import { type AnchorProof, type CertifiedHeader } from '../proof/anchor.ts';
import type { LightResponse } from '../protocol/messages.ts';
import { checkStateProof, type StateProof } from '../proof/state-proof.ts';
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
export function checkVertexAnswer(response: LightResponse, id: Uint8Array, { follower, source, nowMs }: Judging): Result<FinalVertex | undefined> {
  if (response.type !== 'vertex') return unexpected(response);
  if (response.proof === undefined) return ok(undefined);
  const { vertex: proof, anchor } = response.proof;
  const checked = checkVertexProof(proof, follower.network);
  if (!checked.ok) return checked;
  if (!equalBytes(proof.outcome.id, id)) return refuse('E_PROOF', { reason: 'the proof is another vertex’s' });
  const anchored = follower.checkAnchor(proof.header, anchor, source, nowMs);
  return anchored.ok ? ok({ proof, anchor, code: outcomeCode(proof.outcome) }) : anchored;
}

export interface ProvedObject<T> {
  /** `undefined`: there is none of this id. */
  readonly value: T | undefined;
  readonly proof: StateProof;
  readonly certified: CertifiedHeader;
}

/**
 * The object as it stands in a certified state that is not older than `height`: a node that still shows an old state
 * hides a revocation.
 */
export function checkObjectAnswer<T>(
  response: LightResponse,
  wanted: { readonly type: ObjectType<T>; readonly id: Uint8Array; readonly height: number },
  { follower, source, nowMs }: Judging,
): Result<ProvedObject<T>> {
  if (response.type !== 'object') return unexpected(response);
  const { proof, anchor } = response;
  if (proof.type !== wanted.type.name || !equalBytes(proof.id, wanted.id)) return refuse('E_PROOF', { reason: 'the proof is another object’s' });
  const anchored = follower.checkAnchor(proof.header, anchor, source, nowMs);
  if (!anchored.ok) return anchored;
  if (proof.header.height < wanted.height) return refuse('E_STALE', { height: proof.header.height, wanted: wanted.height });
  const shown = checkStateProof(proof);
  if (!shown.ok) return shown;
  const { certified } = anchor;
  if (shown.value === 'absent') return ok({ value: undefined, proof, certified });
  const parts = shown.value;
  if (!parts.every((part) => part !== undefined)) return refuse('E_PROOF', { reason: 'a part of the object stays closed', type: proof.type });
  const decoded = wanted.type.decodeParts(parts);
  return decoded.ok ? ok({ value: decoded.value as T, proof, certified }) : decoded;
}

/** Bundles of the gateway's own vertices, made of proofs that it checked, and verified once more before they leave. */

import type { Genesis } from '../../consensus/checkpoint/genesis.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import { ok, type Result, refuse } from '../../consensus/codec/result.ts';
import { signedCall } from '../../consensus/vertex/call.ts';
import type { Clock } from '../../node/ports.ts';
import type { Outbox } from '../outbox/outbox.ts';
import { decodeOwn } from '../outbox/records.ts';
import type { AnchorProof } from '../proof/anchor.ts';
import { BUNDLE_VERSION, bundleSchema, type Statement } from '../proof/bundle.ts';
import { verifyBundle } from '../verify/verify.ts';
import type { Follower } from './follower.ts';

export interface SealParts {
  readonly genesis: Genesis;
  readonly follower: Follower;
  readonly clock: Clock;
}

export function sealBundle(
  statement: Statement,
  anchor: AnchorProof,
  { genesis, follower, clock }: SealParts,
): Result<Uint8Array> {
  const bytes = bundleSchema.encode({
    ...{ version: BUNDLE_VERSION, network: genesis.network, statement, anchor },
    changes: follower.changes.slice(0, anchor.certified.header.epoch),
  });
  const verified = verifyBundle(bytes, genesis, { nowMs: clock.now() });
  const failed = verified.facts.find((fact) => !fact.ok);
  if (verified.verdict === 'invalid')
    return refuse('E_PROOF', { reason: failed?.text ?? 'the bundle does not verify' });
  return ok(bytes);
}

/** The proved outcome of the call that a vertex of ours carries. */
export function sealCall(vertexId: Uint8Array, outbox: Outbox, parts: SealParts): Result<Uint8Array> {
  const sequence = outbox.sequenceOf(vertexId);
  const kept = sequence === undefined ? undefined : outbox.read(sequence);
  if (kept?.vertex.kind !== 'transaction')
    return refuse('E_NOT_FOUND', {
      reason: 'no call of this gateway, or no longer kept',
      vertex: toHex(vertexId),
    });
  const { settled, vertex } = kept;
  if (settled === undefined) return refuse('E_STATE', { reason: 'not final yet', vertex: vertex.key });
  const call = decodeOwn(signedCall, vertex.payload, `the call of vertex ${vertex.sequence}`);
  return sealBundle({ type: 'call', proof: settled.proof, call }, settled.anchor, parts);
}

/**
 * Contract calls: what parties sign together, off-ledger, and one of them submits as a transaction vertex `[ORD-6]`.
 *
 * Arguments stand in three parts by visibility class (semantics §3): V0 open to everyone, V1 to the file's parties,
 * V2 to the contract's parties. The signed header commits to all three; V1 and V2 under a salt each, so that a part
 * can later travel sealed, or not at all, without any hash or root changing.
 */

import { concatBytes } from '../codec/bytes.ts';
import { limits } from '../codec/limits.ts';
import {
  bytes,
  fixed,
  hash32,
  type Infer,
  int,
  key32,
  list,
  record,
  signature64,
  text,
  timeMs,
} from '../codec/schema.ts';
import { type Signer, SUITE, signDigest, verifyDigest } from '../crypto/ed25519.ts';
import { hash, zero32 } from '../crypto/hash.ts';

const partBytesMax = limits.callBytesMax;
export const callNonceBytes = 16;

export const callHeader = record('call', {
  suite: int(0, 255),
  network: hash32,
  transition: text(32, 1),
  /** Commitments to the V0, V1 and V2 parts. */
  parts: list(hash32, 3, 3),
  /** Makes otherwise equal calls different; each signer uses one once, for ever `[CTR-29]`. */
  nonce: fixed(callNonceBytes),
  /** Checkpoint time after which the call has no effect, ms. */
  deadline: timeMs,
});
export type CallHeader = Infer<typeof callHeader>;

/** A part with the salt of its commitment (zero for V0, which hides nothing). */
export const part = record('part', { salt: fixed(32), value: bytes(partBytesMax) });
export type Part = Infer<typeof part>;

export const callSignature = record('call-signature', { key: key32, signature: signature64 });
export type CallSignature = Infer<typeof callSignature>;

/** The payload of a transaction vertex. */
export const signedCall = record('signed-call', {
  header: callHeader,
  parts: list(part, 3, 3),
  signatures: list(callSignature, limits.signersMax),
});
export type SignedCall = Infer<typeof signedCall>;

export function commitPart({ salt, value }: Part): Uint8Array {
  return hash('commitment', salt, value);
}

/** Composes an unsigned call. `values` are the encoded V0, V1 and V2 parts; `salts` those of V1 and V2, random. */
export function composeCall(call: {
  readonly network: Uint8Array;
  readonly transition: string;
  readonly values: readonly [Uint8Array, Uint8Array, Uint8Array];
  readonly salts: readonly [Uint8Array, Uint8Array];
  readonly nonce: Uint8Array;
  readonly deadline: number;
}): SignedCall {
  const salts = [zero32, ...call.salts];
  const parts = call.values.map((value, index) => ({ salt: salts[index]!, value }));
  const { network, transition, nonce, deadline } = call;
  return {
    header: { suite: SUITE, network, transition, parts: parts.map(commitPart), nonce, deadline },
    parts,
    signatures: [],
  };
}

/** Identifies the call whoever signed or submits it; also the id of the object that it creates. */
export function callId(header: CallHeader): Uint8Array {
  return hash('call', callHeader.encode(header));
}

export function signCall(call: SignedCall, signer: Signer): CallSignature {
  return {
    key: signer.publicKey,
    signature: signDigest(signer, 'call-signature', call.header.network, callId(call.header)),
  };
}

export function verifyCallSignature({ key, signature }: CallSignature, header: CallHeader): boolean {
  return verifyDigest(signature, 'call-signature', header.network, callId(header), key);
}

/** What the vertex commits to: the header and the signatures, so that parts can be withheld and still be proved. */
export function callPayloadHash(call: Pick<SignedCall, 'header' | 'signatures'>): Uint8Array {
  const signatures = call.signatures.map((entry) => callSignature.encode(entry));
  return hash('payload', callHeader.encode(call.header), concatBytes(...signatures));
}

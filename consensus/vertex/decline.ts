/** A party's word that it will not sign a call, and why `[GTH-1]`. Off-ledger: it binds nobody, but it can be shown. */

import { hash32, type Infer, key32, record, signature64, text } from '../codec/schema.ts';
import { type Signer, signDigest, verifyDigest } from '../crypto/ed25519.ts';

/** Longest reason, in characters. */
export const reasonMax = 200;
const reason = text(reasonMax);

const declineBody = record('decline-body', { call: hash32, reason });

export const callDecline = record('call-decline', { key: key32, reason, signature: signature64 });
export type CallDecline = Infer<typeof callDecline>;

/** `call` is the call's id, `why` printable ASCII of at most `reasonMax` characters. */
export function signDecline(call: Uint8Array, why: string, network: Uint8Array, signer: Signer): CallDecline {
  const signature = signDigest(signer, 'call-decline', network, declineBody.encode({ call, reason: why }));
  return { key: signer.publicKey, reason: why, signature };
}

export function verifyDecline(decline: CallDecline, call: Uint8Array, network: Uint8Array): boolean {
  const body = declineBody.encode({ call, reason: decline.reason });
  return verifyDigest(decline.signature, 'call-decline', network, body, decline.key);
}

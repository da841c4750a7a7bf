/** Ed25519 over domain-separated digests `[SIG-1]`, and which public keys may enrol. */

import { Point } from '@noble/ed25519';
import { toHex } from '../codec/bytes.ts';
import { type Domain, hash } from './hash.ts';
import { verifyEach, verifyZip215 } from './primitives.ts';

/** The only suite so far `[SUI-1]`: SHA-256 and Ed25519 under ZIP-215. */
export const SUITE = 1;

/** Someone who can sign with one key. Deterministic: the same message gives the same signature. */
export interface Signer {
  readonly publicKey: Uint8Array;
  /** Signs raw bytes; callers use `signDigest`. */
  sign(message: Uint8Array): Uint8Array;
}

/** Signs `hash(domain, network, body)`: the cost does not grow with the body. */
export function signDigest(
  signer: Signer,
  domain: Domain,
  network: Uint8Array,
  body: Uint8Array,
): Uint8Array {
  return signer.sign(hash(domain, network, body));
}

export function verifyDigest(
  signature: Uint8Array,
  domain: Domain,
  network: Uint8Array,
  body: Uint8Array,
  publicKey: Uint8Array,
): boolean {
  return verifyZip215(signature, hash(domain, network, body), publicKey);
}

/** Signatures by many, each over `hash(domain, network, body)`: for each, whether it verifies. */
export function verifyDigests(
  items: readonly {
    readonly signature: Uint8Array;
    readonly body: Uint8Array;
    readonly publicKey: Uint8Array;
  }[],
  domain: Domain,
  network: Uint8Array,
): boolean[] {
  return verifyEach(
    items.map(({ signature, body, publicKey }) => ({
      ...{ signature, publicKey },
      message: hash(domain, network, body),
    })),
  );
}

/**
 * Why a public key may not be enrolled, or `undefined` when it may. Under ZIP-215 a small-order key verifies
 * anything, and two encodings of one point would be two identities.
 */
export function keyDefect(publicKey: Uint8Array): string | undefined {
  if (publicKey.length !== 32) return `expected 32 bytes, got ${publicKey.length}`;
  try {
    const point = Point.fromBytes(publicKey, false);
    if (point.isSmallOrder()) return 'point of small order';
    if (!point.isTorsionFree()) return 'point not of prime order';
    return point.toHex() === toHex(publicKey) ? undefined : 'non-canonical encoding';
  } catch {
    return 'not a canonical curve point';
  }
}

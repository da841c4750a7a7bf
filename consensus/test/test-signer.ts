/**
 * Signatures that cost a hash, for tests in which thousands of votes are checked and nobody forges: who knows the
 * public key could sign. Everything else is verified as ever.
 */

import { createHash } from 'node:crypto';
import { asciiBytes, concatBytes, equalBytes } from '../codec/bytes.ts';
import type { Signer } from '../crypto/ed25519.ts';
import { hashBytes, installPrimitives } from '../crypto/primitives.ts';
import { makeBatchVerifier } from '../crypto/zip215/verifier.ts';
import { hashOf } from './arbitraries.ts';

const { verify } = makeBatchVerifier();
const label = asciiBytes('a test signature');

function cheapSignature(publicKey: Uint8Array, message: Uint8Array): Uint8Array {
  const half = hashBytes(concatBytes(label, publicKey, message));
  return concatBytes(half, half);
}

/** From here on this process takes the cheap signatures as well. */
export function installCheapSignatures(): void {
  installPrimitives({
    sha256: (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest()),
    verify: (signature, message, publicKey) =>
      equalBytes(signature, cheapSignature(publicKey, message)) || verify(signature, message, publicKey),
  });
}

export function cheapSigner(number: number): Signer {
  const publicKey = hashOf(0x010000 + number);
  return { publicKey, sign: (message) => cheapSignature(publicKey, message) };
}

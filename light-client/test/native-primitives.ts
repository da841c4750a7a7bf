/** Node's own SHA-256 and Ed25519, as a node installs them: tests with many signatures take a tenth of the time. */

import { createPublicKey, hash, type KeyObject, verify } from 'node:crypto';
import { installPrimitives } from '../../consensus/crypto/primitives.ts';

const keys = new Map<string, KeyObject>();

function keyOf(publicKey: Uint8Array): KeyObject {
  const x = Buffer.from(publicKey).toString('base64url');
  const key = keys.get(x) ?? createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  keys.set(x, key);
  return key;
}

export function installNativePrimitives(): void {
  installPrimitives({
    sha256: (bytes) => new Uint8Array(hash('sha256', bytes, 'buffer')),
    verifyFast: (signature, message, publicKey) => verify(null, message, keyOf(publicKey), signature),
  });
}

/** Keys of simulated sensors: derived from a seed and the device's name, so that a scenario is the same each time. */

import { createPrivateKey, createPublicKey, hash, sign } from 'node:crypto';
import type { Signer } from '../../consensus/crypto/ed25519.ts';

/** What precedes the 32 secret bytes of an Ed25519 key in PKCS #8 (RFC 8410). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Never for a real device: whoever knows the seed has the key. */
export function sensorSigner(seed: string, device: string): Signer {
  const secret = hash('sha256', `tallystick simulated sensor\n${seed}\n${device}`, 'buffer');
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, secret]), format: 'der', type: 'pkcs8' });
  const { x } = createPublicKey(key).export({ format: 'jwk' });
  return {
    publicKey: new Uint8Array(Buffer.from(x!, 'base64url')),
    sign: (message) => new Uint8Array(sign(null, message, key)),
  };
}

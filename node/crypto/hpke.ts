/**
 * Sealing `[MSG-3]`: HPKE (RFC 9180) in base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. A sealed body is the
 * encapsulated key, then the ciphertext with its tag. A secret is the input from which RFC 9180 derives a key pair.
 */

import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import { asciiBytes, concatBytes } from '../../consensus/codec/bytes.ts';

export const HPKE_SECRET_BYTES = 32;
const ENCAPSULATED_BYTES = 32;
const info = asciiBytes('tallystick message 1');

const suite = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes256Gcm(),
});

/** The library wants memory that nobody shares, and the whole of it. */
const own = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;

export async function publicKeyOf(secret: Uint8Array): Promise<Uint8Array> {
  const { publicKey } = await suite.kem.deriveKeyPair(own(secret));
  return new Uint8Array(await suite.kem.serializePublicKey(publicKey));
}

/** Seals `body` to a public key, bound to `context`. */
export async function sealTo(
  publicKey: Uint8Array,
  context: Uint8Array,
  body: Uint8Array,
): Promise<Uint8Array> {
  const recipientPublicKey = await suite.kem.deserializePublicKey(own(publicKey));
  const sender = await suite.createSenderContext({ recipientPublicKey, info: own(info) });
  const sealed = await sender.seal(own(body), own(context));
  return concatBytes(new Uint8Array(sender.enc), new Uint8Array(sealed));
}

/** `undefined` when it was not sealed to this key under this context, or is not whole. */
export async function openSealed(
  secret: Uint8Array,
  context: Uint8Array,
  sealed: Uint8Array,
): Promise<Uint8Array | undefined> {
  const { privateKey: recipientKey } = await suite.kem.deriveKeyPair(own(secret));
  const enc = own(sealed.subarray(0, ENCAPSULATED_BYTES));
  try {
    const recipient = await suite.createRecipientContext({ recipientKey, enc, info: own(info) });
    return new Uint8Array(await recipient.open(own(sealed.subarray(ENCAPSULATED_BYTES)), own(context)));
  } catch {
    // Whatever is wrong with foreign bytes, they do not open.
    return undefined;
  }
}

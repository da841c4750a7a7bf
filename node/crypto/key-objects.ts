/** Public keys as `node:crypto` wants them; making one costs as much as a verification, so the last ones are kept. */

import { createPublicKey, type KeyObject } from 'node:crypto';
import { concatBytes } from '../../consensus/codec/bytes.ts';

/** The DER header (RFC 8410) that stands before the 32 bytes of an Ed25519 public key. */
export const publicKeyHeader = Uint8Array.from([
  0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
]);

export class KeyObjects {
  readonly #max: number;
  /** By the key's bytes; the least recently used comes first. */
  readonly #kept = new Map<string, KeyObject>();

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#kept.size;
  }

  get(publicKey: Uint8Array): KeyObject {
    const name = Buffer.from(publicKey.buffer, publicKey.byteOffset, publicKey.length).toString('latin1');
    let object = this.#kept.get(name);
    if (object === undefined) {
      const key = Buffer.from(concatBytes(publicKeyHeader, publicKey));
      object = createPublicKey({ key, format: 'der', type: 'spki' });
      if (this.#kept.size >= this.#max) this.#kept.delete(this.#kept.keys().next().value!);
    } else {
      this.#kept.delete(name);
    }
    this.#kept.set(name, object);
    return object;
  }
}

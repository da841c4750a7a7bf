/**
 * SHA-256 and Ed25519, portable by default (noble), replaceable by a faster implementation of the same functions.
 * A node installs its runtime's native ones at start; a browser or a small device runs with these as they are.
 */

import { hashes as ed25519Hashes, getPublicKey, sign, verify } from '@noble/ed25519';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { concatBytes, equalBytes } from '../codec/bytes.ts';

ed25519Hashes.sha512 = sha512;

export interface Primitives {
  sha256(data: Uint8Array): Uint8Array;
  /**
   * A fast verifier whose *yes* is always a yes under ZIP-215; its *no* is asked again of the slow one `[SIG-1]`.
   */
  verifyFast?(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
  /** Whether all of `items` verify under ZIP-215, for much less than each by itself; a *no* does not say which. */
  verifyBatch?(items: readonly Signed[]): boolean;
}

/** A signature that somebody claims to be one. */
export interface Signed {
  readonly signature: Uint8Array;
  readonly message: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** Fewer than this are checked one by one: a batch has costs of its own. */
const BATCH_MIN = 4;

let installed: Primitives = { sha256 };

/** Installs faster primitives for this process, after checking them against the portable ones. */
export function installPrimitives(primitives: Primitives): void {
  const probe = Uint8Array.from({ length: 200 }, (_, i) => i);
  if (!equalBytes(primitives.sha256(probe), sha256(probe)))
    throw new TypeError('"primitives.sha256" is not SHA-256');
  const secret = probe.slice(0, 32);
  const signature = sign(probe, secret);
  const forged = signature.slice();
  forged[0]! ^= 1;
  const publicKey = getPublicKey(secret);
  if (
    primitives.verifyFast?.(signature, probe, publicKey) === false ||
    primitives.verifyFast?.(forged, probe, publicKey)
  ) {
    throw new TypeError('"primitives.verifyFast" is not Ed25519 verification');
  }
  installed = primitives;
}

export function hashBytes(data: Uint8Array): Uint8Array {
  return installed.sha256(data);
}

/** Room to join what is hashed: nearly all of it is short, and an allocation costs more than its hash. */
const joined = new Uint8Array(1_024);

/** SHA-256 of all `parts` in a row. */
export function hashParts(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  if (length > joined.length) return installed.sha256(concatBytes(...parts));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return installed.sha256(joined.subarray(0, length));
}

/**
 * The one acceptance rule, ZIP-215, on every node and client: accept fast, refuse slow. A native verifier refuses
 * some signatures that ZIP-215 accepts, never the other way round (measured on the ZIP-215 vectors).
 */
export function verifyZip215(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  if (signature.length !== 64 || publicKey.length !== 32) return false;
  if (installed.verifyFast?.(signature, message, publicKey)) return true;
  try {
    return verify(signature, message, publicKey, { zip215: true });
  } catch {
    // noble throws on encodings that are no curve points; for us that is one more way not to verify.
    return false;
  }
}

/** For each of `items` what `verifyZip215` says of it: all at once, and one by one only when not all are good. */
export function verifyEach(items: readonly Signed[]): boolean[] {
  if (items.length >= BATCH_MIN && installed.verifyBatch?.(items)) return items.map(() => true);
  return items.map(({ signature, message, publicKey }) => verifyZip215(signature, message, publicKey));
}

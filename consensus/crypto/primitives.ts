/**
 * SHA-256 and Ed25519, portable by default (noble), replaceable by a faster implementation of the same functions.
 * Nodes and gateways install their runtime's SHA-256 and the verifier of zip215/ at start; so may a browser.
 */

import { hashes as ed25519Hashes, getPublicKey, sign, verify } from '@noble/ed25519';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { concatBytes, equalBytes } from '../codec/bytes.ts';
import type { SignedMessage } from './zip215/verifier.ts';

ed25519Hashes.sha512 = sha512;

export interface Primitives {
  sha256(data: Uint8Array): Uint8Array;
  /** A verifier with the verdicts of ZIP-215 `[SIG-1]`, in place of the portable one. */
  verify?(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
  /** Whether all of `items` verify under ZIP-215, for much less than each by itself; a *no* does not say which. */
  verifyBatch?(items: readonly SignedMessage[]): boolean;
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
  const good = { signature, message: probe, publicKey };
  const verifiers = {
    verify: primitives.verify,
    verifyBatch:
      primitives.verifyBatch &&
      ((...[one, message, key]: Parameters<typeof verifyZip215>) =>
        primitives.verifyBatch!([good, { signature: one, message, publicKey: key }, good, good])),
  };
  for (const [name, check] of Object.entries(verifiers)) {
    if (check?.(signature, probe, publicKey) === false || check?.(forged, probe, publicKey))
      throw new TypeError(`"primitives.${name}" is not Ed25519 verification`);
  }
  // The identity as the key, and as R in another encoding: y = p + 1, x = 0 with a sign.
  const odd = new Uint8Array(64).fill(0xff, 0, 32);
  odd[0] = 0xee;
  const identity = new Uint8Array(32);
  identity[0] = 1;
  if (primitives.verify?.(odd, probe, identity) === false)
    throw new TypeError('"primitives.verify" does not follow ZIP-215');
  installed = primitives;
}

export function hashBytes(data: Uint8Array): Uint8Array {
  return installed.sha256(data);
}

const JOINED_BYTES = 1_024;
/** Room to join what is hashed: nearly all of it is short, and an allocation costs more than its hash. */
const joined = new Uint8Array(JOINED_BYTES);
/** Its beginnings, by length. */
const beginnings = Array.from({ length: JOINED_BYTES + 1 }, (_, length) => joined.subarray(0, length));

/** SHA-256 of `first` and all `parts` in a row. */
export function hashParts(first: Uint8Array, parts: readonly Uint8Array[]): Uint8Array {
  let length = first.length;
  for (const part of parts) length += part.length;
  if (length > JOINED_BYTES) return installed.sha256(concatBytes(first, ...parts));
  joined.set(first);
  let offset = first.length;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return installed.sha256(beginnings[length]!);
}

/** The one acceptance rule, ZIP-215, on every node and client. */
export function verifyZip215(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  if (signature.length !== 64 || publicKey.length !== 32) return false;
  return (installed.verify ?? verifyPortable)(signature, message, publicKey);
}

function verifyPortable(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  try {
    return verify(signature, message, publicKey, { zip215: true });
  } catch {
    // noble throws on encodings that are no curve points; for us that is one more way not to verify.
    return false;
  }
}

/** For each of `items` what `verifyZip215` says of it: all at once, and one by one only when not all are good. */
export function verifyEach(items: readonly SignedMessage[]): boolean[] {
  if (items.length >= BATCH_MIN && installed.verifyBatch?.(items)) return items.map(() => true);
  return items.map(({ signature, message, publicKey }) => verifyZip215(signature, message, publicKey));
}

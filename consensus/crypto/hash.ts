/** Domain-separated hashing `[HASH-1]`: SHA-256 over a four-byte domain tag and the parts, in order. */

import { concatBytes, uint32Bytes } from '../codec/bytes.ts';
import { hashBytes } from './primitives.ts';

/**
 * Every use of a hash or a signature has its own tag, so that bytes made for one use mean nothing in another.
 * Append only: the numbers are part of the protocol. Merkle trees have their own prefixes (merkle/tree.ts).
 */
const domainNames = [
  'network',
  'vertex',
  'vertex-signature',
  'call',
  'call-signature',
  'payload',
  'commitment',
  'salt',
  'batch',
  'frame-signature',
  'frame-salt',
  'object-key',
  'label',
  'map-path',
  'map-leaf',
  'map-node',
  'object-value',
  'header',
  'committee',
  'order',
  'vote-prepare',
  'vote-commit',
  'proposal',
  'view-change',
  'new-view',
  'connection',
  'batch-summary',
  'summary-salt',
  'evidence',
  'seed',
  'draw',
  'call-decline',
] as const;

export type Domain = (typeof domainNames)[number];

const tags = new Map<Domain, Uint8Array>(
  domainNames.map((name, index) => [name, uint32Bytes(0x54530000 + index)]),
);

const SCRATCH_BYTES = 1_024;
/** Where short inputs are put together: a fresh array for each costs more than half of the hash itself. */
const scratch = new Uint8Array(SCRATCH_BYTES);
/** The beginnings of `scratch`, by length. */
const beginnings = Array.from({ length: SCRATCH_BYTES + 1 }, (_, length) => scratch.subarray(0, length));

export function hash(domain: Domain, ...parts: readonly Uint8Array[]): Uint8Array {
  const tag = tags.get(domain)!;
  let length = tag.length;
  for (const part of parts) length += part.length;
  if (length > SCRATCH_BYTES) return hashBytes(concatBytes(tag, ...parts));
  scratch.set(tag);
  let offset = tag.length;
  for (const part of parts) {
    scratch.set(part, offset);
    offset += part.length;
  }
  return hashBytes(beginnings[length]!);
}

export const zero32: Uint8Array = new Uint8Array(32);

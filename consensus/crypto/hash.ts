/** Domain-separated hashing `[HASH-1]`: SHA-256 over a four-byte domain tag and the parts, in order. */

import { uint32Bytes } from '../codec/bytes.ts';
import { hashParts } from './primitives.ts';

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
  'message-ciphertext',
  'message-content',
  'message-opening',
  'message-salt',
] as const;

export type Domain = (typeof domainNames)[number];

const tags = new Map<Domain, Uint8Array>(
  domainNames.map((name, index) => [name, uint32Bytes(0x54530000 + index)]),
);

export function hash(domain: Domain, ...parts: readonly Uint8Array[]): Uint8Array {
  return hashParts(tags.get(domain)!, parts);
}

export const zero32: Uint8Array = new Uint8Array(32);

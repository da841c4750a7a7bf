/** The stakeholder's Ed25519 key is its libp2p identity `[ADM-3]`: from one to the other and back. */

import { generateKeyPairFromSeed, publicKeyFromRaw } from '@libp2p/crypto/keys';
import type { PeerId, PrivateKey } from '@libp2p/interface';
import { peerIdFromPublicKey } from '@libp2p/peer-id';
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import { fromHex, toHex } from '../../consensus/codec/bytes.ts';
import type { PeerKey } from '../ports.ts';

/** Where a node with a known key listens. */
export interface PeerAddress {
  /** Public key in hexadecimal. */
  readonly key: PeerKey;
  /** `/ip4/…/tcp/…` or `/dns4/…/tcp/…`; a `/p2p/…` at its end must be the key's. */
  readonly multiaddr: string;
}

export function privateKeyOf(secret: Uint8Array): Promise<PrivateKey> {
  if (secret.length !== 32)
    throw new TypeError(`"secret" expected Uint8Array of length 32, got length=${secret.length}`);
  return generateKeyPairFromSeed('Ed25519', secret);
}

/** The key of a peer, or `undefined` when its identity is of another kind than ours. */
export function peerKeyOf(peer: PeerId): PeerKey | undefined {
  return peer.type === 'Ed25519' ? toHex(peer.publicKey.raw) : undefined;
}

export function peerIdOf(key: PeerKey): PeerId {
  const bytes = fromHex(key);
  if (bytes?.length !== 32)
    throw new TypeError(`"key" expected 64 hexadecimal characters, got ${JSON.stringify(key)}`);
  return peerIdFromPublicKey(publicKeyFromRaw(bytes));
}

/** The address with the peer id at its end, by which the dialler checks whom it reached. */
export function dialAddress(peer: PeerAddress): Multiaddr {
  const address = multiaddr(peer.multiaddr);
  const id = peerIdOf(peer.key).toString();
  const named = address.getComponents().find((component) => component.name === 'p2p')?.value;
  if (named === undefined) return address.encapsulate(`/p2p/${id}`);
  if (named !== id) throw new TypeError(`"multiaddr" expected to end in /p2p/${id}, got ${peer.multiaddr}`);
  return address;
}

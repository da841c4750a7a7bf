/**
 * Who may be connected `[ADM-3]`: asked once the handshake has shown the peer's key, before any other byte of it is
 * parsed. And one connection for each peer: when both dial at once, both keep the one that the lesser key dialled.
 */

import type { Connection, ConnectionGater, PeerId } from '@libp2p/interface';
import type { PeerKey } from '../ports.ts';
import type { Admission } from './admission.ts';
import { abortConnection } from './fault.ts';
import { peerKeyOf } from './identity.ts';

/** A connection younger than this came of the same moment; an older one is likely dead if its peer dials anew. */
const SIMULTANEOUS_MS = 3_000;

/** `connectionsTo` lists what is open to a peer already; `self` is our own key. */
export function makeGater(
  self: PeerKey,
  admission: Admission,
  connectionsTo: (peer: PeerId) => readonly Connection[],
): ConnectionGater {
  function deny(peer: PeerId, inbound: boolean): boolean {
    const key = peerKeyOf(peer);
    const code = key === undefined ? 'E_PEER' : admission.refusalOf(key);
    if (code !== undefined) admission.refuse(key ?? peer.toString(), code);
    return key === undefined || code !== undefined || isSpare(peer, key, inbound);
  }

  function isSpare(peer: PeerId, key: PeerKey, inbound: boolean): boolean {
    const existing = connectionsTo(peer).filter((connection) => connection.status === 'open');
    if (existing.length === 0) return false;
    const peerDials = key < self;
    const young = existing.some(
      ({ direction, timeline }) =>
        (direction === 'outbound') === inbound && Date.now() - timeline.open < SIMULTANEOUS_MS,
    );
    if (inbound !== peerDials && young) return true;
    // Before the new one opens, so that everyone sees the peer leave and come, and nobody clings to the old one.
    for (const connection of existing)
      abortConnection(connection, new Error('replaced by a newer connection'));
    return false;
  }

  return {
    denyInboundEncryptedConnection: (peer) => deny(peer, true),
    denyOutboundEncryptedConnection: (peer) => deny(peer, false),
  };
}

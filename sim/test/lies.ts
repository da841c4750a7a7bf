/** Seats that lie: what a corrupted node sends after its own messages. */

import { voteBytes } from '../../consensus/checkpoint/certificate.ts';
import { headerId } from '../../consensus/checkpoint/header.ts';
import { signDigest } from '../../consensus/crypto/ed25519.ts';
import { hash } from '../../consensus/crypto/hash.ts';
import { newViewHash, viewChangeBytes } from '../../consensus/pbft/messages.ts';
import { sayingDomain } from '../../consensus/vertex/sayings.ts';
import { type PeerMessage, peerMessage } from '../../consensus/wire/messages.ts';
import type { Network } from '../../node/ports.ts';
import type { SimulatedNode, World } from '../world.ts';
import { ledgerOf } from './epoch-calls.ts';

export type Lie = (message: PeerMessage, world: World, node: SimulatedNode) => PeerMessage | undefined;

/** Signs what a vote of this node would be with another value. */
function resign(world: World, node: SimulatedNode, message: PeerMessage): PeerMessage | undefined {
  const { network } = world.genesis;
  const { committee } = ledgerOf(node);
  const sign = (
    phase: keyof typeof sayingDomain,
    height: number,
    view: number,
    id: Uint8Array,
    newView: Uint8Array,
  ) =>
    signDigest(
      node.signer,
      sayingDomain[phase],
      network,
      voteBytes({ network, committeeHash: committee.hash, height, view, headerId: id, newView }),
    );
  if (message.type === 'vote') {
    const { phase, height, view, newView } = message;
    const id = hash('header', message.headerId);
    return { ...message, headerId: id, signature: sign(phase, height, view, id, newView) };
  }
  if (message.type !== 'proposal') return undefined;
  const header = { ...message.header, time: message.header.time + 1 };
  const { view } = message;
  const signature = sign('proposal', header.height, view, headerId(header), newViewHash(message.newView));
  return { ...message, header, signature };
}

export const lies: { readonly [name: string]: Lie } = {
  'commits to two values': (message, world, node) =>
    message.type === 'vote' && message.phase === 'commit' ? resign(world, node, message) : undefined,
  'prepares two values': (message, world, node) =>
    message.type === 'vote' && message.phase === 'prepare' ? resign(world, node, message) : undefined,
  'proposes two values': (message, world, node) =>
    message.type === 'proposal' ? resign(world, node, message) : undefined,
  'hides what it committed to': (message, world, node) => {
    if (message.type !== 'vote' || message.phase !== 'commit') return undefined;
    const { network } = world.genesis;
    const { height, view, seat } = message;
    const subject = { network, committeeHash: ledgerOf(node).committee.hash, height, view: view + 1 };
    const body = viewChangeBytes({ ...subject, prepared: undefined });
    const signature = signDigest(node.signer, 'view-change', network, body);
    return { type: 'viewChange', height, view: view + 1, prepared: undefined, seat, signature };
  },
};

/** Lets a node's own messages be followed by lies, to everybody who hears them. */
export async function corrupt(world: World, node: SimulatedNode, lie: Lie): Promise<{ told: number }> {
  const counts = { told: 0 };
  const join = world.network.join.bind(world.network);
  world.network.join = (key, endpoint) => {
    const network = join(key, endpoint);
    if (key !== node.key) return network;
    const lying: Network = {
      ...network,
      get peers() {
        return network.peers;
      },
      send: (peer, frame) => {
        network.send(peer, frame);
        const decoded = peerMessage.decode(frame);
        const other = decoded.ok && node.runner ? lie(decoded.value, world, node) : undefined;
        if (other === undefined || world.time.chance() > 0.3) return;
        counts.told += 1;
        network.send(peer, peerMessage.encode(other));
      },
    };
    return lying;
  };
  world.kill(node);
  await world.start(node);
  return counts;
}

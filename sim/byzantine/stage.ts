/** Puts an actor between a node and its network: the node's words pass through it, and so does what others say. */

import type { Genesis } from '../../consensus/checkpoint/genesis.ts';
import { limits } from '../../consensus/codec/limits.ts';
import type { Signer } from '../../consensus/crypto/ed25519.ts';
import type { SignedCall } from '../../consensus/vertex/call.ts';
import { bundle, peerMessage } from '../../consensus/wire/messages.ts';
import type { Network, PeerKey } from '../../node/ports.ts';
import type { Event, Reply } from '../../node/replica/events.ts';
import type { Replica } from '../../node/replica/replica.ts';
import type { Endpoint } from '../network/network.ts';
import type { Random } from '../random.ts';
import type { VirtualTime } from '../virtual-time.ts';
import type { Actor, ActorKind, Acts, Stage } from './actor.ts';

export interface StageSet {
  readonly genesis: Genesis;
  readonly signer: Signer;
  readonly accomplices: readonly PeerKey[];
  readonly time: VirtualTime;
  readonly random: Random;
  /** The node behind the actor, while it is up. */
  replica(): Replica | undefined;
  tell(event: Event): Reply;
  /** Two pledges of one unit, signed by all who must, where the load has made such. */
  rivalCalls(): readonly [SignedCall, SignedCall] | undefined;
}

export class Masquerade {
  readonly #actor: Actor;
  readonly #set: StageSet;
  #network: Network | undefined;
  readonly name: string;

  constructor(kind: ActorKind, set: StageSet) {
    this.name = kind.name;
    this.#set = set;
    this.#actor = kind.create(this.#stage());
  }

  /** What the actor has done so far. */
  get acts(): Acts {
    return this.#actor.acts;
  }

  /** The node has joined the network. */
  onStart(): void {
    this.#actor.onStart?.();
  }

  /** What the node sends through instead of its own port. */
  network(network: Network): Network {
    this.#network = network;
    const actor = this.#actor;
    return {
      get peers() {
        return network.peers;
      },
      send: (peer, frame) => {
        const decoded = peerMessage.decode(frame);
        if (!decoded.ok || actor.onSend === undefined) return network.send(peer, frame);
        for (const message of actor.onSend(peer, decoded.value))
          network.send(peer, peerMessage.encode(message));
      },
      gossip: (data) => {
        const decoded = bundle.decode(data);
        if (!decoded.ok || actor.onGossip === undefined) return network.gossip(data);
        this.#gossip(actor.onGossip(decoded.value.vertices));
      },
      pushToLightClients: () => {},
      close: () => network.close(),
    };
  }

  /** Stands before the node's own endpoint. */
  endpoint(node: Endpoint): Endpoint {
    const actor = this.#actor;
    return {
      onConnect: (peer) => node.onConnect(peer),
      onDisconnect: (peer) => node.onDisconnect(peer),
      onMessage: (peer, frame) => {
        const decoded = actor.onReceive && peerMessage.decode(frame, limits.frameBytesMax);
        if (decoded?.ok && actor.onReceive?.(peer, decoded.value) === false) return;
        node.onMessage(peer, frame);
      },
      onGossip: (peer, data) => {
        const decoded = actor.onHear && bundle.decode(data, limits.frameBytesMax);
        if (decoded?.ok && actor.onHear?.(peer, decoded.value.vertices) === false) return 'ignore';
        return node.onGossip(peer, data);
      },
    };
  }

  #gossip(envelopes: readonly Uint8Array[]): void {
    if (envelopes.length === 0) return;
    const { publicKey } = this.#set.signer;
    this.#gossipBytes(bundle.encode({ publisher: publicKey, vertices: envelopes.slice() }));
  }

  /** What is too large for gossip would not leave a real node either. */
  #gossipBytes(data: Uint8Array): void {
    if (data.length <= limits.bundleBytesMax) this.#network?.gossip(data);
  }

  #stage(): Stage {
    const { genesis, signer, accomplices, time, random, tell, replica, rivalCalls } = this.#set;
    const peers = (): readonly PeerKey[] => this.#network?.peers ?? [];
    return {
      genesis,
      signer,
      accomplices,
      get replica() {
        return replica();
      },
      get peers() {
        return peers();
      },
      nowMs: () => Math.floor(time.now()),
      chance: () => random.chance(),
      send: (peer, message) => this.#network?.send(peer, peerMessage.encode(message)),
      sendBytes: (peer, frame) => this.#network?.send(peer, frame),
      gossip: (envelopes) => this.#gossip(envelopes),
      gossipBytes: (data) => this.#gossipBytes(data),
      tell,
      after: (delayMs, call) => void time.after(delayMs, call),
      rivalCalls,
    };
  }
}

/** The node's network over libp2p: who may connect, who dials whom, gossip, direct links, light clients. */

import type { GossipSub } from '@libp2p/gossipsub';
import { identify } from '@libp2p/identify';
import type { Connection } from '@libp2p/interface';
import { createLibp2p, type Libp2p } from 'libp2p';
import { toHex } from '../../consensus/codec/bytes.ts';
import type { Network, NetworkHandlers, PeerKey, Verdict } from '../ports.ts';
import { Admission } from './admission.ts';
import { makeCounters, type NetworkStats } from './counters.ts';
import { abortConnection, isWrongKey, throwAside } from './fault.ts';
import { makeGater } from './gater.ts';
import { isGossiping, judgeGossip, makeGossip } from './gossip.ts';
import { dialAddress, type PeerAddress, peerKeyOf, privateKeyOf } from './identity.ts';
import { keepUp } from './keep-up.ts';
import { LightServer } from './light-server.ts';
import { defaultNetworkLimits, type NetworkLimits } from './limits.ts';
import { type PeerLink, PeerLinks } from './peer-links.ts';
import { protocolNames, transportOptions } from './transport.ts';

const DIAL_MS = 5_000;

export interface NetworkOptions {
  /** Seed of the node's Ed25519 key, 32 bytes. */
  readonly secret: Uint8Array;
  /** Network id in hexadecimal. */
  readonly network: string;
  /** Multiaddrs, such as `/ip4/127.0.0.1/tcp/0`. */
  readonly listen: readonly string[];
  /** Nodes to stay connected to; more with `addPeer`. */
  readonly peers?: readonly PeerAddress[];
  readonly handlers: NetworkHandlers;
  readonly limits?: Partial<NetworkLimits>;
  /** A handler of ours threw: the node is wrong about itself. Thrown out of the event loop when this is left out. */
  readonly onFault?: (error: unknown) => void;
}

export interface Libp2pNetwork extends Network {
  readonly key: PeerKey;
  readonly peerId: string;
  /** Multiaddrs that this node listens on, each with its peer id. */
  readonly address: readonly string[];
  /** Stays connected to this node from now on; a new address replaces the old one. */
  addPeer(peer: PeerAddress): void;
  stats(): NetworkStats;
}

/** Starts the network; it listens and dials when the promise resolves. Needs node/polyfill.ts on Node 20. */
export async function startNetwork(options: NetworkOptions): Promise<Libp2pNetwork> {
  const { handlers, onFault = throwAside } = options;
  const limits: NetworkLimits = { ...defaultNetworkLimits, ...options.limits };
  const names = protocolNames(options.network);
  const counters = makeCounters();
  const privateKey = await privateKeyOf(options.secret);
  const key = toHex(privateKey.publicKey.raw);
  const ended = new AbortController();

  function guard(call: () => void): void {
    // Who closed the network is told nothing more.
    if (ended.signal.aborted) return;
    try {
      call();
    } catch (error) {
      onFault(error);
    }
  }

  const admission = new Admission({ handlers, counters, guard, cutMs: limits.cutMs });
  const gater = makeGater(key, admission, (peer) => libp2p.getConnections(peer));
  const libp2p = await createLibp2p({
    ...transportOptions(privateKey, options.listen, gater, limits),
    services: { identify: identify(), gossip: makeGossip(names.vertices, limits) },
  });
  const { gossip } = libp2p.services;
  const parts = { libp2p, handlers, limits, counters, admission, guard, onFault };
  const links = new PeerLinks({ ...parts, protocol: names.peer });
  const lightServer = new LightServer({ ...parts, protocol: names.light });
  await links.start();
  await lightServer.start();
  judgeGossip(gossip, names.vertices, counters, (peer, data) => {
    let verdict: Verdict = 'ignore';
    if (data.length > limits.bundleBytesMax) {
      admission.refuse(peer, 'E_LIMIT_BYTES');
      verdict = 'reject';
    } else {
      guard(() => {
        verdict = handlers.onGossip(peer, data);
      });
    }
    return verdict;
  });
  await libp2p.start();
  gossip.subscribe(names.vertices);

  const network = new RunningNetwork({
    ...parts,
    key,
    gossip,
    topic: names.vertices,
    links,
    lightServer,
    ended,
  });
  for (const peer of options.peers ?? []) network.addPeer(peer);
  return network;
}

interface RunningParts {
  readonly key: PeerKey;
  readonly libp2p: Libp2p;
  readonly gossip: GossipSub;
  readonly topic: string;
  readonly links: PeerLinks;
  readonly lightServer: LightServer;
  readonly admission: Admission;
  readonly limits: NetworkLimits;
  readonly counters: NetworkStats;
  readonly ended: AbortController;
}

class RunningNetwork implements Libp2pNetwork {
  readonly key: PeerKey;
  readonly peerId: string;
  readonly #parts: RunningParts;
  /** How to stop dialling each peer that is to stay connected. */
  readonly #dialling = new Map<PeerKey, AbortController>();
  readonly #watching: NodeJS.Timeout;

  constructor(parts: RunningParts) {
    this.#parts = parts;
    this.key = parts.key;
    this.peerId = parts.libp2p.peerId.toString();
    this.#watching = setInterval(() => this.#watch(), parts.limits.watchMs);
  }

  get address(): readonly string[] {
    return this.#parts.libp2p.getMultiaddrs().map(String);
  }

  get peers(): readonly PeerKey[] {
    return this.#parts.links.keys;
  }

  addPeer(peer: PeerAddress): void {
    if (peer.key === this.key) return;
    // Misuse shows here and not in the loop.
    dialAddress(peer);
    this.#dialling.get(peer.key)?.abort();
    const stop = new AbortController();
    this.#dialling.set(peer.key, stop);
    const { limits } = this.#parts;
    const graceMs = this.key < peer.key ? 0 : limits.redialGraceMs;
    void keepUp(() => this.#connect(peer), { ...limits, graceMs }, stop.signal);
  }

  send(peer: PeerKey, frame: Uint8Array): void {
    const { links, counters } = this.#parts;
    if (!links.get(peer)?.queue.push(frame)) counters.dropped += 1;
  }

  gossip(data: Uint8Array): void {
    const { gossip, topic, counters, limits } = this.#parts;
    if (data.length === 0 || data.length > limits.bundleBytesMax) {
      throw new RangeError(`"data" expected 1 to ${limits.bundleBytesMax} bytes, got ${data.length}`);
    }
    counters.gossipOut += 1;
    counters.gossipBytesOut += data.length;
    gossip.publish(topic, data).catch(() => {
      counters.dropped += 1;
    });
  }

  pushToLightClients(frame: Uint8Array): void {
    this.#parts.lightServer.push(frame);
  }

  stats(): NetworkStats {
    const { counters, libp2p, links, lightServer } = this.#parts;
    const connections = libp2p.getConnections().length;
    const open = { peers: links.keys.length, lightClients: lightServer.size, connections };
    return { ...counters, ...open, refused: { ...counters.refused } };
  }

  async close(): Promise<void> {
    this.#parts.ended.abort();
    for (const stop of this.#dialling.values()) stop.abort();
    clearInterval(this.#watching);
    await this.#parts.libp2p.stop();
  }

  async #connect(peer: PeerAddress): Promise<PeerLink> {
    const { libp2p, links, admission, counters } = this.#parts;
    const up = links.get(peer.key);
    if (up !== undefined) return up;
    const code = admission.refusalOf(peer.key);
    if (code !== undefined) throw new Error(code);
    counters.dials += 1;
    let connection: Connection | undefined;
    try {
      connection = await libp2p.dial(dialAddress(peer), { signal: AbortSignal.timeout(DIAL_MS) });
      return await links.open(connection);
    } catch (error) {
      counters.dialFailures += 1;
      if (isWrongKey(error)) admission.refuse(peer.key, 'E_PEER_KEY');
      if (connection !== undefined) abortConnection(connection, error as Error);
      throw error;
    }
  }

  /** Ends what no event ends: connections of those no longer admitted, and links whose gossip died. */
  #watch(): void {
    const { libp2p, links, admission, counters, limits } = this.#parts;
    for (const connection of libp2p.getConnections()) {
      const peer = peerKeyOf(connection.remotePeer);
      if (peer !== undefined && admission.admits(peer)) continue;
      admission.refuse(peer ?? connection.remotePeer.toString(), 'E_PEER');
      abortConnection(connection, new Error('no longer admitted'));
    }
    for (const link of links.all) {
      link.queue.nudge();
      const ageMs = Date.now() - link.connection.timeline.open;
      if (ageMs < limits.gossipGraceMs || isGossiping(link.connection)) continue;
      counters.cuts += 1;
      links.cut(link, 'its gossip streams are gone');
    }
  }
}

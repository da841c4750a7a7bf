/** The node's network over libp2p: who may connect, who dials whom, gossip, direct links, light clients. */

import { identify } from '@libp2p/identify';
import type { Connection, Stream } from '@libp2p/interface';
import { createLibp2p } from 'libp2p';
import { toHex } from '../../consensus/codec/bytes.ts';
import type { Network, NetworkHandlers, PeerKey, Verdict } from '../ports.ts';
import { makeCounters, type NetworkStats } from './counters.ts';
import { abortConnection, throwAside } from './fault.ts';
import { makeGater } from './gater.ts';
import { makeGossip, validatorResult } from './gossip.ts';
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
  const { handlers } = options;
  const limits: NetworkLimits = { ...defaultNetworkLimits, ...options.limits };
  const names = protocolNames(options.network);
  const counters = makeCounters();
  const ended = new AbortController();
  const onFault = options.onFault ?? throwAside;
  const privateKey = await privateKeyOf(options.secret);
  const key = toHex(privateKey.publicKey.raw);

  function guard(call: () => void): void {
    if (ended.signal.aborted) return;
    try {
      call();
    } catch (error) {
      onFault(error);
    }
  }

  function onRefused(peer: PeerKey, code: string): void {
    counters.refused[code] = (counters.refused[code] ?? 0) + 1;
    guard(() => handlers.onRefused(peer, code));
  }

  /** Until when peers that broke the framing stay out. */
  const cutUntil = new Map<PeerKey, number>();

  function isCut(peer: PeerKey): boolean {
    const until = cutUntil.get(peer);
    if (until === undefined) return false;
    if (until > Date.now()) return true;
    cutUntil.delete(peer);
    return false;
  }

  function onBroken(peer: PeerKey, code: string): void {
    counters.cuts += 1;
    cutUntil.set(peer, Date.now() + limits.cutMs);
    onRefused(peer, code);
  }

  function admits(peer: PeerKey): boolean {
    let admitted = false;
    guard(() => {
      admitted = handlers.admits(peer);
    });
    return admitted;
  }

  const gater = makeGater({
    self: key,
    connectionsTo: (peer) => libp2p.getConnections(peer),
    refusalOf: (peer) => (admits(peer) ? (isCut(peer) ? 'E_ALLOWANCE' : undefined) : 'E_PEER'),
    onRefused,
  });
  const libp2p = await createLibp2p({
    ...transportOptions(privateKey, options.listen, gater, limits),
    services: { identify: identify(), gossip: makeGossip(names.vertices, limits) },
  });
  const { gossip } = libp2p.services;

  const parts = { libp2p, handlers, limits, counters, guard, onFault, onBroken };
  const links = new PeerLinks({ ...parts, protocol: names.peer });
  const lightServer = new LightServer({ ...parts, protocol: names.light });
  await links.start();
  await lightServer.start();

  function judgeGossip(peer: PeerKey, data: Uint8Array): Verdict {
    if (data.length > limits.bundleBytesMax) {
      onRefused(peer, 'E_LIMIT_BYTES');
      return 'reject';
    }
    let verdict: Verdict = 'ignore';
    guard(() => {
      verdict = handlers.onGossip(peer, data);
    });
    return verdict;
  }

  gossip.topicValidators.set(names.vertices, (peer, { data }) => {
    counters.gossipIn += 1;
    counters.gossipBytesIn += data.length;
    const verdict = judgeGossip(peerKeyOf(peer)!, data);
    counters[gossipCounter[verdict]] += 1;
    return validatorResult[verdict];
  });

  await libp2p.start();
  gossip.subscribe(names.vertices);

  async function connect(peer: PeerAddress): Promise<PeerLink> {
    const up = links.get(peer.key);
    if (up !== undefined) return up;
    if (!admits(peer.key) || isCut(peer.key)) throw new Error('may not be connected');
    counters.dials += 1;
    let connection: Connection | undefined;
    try {
      const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(DIAL_MS)]);
      connection = await libp2p.dial(dialAddress(peer), { signal });
      return await links.open(connection);
    } catch (error) {
      counters.dialFailures += 1;
      if (connection !== undefined) abortConnection(connection, error as Error);
      throw error;
    }
  }

  const dialling = new Map<PeerKey, AbortController>();

  function addPeer(peer: PeerAddress): void {
    if (peer.key === key) return;
    // Misuse shows here and not in the loop.
    dialAddress(peer);
    dialling.get(peer.key)?.abort();
    const stop = new AbortController();
    dialling.set(peer.key, stop);
    const timing = { ...limits, graceMs: key < peer.key ? 0 : limits.redialGraceMs };
    void keepUp(() => connect(peer), timing, AbortSignal.any([ended.signal, stop.signal]));
  }

  /** Cuts whoever is no longer admitted, and links whose gossip died: libp2p never opens its streams again. */
  function watch(): void {
    for (const connection of libp2p.getConnections()) {
      const peer = peerKeyOf(connection.remotePeer);
      if (peer !== undefined && admits(peer)) continue;
      onRefused(peer ?? connection.remotePeer.toString(), 'E_PEER');
      abortConnection(connection, new Error('no longer admitted'));
    }
    for (const link of links.links) {
      link.queue.nudge();
      const { streams, timeline } = link.connection;
      if (Date.now() - timeline.open < limits.gossipGraceMs || isGossiping(streams)) continue;
      counters.cuts += 1;
      links.cut(link, 'its gossip streams are gone');
    }
  }
  const watching = setInterval(watch, limits.watchMs);

  for (const peer of options.peers ?? []) addPeer(peer);

  return {
    key,
    peerId: libp2p.peerId.toString(),
    get address() {
      return libp2p.getMultiaddrs().map(String);
    },
    get peers() {
      return links.keys;
    },
    addPeer,
    send: (peer, frame) => {
      if (!links.get(peer)?.queue.push(frame)) counters.dropped += 1;
    },
    gossip: (data) => {
      if (data.length === 0 || data.length > limits.bundleBytesMax) {
        throw new RangeError(`"data" expected 1 to ${limits.bundleBytesMax} bytes, got ${data.length}`);
      }
      counters.gossipOut += 1;
      counters.gossipBytesOut += data.length;
      gossip.publish(names.vertices, data).catch(() => {
        counters.dropped += 1;
      });
    },
    pushToLightClients: (frame) => lightServer.push(frame),
    stats: () => ({
      ...counters,
      refused: { ...counters.refused },
      peers: links.keys.length,
      lightClients: lightServer.size,
    }),
    close: async () => {
      ended.abort();
      clearInterval(watching);
      await libp2p.stop();
    },
  };
}

/** Both of gossip's streams are there, each open at its writer's end. */
function isGossiping(streams: readonly Stream[]): boolean {
  const own = streams.filter(({ protocol }) => protocol.startsWith('/meshsub/'));
  const out = own.some(
    ({ direction, writeStatus }) => direction === 'outbound' && writeStatus === 'writable',
  );
  return (
    out &&
    own.some(
      ({ direction, remoteWriteStatus }) => direction === 'inbound' && remoteWriteStatus === 'writable',
    )
  );
}

const gossipCounter = {
  accept: 'gossipAccepted',
  ignore: 'gossipIgnored',
  reject: 'gossipRejected',
} as const;

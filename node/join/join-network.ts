/**
 * Joins over libp2p before the node itself starts: this network ends with the join, and the node then connects as any other.
 * Logs how far it is, since there is no API to ask yet.
 */

import type { Genesis } from '../../consensus/checkpoint/genesis.ts';
import { fromHex, toHex } from '../../consensus/codec/bytes.ts';
import { key } from '../../consensus/contracts/registry.ts';
import type { NodeConfig } from '../config/node-config.ts';
import { systemClock } from '../crypto/native.ts';
import { startNetwork } from '../libp2p/network.ts';
import type { NodeLog } from '../node-log.ts';
import type { Network, Store } from '../ports.ts';
import { declineLightClient } from '../service/light.ts';
import { cannotListen } from '../startup.ts';
import { systemTimers } from '../system-timers.ts';
import { Conversation } from './conversation.ts';
import { join } from './join.ts';

const SAY_EVERY_MS = 2_000;

/** Resolves once the store holds all that a node starts from, or turned out to need a replay. */
export async function joinNetwork(parts: {
  readonly config: NodeConfig;
  readonly genesis: Genesis;
  readonly secret: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly store: Store;
  readonly log: NodeLog;
}): Promise<void> {
  const { config, genesis, secret, publicKey, store, log } = parts;
  const named = new Set(config.peers.map((peer) => peer.key));
  const enrolled = genesis.makeState();
  let network: Network | undefined;
  const conversation = new Conversation({
    network: { send: (peer, frame) => network?.send(peer, frame) },
    clock: systemClock,
    timers: systemTimers(systemClock),
    onRefused: (peer, code, facts) => log.warn({ peer, code, facts }, 'a peer gave what cannot be right'),
  });
  network = await startNetwork({
    ...{ secret, network: toHex(genesis.network), listen: config.listen },
    peers: config.peers.map((peer) => ({ key: peer.key, multiaddr: peer.address })),
    handlers: {
      // Who is enrolled today is not known yet: whoever was at the genesis, and whom the operator named.
      admits: (peer) => {
        const publicKey = fromHex(peer);
        const isOfGenesis = publicKey !== undefined && enrolled.get(key, publicKey) !== undefined;
        return isOfGenesis || named.has(peer);
      },
      onConnect: (peer) => conversation.connected(peer),
      onDisconnect: (peer) => conversation.disconnected(peer),
      onMessage: (peer, frame) => conversation.hear(peer, frame),
      onGossip: () => 'ignore',
      onRequest: async (_, frame) => declineLightClient(frame),
      onRefused: (peer, code) => log.debug({ peer, code }, 'refused on the network'),
    },
    onFault: (error) => log.error({ err: error }, 'a network handler broke while joining'),
  }).catch(cannotListen(`on ${config.listen.join(', ')}`));
  try {
    log.info('joining by a snapshot');
    let saidAtMs = Number.NEGATIVE_INFINITY;
    const how = await join({
      ...{ conversation, store, genesis, publicKey },
      say: (progress, text) => {
        if (performance.now() - saidAtMs < SAY_EVERY_MS) return;
        saidAtMs = performance.now();
        log.info(progress, text);
      },
    });
    log.info(how === 'joined' ? 'joined by a snapshot' : 'no snapshot to take: joining by replay');
  } finally {
    conversation.stop();
    await network.close();
  }
}

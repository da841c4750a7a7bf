/**
 * Gossip of bundles of vertices: unsigned (each vertex is signed), known by its hash, on one topic. Lazy gossip is
 * off: its answers put any number of messages into one RPC, and a peer that gets one above its limit is dropped from
 * gossip without a word. What a bundle's loss leaves missing is fetched over the direct streams.
 */

import { createHash } from 'node:crypto';
import {
  type GossipSub,
  type GossipSubComponents,
  gossipsub,
  StrictNoSign,
  TopicValidatorResult,
} from '@libp2p/gossipsub';
import { createTopicScoreParams } from '@libp2p/gossipsub/score';
import type { Connection } from '@libp2p/interface';
import type { PeerKey, Verdict } from '../ports.ts';
import type { NetworkStats } from './counters.ts';
import { peerKeyOf } from './identity.ts';
import type { NetworkLimits } from './limits.ts';

/** All that one RPC may hold: a bundle, and control messages beside it. */
const RPC_SPARE_BYTES = 256 << 10;
/** What may wait for one peer; beyond it its stream is closed, and with it the connection (network.ts). */
const OUTBOUND_BYTES_MAX = 8 << 20;

/** A provably invalid message costs score, nothing else does `[ADM-3]`: 5 in ten minutes, and a peer is not heard. */
const topicScore = createTopicScoreParams({
  topicWeight: 1,
  timeInMeshWeight: 0,
  firstMessageDeliveriesWeight: 0,
  meshMessageDeliveriesWeight: 0,
  meshFailurePenaltyWeight: 0,
  invalidMessageDeliveriesWeight: -4,
  invalidMessageDeliveriesDecay: 0.996,
});

export function makeGossip(
  topic: string,
  limits: NetworkLimits,
): (components: GossipSubComponents) => GossipSub {
  return gossipsub({
    globalSignaturePolicy: StrictNoSign,
    msgIdFn: ({ data }) => createHash('sha256').update(data).digest(),
    allowedTopics: [topic],
    emitSelf: false,
    fallbackToFloodsub: false,
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    Dlazy: 0,
    gossipFactor: 0,
    // A node that has a bundle already tells others only when it is large: in one hall its word comes too late, and costs
    // as much as a small bundle.
    idontwantMinDataSize: 16 << 10,
    // Only answers to lazy gossip need more.
    mcacheLength: 2,
    mcacheGossip: 1,
    maxInboundDataLength: limits.bundleBytesMax + RPC_SPARE_BYTES,
    maxOutboundBufferSize: OUTBOUND_BYTES_MAX,
    maxTopicBytesPerPeer: 8 << 10,
    maxInboundStreams: 2,
    maxOutboundStreams: 2,
    scoreParams: {
      topics: { [topic]: topicScore },
      // Every identity is enrolled, and a test network lives on one address.
      IPColocationFactorWeight: 0,
    },
  });
}

const validatorResult: { readonly [V in Verdict]: TopicValidatorResult } = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
};

const verdictCounter = {
  accept: 'gossipAccepted',
  ignore: 'gossipIgnored',
  reject: 'gossipRejected',
} as const;

/** Puts every message before `judge`, whose verdict decides whether it is relayed and what it costs its sender. */
export function judgeGossip(
  gossip: GossipSub,
  topic: string,
  counters: NetworkStats,
  judge: (peer: PeerKey, data: Uint8Array) => Verdict,
): void {
  gossip.topicValidators.set(topic, (peer, { data }) => {
    counters.gossipIn += 1;
    counters.gossipBytesIn += data.length;
    const verdict = judge(peerKeyOf(peer)!, data);
    counters[verdictCounter[verdict]] += 1;
    return validatorResult[verdict];
  });
}

/** Both of gossip's streams are there, each open at its writer's end: libp2p never opens them again by itself. */
export function isGossiping({ streams }: Connection): boolean {
  const own = streams.filter(({ protocol }) => protocol.startsWith('/meshsub/'));
  const sends = own.some((stream) => stream.direction === 'outbound' && stream.writeStatus === 'writable');
  return (
    sends && own.some((stream) => stream.direction === 'inbound' && stream.remoteWriteStatus === 'writable')
  );
}

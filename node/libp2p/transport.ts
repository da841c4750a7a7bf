/** The layers below our protocols, alike for nodes and gateways: TCP, Noise, Yamux, and their limits. */

import type { ConnectionGater, PrivateKey } from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import type { Libp2pOptions } from 'libp2p';
import { gatheredNoise } from './gathered-noise.ts';
import type { NetworkLimits } from './limits.ts';

/** What a stream's sender may have under way unread; a paused reader holds no more than this. */
const STREAM_WINDOW_BYTES = 2 << 20;
/** Our own streams, gossip's, and those of identify and ping. */
const STREAMS_PER_CONNECTION_MAX = 32;
const UPGRADES_PENDING_MAX = 128;
const UPGRADE_MS = 5_000;

export function transportOptions(
  privateKey: PrivateKey,
  listen: readonly string[],
  gater: ConnectionGater,
  limits: NetworkLimits,
): Libp2pOptions {
  return {
    start: false,
    privateKey,
    addresses: { listen: [...listen] },
    transports: [tcp()],
    connectionEncrypters: [gatheredNoise()],
    streamMuxers: [
      yamux({
        streamOptions: { maxStreamWindowSize: STREAM_WINDOW_BYTES },
        maxInboundStreams: STREAMS_PER_CONNECTION_MAX,
        maxOutboundStreams: STREAMS_PER_CONNECTION_MAX,
      }),
    ],
    connectionGater: {
      ...gater,
      // We dial the addresses that we were configured with; what peers say of their own is of no use.
      filterMultiaddrForPeer: () => false,
    },
    connectionManager: {
      maxConnections: limits.connectionsMax,
      inboundConnectionThreshold: limits.inboundPerSecondMax,
      maxIncomingPendingConnections: UPGRADES_PENDING_MAX,
      inboundUpgradeTimeout: UPGRADE_MS,
      // Ours never gives up (keep-up.ts); libp2p's would after five tries.
      reconnectRetries: 0,
    },
    // A busy node may be slow to answer; only a dead one takes this long.
    connectionMonitor: { pingInterval: 10_000, pingTimeout: { minTimeout: 10_000, maxTimeout: 30_000 } },
    nodeInfo: { name: 'tallystick', version: '1', userAgent: 'tallystick' },
  };
}

export interface ProtocolNames {
  readonly peer: string;
  readonly light: string;
  readonly vertices: string;
}

/** Names hold the network id, so that nodes of two networks never understand each other by mistake. */
export function protocolNames(network: string): ProtocolNames {
  const root = `tallystick/1/${network}`;
  return { peer: `/${root}/peer`, light: `/${root}/light`, vertices: `${root}/vertices` };
}

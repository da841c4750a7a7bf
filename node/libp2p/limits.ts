/** Limits of the connections of one node or gateway, each named once. */

import { limits } from '../../consensus/codec/limits.ts';

export const defaultNetworkLimits = {
  frameBytesMax: limits.frameBytesMax as number,
  bundleBytesMax: limits.bundleBytesMax as number,
  /** Frames and bytes that wait for one peer; more are dropped, and counted. */
  queueFramesMax: 8_192,
  queueBytesMax: 16 << 20,
  /** The same for one light client. */
  lightQueueFramesMax: 256,
  lightQueueBytesMax: 4 << 20,
  /** Requests of one light client that are being answered; more wait unread. */
  lightRequestsMax: 32,
  connectionsMax: 256,
  /** Connections taken from one address in a second, before anything is known of their keys. */
  inboundPerSecondMax: 100,
  /** A peer that broke the framing is not let in again for this long. */
  cutMs: 10_000,
  redialMinMs: 200,
  /** With the grace below and the dial itself a peer that came back is reached within 5 s. */
  redialMaxMs: 3_000,
  /** Of two nodes that know each other's address the one with the lesser key dials; the other waits this long. */
  redialGraceMs: 1_500,
  /** How often links are looked over for what no event tells. */
  watchMs: 2_000,
  /** Gossip has this long to open its streams on a new connection. */
  gossipGraceMs: 10_000,
};

export type NetworkLimits = typeof defaultNetworkLimits;

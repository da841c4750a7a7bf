/** What the network counts; a snapshot of it goes to the metrics. */

export interface NetworkStats {
  /** Connected peers, and light clients that follow this node. */
  peers: number;
  lightClients: number;
  /** Open connections of either kind. */
  connections: number;
  /** Frames of direct streams, both protocols together. */
  framesIn: number;
  framesOut: number;
  bytesIn: number;
  bytesOut: number;
  gossipIn: number;
  gossipOut: number;
  gossipBytesIn: number;
  gossipBytesOut: number;
  gossipAccepted: number;
  gossipIgnored: number;
  gossipRejected: number;
  /** Frames that were not sent: the peer was gone, or its queue was full. */
  dropped: number;
  dials: number;
  dialFailures: number;
  connects: number;
  disconnects: number;
  /** Connections closed because a peer broke the framing or a stream died. */
  cuts: number;
  /** Refusals by code. */
  refused: Record<string, number>;
}

export function makeCounters(): NetworkStats {
  return {
    peers: 0,
    lightClients: 0,
    connections: 0,
    framesIn: 0,
    framesOut: 0,
    bytesIn: 0,
    bytesOut: 0,
    gossipIn: 0,
    gossipOut: 0,
    gossipBytesIn: 0,
    gossipBytesOut: 0,
    gossipAccepted: 0,
    gossipIgnored: 0,
    gossipRejected: 0,
    dropped: 0,
    dials: 0,
    dialFailures: 0,
    connects: 0,
    disconnects: 0,
    cuts: 0,
    refused: {},
  };
}

/** A peer that speaks libp2p and breaks every rule above it. */

import { noise } from '@chainsafe/libp2p-noise';
import type { Connection, Stream } from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { createLibp2p, type Libp2p } from 'libp2p';
import { dialAddress, privateKeyOf } from '../libp2p/identity.ts';
import { protocolNames } from '../libp2p/transport.ts';
import { NETWORK, secretOf, type TestNode } from './network-nodes.ts';

export const protocols = protocolNames(NETWORK);

export async function startRawPeer(number: number): Promise<Libp2p> {
  return createLibp2p({
    privateKey: await privateKeyOf(secretOf(number)),
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionMonitor: { enabled: false },
  });
}

/** Connects and opens a stream; takes the node's own stream and lets what comes there lie. */
export async function openRaw(
  raw: Libp2p,
  to: TestNode,
  protocol: string,
): Promise<{ connection: Connection; stream: Stream }> {
  await raw.handle(protocol, (stream) => stream.pause(), { force: true });
  const connection = await raw.dial(dialAddress(to.address));
  return { connection, stream: await connection.newStream(protocol) };
}

/** A frame with its length before it, whatever the length says. */
export function framed(length: number, body: Uint8Array): Uint8Array {
  const prefix: number[] = [];
  let rest = length;
  for (; rest >= 128; rest = Math.floor(rest / 128)) prefix.push((rest % 128) | 128);
  return Uint8Array.from([...prefix, rest, ...body]);
}

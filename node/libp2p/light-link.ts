/**
 * A gateway's links to its nodes: one long-lived stream to each, requests and answers paired by their number, pushes
 * handed on, and dialling that never gives up. No gossip and no listening, so that it stays small.
 */

import type { Connection, Stream } from '@libp2p/interface';
import { createLibp2p } from 'libp2p';
import type { PeerKey } from '../ports.ts';
import { makeCounters, type NetworkStats } from './counters.ts';
import { abortConnection, throwAside } from './fault.ts';
import { frameId } from './frame-id.ts';
import { dialAddress, type PeerAddress, peerKeyOf, privateKeyOf } from './identity.ts';
import { keepUp } from './keep-up.ts';
import { defaultNetworkLimits, type NetworkLimits } from './limits.ts';
import { FrameError, readFrames } from './read-frames.ts';
import { SendQueue } from './send-queue.ts';
import { protocolNames, transportOptions } from './transport.ts';

const DIAL_MS = 5_000;

export interface LightOptions {
  /** Seed of the gateway's Ed25519 key, 32 bytes. */
  readonly secret: Uint8Array;
  /** Network id in hexadecimal. */
  readonly network: string;
  /** In order of preference; a node that proves another key than the one named here is not spoken to. */
  readonly nodes: readonly PeerAddress[];
  readonly limits?: Partial<NetworkLimits>;
}

export interface LightNode extends PeerAddress {
  readonly up: boolean;
}

export interface LightLink {
  readonly nodes: readonly LightNode[];
  /**
   * Sends a request to a node, named by its place in `nodes` or by its key, and resolves to the answer's frame. The
   * request's number must be above 0 and not under way at that node. Rejects with `LightError`.
   */
  request(node: number | PeerKey, frame: Uint8Array, timeoutMs: number): Promise<Uint8Array>;
  onPush(listener: (node: PeerKey, frame: Uint8Array) => void): void;
  /** A link came up, or fell. */
  onChange(listener: (node: PeerKey, up: boolean) => void): void;
  stats(): NetworkStats;
  close(): Promise<void>;
}

/** Why a request has no answer: the link is down or fell, time ran out, or too much waits already. */
export class LightError extends Error {
  override readonly name = 'LightError';
  readonly code: 'down' | 'timeout' | 'full';

  constructor(code: 'down' | 'timeout' | 'full', message: string) {
    super(message);
    this.code = code;
  }
}

interface Pending {
  readonly answer: (frame: Uint8Array) => void;
  readonly fail: (error: LightError) => void;
}

interface Link {
  readonly address: PeerAddress;
  queue: SendQueue | undefined;
  readonly pending: Map<number, Pending>;
}

/** Begins to connect to all nodes, and returns at once. Needs node/polyfill.ts on Node 20. */
export async function connectLight(options: LightOptions): Promise<LightLink> {
  const limits: NetworkLimits = { ...defaultNetworkLimits, ...options.limits };
  const counters = makeCounters();
  const ended = new AbortController();
  const links: readonly Link[] = options.nodes.map((address) => ({
    address,
    queue: undefined,
    pending: new Map(),
  }));
  const linkOf = new Map(links.map((link) => [link.address.key, link]));
  const pushListeners: ((node: PeerKey, frame: Uint8Array) => void)[] = [];
  const changeListeners: ((node: PeerKey, up: boolean) => void)[] = [];
  const { light } = protocolNames(options.network);
  // Misuse shows here and not in the loops.
  for (const { address } of links) dialAddress(address);

  const libp2p = await createLibp2p(
    transportOptions(
      await privateKeyOf(options.secret),
      [],
      {
        denyInboundConnection: () => true,
        denyOutboundEncryptedConnection: (peer) => !linkOf.has(peerKeyOf(peer) ?? ''),
      },
      limits,
    ),
  );
  await libp2p.start();

  function tell(call: () => void): void {
    if (ended.signal.aborted) return;
    try {
      call();
    } catch (error) {
      throwAside(error);
    }
  }

  async function connect(link: Link): Promise<{ fallen: Promise<void> }> {
    counters.dials += 1;
    let connection: Connection | undefined;
    try {
      const signal = AbortSignal.timeout(DIAL_MS);
      connection = await libp2p.dial(dialAddress(link.address), { signal });
      // A node that refuses us shows it only now: dialling succeeded before it had seen our key.
      const stream = await connection.newStream(light, { signal });
      if (stream.status !== 'open') throw new Error('the stream was closed at once');
      return { fallen: follow(link, connection, stream) };
    } catch (error) {
      counters.dialFailures += 1;
      if (connection !== undefined) abortConnection(connection, error as Error);
      throw error;
    }
  }

  /** The link is up; resolves when it has fallen. */
  async function follow(link: Link, connection: Connection, stream: Stream): Promise<void> {
    const { key } = link.address;
    const { lightQueueFramesMax: framesMax, lightQueueBytesMax: bytesMax, frameBytesMax } = limits;
    const queue = new SendQueue({ framesMax, bytesMax, frameBytesMax }, (frames, bytes) => {
      counters.framesOut += frames;
      counters.bytesOut += bytes;
    });
    queue.attach(stream);
    link.queue = queue;
    counters.connects += 1;
    for (const listener of changeListeners) tell(() => listener(key, true));
    try {
      await readFrames(stream, frameBytesMax, (frame) => take(link, frame));
    } catch (error) {
      if (error instanceof FrameError) {
        counters.cuts += 1;
        counters.refused[error.code] = (counters.refused[error.code] ?? 0) + 1;
      }
    }
    link.queue = undefined;
    queue.drop();
    abortConnection(connection, new Error('the link fell'));
    counters.disconnects += 1;
    const failure = new LightError('down', `the link to ${key} fell`);
    for (const { fail } of [...link.pending.values()]) fail(failure);
    for (const listener of changeListeners) tell(() => listener(key, false));
  }

  function take(link: Link, frame: Uint8Array): void {
    counters.framesIn += 1;
    counters.bytesIn += frame.length;
    const id = frameId(frame);
    if (id === undefined) throw new FrameError('E_ENC', undefined);
    if (id === 0) for (const listener of pushListeners) tell(() => listener(link.address.key, frame));
    // An answer that comes after its request gave up is nobody's.
    else link.pending.get(id)?.answer(frame);
  }

  function request(node: number | PeerKey, frame: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    const link = typeof node === 'number' ? links[node] : linkOf.get(node);
    if (link === undefined) throw new RangeError(`"node" expected one of ${links.length} nodes, got ${node}`);
    const id = frameId(frame);
    if (id === undefined || id === 0)
      throw new TypeError('"frame" expected a request that begins with its number');
    if (link.pending.has(id)) throw new RangeError(`request ${id} is under way at this node already`);
    const { key } = link.address;
    if (link.queue === undefined) return Promise.reject(new LightError('down', `not connected to ${key}`));
    if (!link.queue.push(frame)) {
      counters.dropped += 1;
      return Promise.reject(new LightError('full', `too much waits for ${key} already`));
    }
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        link.pending.delete(id);
      };
      const answer = (received: Uint8Array): void => {
        settle();
        resolve(received);
      };
      const fail = (error: LightError): void => {
        settle();
        reject(error);
      };
      const timer = setTimeout(
        () => fail(new LightError('timeout', `${key} did not answer in ${timeoutMs} ms`)),
        timeoutMs,
      );
      link.pending.set(id, { answer, fail });
    });
  }

  for (const link of links) void keepUp(() => connect(link), { ...limits, graceMs: 0 }, ended.signal);

  return {
    get nodes() {
      return links.map(({ address, queue }) => ({ ...address, up: queue !== undefined }));
    },
    request,
    onPush: (listener) => void pushListeners.push(listener),
    onChange: (listener) => void changeListeners.push(listener),
    stats: () => ({
      ...counters,
      refused: { ...counters.refused },
      connections: libp2p.getConnections().length,
      peers: links.filter(({ queue }) => queue !== undefined).length,
    }),
    close: async () => {
      ended.abort();
      await libp2p.stop();
    },
  };
}

/**
 * Direct links between nodes: on one connection a stream each way, each used by its opener alone. A link is up from
 * the first of the two until either ends; then the whole connection goes, so that both sides start anew and alike.
 */

import type { Connection, Stream } from '@libp2p/interface';
import type { Libp2p } from 'libp2p';
import type { NetworkHandlers, PeerKey } from '../ports.ts';
import type { Admission } from './admission.ts';
import type { NetworkStats } from './counters.ts';
import { abortConnection } from './fault.ts';
import { peerKeyOf } from './identity.ts';
import type { NetworkLimits } from './limits.ts';
import { FrameError, readFrames } from './read-frames.ts';
import { SendQueue } from './send-queue.ts';

const OPEN_STREAM_MS = 5_000;

export interface PeerLink {
  readonly key: PeerKey;
  readonly connection: Connection;
  readonly queue: SendQueue;
  readonly fallen: Promise<void>;
}

interface LiveLink extends PeerLink {
  down: boolean;
  readonly fall: () => void;
}

export interface LinkParts {
  readonly libp2p: Libp2p;
  readonly protocol: string;
  readonly handlers: NetworkHandlers;
  readonly limits: NetworkLimits;
  readonly counters: NetworkStats;
  readonly admission: Admission;
  /** Runs a handler of ours: what it throws is our own fault, and no peer's. */
  readonly guard: (call: () => void) => void;
}

export class PeerLinks {
  readonly #parts: LinkParts;
  readonly #links = new Map<PeerKey, LiveLink>();
  readonly #outgoing = new WeakMap<Connection, Promise<Stream>>();

  constructor(parts: LinkParts) {
    this.#parts = parts;
  }

  async start(): Promise<void> {
    const { libp2p, protocol } = this.#parts;
    await libp2p.handle(protocol, (stream, connection) => this.#onStream(stream, connection), {
      maxInboundStreams: 1,
      maxOutboundStreams: 1,
    });
    libp2p.addEventListener('connection:close', ({ detail }) => {
      const link = [...this.#links.values()].find(({ connection }) => connection === detail);
      if (link !== undefined) this.#fall(link);
    });
  }

  get keys(): PeerKey[] {
    return [...this.#links.keys()];
  }

  get all(): readonly PeerLink[] {
    return [...this.#links.values()];
  }

  get(peer: PeerKey): PeerLink | undefined {
    return this.#links.get(peer);
  }

  /**
   * Brings the link up on a connection that we dialled. Its stream shows that the other side let us in: dialling does
   * not, since a refused dialler learns of it only later.
   */
  async open(connection: Connection): Promise<PeerLink> {
    const stream = await this.#openStream(connection);
    if (stream.status !== 'open') throw new Error('the stream was closed at once');
    return this.#ensure(connection);
  }

  /** Ends the link and its connection. */
  cut(link: PeerLink, reason: string): void {
    this.#fall(link as LiveLink, new Error(reason));
  }

  #openStream(connection: Connection): Promise<Stream> {
    let opening = this.#outgoing.get(connection);
    if (opening === undefined) {
      opening = connection.newStream(this.#parts.protocol, { signal: AbortSignal.timeout(OPEN_STREAM_MS) });
      this.#outgoing.set(connection, opening);
    }
    return opening;
  }

  #ensure(connection: Connection): LiveLink {
    const key = peerKeyOf(connection.remotePeer)!;
    const existing = this.#links.get(key);
    if (existing?.connection === connection) return existing;
    if (existing !== undefined) this.#fall(existing);
    const { counters, handlers, guard } = this.#parts;
    let fall = (): void => {};
    const fallen = new Promise<void>((done) => {
      fall = done;
    });
    const link: LiveLink = { key, connection, queue: this.#makeQueue(), fallen, fall, down: false };
    this.#links.set(key, link);
    counters.connects += 1;
    guard(() => handlers.onConnect(key));
    this.#openStream(connection).then(
      (stream) => {
        stream.addEventListener('close', () => this.#fall(link));
        stream.addEventListener('remoteCloseWrite', () => this.#fall(link));
        if (stream.status === 'open') link.queue.attach(stream);
        else this.#fall(link);
      },
      () => this.#fall(link),
    );
    return link;
  }

  #makeQueue(): SendQueue {
    const { limits, counters } = this.#parts;
    const { queueFramesMax: framesMax, queueBytesMax: bytesMax, frameBytesMax } = limits;
    return new SendQueue({ framesMax, bytesMax, frameBytesMax }, (frames, bytes) => {
      counters.framesOut += frames;
      counters.bytesOut += bytes;
    });
  }

  #onStream(stream: Stream, connection: Connection): void {
    const { counters, handlers, admission, guard, limits } = this.#parts;
    // A stream may be negotiated while its connection is on the way out.
    if (connection.status !== 'open') return;
    const link = this.#ensure(connection);
    const reading = readFrames(stream, limits.frameBytesMax, (frame) => {
      if (link.down) return;
      counters.framesIn += 1;
      counters.bytesIn += frame.length;
      guard(() => handlers.onMessage(link.key, frame));
    });
    reading.then(
      () => this.#fall(link),
      (error: Error) => {
        if (error instanceof FrameError && !link.down) admission.cut(link.key, error.code);
        this.#fall(link, error);
      },
    );
  }

  #fall(link: LiveLink, reason = new Error('the link fell')): void {
    if (link.down) return;
    link.down = true;
    if (this.#links.get(link.key) === link) this.#links.delete(link.key);
    link.queue.drop();
    // Not in this turn: this may be libp2p's own abort, which throws when it is overtaken.
    queueMicrotask(() => abortConnection(link.connection, reason));
    link.fall();
    const { counters, handlers, guard } = this.#parts;
    counters.disconnects += 1;
    guard(() => handlers.onDisconnect(link.key));
  }
}

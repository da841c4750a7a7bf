/** A node's side of the light protocol: answers requests of light clients, and pushes what they follow. */

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

export interface LightServerParts {
  readonly libp2p: Libp2p;
  readonly protocol: string;
  readonly handlers: NetworkHandlers;
  readonly limits: NetworkLimits;
  readonly counters: NetworkStats;
  readonly admission: Admission;
  readonly onFault: (error: unknown) => void;
}

interface Client {
  readonly key: PeerKey;
  readonly stream: Stream;
  readonly queue: SendQueue;
  /** Requests that are being answered. */
  answering: number;
  /** Called when one more may be read. */
  readOn: () => void;
}

export class LightServer {
  readonly #parts: LightServerParts;
  readonly #clients = new Map<PeerKey, Client>();

  constructor(parts: LightServerParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#clients.size;
  }

  async start(): Promise<void> {
    const { libp2p, protocol } = this.#parts;
    // A second stream takes the place of the first.
    await libp2p.handle(protocol, (stream, connection) => this.#onStream(stream, connection), {
      maxInboundStreams: 2,
    });
  }

  push(frame: Uint8Array): void {
    for (const { queue } of this.#clients.values()) if (!queue.push(frame)) this.#parts.counters.dropped += 1;
  }

  #onStream(stream: Stream, connection: Connection): void {
    const { limits, counters } = this.#parts;
    if (connection.status !== 'open') return;
    const key = peerKeyOf(connection.remotePeer)!;
    this.#clients.get(key)?.stream.abort(new Error('replaced by a newer stream'));
    const { lightQueueFramesMax: framesMax, lightQueueBytesMax: bytesMax, frameBytesMax } = limits;
    const queue = new SendQueue({ framesMax, bytesMax, frameBytesMax }, (frames, bytes) => {
      counters.framesOut += frames;
      counters.bytesOut += bytes;
    });
    const client: Client = { key, stream, queue, answering: 0, readOn: () => {} };
    this.#clients.set(key, client);
    queue.attach(stream);
    readFrames(stream, frameBytesMax, (frame) => this.#take(client, frame)).then(
      () => this.#leave(client, connection, undefined),
      (error: Error) => this.#leave(client, connection, error),
    );
  }

  /** Begins to answer; the promise, if any, holds up the reading of the next request. */
  #take(client: Client, frame: Uint8Array): Promise<void> | undefined {
    const { limits, counters } = this.#parts;
    counters.framesIn += 1;
    counters.bytesIn += frame.length;
    client.answering += 1;
    void this.#answer(client, frame);
    if (client.answering >= limits.lightRequestsMax) {
      return new Promise((done) => {
        client.readOn = done;
      });
    }
    // Who does not read the answers is not asked for more questions.
    return client.queue.bytes > limits.lightQueueBytesMax / 2
      ? client.queue.below(limits.lightQueueBytesMax / 2)
      : undefined;
  }

  async #answer(client: Client, frame: Uint8Array): Promise<void> {
    const { handlers, onFault } = this.#parts;
    try {
      const answer = await handlers.onRequest(client.key, frame);
      await client.queue.pushWaiting(answer);
    } catch (error) {
      onFault(error);
    }
    client.answering -= 1;
    client.readOn();
  }

  #leave(client: Client, connection: Connection, error: Error | undefined): void {
    client.queue.drop();
    if (this.#clients.get(client.key) === client) this.#clients.delete(client.key);
    client.stream.abort(error ?? new Error('the light client left'));
    if (!(error instanceof FrameError)) return;
    this.#parts.admission.cut(client.key, error.code);
    abortConnection(connection, error);
  }
}

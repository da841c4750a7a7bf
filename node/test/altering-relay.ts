/**
 * A man in the middle of a TCP connection: it hands on what both sides say, and alters the encrypted frames that one of
 * them sends once it is told to. A frame of Noise is two bytes of length and its ciphertext; before them each side says in
 * plain text that it will speak Noise.
 */

import { connect, createServer, type Server, type Socket } from 'node:net';

export type Side = 'dialler' | 'listener';
export type Frames = readonly Buffer[];
/** Turns what one side said into what the other hears. */
export type Alteration = (frames: Frames) => Frames;

/** The line that ends the plain text of either side. */
const LAST_PLAIN = Buffer.from('/noise\n');
/** Handshake messages of the dialler and of the listener. */
const HANDSHAKE_FRAMES = { dialler: 2, listener: 1 };

class Direction {
  readonly #to: Socket;
  readonly #handshake: number;
  #rest = Buffer.alloc(0);
  #plain = true;
  #seen = 0;
  #held: Buffer[] | undefined;

  constructor(to: Socket, handshake: number) {
    this.#to = to;
    this.#handshake = handshake;
  }

  take(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    if (this.#plain) {
      const end = this.#rest.indexOf(LAST_PLAIN);
      if (end < 0) return;
      const length = end + LAST_PLAIN.length;
      this.#to.write(this.#rest.subarray(0, length));
      this.#rest = this.#rest.subarray(length);
      this.#plain = false;
    }
    while (this.#rest.length >= 2 && this.#rest.length >= 2 + this.#rest.readUInt16BE(0)) {
      const length = 2 + this.#rest.readUInt16BE(0);
      const frame = Buffer.from(this.#rest.subarray(0, length));
      this.#rest = this.#rest.subarray(length);
      this.#seen += 1;
      if (this.#held === undefined) this.#to.write(frame);
      else this.#held.push(frame);
    }
  }

  /** The handshake is over: what comes now is said under the session's keys. */
  get isSession(): boolean {
    return this.#seen > this.#handshake;
  }

  /** From now on frames are kept back. */
  hold(): void {
    this.#held = [];
  }

  get held(): Frames {
    return this.#held ?? [];
  }

  /** Says the altered frames all at once. */
  release(frames: Frames): void {
    this.#to.write(Buffer.concat(frames));
  }
}

export class AlteringRelay {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #directions: Record<Side, Direction> | undefined;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Stands before a node that listens at `port`. */
  static async before(port: number): Promise<AlteringRelay> {
    const server = createServer();
    const relay = new AlteringRelay(server);
    server.on('connection', (near) => relay.#join(near, connect(port, '127.0.0.1')));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return relay;
  }

  get multiaddr(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('it listens on a port');
    return `/ip4/127.0.0.1/tcp/${address.port}`;
  }

  /** What one side of the newest connection says. */
  from(side: Side): Direction {
    if (this.#directions === undefined) throw new Error('nobody is connected');
    return this.#directions[side];
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((done) => this.#server.close(done));
  }

  #join(near: Socket, far: Socket): void {
    const dialler = new Direction(far, HANDSHAKE_FRAMES.dialler);
    const listener = new Direction(near, HANDSHAKE_FRAMES.listener);
    this.#directions = { dialler, listener };
    for (const [one, other, said] of [
      [near, far, dialler],
      [far, near, listener],
    ] as const) {
      this.#sockets.add(one);
      one.setNoDelay();
      one.on('data', (chunk) => said.take(chunk));
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
      one.on('error', () => {});
    }
  }
}

export type { Direction };

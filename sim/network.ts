/** A simulated network: delays, loss, duplicates and partitions, all by the seed. Links keep order, as streams do. */

import { limits } from '../consensus/codec/limits.ts';
import type { Network, PeerKey, Verdict } from '../node/ports.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface LinkFaults {
  /** One-way delay, ms: uniform between the two. */
  readonly delayMs: readonly [least: number, most: number];
  /** Chance that a frame on a direct stream, or a gossip message to one node, is lost. */
  readonly loss: number;
  /** Chance that a gossip message arrives twice. */
  readonly duplicate: number;
}

/** What a simulated node does with what arrives. */
export interface Endpoint {
  onConnect(peer: PeerKey): void;
  onDisconnect(peer: PeerKey): void;
  onMessage(peer: PeerKey, frame: Uint8Array): void;
  onGossip(peer: PeerKey, data: Uint8Array): Verdict;
}

export class SimulatedNetwork {
  readonly counts = { frames: 0, gossip: 0, bytes: 0, lost: 0 };
  readonly #time: VirtualTime;
  readonly #faults: LinkFaults;
  readonly #endpoints = new Map<PeerKey, Endpoint>();
  /** Links that are cut. */
  readonly #cut = new Set<string>();
  /** Directions in which everything is lost. */
  readonly #muted = new Set<string>();
  /** When the last frame on a link arrives: the next one is not earlier. */
  readonly #busyUntil = new Map<string, number>();

  constructor(time: VirtualTime, faults: LinkFaults) {
    this.#time = time;
    this.#faults = faults;
  }

  /** Connects a node to all others; gives it the port it sends through. */
  join(key: PeerKey, endpoint: Endpoint): Network {
    this.#endpoints.set(key, endpoint);
    for (const other of this.#others(key)) if (!this.#cut.has(linkOf(key, other))) this.#connect(key, other);
    const reachable = () => this.#others(key).filter((other) => !this.#cut.has(linkOf(key, other)));
    return {
      get peers() {
        return reachable();
      },
      send: (peer, frame) => this.#deliver(key, peer, frame, (endpoint) => endpoint.onMessage(key, frame)),
      gossip: (data) => {
        // As strict as the real one, or a node would break only there.
        if (data.length > limits.bundleBytesMax)
          throw new RangeError(`"data" expected at most ${limits.bundleBytesMax} bytes, got ${data.length}`);
        for (const peer of reachable()) this.#gossipTo(key, peer, data);
      },
      pushToLightClients: () => {},
      close: async () => this.leave(key),
    };
  }

  leave(key: PeerKey): void {
    this.#endpoints.delete(key);
    for (const other of this.#others(key)) this.#endpoints.get(other)?.onDisconnect(key);
  }

  /** Cuts every link between the two groups, or joins them again. */
  partition(left: readonly PeerKey[], right: readonly PeerKey[], cut: boolean): void {
    for (const a of left) {
      for (const b of right) {
        if (cut === this.#cut.has(linkOf(a, b))) continue;
        if (cut) this.#cut.add(linkOf(a, b));
        else this.#cut.delete(linkOf(a, b));
        if (!cut) this.#connect(a, b);
        else {
          this.#endpoints.get(a)?.onDisconnect(b);
          this.#endpoints.get(b)?.onDisconnect(a);
        }
      }
    }
  }

  /** Loses everything that one node says to another from now on, though both believe to be connected; or no more. */
  mute(from: PeerKey, to: PeerKey, muted: boolean): void {
    if (muted) this.#muted.add(`${from}>${to}`);
    else this.#muted.delete(`${from}>${to}`);
  }

  #connect(a: PeerKey, b: PeerKey): void {
    this.#time.at(this.#arrival(a, b), () => {
      this.#endpoints.get(a)?.onConnect(b);
      this.#endpoints.get(b)?.onConnect(a);
    });
  }

  #gossipTo(from: PeerKey, to: PeerKey, data: Uint8Array): void {
    this.counts.gossip += 1;
    const times = this.#time.chance() < this.#faults.duplicate ? 2 : 1;
    for (let i = 0; i < times; i++)
      this.#deliver(from, to, data, (endpoint) => void endpoint.onGossip(from, data));
  }

  #deliver(from: PeerKey, to: PeerKey, bytes: Uint8Array, arrive: (endpoint: Endpoint) => void): void {
    this.counts.frames += 1;
    this.counts.bytes += bytes.length;
    const target = this.#endpoints.get(to);
    const silent = this.#cut.has(linkOf(from, to)) || this.#muted.has(`${from}>${to}`);
    if (target === undefined || silent || this.#time.chance() < this.#faults.loss) {
      this.counts.lost += 1;
      return;
    }
    this.#time.at(this.#arrival(from, to), () => {
      // A node that went down meanwhile, or came back as another life, gets nothing of this connection.
      if (this.#endpoints.get(to) === target && !this.#cut.has(linkOf(from, to))) arrive(target);
    });
  }

  #arrival(from: PeerKey, to: PeerKey): number {
    const [least, most] = this.#faults.delayMs;
    const link = `${from}>${to}`;
    const atMs = Math.max(
      this.#time.now() + Math.round(least + (most - least) * this.#time.chance()),
      this.#busyUntil.get(link) ?? 0,
    );
    this.#busyUntil.set(link, atMs);
    return atMs;
  }

  #others(key: PeerKey): PeerKey[] {
    return [...this.#endpoints.keys()].filter((other) => other !== key);
  }
}

function linkOf(a: PeerKey, b: PeerKey): string {
  return a < b ? `${a}/${b}` : `${b}/${a}`;
}

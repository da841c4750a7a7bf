/** When what is sent over a directed link leaves and arrives: bandwidth, latency, and the order that a link keeps. */

import type { Random } from '../random.ts';
import type { VirtualTime } from '../virtual-time.ts';
import type { Latency } from './latency.ts';

/** What waits to leave a node for one other: node/libp2p bounds it alike. */
export const QUEUE_BYTES_MAX = 16 << 20;

export interface WireParts {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly latency: Latency;
  readonly nodes: number;
  /** Of each directed link; 0 for unlimited. */
  readonly bandwidthBytesPerS: number;
}

export class Wires {
  readonly #parts: WireParts;
  /** By directed link: when the last message arrives, and when the link is free to take another. */
  readonly #arrivesAt = new Map<number, number>();
  readonly #freeAt = new Map<number, number>();

  constructor(parts: WireParts) {
    this.#parts = parts;
  }

  /** When the last byte has left; `undefined` when too much waits. */
  departs(from: number, to: number, bytes: number): number | undefined {
    const { time, bandwidthBytesPerS } = this.#parts;
    const now = time.now();
    if (bandwidthBytesPerS === 0) return now;
    const pair = this.pair(from, to);
    const freeAt = Math.max(now, this.#freeAt.get(pair) ?? 0);
    if (((freeAt - now) / 1_000) * bandwidthBytesPerS + bytes > QUEUE_BYTES_MAX) return undefined;
    const departsMs = freeAt + (bytes * 1_000) / bandwidthBytesPerS;
    this.#freeAt.set(pair, departsMs);
    return departsMs;
  }

  /** One way, ms. */
  delay(from: number, to: number): number {
    return this.#parts.latency.oneWayMs(from, to, this.#parts.random);
  }

  /** Not before what was sent earlier over the same link. */
  inOrder(from: number, to: number, atMs: number): number {
    const pair = this.pair(from, to);
    const arrivesMs = Math.max(atMs, this.#arrivesAt.get(pair) ?? 0);
    this.#arrivesAt.set(pair, arrivesMs);
    return arrivesMs;
  }

  /** Bytes that wait to leave on the fullest link. */
  get queuedBytesMost(): number {
    const { time, bandwidthBytesPerS } = this.#parts;
    let mostMs = 0;
    for (const freeAt of this.#freeAt.values()) mostMs = Math.max(mostMs, freeAt - time.now());
    return (mostMs / 1_000) * bandwidthBytesPerS;
  }

  /** A number of its own for each directed link. */
  pair(from: number, to: number): number {
    return from * this.#parts.nodes + to;
  }
}

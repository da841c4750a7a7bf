/** Vertices on their way to the network: they leave in bundles, and wait a little for company. */

import { limits } from '../consensus/codec/limits.ts';
import { encodeVertex, type Vertex, withoutReadings } from '../consensus/vertex/vertex.ts';
import { makeBundles } from './bundles.ts';
import type { Clock, Network, Timers } from './ports.ts';

/**
 * While bundles leave one after the other, vertices wait so long for company: each bundle costs every node a good part
 * of a millisecond, whatever is in it.
 */
const PAUSE_MS = 20;
/** So many bytes do not wait. */
const FILL_BYTES = limits.bundleBytesMax / 2;

export class GossipOutbox {
  /** This node's public key, 32 bytes. */
  readonly #publisher: Uint8Array;
  readonly #network: Network;
  readonly #clock: Clock;
  readonly #timers: Timers;
  /** Encoded vertices that wait for the next bundle. */
  #waiting: Uint8Array[] = [];
  #bytes = 0;
  #sentAt = Number.NEGATIVE_INFINITY;
  #cancel: (() => void) | undefined;

  constructor(publisher: Uint8Array, ports: { network: Network; clock: Clock; timers: Timers }) {
    this.#publisher = publisher;
    this.#network = ports.network;
    this.#clock = ports.clock;
    this.#timers = ports.timers;
  }

  /** Payloads of readings stay with those who serve them `[VTX-6]`. */
  add(vertices: readonly Vertex[]): void {
    for (const vertex of vertices) {
      const envelope = encodeVertex(withoutReadings(vertex));
      this.#waiting.push(envelope);
      this.#bytes += envelope.length;
    }
    if (this.#waiting.length === 0) return;
    const now = this.#clock.now();
    const at = this.#sentAt + PAUSE_MS;
    // The clock may have been set back meanwhile.
    const isPause = this.#sentAt <= now && now < at;
    if (!isPause || this.#bytes >= FILL_BYTES) return this.send();
    this.#cancel ??= this.#timers.at(at, () => this.send());
  }

  /** All of it leaves now. */
  send(): void {
    this.cancel();
    this.#sentAt = this.#clock.now();
    const envelopes = this.#waiting;
    this.#waiting = [];
    this.#bytes = 0;
    for (const data of makeBundles(this.#publisher, envelopes)) this.#network.gossip(data);
  }

  /** Nothing leaves by itself any more. */
  cancel(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}

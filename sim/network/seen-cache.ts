/** Which node has seen which gossip message: gossipsub's seen-cache, of all nodes at once. A restart forgets. */

/** As long as gossipsub remembers a message. */
const SEEN_MS = 120_000;

export interface Spread {
  readonly data: Uint8Array;
  /** How the trace names its first arrival at a node, and each further one. */
  readonly heard: string;
  readonly again: string;
  readonly sinceMs: number;
  /** By node: the life in which it saw the message, 0 for none. */
  readonly seenIn: Uint32Array;
  /** By node: when the first copy under way comes, ms. */
  readonly dueMs: Float64Array;
}

export class SeenCache {
  readonly #nodes: number;
  /** By digest, oldest first. */
  readonly #spreads = new Map<string, Spread>();

  constructor(nodes: number) {
    this.#nodes = nodes;
  }

  get size(): number {
    return this.#spreads.size;
  }

  /** The message with these bytes, new or under way already. */
  spread(data: Uint8Array, digest: string, nowMs: number): Spread {
    for (const [old, { sinceMs }] of this.#spreads) {
      if (sinceMs > nowMs - SEEN_MS) break;
      this.#spreads.delete(old);
    }
    const known = this.#spreads.get(digest);
    if (known !== undefined) return known;
    const spread = {
      ...{ data, heard: `gossip ${digest}`, again: `again ${digest}`, sinceMs: nowMs },
      seenIn: new Uint32Array(this.#nodes),
      dueMs: new Float64Array(this.#nodes).fill(Number.POSITIVE_INFINITY),
    };
    this.#spreads.set(digest, spread);
    return spread;
  }

  /** Takes note that a node sees a message; false when it had seen it before in this life. */
  see({ seenIn }: Spread, node: number, life: number): boolean {
    if (seenIn[node] === life) return false;
    seenIn[node] = life;
    return true;
  }
}

/**
 * The simulated network: links that come and go, streams that keep order, gossip that is relayed. Latency, loss,
 * duplicates, overtaking and bandwidth by the seed; partitions and deaf directions by whoever asks for them.
 */

import { limits } from '../../consensus/codec/limits.ts';
import type { Network, PeerKey, Verdict } from '../../node/ports.ts';
import type { Random } from '../random.ts';
import type { Trace } from '../trace.ts';
import { calm, type VirtualTime } from '../virtual-time.ts';
import type { Latency } from './latency.ts';
import { digestOf, kindOf, type MessageKind, tellFrame, tellGossip } from './message.ts';
import { SeenCache, type Spread } from './seen-cache.ts';
import type { Topology } from './topology.ts';
import { Wires } from './wires.ts';

export interface LinkFaults {
  /** Chance that a frame of a stream, or a gossip message on one link, is lost. */
  readonly loss: number;
  /** Chance that a gossip message arrives twice. */
  readonly duplicate: number;
  /** Chance that a gossip message is held up, and others overtake it. */
  readonly reorder: number;
  /** Of each directed link; 0 for unlimited. */
  readonly bandwidthBytesPerS: number;
}

/** What a simulated node does with what arrives. */
export interface Endpoint {
  onConnect(peer: PeerKey): void;
  onDisconnect(peer: PeerKey): void;
  onMessage(peer: PeerKey, frame: Uint8Array): void;
  onGossip(peer: PeerKey, data: Uint8Array): Verdict;
}

export interface NetworkParts {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly trace: Trace;
  readonly latency: Latency;
  readonly faults: LinkFaults;
  readonly topology: Topology;
  /** Connections stay: of two copies of a gossip message to one node, the later one need not be played. */
  readonly steady: boolean;
  /** Keys and names of all nodes, by number. */
  readonly nodes: readonly { readonly key: PeerKey; readonly name: string }[];
}

interface Traffic {
  messages: number;
  bytes: number;
}

interface Life {
  readonly endpoint: Endpoint;
  /** Counts the lives of all nodes, from 1. */
  readonly number: number;
  /** By number of the node at the other end. */
  readonly connected: Map<number, Connection>;
}

interface Connection {
  readonly lives: readonly [Life, Life];
  open: boolean;
}

/** A connection takes a handshake of three messages. */
const HANDSHAKE_WAYS = 3;
/** Something held up takes up to so many times as long. */
const HELD_UP_MAX = 8;

export class SimulatedNetwork {
  readonly counts = { sent: 0, lost: 0, dropped: 0 };
  readonly traffic = new Map<MessageKind, Traffic>();
  /** Called for whatever a node sends over a stream, once for each peer. */
  onSend: (from: number, kind: MessageKind, frame: Uint8Array) => void = () => {};
  readonly #parts: NetworkParts;
  readonly #numberOf: ReadonlyMap<PeerKey, number>;
  readonly #lives: (Life | undefined)[];
  readonly #seen: SeenCache;
  readonly #wires: Wires;
  readonly #ways = new Map<number, string>();
  #livesSoFar = 0;
  /** Links that are cut, and directions in which everything is lost, by `#pair`. */
  readonly #cut = new Set<number>();
  readonly #muted = new Set<number>();

  constructor(parts: NetworkParts) {
    this.#parts = parts;
    this.#numberOf = new Map(parts.nodes.map(({ key }, number) => [key, number]));
    this.#lives = parts.nodes.map(() => undefined);
    this.#seen = new SeenCache(parts.nodes.length);
    const { time, random, latency, faults } = parts;
    this.#wires = new Wires({
      ...{ time, random, latency, nodes: parts.nodes.length },
      bandwidthBytesPerS: faults.bandwidthBytesPerS,
    });
  }

  /** Connects a node to all that it is linked with; gives it the port it sends through. */
  join(key: PeerKey, endpoint: Endpoint): Network {
    const number = this.#number(key);
    const life: Life = { endpoint, number: ++this.#livesSoFar, connected: new Map() };
    this.#lives[number] = life;
    for (const other of this.#parts.topology.links[number]!) this.#dial(number, other);
    const { nodes, topology } = this.#parts;
    const peers = () => topology.links[number]!.filter((other) => life.connected.has(other));
    return {
      get peers() {
        return peers().map((other) => nodes[other]!.key);
      },
      send: (peer, frame) => this.#send(life, number, this.#number(peer), frame),
      gossip: (data) => {
        // As strict as the real one, or a node would break only there.
        if (data.length > limits.bundleBytesMax)
          throw new RangeError(`"data" expected at most ${limits.bundleBytesMax} bytes, got ${data.length}`);
        this.#publish(life, number, data);
      },
      pushToLightClients: () => {},
      close: async () => this.leave(key),
    };
  }

  leave(key: PeerKey): void {
    const number = this.#number(key);
    const life = this.#lives[number];
    if (life === undefined) return;
    this.#lives[number] = undefined;
    // What it sent before it went still arrives, and the end of the connection after that.
    for (const [other, connection] of life.connected) {
      const endsMs = this.#wires.inOrder(
        number,
        other,
        this.#parts.time.now() + this.#wires.delay(number, other),
      );
      this.#parts.time.at(endsMs, () => this.#end(number, other, connection));
    }
  }

  /** Cuts every link between the two groups, or joins them again. */
  partition(left: readonly PeerKey[], right: readonly PeerKey[], cut: boolean): void {
    for (const a of left) for (const b of right) this.cut(a, b, cut);
  }

  cut(a: PeerKey, b: PeerKey, cut: boolean): void {
    const [one, other] = [this.#number(a), this.#number(b)];
    const link = this.#link(one, other);
    if (one === other || cut === this.#cut.has(link)) return;
    if (!cut) {
      this.#cut.delete(link);
      if (this.#parts.topology.links[one]!.includes(other)) this.#dial(one, other);
      return;
    }
    this.#cut.add(link);
    const connection = this.#lives[one]?.connected.get(other) ?? this.#lives[other]?.connected.get(one);
    if (connection !== undefined) this.#end(one, other, connection);
  }

  /** Loses everything that one node says to another from now on, though both believe to be connected; or no more. */
  mute(from: PeerKey, to: PeerKey, muted: boolean): void {
    const pair = this.#wires.pair(this.#number(from), this.#number(to));
    if (muted) this.#muted.add(pair);
    else this.#muted.delete(pair);
  }

  /** Every link works again. */
  heal(): void {
    this.#muted.clear();
    const { nodes, topology } = this.#parts;
    for (const [number, links] of topology.links.entries())
      for (const other of links) this.cut(nodes[number]!.key, nodes[other]!.key, false);
    this.#cut.clear();
  }

  /** Bytes that wait to leave on the fullest link. */
  get queuedBytesMost(): number {
    return this.#wires.queuedBytesMost;
  }

  #dial(one: number, other: number): void {
    const [life, peer] = [this.#lives[one], this.#lives[other]];
    if (life === undefined || peer === undefined || this.#cut.has(this.#link(one, other))) return;
    const delayMs = HANDSHAKE_WAYS * this.#wires.delay(one, other);
    this.#parts.time.after(delayMs, () => {
      const up = this.#lives[one] === life && this.#lives[other] === peer;
      if (!up || this.#cut.has(this.#link(one, other)) || life.connected.get(other)?.open) return calm;
      const { nodes, trace } = this.#parts;
      trace.note(`${nodes[one]!.name} ↔ ${nodes[other]!.name}`, 'connected');
      // One end may be another life, which the other end has not missed yet.
      for (const old of [life.connected.get(other), peer.connected.get(one)])
        if (old !== undefined) this.#end(one, other, old);
      const connection: Connection = { lives: [life, peer], open: true };
      life.connected.set(other, connection);
      peer.connected.set(one, connection);
      life.endpoint.onConnect(nodes[other]!.key);
      peer.endpoint.onConnect(nodes[one]!.key);
      return undefined;
    });
  }

  /** Both ends that still live hear that a connection is over. */
  #end(one: number, other: number, connection: Connection): unknown {
    if (!connection.open) return calm;
    connection.open = false;
    const { nodes, trace } = this.#parts;
    trace.note(`${nodes[one]!.name} ↔ ${nodes[other]!.name}`, 'disconnected');
    for (const [at, peer] of [
      [one, other],
      [other, one],
    ] as const) {
      const life = this.#lives[at];
      if (life?.connected.get(peer) !== connection) continue;
      life.connected.delete(peer);
      life.endpoint.onDisconnect(nodes[peer]!.key);
    }
    return undefined;
  }

  #send(life: Life, from: number, to: number, frame: Uint8Array): void {
    const connection = life.connected.get(to);
    if (this.#lives[from] !== life || connection === undefined || frame.length > limits.frameBytesMax) {
      this.counts.dropped += 1;
      return;
    }
    const kind = kindOf(frame);
    this.onSend(from, kind, frame);
    const atMs = this.#transmit(from, to, kind, frame.length);
    if (atMs === undefined) return;
    const digest = digestOf(frame);
    const { nodes, trace, time } = this.#parts;
    time.at(this.#wires.inOrder(from, to, atMs), () => {
      const target = this.#receiver(to, connection);
      if (target === undefined) return calm;
      trace.note(this.#way(from, to), `${kind} ${digest}`, tellFrame, frame);
      target.endpoint.onMessage(nodes[from]!.key, frame);
      return undefined;
    });
  }

  #publish(life: Life, from: number, data: Uint8Array): void {
    if (this.#lives[from] !== life) return;
    const spread = this.#seen.spread(data, digestOf(data), this.#parts.time.now());
    if (!this.#seen.see(spread, from, life.number)) return;
    for (const to of this.#parts.topology.links[from]!) this.#gossip(life, from, to, spread);
  }

  #gossip(life: Life, from: number, to: number, spread: Spread): void {
    const connection = life.connected.get(to);
    if (connection === undefined) return;
    const { faults, random, time } = this.#parts;
    const copies = faults.duplicate > 0 && random.chance() < faults.duplicate ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const atMs = this.#transmit(from, to, 'gossip', spread.data.length);
      if (atMs === undefined) continue;
      const heldUp = faults.reorder > 0 && random.chance() < faults.reorder;
      const arrivesMs = heldUp
        ? atMs + (atMs - time.now()) * random.between(0, HELD_UP_MAX)
        : this.#wires.inOrder(from, to, atMs);
      if (this.#isInVain(to, connection, spread, arrivesMs)) continue;
      spread.dueMs[to] = Math.min(spread.dueMs[to]!, arrivesMs);
      time.at(arrivesMs, () => this.#hear(from, to, connection, spread));
    }
  }

  /**
   * Whoever it reaches has it already, or gets another copy first. Most copies are such, and an event for each of them
   * would be most of what a large network costs.
   */
  #isInVain(to: number, { lives }: Connection, { seenIn, dueMs }: Spread, arrivesMs: number): boolean {
    if (lives.some((life) => life === this.#lives[to] && life.number === seenIn[to])) return true;
    return this.#parts.steady && dueMs[to]! <= arrivesMs;
  }

  #hear(from: number, to: number, connection: Connection, spread: Spread): unknown {
    const { nodes, topology, trace } = this.#parts;
    const target = this.#receiver(to, connection);
    if (target === undefined) return calm;
    const isNew = this.#seen.see(spread, to, target.number);
    const what = isNew ? spread.heard : spread.again;
    trace.note(this.#way(from, to), what, tellGossip, spread.data);
    if (!isNew) return calm;
    const verdict = target.endpoint.onGossip(nodes[from]!.key, spread.data);
    if (verdict !== 'accept') return undefined;
    for (const next of topology.relays[to]!) if (next !== from) this.#gossip(target, to, next, spread);
    return undefined;
  }

  /** Who takes what was sent over a connection: nobody once it is over, or is of an earlier life. */
  #receiver(to: number, connection: Connection): Life | undefined {
    const life = this.#lives[to];
    return connection.open && life !== undefined && connection.lives.includes(life) ? life : undefined;
  }

  /** When a message arrives if nothing is before it; `undefined` when it does not. */
  #transmit(from: number, to: number, kind: MessageKind, bytes: number): number | undefined {
    this.counts.sent += 1;
    const traffic = this.traffic.get(kind);
    if (traffic === undefined) this.traffic.set(kind, { messages: 1, bytes });
    else {
      traffic.messages += 1;
      traffic.bytes += bytes;
    }
    const { faults, random } = this.#parts;
    const departsMs = this.#wires.departs(from, to, bytes);
    const lost =
      this.#muted.has(this.#wires.pair(from, to)) || (faults.loss > 0 && random.chance() < faults.loss);
    if (departsMs === undefined) this.counts.dropped += 1;
    else if (lost) this.counts.lost += 1;
    else return departsMs + this.#wires.delay(from, to);
    return undefined;
  }

  /** How the trace names a directed link; kept, since most events have one. */
  #way(from: number, to: number): string {
    const pair = this.#wires.pair(from, to);
    const known = this.#ways.get(pair);
    if (known !== undefined) return known;
    const { nodes } = this.#parts;
    const way = `${nodes[from]!.name} → ${nodes[to]!.name}`;
    this.#ways.set(pair, way);
    return way;
  }

  #number(key: PeerKey): number {
    const number = this.#numberOf.get(key);
    if (number === undefined) throw new RangeError(`"key" expected that of a node of this world, got ${key}`);
    return number;
  }

  #link(a: number, b: number): number {
    return a < b ? this.#wires.pair(a, b) : this.#wires.pair(b, a);
  }
}

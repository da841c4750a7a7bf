/**
 * Drives a replica: performs its effects in the order that safety asks for, store before wire `[BFT-1]` `[STO-1]`,
 * and wakes it in time. The same class runs over real and over simulated adapters.
 */

import { toHex } from '../consensus/codec/bytes.ts';
import { limits } from '../consensus/codec/limits.ts';
import { decodeVertex, encodeVertex, type Vertex, withoutPayload } from '../consensus/vertex/vertex.ts';
import { bundle, type PeerMessage, peerMessage, VERTICES_PER_REQUEST_MAX } from '../consensus/wire/messages.ts';
import type { Clock, Network, PeerKey, Store, StoreWrite, Timers } from './ports.ts';
import type { Effect, Event, Notice, RecalledVertex, Reply } from './replica/events.ts';
import type { Replica } from './replica/replica.ts';

/** Reads that peers asked for and that are under way; more are dropped, and asked for again. */
const SERVING_MAX = 64;
/** A frame or bundle is closed before it grows past this. */
const FRAME_FILL_BYTES = limits.frameBytesMax / 4;

export interface RunnerHooks {
  onNotice(notice: Notice): void;
  /** The node is wrong about itself, or its disk failed: it must stop. */
  onHalt(error: Error): void;
}

export class Runner {
  readonly replica: Replica;
  readonly #store: Store;
  readonly #network: Network;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #hooks: RunnerHooks;
  #queue: Effect[] = [];
  #draining: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #serving = 0;
  #stopped = false;

  constructor(replica: Replica, ports: { store: Store; network: Network; clock: Clock; timers: Timers }, hooks: RunnerHooks) {
    this.replica = replica;
    this.#store = ports.store;
    this.#network = ports.network;
    this.#clock = ports.clock;
    this.#timers = ports.timers;
    this.#hooks = hooks;
  }

  /** Steps the replica at once; its effects follow on their own. */
  dispatch(event: Event): Reply {
    if (this.#stopped) return { type: 'none' };
    const { effects, reply } = this.replica.step(event, this.#clock.now());
    for (const effect of effects) this.#queue.push(effect);
    if (this.#queue.length > 0) this.#draining ??= this.#drain();
    this.#setTimer();
    return reply;
  }

  /** Like `dispatch`, but answers only once everything that the step stored is durable. */
  async dispatchDurable(event: Event): Promise<Reply> {
    const reply = this.dispatch(event);
    await this.idle();
    return reply;
  }

  /** Resolves when no effect is left to perform. */
  async idle(): Promise<void> {
    while (this.#draining !== undefined) await this.#draining;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer?.();
    await this.idle();
  }

  /** Performs queued effects in rounds: all writes of a round in one batch, then all that leaves the node. */
  async #drain(): Promise<void> {
    try {
      // A turn of the event loop: effects of events that arrive together share one batch.
      await null;
      while (this.#queue.length > 0) {
        const round = this.#queue;
        this.#queue = [];
        const writes: StoreWrite[] = [];
        let durable = false;
        for (const effect of round) {
          if (effect.type === 'store') writes.push(effect.write);
          else if (effect.type === 'sync') durable = true;
        }
        if (writes.length > 0 || durable) await this.#store.write(writes, durable);
        this.#perform(round);
      }
    } catch (error) {
      this.#halt(new Error('the store failed', { cause: error }));
    } finally {
      this.#draining = undefined;
    }
  }

  #perform(round: readonly Effect[]): void {
    const gossiped: Vertex[] = [];
    for (const effect of round) {
      switch (effect.type) {
        case 'send':
          this.#send(effect.peer, effect.message);
          break;
        case 'broadcast':
          this.#broadcast(effect.message, effect.to);
          break;
        case 'gossip':
          gossiped.push(...effect.vertices);
          break;
        case 'recall':
          this.#serve(() => this.#recall(effect.ids));
          break;
        case 'serveVertices':
          this.#serve(() => this.#sendVertices(effect.peer, effect.ids));
          break;
        case 'serveCheckpoint':
          this.#serve(() => this.#sendCheckpoint(effect.peer, effect.height));
          break;
        case 'notice':
          this.#hooks.onNotice(effect.notice);
          break;
        case 'halt':
          this.#halt(new Error(`${effect.reason}: ${JSON.stringify(effect.facts)}`));
          break;
        default:
          break;
      }
    }
    this.#gossip(gossiped);
  }

  #send(peer: PeerKey, message: PeerMessage): void {
    this.#network.send(peer, peerMessage.encode(message));
  }

  #broadcast(message: PeerMessage, to: 'seats' | 'peers'): void {
    const frame = peerMessage.encode(message);
    const { seatOf } = this.replica.ledger.genesis.committee;
    for (const peer of this.#network.peers) if (to === 'peers' || seatOf.has(peer)) this.#network.send(peer, frame);
  }

  /** Vertices leave in bundles; payloads of readings stay with those who serve them `[VTX-6]`. */
  #gossip(vertices: readonly Vertex[]): void {
    const envelopes = vertices.map((vertex) => encodeVertex(vertex.kind === 'readings' ? withoutPayload(vertex) : vertex));
    for (const group of grouped(envelopes, limits.bundleBytesMax)) this.#network.gossip(bundle.encode({ vertices: group }));
  }

  #serve(job: () => Promise<void>): void {
    if (this.#serving >= SERVING_MAX) return;
    this.#serving += 1;
    job()
      .catch((error) => this.#halt(new Error('the store failed on a read', { cause: error })))
      .finally(() => {
        this.#serving -= 1;
      });
  }

  async #recall(ids: readonly Uint8Array[]): Promise<void> {
    const found: RecalledVertex[] = [];
    const absent: Uint8Array[] = [];
    for (const id of ids) {
      const key = toHex(id);
      const position = await this.#store.position(key);
      const envelope = position && (await this.#store.vertex(key));
      const decoded = envelope && decodeVertex(envelope);
      const checkpointHeight = decoded?.ok ? this.replica.ledger.heightOf(toHex(decoded.value.checkpoint)) : undefined;
      if (!decoded?.ok || checkpointHeight === undefined) absent.push(id);
      else {
        const { authorKey, sequence, time } = decoded.value;
        found.push({ key, facts: { authorKey, sequence, time, checkpointHeight } });
      }
    }
    this.dispatch({ type: 'recalled', found, absent });
  }

  async #sendVertices(peer: PeerKey, ids: readonly Uint8Array[]): Promise<void> {
    const envelopes: Uint8Array[] = [];
    for (const id of ids) {
      const envelope = await this.#store.vertex(toHex(id));
      const decoded = envelope && decodeVertex(envelope);
      if (decoded?.ok) envelopes.push(encodeVertex(decoded.value.kind === 'readings' ? withoutPayload(decoded.value) : decoded.value));
    }
    for (const vertices of grouped(envelopes, FRAME_FILL_BYTES)) this.#send(peer, { type: 'vertices', vertices });
  }

  async #sendCheckpoint(peer: PeerKey, height: number): Promise<void> {
    const stored = await this.#store.checkpoint(height);
    if (stored !== undefined) this.#send(peer, { type: 'checkpoint', ...stored });
  }

  #setTimer(): void {
    // Never at once: a duty that cannot be done yet must not spin.
    const wakeAt = Math.max(this.replica.wakeAt, this.#clock.now() + 1);
    if (wakeAt === this.#timerAt && this.#cancelTimer !== undefined) return;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#timerAt = wakeAt;
    if (this.#stopped || wakeAt === Number.POSITIVE_INFINITY) return;
    this.#cancelTimer = this.#timers.at(wakeAt, () => {
      this.#cancelTimer = undefined;
      this.dispatch({ type: 'tick' });
    });
  }

  #halt(error: Error): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#cancelTimer?.();
    this.#hooks.onHalt(error);
  }
}

/** Splits byte strings into runs of bounded count and total size; one that is larger stands alone. */
function grouped(items: readonly Uint8Array[], bytesMax: number): Uint8Array[][] {
  const groups: Uint8Array[][] = [];
  let group: Uint8Array[] = [];
  let bytes = 0;
  for (const item of items) {
    if (group.length > 0 && (group.length === VERTICES_PER_REQUEST_MAX || bytes + item.length > bytesMax)) {
      groups.push(group);
      group = [];
      bytes = 0;
    }
    group.push(item);
    bytes += item.length;
  }
  if (group.length > 0) groups.push(group);
  return groups;
}

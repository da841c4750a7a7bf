/**
 * Drives a replica: performs its effects in the order that safety asks for, store before wire `[BFT-1]` `[STO-1]`,
 * and wakes it in time. The same class runs over real and over simulated adapters.
 */

import { toHex } from '../consensus/codec/bytes.ts';
import type { Vertex } from '../consensus/vertex/vertex.ts';
import { type PeerMessage, peerMessage } from '../consensus/wire/messages.ts';
import { GossipOutbox } from './gossip-outbox.ts';
import { PeerServer } from './peer-server.ts';
import type { Clock, Network, PeerKey, Store, Timers } from './ports.ts';
import { recallFrom } from './recall.ts';
import type { Effect, Event, Notice, Reply } from './replica/events.ts';
import type { Replica } from './replica/replica.ts';

/** Reads that peers asked for and that are under way; more are dropped, and asked for again. */
const SERVING_MAX = 64;
/** Vertices that are only to be kept, since nobody waits for them, may wait so long for a batch that is written anyway. */
const STORE_PAUSE_MS = 20;
/** So many effects do not wait. */
const STORE_FILL_EFFECTS = 1_024;

export interface RunnerHooks {
  onNotice(notice: Notice): void;
  /** The node is wrong about itself, or its disk failed: it must stop. */
  onHalt(error: Error): void;
}

interface Waiting {
  readonly done: () => void;
  readonly failed: (error: Error) => void;
}

export class Runner {
  readonly replica: Replica;
  readonly #store: Store;
  readonly #network: Network;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #hooks: RunnerHooks;
  readonly #server: PeerServer;
  readonly #gossip: GossipOutbox;
  #queue: Effect[] = [];
  /** Something that is queued must not wait for company. */
  #isUrgent = false;
  /** Those who wait until what is queued now has been performed. */
  #waiting: Waiting[] = [];
  #draining: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #serving = 0;
  #cancelStore: (() => void) | undefined;
  #stopped = false;
  #halted: Error | undefined;

  constructor(
    replica: Replica,
    ports: { store: Store; network: Network; clock: Clock; timers: Timers },
    hooks: RunnerHooks,
  ) {
    this.replica = replica;
    this.#store = ports.store;
    this.#network = ports.network;
    this.#clock = ports.clock;
    this.#timers = ports.timers;
    this.#hooks = hooks;
    this.#gossip = new GossipOutbox(replica.publicKey, ports);
    this.#server = new PeerServer({
      store: ports.store,
      disclosure: replica.disclosure,
      send: (peer, message) => this.#send(peer, message),
      notice: (notice) => hooks.onNotice(notice),
    });
  }

  /** Steps the replica at once; its effects follow on their own. */
  dispatch(event: Event): Reply {
    if (this.#stopped) return { type: 'none' };
    const { effects, reply } = this.replica.step(event, this.#clock.now());
    for (const effect of effects) {
      this.#queue.push(effect);
      this.#isUrgent ||= isUrgent(effect);
    }
    if (this.#queue.length > 0) this.#draining ??= this.#drain();
    this.#setTimer();
    return reply;
  }

  /** Like `dispatch`, but answers only once everything that the step stored is durable; throws when it cannot be. */
  async dispatchDurable(event: Event): Promise<Reply> {
    // A reply that nobody gave must not be taken for consent.
    if (this.#stopped) throw this.#halted ?? new Error('the node is stopping');
    const reply = this.dispatch(event);
    // Not `idle`: on a busy node the queue is never empty.
    await new Promise<void>((done, failed) => {
      if (this.#halted !== undefined) return failed(this.#halted);
      this.#waiting.push({ done, failed });
      this.#draining ??= this.#drain();
    });
    return reply;
  }

  /** Resolves when no effect is left to perform. */
  async idle(): Promise<void> {
    while (this.#draining !== undefined || this.#queue.length > 0) {
      this.#draining ??= this.#drain(true);
      await this.#draining;
      if (this.#halted !== undefined) return;
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer?.();
    await this.idle();
    // What waited is stored; but it may be evidence, or the last that this node says for long.
    if (this.#halted === undefined) this.#gossip.send();
  }

  /**
   * Performs queued effects in rounds: all writes of a round in one batch, then all that leaves the node. What may wait
   * is left for a later round, unless it `mustEnd`.
   */
  async #drain(mustEnd = false): Promise<void> {
    // A turn of the event loop: effects of events that arrive together share one batch.
    await null;
    while (this.#halted === undefined && (this.#queue.length > 0 || this.#waiting.length > 0)) {
      if (!mustEnd && this.#mayWait()) {
        this.#cancelStore ??= this.#timers.at(this.#clock.now() + STORE_PAUSE_MS, () => {
          this.#cancelStore = undefined;
          this.#draining ??= this.#drain(true);
        });
        break;
      }
      this.#cancelStore?.();
      this.#cancelStore = undefined;
      const round = this.#queue;
      const waiting = this.#waiting;
      this.#isUrgent = false;
      this.#queue = [];
      this.#waiting = [];
      await this.#performRound(round);
      for (const { done, failed } of waiting) this.#halted === undefined ? done() : failed(this.#halted);
    }
    this.#draining = undefined;
    if (this.#halted === undefined) return;
    for (const { failed } of this.#waiting) failed(this.#halted);
    this.#waiting = [];
  }

  /** Nothing of what is queued is waited for by anybody. */
  #mayWait(): boolean {
    return !this.#isUrgent && this.#waiting.length === 0 && this.#queue.length < STORE_FILL_EFFECTS;
  }

  async #performRound(round: readonly Effect[]): Promise<void> {
    const writes = round.filter((effect) => effect.type === 'store').map((effect) => effect.write);
    const durable = round.some((effect) => effect.type === 'sync');
    try {
      if (writes.length > 0 || durable) await this.#store.write(writes, durable);
    } catch (error) {
      return this.#halt(new Error('the store failed', { cause: error }));
    }
    try {
      this.#perform(round);
    } catch (error) {
      this.#halt(new Error('an effect could not be performed', { cause: error }));
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
          void this.#ask(recallFrom(this.#store, this.replica.ledger, effect.ids), (recalled) =>
            this.dispatch({ type: 'recalled', ...recalled }),
          );
          break;
        case 'recallHeader':
          void this.#ask(this.#store.headerHeight(toHex(effect.id)), (height) =>
            this.#onHeight(effect.id, height),
          );
          break;
        case 'serve':
          this.#serve(() => this.#server.answer(effect.peer, effect.question));
          break;
        case 'serveSealed':
          this.#serve(() => this.#server.sendSealed(effect.peer, effect.ids, effect.absent));
          break;
        case 'notice':
          this.#hooks.onNotice(effect.notice);
          break;
        case 'halt':
          // What came before may be evidence; whatever comes after is said by a node that is wrong about itself.
          this.#gossip.add(gossiped);
          this.#gossip.send();
          return this.#halt(new Error(`${effect.reason}: ${JSON.stringify(effect.facts)}`));
        default:
          break;
      }
    }
    this.#gossip.add(gossiped);
  }

  #send(peer: PeerKey, message: PeerMessage): void {
    this.#network.send(peer, peerMessage.encode(message));
  }

  #broadcast(message: PeerMessage, to: 'seats' | 'peers'): void {
    const frame = peerMessage.encode(message);
    const { ledger } = this.replica;
    for (const peer of this.#network.peers)
      if (to === 'peers' || ledger.isSeat(peer)) this.#network.send(peer, frame);
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

  /** An own question to the store: it is never dropped, whoever keeps the store busy. */
  async #ask<T>(question: Promise<T>, then: (answer: T) => void): Promise<void> {
    let answer: T;
    try {
      answer = await question;
    } catch (error) {
      return this.#halt(new Error('the store failed on a read', { cause: error }));
    }
    then(answer);
  }

  #onHeight(id: Uint8Array, height: number | undefined): void {
    // What a whole store does not know was never certified: a flood of such need not be stepped through.
    if (height !== undefined || !this.replica.isWhole) this.dispatch({ type: 'recalledHeader', id, height });
  }

  #setTimer(): void {
    // Never at once: a duty that cannot be done yet must not spin.
    const wakeAt = Math.max(this.replica.wakeAt, this.#clock.now() + 1);
    // A timer that comes early costs a tick; one put off by every event would never come on a busy node.
    if (this.#stopped || wakeAt >= this.#timerAt) return;
    this.#cancelTimer?.();
    this.#timerAt = wakeAt;
    this.#cancelTimer = this.#timers.at(wakeAt, () => {
      this.#cancelTimer = undefined;
      this.#timerAt = Number.POSITIVE_INFINITY;
      this.dispatch({ type: 'tick' });
    });
  }

  #halt(error: Error): void {
    this.#halted ??= error;
    if (this.#stopped) return;
    this.#stopped = true;
    this.#cancelTimer?.();
    this.#gossip.cancel();
    this.#cancelStore?.();
    this.#hooks.onHalt(error);
  }
}

/** All but vertices that are only to be kept, and word of them. */
function isUrgent(effect: Effect): boolean {
  if (effect.type === 'store') return effect.write.type !== 'vertex';
  return effect.type !== 'notice' || effect.notice.type !== 'vertex';
}

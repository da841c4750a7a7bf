/**
 * What the embedded broker owes to sessions that outlive their connection: every message once stored, in the order of
 * arrival, under packet identifiers that name one message each. Stands in for that part of aedes' memory persistence.
 *
 * aedes alone sends what arrives during a session's backlog before the backlog (moscajs/aedes#649), against
 * [MQTT-4.6.0-6]: a gateway that sees a device's newest counter first must refuse the older ones as too old to tell.
 * It also takes fresh identifiers without looking which ones the session still uses, so that an acknowledgement can
 * delete the wrong message.
 *
 * Relied on in aedes 1.2.0: it stores a message for a session before it forwards it; it forwards what `forward`
 * returns; it calls `outgoingUpdate` right before it writes a packet and writes that same object.
 */

import { Readable } from 'node:stream';
import type { Client } from 'aedes';

/** A stored message, or the PUBREL that took its place. */
export interface Stored {
  readonly cmd: string;
  readonly brokerCounter?: number;
  messageId?: number | undefined;
  dup?: boolean;
}

export type SessionClient = Pick<Client, 'id' | 'clean'>;

interface Entry {
  packet: Stored;
  messageId: number | undefined;
  /** The connection it was written to last. */
  sentTo: SessionClient | undefined;
}

const MESSAGE_IDS = 65_535;

export class SessionQueues {
  readonly #sessions = new Map<string, Session>();

  async outgoingEnqueue(subscriber: { readonly clientId: string }, packet: Stored): Promise<void> {
    this.#session(subscriber.clientId).add(packet);
  }

  async outgoingEnqueueCombi(
    subscribers: readonly { readonly clientId: string }[],
    packet: Stored,
  ): Promise<void> {
    for (const { clientId } of subscribers) this.#session(clientId).add(packet);
  }

  /** Gives the packet that is about to be written the identifier of its message. */
  async outgoingUpdate(client: SessionClient, packet: Stored): Promise<void> {
    this.#session(client.id).beforeWrite(client, packet);
  }

  /** Forgets the message that was acknowledged, and returns it. */
  async outgoingClearMessageId(
    client: SessionClient,
    { messageId }: Pick<Stored, 'messageId'>,
  ): Promise<Stored | undefined> {
    // aedes also calls this for a message that `forward` held back. That one has no identifier yet, and stays.
    return this.#sessions.get(client.id)?.acknowledge(messageId ?? 0);
  }

  /** All that the session is owed, oldest first; what arrives meanwhile comes at its end. */
  outgoingStream(client: SessionClient): Readable {
    if (!client.clean) return this.#session(client.id).resume(client);
    this.#sessions.delete(client.id);
    return Readable.from([]);
  }

  /** A retained message is written without `outgoingUpdate`, under an identifier that we cannot choose: none is kept. */
  async storeRetained(): Promise<void> {}

  /** Whether a message goes to the client now: not while older ones wait, nor when it went already. */
  readonly forward = <Packet extends Stored>(client: SessionClient, packet: Packet): Packet | null => {
    // One that has its identifier already is of the backlog.
    if (client.clean || packet.messageId !== undefined) return packet;
    return this.#session(client.id).awaits(client, packet.brokerCounter ?? 0) ? packet : null;
  };

  #session(clientId: string): Session {
    const session = this.#sessions.get(clientId) ?? new Session();
    this.#sessions.set(clientId, session);
    return session;
  }
}

class Session {
  /** By the broker's counter of messages; in the order of arrival. */
  readonly #entries = new Map<number, Entry>();
  readonly #byMessageId = new Map<number, number>();
  #highest = 0;
  #lastMessageId = 0;
  #client: SessionClient | undefined;
  #backlog: Backlog | undefined;

  add(packet: Stored): void {
    const counter = packet.brokerCounter!;
    this.#highest = Math.max(this.#highest, counter);
    this.#entries.set(counter, { packet, messageId: undefined, sentTo: undefined });
  }

  resume(client: SessionClient): Readable {
    this.#client = client;
    const backlog = new Backlog(this.#entries.values(), () => {
      if (this.#backlog === backlog) this.#backlog = undefined;
    });
    this.#backlog = backlog;
    return backlog;
  }

  awaits(client: SessionClient, counter: number): boolean {
    const entry = this.#entries.get(counter);
    // Not stored for this session: it matches a subscription at QoS 0, or is acknowledged.
    if (entry === undefined) return counter > this.#highest;
    return this.#client === client && this.#backlog === undefined && entry.sentTo !== client;
  }

  beforeWrite(client: SessionClient, packet: Stored): void {
    const counter = this.#counterOf(packet);
    const entry = this.#entries.get(counter);
    if (entry === undefined) throw new Error('no such packet');
    if (packet.cmd === 'publish') packet.dup = entry.sentTo !== undefined;
    else entry.packet = packet;
    entry.sentTo = client;
    entry.messageId ??= this.#takeMessageId(counter);
    packet.messageId = entry.messageId;
    entry.packet.messageId = entry.messageId;
    if (client === this.#client) this.#backlog?.written();
  }

  acknowledge(messageId: number): Stored | undefined {
    const counter = this.#byMessageId.get(messageId);
    if (counter === undefined) return undefined;
    const { packet } = this.#entries.get(counter)!;
    this.#byMessageId.delete(messageId);
    this.#entries.delete(counter);
    return packet;
  }

  /** A PUBREL is found by its identifier: the counter that it may carry is not its message's. */
  #counterOf({ cmd, brokerCounter, messageId }: Stored): number {
    return (cmd === 'publish' ? brokerCounter : this.#byMessageId.get(messageId ?? 0)) ?? 0;
  }

  #takeMessageId(counter: number): number {
    if (this.#byMessageId.size === MESSAGE_IDS) throw new Error('every packet identifier is in use');
    do this.#lastMessageId = (this.#lastMessageId % MESSAGE_IDS) + 1;
    while (this.#byMessageId.has(this.#lastMessageId));
    this.#byMessageId.set(this.#lastMessageId, counter);
    return this.#lastMessageId;
  }
}

/** Hands over one message at a time, so that none is on its way when `onEnd` opens the line for what arrives next. */
class Backlog extends Readable {
  /** Visits what is added while it runs. */
  readonly #entries: Iterator<Entry>;
  readonly #onEnd: () => void;
  #wanted = false;
  #handedOver = false;

  constructor(entries: Iterator<Entry>, onEnd: () => void) {
    super({ objectMode: true, highWaterMark: 1 });
    this.#entries = entries;
    this.#onEnd = onEnd;
  }

  override _read(): void {
    this.#wanted = true;
    this.#next();
  }

  written(): void {
    this.#handedOver = false;
    this.#next();
  }

  #next(): void {
    if (!this.#wanted || this.#handedOver) return;
    this.#wanted = false;
    const { done, value } = this.#entries.next();
    this.#handedOver = !done;
    if (done) this.#onEnd();
    this.push(done ? null : value.packet);
  }
}

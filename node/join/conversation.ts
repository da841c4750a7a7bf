/**
 * Questions to peers and their answers, for a node that has no replica yet. An answer is whatever a peer sends that passes
 * the asker's check, whoever it comes from; who sends a wrong one is asked no more. docs/spec/snapshot.md.
 */

import { limits } from '../../consensus/codec/limits.ts';
import type { Result } from '../../consensus/codec/result.ts';
import { type PeerMessage, peerMessage } from '../../consensus/wire/messages.ts';
import type { Clock, Network, PeerKey, Timers } from '../ports.ts';

/** A question without an answer goes to the next peer after this time. */
const ASK_AGAIN_MS = 2_000;

/** `undefined`: the message is not the answer, or not all of it. */
export type Take<T> = (message: PeerMessage, peer: PeerKey) => Result<T> | undefined;

export interface AskOptions {
  /** Whom to ask first, if it is still there. */
  readonly first?: PeerKey | undefined;
  /** After so many questions without an answer it is given up; without it, never. */
  readonly tries?: number;
}

export interface ConversationPorts {
  readonly network: Pick<Network, 'send'>;
  readonly clock: Clock;
  readonly timers: Timers;
  /** A peer said what cannot be right. */
  onRefused(peer: PeerKey, code: string, facts: object): void;
}

interface Open {
  hear(peer: PeerKey, message: PeerMessage): unknown;
  /** The next peer, at once. */
  pass(): void;
}

export class Conversation {
  readonly #ports: ConversationPorts;
  readonly #peers = new Set<PeerKey>();
  /** Greatest height that each peer says is certified; nobody has checked that. */
  readonly #heights = new Map<PeerKey, number>();
  readonly #distrusted = new Set<PeerKey>();
  readonly #open = new Set<Open>();
  #asked = 0;
  #stopped = false;

  constructor(ports: ConversationPorts) {
    this.#ports = ports;
  }

  /** Peers that are connected and have said nothing wrong. */
  get peers(): PeerKey[] {
    return [...this.#peers].filter((peer) => !this.#distrusted.has(peer));
  }

  /** The greatest height that any of them claims. */
  get claimed(): number {
    return Math.max(0, ...this.peers.map((peer) => this.#heights.get(peer) ?? 0));
  }

  connected(peer: PeerKey): void {
    this.#peers.add(peer);
    for (const open of this.#open) open.pass();
  }

  disconnected(peer: PeerKey): void {
    this.#peers.delete(peer);
    this.#heights.delete(peer);
  }

  hear(peer: PeerKey, frame: Uint8Array): void {
    if (this.#distrusted.has(peer)) return;
    const decoded = peerMessage.decode(frame, limits.frameBytesMax);
    if (!decoded.ok) return this.#distrust(peer, decoded.code, decoded.facts);
    const message = decoded.value;
    if (message.type === 'certified') this.#heights.set(peer, message.header.height);
    for (const open of this.#open) open.hear(peer, message);
  }

  /** Nothing is asked any more, and no answer comes: whoever waits goes on waiting. */
  stop(): void {
    this.#stopped = true;
    this.#open.clear();
  }

  async wait(durationMs: number): Promise<void> {
    const { clock, timers } = this.#ports;
    await new Promise<void>((resolve) => timers.at(clock.now() + durationMs, resolve));
  }

  /** Asks everybody, and gives whatever was said in this time. */
  async gather(question: PeerMessage, durationMs: number): Promise<PeerMessage[]> {
    const heard: PeerMessage[] = [];
    const open: Open = { hear: (_, message) => heard.push(message), pass: () => {} };
    this.#open.add(open);
    for (const peer of this.peers) this.#send(peer, question);
    await this.wait(durationMs);
    this.#open.delete(open);
    return heard;
  }

  /**
   * Asks one peer after the other until `take` accepts an answer; `question` is put anew each time, and may ask for less once
   * a part of the answer has come. `undefined` once it is given up.
   */
  async ask<T>(
    question: () => PeerMessage,
    take: Take<T>,
    { first, tries = Number.POSITIVE_INFINITY }: AskOptions = {},
  ): Promise<T | undefined> {
    const { clock, timers } = this.#ports;
    return new Promise((resolve) => {
      let left = tries;
      let next = first;
      let cancel = (): void => {};
      const end = (value: T | undefined): void => {
        cancel();
        this.#open.delete(open);
        resolve(value);
      };
      const askNext = (): void => {
        cancel();
        if (this.#stopped) return;
        const { peers } = this;
        const isThere = next !== undefined && peers.includes(next);
        const peer = isThere ? next : peers[this.#asked++ % Math.max(1, peers.length)];
        next = undefined;
        if (peer !== undefined && left-- <= 0) return end(undefined);
        if (peer !== undefined) this.#send(peer, question());
        cancel = timers.at(clock.now() + ASK_AGAIN_MS, askNext);
      };
      const open: Open = {
        hear: (peer, message) => {
          const taken = take(message, peer);
          if (taken === undefined) return;
          if (taken.ok) return end(taken.value);
          this.#distrust(peer, taken.code, taken.facts);
          askNext();
        },
        pass: () => {
          if (this.peers.length === 1) askNext();
        },
      };
      this.#open.add(open);
      askNext();
    });
  }

  #send(peer: PeerKey, message: PeerMessage): void {
    this.#ports.network.send(peer, peerMessage.encode(message));
  }

  #distrust(peer: PeerKey, code: string, facts: object): void {
    this.#distrusted.add(peer);
    this.#ports.onRefused(peer, code, facts);
  }
}

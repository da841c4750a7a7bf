/**
 * Ciphertexts of messages between banks: keeps what this node sends until it is received, fetches what is sent to its party,
 * and lets each go in time `[MSG-6]` `[MSG-8]`. It neither seals nor opens. docs/spec/messages.md.
 */

import { equalBytes, fromHex, toHex } from '../../consensus/codec/bytes.ts';
import type { Code } from '../../consensus/codec/codes.ts';
import { type Facts, ok, type Result, refuse } from '../../consensus/codec/result.ts';
import { pausedMs } from '../../consensus/contracts/clock.ts';
import { readObject, type StoredObject, type ValueOf } from '../../consensus/contracts/object.ts';
import { message } from '../../consensus/contracts/objects/message.ts';
import type { Change } from '../../consensus/contracts/state.ts';
import { ciphertextBytes, ciphertextHash } from '../../consensus/vertex/sealed-message.ts';
import type { PeerMessage } from '../../consensus/wire/messages.ts';
import type { PeerKey } from '../ports.ts';
import type { Effect, MailboxAct, Reply } from './events.ts';
import { decodeKept, encodeKept, type KeptMessage } from './kept-message.ts';
import type { Ledger } from './ledger.ts';
import { MessageSeeker } from './message-seeker.ts';
import { partyOfKey } from './pending-call.ts';

type Sealed = Extract<PeerMessage, { type: 'sealed' }>;
type Box = KeptMessage['box'];

/** Each way: of one other party, and in all. */
export const mailboxLimits = { perPartyMax: 64, totalMax: 512 } as const;
const SWEEP_MS = 10_000;

export interface MailboxHooks {
  effect(wanted: Effect): void;
  refuse(code: Code, facts: Facts, peer: PeerKey, isForged: boolean): void;
  readonly peers: ReadonlySet<PeerKey>;
}

export class Mailbox {
  readonly #publicKey: Uint8Array;
  readonly #ledger: Ledger;
  readonly #hooks: MailboxHooks;
  readonly #seeker: MessageSeeker;
  /** By id, hex, in the order in which they came. */
  readonly #kept = new Map<string, KeptMessage>();
  /** The own party when the state was looked through last. */
  #party: string | undefined;
  /** Some messages to the own party are not fetched for want of room. */
  #overflows = false;
  /** Something was read, received or let go since. */
  #hasRoom = false;
  #sweepAt = 0;

  constructor(publicKey: Uint8Array, ledger: Ledger, hooks: MailboxHooks, stored: readonly Uint8Array[]) {
    this.#publicKey = publicKey;
    this.#ledger = ledger;
    this.#hooks = hooks;
    const { effect, peers } = hooks;
    this.#seeker = new MessageSeeker({ effect, peers, partyOf: (peer) => this.#partyOf(fromHex(peer)!) });
    for (const kept of stored.map(decodeKept).sort((a, b) => a.since - b.since))
      this.#kept.set(kept.id, kept);
    this.#lookThrough(0);
  }

  get wakeAt(): number {
    const isIdle = this.#kept.size === 0 && this.#seeker.size === 0 && !this.#overflows;
    return isIdle ? Number.POSITIVE_INFINITY : Math.min(this.#sweepAt, this.#seeker.wakeAt);
  }

  find(id: string): KeptMessage | undefined {
    return this.#kept.get(id);
  }

  /** All that are kept, in the order in which they came. */
  list(): readonly KeptMessage[] {
    return [...this.#kept.values()];
  }

  /** What this node's own stakeholder does. */
  act(act: MailboxAct, nowMs: number): Reply {
    const done = act.act === 'keep' ? this.#keepOwn(act, nowMs) : this.#handle(act);
    if (!done.ok) return { type: 'refused', refusal: done };
    this.#hooks.effect({ type: 'sync' });
    return { type: 'message', id: act.id };
  }

  /** A peer asks for what is sent to its party. */
  onAsked(peer: PeerKey, ids: readonly Uint8Array[]): void {
    const party = this.#partyOf(fromHex(peer)!);
    const isTheirs = (id: Uint8Array): boolean => {
      const kept = this.#kept.get(toHex(id));
      return kept?.box === 'out' && kept.party === party;
    };
    const held = ids.filter(isTheirs);
    const absent = ids.filter((id) => !isTheirs(id));
    this.#hooks.effect({ type: 'serveSealed', peer, ids: held, absent });
  }

  onAnswer(peer: PeerKey, { messages, absent }: Sealed, nowMs: number): void {
    for (const { id, ciphertext } of messages) this.#take(peer, id, ciphertext, nowMs);
    for (const id of absent) this.#seeker.passOver(toHex(id), peer, nowMs);
  }

  onConnected(peer: PeerKey, nowMs: number): void {
    this.#seeker.onConnected(peer, nowMs);
  }

  /** A checkpoint is certified: some messages were sent here, some were received there. */
  onAdvanced(changes: readonly Change[], nowMs: number): void {
    if (this.#partyOf(this.#publicKey) !== this.#party) return this.#lookThrough(nowMs);
    for (const { object } of changes) {
      if (object?.type !== message.name) continue;
      const id = toHex(object.id);
      const isDelivered = this.#kept.get(id)?.box === 'out' && this.#get(id)!.state === 'RECEIVED';
      if (isDelivered) this.#drop(id);
      else this.#note(object, nowMs);
    }
  }

  progress(nowMs: number): void {
    if (nowMs >= this.#sweepAt && this.wakeAt !== Number.POSITIVE_INFINITY) this.#sweep(nowMs);
    this.#seeker.progress(nowMs);
  }

  #keepOwn(
    { id, recipient, ciphertext, deadline }: MailboxAct & { act: 'keep' },
    nowMs: number,
  ): Result<void> {
    const { perPartyMax, totalMax } = mailboxLimits;
    const { count, countAll } = this.#count('out', recipient);
    if (count >= perPartyMax || countAll >= totalMax)
      return refuse('E_FULL', { reason: 'too many messages are not received yet', party: recipient });
    const kept = { id, box: 'out', party: recipient, since: nowMs, deadline, read: false } as const;
    this.#put(kept, ciphertext);
    return ok(undefined);
  }

  #handle({ act, id }: MailboxAct): Result<void> {
    const kept = this.#kept.get(id);
    if (kept?.box !== 'in') return refuse('E_NOT_FOUND', { type: 'message', id });
    // Else it could be read and never be acknowledged, or be fetched again after it was removed.
    const state = this.#get(id)?.state;
    if (state !== 'RECEIVED')
      return refuse('E_STATE', { reason: 'its receipt is not on the ledger yet', message: id });
    if (act === 'remove') this.#drop(id);
    else if (!kept.read) this.#put({ ...kept, read: true });
    return ok(undefined);
  }

  #take(peer: PeerKey, idBytes: Uint8Array, ciphertext: Uint8Array, nowMs: number): void {
    const id = toHex(idBytes);
    const facts = { message: id };
    if (!this.#seeker.wasAsked(id, peer)) return this.#hooks.refuse('E_UNKNOWN', facts, peer, false);
    const sent = this.#get(id)!;
    const fits = ciphertext.length === ciphertextBytes(sent.size);
    if (!fits || !equalBytes(ciphertextHash(ciphertext), sent.ciphertext)) {
      this.#seeker.passOver(id, peer, nowMs);
      return this.#hooks.refuse('E_PAYLOAD', facts, peer, true);
    }
    this.#seeker.forget(id);
    const party = toHex(sent.sender);
    this.#makeRoom(party);
    this.#put({ id, box: 'in', party, since: nowMs, deadline: 0, read: false }, ciphertext);
    this.#hooks.effect({ type: 'sync' });
    this.#hooks.effect({ type: 'notice', notice: { type: 'message', id } });
  }

  /** All messages of the state are looked at: what is sent to this party, and not here. */
  #lookThrough(nowMs: number): void {
    this.#party = this.#partyOf(this.#publicKey);
    this.#overflows = false;
    this.#hasRoom = false;
    for (const stored of this.#ledger.state.objects())
      if (stored.type === message.name) this.#note(stored, nowMs);
  }

  #note(stored: StoredObject, nowMs: number): void {
    const id = toHex(stored.id);
    const { state, sender, recipient, until } = readObject(message, stored);
    if (toHex(recipient) !== this.#party || this.#kept.has(id)) return;
    if (state === 'SENT' && until >= this.#runningMs) this.#expect(id, toHex(sender), nowMs);
    // Another node of this party has it.
    else this.#forget(id);
  }

  #forget(id: string): void {
    this.#seeker.forget(id);
    this.#hasRoom = true;
  }

  #expect(id: string, sender: string, nowMs: number): void {
    if (this.#seeker.has(id)) return;
    const { perPartyMax, totalMax } = mailboxLimits;
    const { unread, unreadAll } = this.#count('in', sender);
    const isFull =
      unread + this.#seeker.countOf(sender) >= perPartyMax || unreadAll + this.#seeker.size >= totalMax;
    if (isFull) this.#overflows = true;
    else this.#seeker.want(id, sender, nowMs);
  }

  /** What was read gives way, the oldest first. */
  #makeRoom(party: string): void {
    const { perPartyMax, totalMax } = mailboxLimits;
    for (const { id, box, read, party: of } of this.#kept.values()) {
      const { count, countAll } = this.#count('in', party);
      if (count < perPartyMax && countAll < totalMax) return;
      if (box === 'in' && read && (count < perPartyMax || of === party)) this.#drop(id);
    }
  }

  /** Lets go what can come to nothing any more, and looks for more where there was no room. */
  #sweep(nowMs: number): void {
    this.#sweepAt = nowMs + SWEEP_MS;
    const { time } = this.#ledger.header;
    for (const { id, box, deadline } of [...this.#kept.values()]) {
      const sent = this.#get(id);
      const isReceived = sent?.state === 'RECEIVED';
      const isOver = sent === undefined ? time > deadline : this.#isOver(sent);
      if (isReceived ? box === 'out' : isOver) this.#drop(id);
    }
    for (const id of this.#seeker.ids()) if (this.#isOver(this.#get(id)!)) this.#forget(id);
    if (this.#overflows && this.#hasRoom) this.#lookThrough(nowMs);
  }

  #isOver({ until }: ValueOf<typeof message>): boolean {
    return until < this.#runningMs;
  }

  #put(kept: KeptMessage, ciphertext?: Uint8Array): void {
    this.#kept.set(kept.id, kept);
    this.#hasRoom ||= kept.read;
    const write = { type: 'message', id: kept.id, entry: encodeKept(kept) } as const;
    this.#hooks.effect({ type: 'store', write: ciphertext === undefined ? write : { ...write, ciphertext } });
  }

  #drop(id: string): void {
    this.#kept.delete(id);
    this.#hasRoom = true;
    this.#hooks.effect({ type: 'store', write: { type: 'message', id, entry: undefined } });
  }

  #count(box: Box, party: string) {
    const counts = { count: 0, countAll: 0, unread: 0, unreadAll: 0 };
    for (const kept of this.#kept.values()) {
      if (kept.box !== box) continue;
      const isOf = kept.party === party;
      counts.countAll += 1;
      counts.count += Number(isOf);
      counts.unreadAll += Number(!kept.read);
      counts.unread += Number(isOf && !kept.read);
    }
    return counts;
  }

  #get(id: string): ValueOf<typeof message> | undefined {
    return this.#ledger.state.get(message, fromHex(id)!);
  }

  #partyOf(publicKey: Uint8Array): string | undefined {
    return partyOfKey(publicKey, this.#ledger.state);
  }

  get #runningMs(): number {
    return this.#ledger.header.time - pausedMs(this.#ledger.state);
  }
}

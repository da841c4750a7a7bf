/**
 * Messages between banks as this node's stakeholder sends, sees and reads them. Keeping and fetching are the
 * replica's. docs/spec/messages.md, docs/guides/api.md.
 */

import { equalBytes, fromHex, toHex } from '../../consensus/codec/bytes.ts';
import { ok, type Result, refuse } from '../../consensus/codec/result.ts';
import { pausedMs } from '../../consensus/contracts/clock.ts';
import { readObject } from '../../consensus/contracts/object.ts';
import { message, messageHead } from '../../consensus/contracts/objects/message.ts';
import { party } from '../../consensus/contracts/registry.ts';
import { callId, callNonceBytes } from '../../consensus/vertex/call.ts';
import {
  ciphertextHash,
  contentHash,
  messageBytesMax,
  openingOf,
  openingProof,
  sizeClasses,
} from '../../consensus/vertex/sealed-message.ts';
import type { MessageKeys } from '../keys/message-keys.ts';
import type { Clock, Random } from '../ports.ts';
import type { MailboxAct } from '../replica/events.ts';
import type { Runner } from '../runner.ts';
import type { Access } from './access.ts';
import type { JsonObject } from './call-args.ts';
import type { Calls } from './calls.ts';
import type { Message, MessageSeals } from './message-seals.ts';
import type { Submission, Submissions } from './submissions.ts';

const LIFE_DEFAULT_MS = 7 * 86_400_000;
/** Objects looked at before other work of the node has its turn. */
const SCAN_SLICE = 2_000;

export interface MessageView {
  readonly id: string;
  readonly direction: 'sent' | 'received';
  /** Id of the other party, hex. */
  readonly party: string;
  /** SUBMITTED: its commitment is not on the ledger yet. */
  readonly state: 'SUBMITTED' | Message['state'];
  /** Most bytes of text in its size class. */
  readonly bytesMax: number;
  /** When it can be received no more if finality does not pause, ms. */
  readonly until: number | null;
  readonly sentAt: number | null;
  readonly receivedAt: number | null;
  /** The ciphertext is kept here. */
  readonly here: boolean;
  readonly read: boolean;
}

/** What shows, together with the object's bundle, what a message said `[MSG-5]`. */
export interface ContentProof extends MessageView {
  readonly content: string;
  /** content = hash(`message-content`, salt, text); null where this node cannot tell it. */
  readonly salt: string | null;
}

export interface OpenedMessage extends ContentProof {
  /** LEI of the sender. */
  readonly from: string;
  readonly text: Uint8Array;
}

export interface Outgoing {
  /** Id of the recipient's party. */
  readonly to: Uint8Array;
  readonly text: Uint8Array;
  /** A date, ms; in a week when left out. */
  readonly until?: number;
  /** Hex; of calls under one nonce only one takes effect `[CTR-29]`. */
  readonly nonce?: string;
}

export interface MessagePorts {
  readonly runner: Runner;
  readonly seals: MessageSeals;
  readonly access: Access;
  readonly calls: Calls;
  readonly submissions: Submissions;
  readonly clock: Clock;
  readonly random: Random;
  readonly keys: MessageKeys;
}

export class Messages {
  readonly #ports: MessagePorts;

  constructor(ports: MessagePorts) {
    this.#ports = ports;
  }

  /** States a new message key of this node's party; its secret is on disk before `[MSG-9]`. */
  async stateKey(): Promise<Result<Submission>> {
    const { keys, access } = this.#ports;
    const own = access.party;
    if (own === undefined) return refuse('E_KEY_UNKNOWN', { reason: 'this node’s key is no party’s' });
    const key = await keys.add();
    if (key === undefined)
      return refuse('E_FULL', { reason: 'too many keys are needed still for messages sealed to them' });
    const stated = await this.submit('state-message-key', { party: toHex(own), key: toHex(key) });
    // Submitted or not, it may take effect; but not when nothing left this node.
    if (!stated.ok) await keys.forget([toHex(key)]);
    return stated;
  }

  /** Seals and commits; the ciphertext is durable here before the commitment leaves `[MSG-6]`. */
  async send({ to, text, until, nonce: given }: Outgoing): Promise<Result<Submission>> {
    const { access, clock, random, seals } = this.#ports;
    const { state } = this.#ledger;
    const own = access.party;
    const sender = own && state.get(party, own);
    if (own === undefined || sender === undefined)
      return refuse('E_KEY_UNKNOWN', { reason: 'this node’s key is no party’s' });
    if (text.length > messageBytesMax)
      return refuse('E_LIMIT_BYTES', { bytes: text.length, limit: messageBytesMax });
    const nonce = given === undefined ? random.bytes(callNonceBytes) : fromHex(given);
    if (nonce?.length !== callNonceBytes)
      return refuse('E_SCHEMA', {
        field: 'nonce',
        reason: `expected ${2 * callNonceBytes} hexadecimal digits`,
      });
    const key = state.get(messageHead, to)?.newest;
    if (key === undefined)
      return refuse('E_NOT_FOUND', {
        type: 'message-key',
        party: toHex(to),
        reason: 'the recipient has stated no message key',
      });
    const draft = { sender: own, recipient: to, key, lei: sender.lei, text, nonce };
    const { committed, ciphertext } = await seals.seal(draft);
    const hexed = Object.entries(committed).map(([field, value]) => [
      field,
      typeof value === 'number' ? value : toHex(value),
    ]);
    const args: JsonObject = {
      ...Object.fromEntries(hexed),
      ciphertext: toHex(ciphertextHash(ciphertext)),
      until: until ?? clock.now() + LIFE_DEFAULT_MS,
    };
    return this.submit('send-message', args, toHex(nonce), (id, deadline) =>
      this.#act({ act: 'keep', id, recipient: toHex(to), ciphertext, deadline }),
    );
  }

  /** Messages of this node's party, newest first. */
  async list(limit: number): Promise<readonly MessageView[]> {
    const views: MessageView[] = [];
    let looked = 0;
    for (const stored of this.#ledger.state.objects()) {
      if (++looked % SCAN_SLICE === 0) await new Promise((resolve) => setImmediate(resolve));
      if (stored.type !== message.name) continue;
      const found = this.#describe(toHex(stored.id), readObject(message, stored));
      if (found !== undefined) views.push(found);
    }
    for (const { id } of this.#mailbox.list()) {
      const submitted = this.#get(id) === undefined ? this.#submitted(id) : undefined;
      if (submitted !== undefined) views.push(submitted);
    }
    const sentAt = (view: MessageView): number => view.sentAt ?? Number.MAX_SAFE_INTEGER;
    return views.sort((a, b) => sentAt(b) - sentAt(a) || (a.id < b.id ? -1 : 1)).slice(0, limit);
  }

  view(id: string): Result<MessageView> {
    const sent = this.#get(id);
    if (sent === undefined) {
      const submitted = this.#submitted(id);
      return submitted === undefined ? refuse('E_NOT_FOUND', { type: 'message', id }) : ok(submitted);
    }
    const view = this.#describe(id, sent);
    return view === undefined
      ? refuse('E_SCOPE', { type: 'message', id, reason: 'neither sent by this party nor to it' })
      : ok(view);
  }

  /** What it says, to whom it was sent; and notes that it was read. */
  async read(id: string): Promise<Result<OpenedMessage>> {
    const view = this.view(id);
    if (!view.ok) return view;
    if (view.value.direction === 'sent')
      return refuse('E_SCOPE', { message: id, reason: 'sealed to its recipient: its sender cannot open it' });
    const noted = await this.#act({ act: 'read', id });
    if (!noted.ok) return noted;
    const opened = await this.#ports.seals.open(id);
    if (!opened.ok) return opened;
    const { salt, lei, text } = opened.value;
    const content = toHex(contentHash(salt, text));
    return ok({ ...view.value, read: true, content, salt: toHex(salt), from: lei, text });
  }

  /** Lets a message that was received go from this node. */
  async remove(id: string): Promise<Result<MessageView>> {
    const removed = await this.#act({ act: 'remove', id });
    return removed.ok ? this.view(id) : removed;
  }

  async contentProof(id: string): Promise<Result<ContentProof>> {
    const view = this.view(id);
    if (!view.ok) return view;
    const sent = this.#get(id);
    if (sent === undefined) return refuse('E_UNKNOWN', { message: id, reason: 'not on the ledger yet' });
    const salt = await (view.value.direction === 'sent'
      ? this.#ports.seals.saltOfSent(id)
      : this.#saltOfOpened(id));
    const isRight = salt !== undefined && equalBytes(openingProof(openingOf(salt)), sent.proof);
    return ok({ ...view.value, content: toHex(sent.content), salt: isRight ? toHex(salt) : null });
  }

  /** Composes, signs, tries and submits a call of this party; `before` comes once it would pass. */
  async submit(
    transition: string,
    args: JsonObject,
    nonce?: string,
    before: (id: string, deadline: number) => Promise<Result<unknown>> = async () => ok(undefined),
  ): Promise<Result<Submission>> {
    const { calls, submissions } = this.#ports;
    const composed = await calls.compose(transition, args, nonce === undefined ? {} : { nonce });
    const signed = composed.ok ? calls.sign(composed.value) : composed;
    if (!signed.ok) return signed;
    const { refusal } = calls.check(signed.value);
    if (refusal !== undefined) return refuse(refusal.code, refusal.facts);
    const { header } = signed.value;
    const ready = await before(toHex(callId(header)), header.deadline);
    return ready.ok ? submissions.submit(signed.value) : ready;
  }

  async #act(act: MailboxAct): Promise<Result<string>> {
    const reply = await this.#ports.runner.dispatchDurable({ type: 'mailbox', act });
    if (reply.type === 'refused') return reply.refusal;
    return reply.type === 'message' ? ok(reply.id) : refuse('E_FULL', { reason: 'the node is stopping' });
  }

  async #saltOfOpened(id: string): Promise<Uint8Array | undefined> {
    // As with reading: not before the receipt is on the ledger.
    const isReceived = this.#get(id)?.state === 'RECEIVED';
    const opened = isReceived ? await this.#ports.seals.open(id) : undefined;
    return opened?.ok ? opened.value.salt : undefined;
  }

  /** `undefined` where it is neither from this party nor to it. */
  #describe(id: string, sent: Message): MessageView | undefined {
    const own = this.#ports.access.party;
    const isSent = own !== undefined && equalBytes(own, sent.sender);
    if (own === undefined || (!isSent && !equalBytes(own, sent.recipient))) return undefined;
    const kept = this.#mailbox.find(id);
    return {
      id,
      direction: isSent ? 'sent' : 'received',
      party: toHex(isSent ? sent.recipient : sent.sender),
      state: sent.state,
      bytesMax: sizeClasses[sent.size]!,
      until: sent.until + pausedMs(this.#ledger.state),
      sentAt: sent.sentAt,
      receivedAt: sent.receivedAt ?? null,
      here: kept !== undefined,
      read: kept?.read ?? false,
    };
  }

  #submitted(id: string): MessageView | undefined {
    const kept = this.#mailbox.find(id);
    if (kept === undefined) return undefined;
    const none = { until: null, sentAt: null, receivedAt: null, bytesMax: messageBytesMax } as const;
    return { id, direction: 'sent', party: kept.party, state: 'SUBMITTED', ...none, here: true, read: false };
  }

  #get(id: string): Message | undefined {
    return this.#ledger.state.get(message, fromHex(id)!);
  }

  get #mailbox() {
    return this.#ports.runner.replica.mailbox;
  }

  get #ledger() {
    return this.#ports.runner.replica.ledger;
  }
}

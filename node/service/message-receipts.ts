/**
 * Receipts of messages `[MSG-5]`: what has come to this node and opens as it was committed to is acknowledged by itself, signed
 * with the node's key; what does not is told once, and left. It also wipes keys that nothing needs any more `[MSG-9]`.
 */

import { equalBytes, fromHex, toHex } from '../../consensus/codec/bytes.ts';
import type { Code } from '../../consensus/codec/codes.ts';
import { pausedMs } from '../../consensus/contracts/clock.ts';
import { readObject } from '../../consensus/contracts/object.ts';
import { message, messageHead, messageKey } from '../../consensus/contracts/objects/message.ts';
import { openingOf } from '../../consensus/vertex/sealed-message.ts';
import type { MessageKeys } from '../keys/message-keys.ts';
import type { Replica } from '../replica/replica.ts';
import type { MessageSeals } from './message-seals.ts';
import type { Messages } from './messages.ts';

const RECEIPTS_PER_LOOK = 16;
/** One that could not be acknowledged is looked at again after so long; its key may come later, too. */
const RETRY_MS = 5_000;
const WIPE_EVERY_MS = 60_000;
const SCAN_SLICE = 2_000;

export interface ReceiptPorts {
  readonly replica: Replica;
  readonly messages: Messages;
  readonly seals: MessageSeals;
  readonly keys: MessageKeys;
}

export type ReceiptNews =
  | { readonly message: string; readonly callId: string }
  /** It cannot be acknowledged. */
  | { readonly message: string; readonly code: Code; readonly reason: string };

export class MessageReceipts {
  readonly #ports: ReceiptPorts;
  /** When each is looked at again, by id, hex. */
  readonly #retryAt = new Map<string, number>();
  /** Told already. */
  readonly #unfit = new Set<string>();
  #looking = false;
  #wipeAt = 0;

  constructor(ports: ReceiptPorts) {
    this.#ports = ports;
  }

  /** To be called after each checkpoint, and when a message has come. */
  async look(nowMs: number): Promise<readonly ReceiptNews[]> {
    if (this.#looking) return [];
    this.#looking = true;
    try {
      const waiting = this.#waiting();
      for (const id of this.#retryAt.keys()) if (!waiting.includes(id)) this.#forget(id);
      const due = waiting.filter((id) => (this.#retryAt.get(id) ?? 0) <= nowMs);
      const news: ReceiptNews[] = [];
      for (const id of due.slice(0, RECEIPTS_PER_LOOK)) {
        this.#retryAt.set(id, nowMs + RETRY_MS);
        const told = await this.#acknowledge(id);
        if (told !== undefined) news.push(told);
      }
      if (nowMs >= this.#wipeAt) await this.#wipe(nowMs);
      return news;
    } finally {
      this.#looking = false;
    }
  }

  /** Those that are here, and not received by the ledger's account. */
  #waiting(): string[] {
    const { ledger, mailbox } = this.#ports.replica;
    return mailbox
      .list()
      .filter(({ box, id }) => box === 'in' && ledger.state.get(message, fromHex(id)!)?.state === 'SENT')
      .map(({ id }) => id);
  }

  async #acknowledge(id: string): Promise<ReceiptNews | undefined> {
    const { messages, seals } = this.#ports;
    const opened = await seals.open(id);
    if (!opened.ok) {
      if (this.#unfit.has(id)) return undefined;
      this.#unfit.add(id);
      return { message: id, code: opened.code, reason: String(opened.facts['reason']) };
    }
    const opening = toHex(openingOf(opened.value.salt));
    const submitted = await messages.submit('receive-message', { message: id, opening });
    return submitted.ok ? { message: id, callId: submitted.value.callId } : undefined;
  }

  #forget(id: string): void {
    this.#retryAt.delete(id);
    this.#unfit.delete(id);
  }

  /** Keys that another has replaced, once no message here and none that may still come is sealed to them. */
  async #wipe(nowMs: number): Promise<void> {
    this.#wipeAt = nowMs + WIPE_EVERY_MS;
    const { replica, keys } = this.#ports;
    const { ledger, mailbox } = replica;
    const { state } = ledger;
    const replaced = keys.publicKeys.filter((name) => {
      const publicKey = fromHex(name)!;
      const stated = state.get(messageKey, publicKey);
      // One that is not stated yet may be on its way.
      return stated !== undefined && !equalBytes(state.get(messageHead, stated.party)!.newest, publicKey);
    });
    if (replaced.length === 0) return;
    const needed = new Set<string>();
    let looked = 0;
    for (const stored of state.objects()) {
      if (++looked % SCAN_SLICE === 0) await new Promise((resolve) => setImmediate(resolve));
      if (stored.type !== message.name) continue;
      const sent = readObject(message, stored);
      const mayCome = sent.state === 'SENT' && sent.until >= ledger.header.time - pausedMs(state);
      if (mayCome || mailbox.find(toHex(stored.id))?.box === 'in') needed.add(toHex(sent.key));
    }
    await keys.forget(replaced.filter((name) => !needed.has(name)));
  }
}

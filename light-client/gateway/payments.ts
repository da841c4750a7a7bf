/**
 * Payments that start with a reading `[THG-14]`: a frame that became final and satisfies a rule makes one due, its thing's key
 * signs the call, the gateway's chain carries it to the ledger, and its proved outcome ends it. docs/guides/gateway.md.
 */

import { encodeReadingProof } from '../../consensus/checkpoint/evidence.ts';
import type { VertexProof } from '../../consensus/checkpoint/outcome.ts';
import { type Code, codes } from '../../consensus/codec/codes.ts';
import type { Facts } from '../../consensus/codec/result.ts';
import { batch, proveFrame } from '../../consensus/vertex/batch.ts';
import { callId } from '../../consensus/vertex/call.ts';
import type { Clock, Random } from '../../node/ports.ts';
import type { Operation } from '../outbox/database.ts';
import type { CallTerms, Outbox } from '../outbox/outbox.ts';
import { type BookedPayment, eventPlace, PaymentBook } from '../outbox/payments.ts';
import { decodeOwn } from '../outbox/records.ts';
import type { OutboxVertex } from '../outbox/vertices.ts';
import { amountDue } from '../payments/rule.ts';
import { signPayment } from '../payments/sign.ts';
import type { FinalVertex } from './answers.ts';
import type { Log } from './log.ts';
import type { ThingRule } from './payment-rules.ts';
import { type PaymentsStatus, type ShownPayment, showPayment, showRule } from './payment-views.ts';

export interface PaymentsParts {
  readonly rules: readonly ThingRule[];
  readonly outbox: Outbox;
  readonly network: Uint8Array;
  /** How far ahead a call's deadline may lie, ms. */
  readonly callLifeMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** When so many are due no more readings are signed: they would make still more due. */
  readonly dueMax?: number;
}

const DUE_MAX = 1_024;
const DEADLINE_MS = 3_600_000;
/** Calls for one event, each after the last one's deadline: after that somebody ought to look. */
const CALLS_MAX = 3;

export class Payments {
  readonly #parts: PaymentsParts;
  readonly #book: PaymentBook;
  /** Settled since the start of this process, by code. */
  readonly #settled = new Map<Code, number>();

  private constructor(parts: PaymentsParts, book: PaymentBook) {
    this.#parts = parts;
    this.#book = book;
  }

  static async open(parts: PaymentsParts): Promise<Payments> {
    return new Payments(parts, await PaymentBook.open(parts.outbox.database));
  }

  get isDue(): boolean {
    return this.#book.dueCount > 0;
  }

  get isFull(): boolean {
    return this.#book.dueCount >= (this.#parts.dueMax ?? DUE_MAX);
  }

  get status(): PaymentsStatus {
    return {
      rules: this.#parts.rules.map(showRule),
      due: this.#book.dueCount,
      underWay: this.#book.carriedCount,
      settled: Object.fromEntries(this.#settled),
    };
  }

  /** Newest first. */
  async list(limit: number): Promise<ShownPayment[]> {
    return (await this.#book.list(limit)).map(showPayment);
  }

  /** A vertex of ours has this outcome: what that makes due or ends, for the batch that settles it. */
  async onOutcome(signed: OutboxVertex, { proof, code }: FinalVertex): Promise<readonly Operation[]> {
    if (signed.vertex.kind === 'readings') return code === 'OK' ? this.#makeDue(signed, proof) : [];
    const payment = await this.#book.carriedBy(signed.vertex.sequence);
    if (payment === undefined) return [];
    if (code === 'E_EXPIRED' && payment.calls < CALLS_MAX) return [this.#book.renew(payment)];
    return this.#end(payment, code, proof.header);
  }

  /** Signs the call that has been due longest; `undefined` when there is none, or none can be made of it. */
  async signNext(terms: CallTerms): Promise<OutboxVertex | undefined> {
    const { rules, outbox, network, callLifeMs, random } = this.#parts;
    const payment = await this.#book.firstDue();
    if (payment === undefined) return undefined;
    const { height, time } = terms.checkpoint.header;
    const signer = rules.find(({ device }) => device === payment.device)?.signer;
    if (signer === undefined) {
      const reason = 'no rule has the key of this device any more';
      await outbox.database.write(this.#end(payment, 'E_UNKNOWN', { height, time }, { reason }), true);
      return undefined;
    }
    const call = signPayment(payment, signer, {
      ...{ network, deadline: time + Math.min(DEADLINE_MS, callLifeMs) },
      randomBytes: (length) => random.bytes(length),
    });
    return outbox.signCall(call, terms, ({ vertex: { sequence, id } }) => [
      this.#book.carry(payment, { sequence, vertex: id, call: callId(call.header) }),
    ]);
  }

  /** One event, one payment: by the first rule that it satisfies. */
  #makeDue({ vertex }: OutboxVertex, proof: VertexProof): readonly Operation[] {
    const { rules, clock } = this.#parts;
    if (rules.length === 0) return [];
    const opened = decodeOwn(batch, vertex.payload, `the batch of vertex ${vertex.sequence}`);
    return opened.frames.flatMap((frame, index) => {
      const rule = rules.find((candidate) => amountDue(candidate, frame) > 0);
      if (rule === undefined) return [];
      const event = encodeReadingProof({ frame: proveFrame(opened, index), vertex: proof });
      const { device, session, counter } = frame;
      const { mandate, means, payee, content } = rule;
      const payment: BookedPayment = {
        ...{ place: eventPlace(vertex.sequence, index), rule: rule.name, device, session, counter },
        ...{ mandate, means, payee, content, amount: amountDue(rule, frame), dueMs: clock.now() },
        ...{ event: event.ok ? event.value : new Uint8Array(0), calls: 0 },
        ...{ carried: undefined, settled: undefined },
      };
      const added = this.#book.add(payment);
      // It cannot be shown, so nothing can be paid for it.
      return event.ok ? [added] : this.#end(payment, event.code, proof.header);
    });
  }

  #end(
    payment: BookedPayment,
    code: Code,
    { height, time }: { readonly height: number; readonly time: number },
    also: Facts = {},
  ): Operation[] {
    this.#settled.set(code, (this.#settled.get(code) ?? 0) + 1);
    const { rule, device, session, counter, amount, content } = payment;
    const facts = { rule, device, session, counter, amount, content, height, ...also };
    if (code === 'OK') this.#parts.log('info', 'a thing has paid', facts);
    else this.#parts.log('warn', `a payment is refused: ${codes[code]}`, { code, ...facts });
    return this.#book.settle(payment, { code, height, time });
  }
}

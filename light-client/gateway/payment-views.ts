/** Payments and their rules as the operator sees them. */

import { toHex } from '../../consensus/codec/bytes.ts';
import { type Code, codes } from '../../consensus/codec/codes.ts';
import { formatDecimal } from '../../consensus/vertex/decimal.ts';
import type { BookedPayment } from '../outbox/payments.ts';
import type { ThingRule } from './payment-rules.ts';

export interface ShownRule {
  readonly rule: string;
  readonly device: string;
  /** The device's public key, hex: that of its record on the ledger, or nothing is paid. */
  readonly key: string;
  readonly quantity: string;
  readonly over: string;
  /** Minor units. */
  readonly amount: number;
  readonly perUnit: boolean;
}

export interface PaymentsStatus {
  readonly rules: readonly ShownRule[];
  /** No call is under way for them. */
  readonly due: number;
  readonly underWay: number;
  /** Since the start of this process, by code. */
  readonly settled: { readonly [code: string]: number };
}

export interface ShownPayment {
  readonly rule: string;
  /** The event: what the device said at this value of its counter. */
  readonly device: string;
  readonly session: string;
  readonly counter: number;
  readonly mandate: string;
  readonly means: string;
  readonly payee: string;
  readonly content: string;
  /** Minor units. */
  readonly amount: number;
  readonly state: 'due' | 'under way' | 'paid' | 'refused';
  /** Why it was refused, or OK; null before the outcome was proved. */
  readonly code: string | null;
  readonly meaning: string | null;
  readonly dueTime: number;
  /** Height and time of the checkpoint that made it final. */
  readonly height: number | null;
  readonly finalTime: number | null;
  /** Of the call that was signed last. */
  readonly call: string | null;
  readonly vertex: string | null;
  readonly calls: number;
}

export function showRule({ name, device, signer, quantity, over, price }: ThingRule): ShownRule {
  return {
    ...{ rule: name, device, key: toHex(signer.publicKey), quantity, over: formatDecimal(over) },
    ...{ amount: price.amount, perUnit: price.type === 'per-unit' },
  };
}

export function showPayment(payment: BookedPayment): ShownPayment {
  const { rule, device, session, counter, content, amount, dueMs, calls, carried, settled } = payment;
  const [mandate, means, payee] = [payment.mandate, payment.means, payment.payee].map(toHex) as [
    string,
    string,
    string,
  ];
  const code = settled?.code ?? null;
  return {
    ...{ rule, device, session, counter, mandate, means, payee, content, amount },
    ...{ state: stateOf(payment), code, meaning: code === null ? null : codes[code as Code], dueTime: dueMs },
    ...{ height: settled?.height ?? null, finalTime: settled?.time ?? null },
    ...{ call: carried ? toHex(carried.call) : null, vertex: carried ? toHex(carried.vertex) : null, calls },
  };
}

function stateOf({ carried, settled }: BookedPayment): ShownPayment['state'] {
  if (settled !== undefined) return settled.code === 'OK' ? 'paid' : 'refused';
  return carried === undefined ? 'due' : 'under way';
}

/** Who is liable on a bill, how it passes, and what it is worth before it is due (rows 36–39). */

import { equalBytes } from '../../codec/bytes.ts';
import type { ObjectReader, ValueOf } from '../object.ts';
import { type BillState, bill, endorsementsMax } from '../objects/bill.ts';
import { billPayment } from '../objects/bill-payment.ts';
import { endorsement, endorsementId } from '../objects/endorsement.ts';
import { versionOf } from '../objects/version.ts';
import { type Context, type ContractRefusal, refused, wrongState } from '../transition.ts';
import { pay } from './money.ts';

export type Bill = ValueOf<typeof bill>;

const DAY_MS = 86_400_000;

/** `[BIL-4]` Signers by liability, the last debtor first: the acceptor, the drawer, then each endorser in order. */
export function liableSigners(id: Uint8Array, held: Bill, reader: ObjectReader): Uint8Array[] {
  const signers = held.accepted ? [held.drawee, held.drawer] : [held.drawer];
  for (let index = 0; index < held.endorsements; index++) {
    signers.push(reader.get(endorsement, endorsementId(id, index))!.from);
  }
  return signers;
}

/** Against whom the holder has recourse: every signer before its own first signature. */
export function debtorsOf(id: Uint8Array, held: Bill, reader: ObjectReader): Uint8Array[] {
  const signers = liableSigners(id, held, reader);
  const own = signers.findIndex((signer) => equalBytes(signer, held.holder));
  return own < 0 ? signers : signers.slice(0, own);
}

/** `[BIL-2]` The refusal unless the bill can pass to `to` at this position. */
export function checkPassing(
  id: Uint8Array,
  held: Bill,
  to: Uint8Array,
  wanted: readonly BillState[],
  context: Context,
): ContractRefusal | undefined {
  if (!wanted.includes(held.state)) return wrongState(held.state, wanted, id);
  if (context.time >= held.due)
    return refused('E_STATE', { reason: 'it is due', due: held.due, time: context.time }, id);
  if (!held.transferable) return refused('E_STATE', { reason: 'it is marked non-transferable' }, id);
  if (equalBytes(to, held.holder)) return refused('E_SCHEMA', { field: 'to', reason: 'holds it already' });
  if (held.endorsements >= endorsementsMax)
    return refused('E_POLICY', { reason: 'too many endorsements', most: endorsementsMax }, id);
  return undefined;
}

/** What a discount records beside from and to; nothing for a plain endorsement. */
export interface DiscountTerms {
  readonly paid: number;
  readonly money: Uint8Array;
  readonly rateBp: number;
  readonly days: number;
  readonly dayBasis: number;
}
const noTerms = { paid: 0, money: undefined, rateBp: 0, days: 0, dayBasis: 0 };

/** After `checkPassing`. */
export function passBill(
  id: Uint8Array,
  held: Bill,
  to: Uint8Array,
  terms: DiscountTerms | undefined,
  context: Context,
): void {
  context.put(endorsement, endorsementId(id, held.endorsements), {
    kind: terms === undefined ? 'endorsement' : 'discount',
    bill: id,
    index: held.endorsements,
    from: held.holder,
    to,
    ...(terms ?? noTerms),
    ...versionOf(context),
  });
  const endorsements = held.endorsements + 1;
  context.put(bill, id, { ...held, holder: to, endorsements, ...versionOf(context) });
}

/** After `checkFunds`: `payer` pays the holder the face, and that is on record. */
export function payFace(
  kind: 'payment' | 'recourse',
  id: Uint8Array,
  held: Bill,
  payer: Uint8Array,
  context: Context,
): void {
  const { holder: payee, money, face: amount } = held;
  pay(money, payer, payee, amount, context);
  context.put(billPayment, context.callId, {
    ...{ kind, bill: id, payer, payee, money, amount },
    ...versionOf(context),
  });
}

/** Days to maturity; one begun counts whole. */
export function daysUntil(due: number, time: number): number {
  return Math.ceil((due - time) / DAY_MS);
}

/** `[BIL-3]` face − ceil(face × rate × days / day-basis); negative when the discount eats the face. */
export function discountedPrice(
  face: number,
  { rateBp, days, dayBasis }: Pick<DiscountTerms, 'rateBp' | 'days' | 'dayBasis'>,
): bigint {
  const whole = 10_000n * BigInt(dayBasis);
  const discount = (BigInt(face) * BigInt(rateBp) * BigInt(days) + whole - 1n) / whole;
  return BigInt(face) - discount;
}

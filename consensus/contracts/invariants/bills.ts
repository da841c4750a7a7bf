/** Invariants of bills (semantics §7: 6, 20, and 15 as far as bills go). */

import { equalBytes, toHex } from '../../codec/bytes.ts';
import type { ValueOf } from '../object.ts';
import { bill } from '../objects/bill.ts';
import { billPayment } from '../objects/bill-payment.ts';
import { endorsement, endorsementId } from '../objects/endorsement.ts';
import { party } from '../registry.ts';
import { type Bill, discountedPrice } from '../rules/bills.ts';
import type { Found, Invariant, Survey } from './survey.ts';

type Payment = Found<ValueOf<typeof billPayment>>;

export const billInvariants: readonly Invariant[] = [
  {
    number: 6,
    rule: 'a bill has one holder: whom the last endorsement names, or the signer who paid last in recourse',
    *find(state) {
      const payments = paymentsByBill(state);
      for (const { id, name, value: held } of state.all(bill)) {
        if (state.get(party, held.holder) === undefined) yield `${name}: held by nobody`;
        const last = state.get(endorsement, endorsementId(id, held.endorsements - 1));
        const paid = recoursePayments(payments.get(toHex(id)) ?? []).at(-1);
        const wanted = paid?.value.payer ?? last?.to ?? held.payee;
        if (!equalBytes(held.holder, wanted)) yield `${name}: the holder is not whom the chain names`;
      }
    },
  },
  {
    number: 15,
    rule: 'a bill passed by discount for the price of its terms, and by endorsement for none',
    *find(state) {
      for (const { name, value } of state.all(endorsement)) {
        const face = state.get(bill, value.bill)?.face ?? 0;
        const price = value.kind === 'discount' ? discountedPrice(face, value) : 0n;
        if (BigInt(value.paid) !== price) yield `${name}: ${value.paid} paid, its terms give ${price}`;
        if ((value.kind === 'discount') !== (value.money !== undefined && value.paid > 0))
          yield `${name}: a ${value.kind} for ${value.paid}`;
      }
    },
  },
  {
    number: 20,
    rule: 'endorsements are continuous; a bill is paid at most once, at face; recourse only goes up the chain',
    *find(state) {
      const payments = paymentsByBill(state);
      let passed = 0;
      for (const { id, name, value: held } of state.all(bill)) {
        let holder = held.payee;
        const signers = held.accepted ? [held.drawee, held.drawer] : [held.drawer];
        for (let index = 0; index < held.endorsements; index++) {
          const step = state.get(endorsement, endorsementId(id, index));
          if (step === undefined) yield `${name}: endorsement ${index} is missing`;
          else if (!equalBytes(step.from, holder)) yield `${name}: endorsement ${index} is not the holder’s`;
          signers.push(step?.from ?? holder);
          holder = step?.to ?? holder;
        }
        passed += held.endorsements;
        yield* paymentDefects(name, held, payments.get(toHex(id)) ?? [], holder, signers);
      }
      const written = [...state.all(endorsement)].length;
      if (written !== passed) yield `${written} endorsements, ${passed} on bills`;
    },
  },
];

function paymentsByBill(state: Survey): Map<string, Payment[]> {
  const found = new Map<string, Payment[]>();
  for (const paid of state.all(billPayment)) {
    const id = toHex(paid.value.bill);
    found.set(id, [...(found.get(id) ?? []), paid]);
  }
  return found;
}

/** In their order; two of one bill at one height follow each other by payee and payer. */
function recoursePayments(payments: readonly Payment[]): Payment[] {
  const left = payments
    .filter(({ value }) => value.kind === 'recourse')
    .sort((a, b) => a.value.height - b.value.height);
  const ordered: Payment[] = [];
  while (left.length > 0) {
    const next = left.findIndex(
      ({ value }, index) =>
        value.height === left[0]!.value.height &&
        !left.some(
          (other, place) =>
            place !== index &&
            other.value.height === value.height &&
            equalBytes(other.value.payer, value.payee),
        ),
    );
    ordered.push(...left.splice(Math.max(next, 0), 1));
  }
  return ordered;
}

function* paymentDefects(
  name: string,
  held: Bill,
  payments: readonly Payment[],
  lastEndorsee: Uint8Array,
  signers: readonly Uint8Array[],
): Iterable<string> {
  const inTime = payments.filter(({ value }) => value.kind === 'payment');
  if (inTime.length !== (held.state === 'PAID' ? 1 : 0))
    yield `${name}: ${held.state}, paid ${inTime.length} times`;
  if (inTime.length > 0 && inTime.length < payments.length) yield `${name}: paid, and recourse taken`;
  if (inTime.some(({ value }) => !equalBytes(value.payer, held.drawee)))
    yield `${name}: paid by another than the drawee`;
  const positionOf = (signer: Uint8Array): number => {
    const found = signers.findIndex((entry) => equalBytes(entry, signer));
    return found < 0 ? signers.length : found;
  };
  let claimant = lastEndorsee;
  for (const { value } of [...inTime, ...recoursePayments(payments)]) {
    if (value.amount !== held.face) yield `${name}: paid ${value.amount} on ${held.face}`;
    if (!equalBytes(value.money, held.money)) yield `${name}: paid in other money`;
    if (!equalBytes(value.payee, claimant)) yield `${name}: paid to another than the holder`;
    const isUpward =
      positionOf(value.payer) < positionOf(value.payee) || equalBytes(value.payer, held.drawee);
    if (value.kind === 'recourse' && !isUpward) yield `${name}: recourse went down the chain`;
    claimant = value.payer;
  }
}

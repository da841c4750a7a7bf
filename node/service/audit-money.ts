/** The checks of a business audit about money: payments on the loan, and bills of its applicant. */

import { equalBytes } from '../../consensus/codec/bytes.ts';
import type { ValueOf } from '../../consensus/contracts/object.ts';
import { bill } from '../../consensus/contracts/objects/bill.ts';
import { billPayment } from '../../consensus/contracts/objects/bill-payment.ts';
import { endorsement } from '../../consensus/contracts/objects/endorsement.ts';
import { loan } from '../../consensus/contracts/objects/loan.ts';
import { payment } from '../../consensus/contracts/objects/payment.ts';
import { type Check, compared, type File, judged, subjectOf } from './audit-file.ts';

/** Money against the loan: what was drawn, less what was paid, is what is owed. */
export function* checkPayments({ survey, hides, id, loan: lent }: File): Generator<Check> {
  const subject = subjectOf(loan, id);
  const isOfLoan = (paid: ValueOf<typeof payment>): boolean => equalBytes(paid.loan, id);
  const sums = { costs: 0n, interest: 0n, principal: 0n };
  for (const { id: paymentId, value } of survey.all(payment)) {
    if (!isOfLoan(value)) continue;
    const sign = value.kind === 'draw' ? 1n : -1n;
    for (const part of ['costs', 'interest', 'principal'] as const)
      sums[part] += sign * BigInt(value.applied[part]);
    const isLoans = value.currency === lent.currency && equalBytes(value.enterprise, lent.applicant);
    const check = 'it is in the loan’s currency, of its applicant';
    yield { subject: subjectOf(payment, paymentId), check, result: judged(isLoans) };
  }
  // A loan that was assigned: what was paid to the bank before is not this one's to see.
  const hidden = hides(payment, isOfLoan);
  for (const part of ['costs', 'interest', 'principal'] as const) {
    const check = `drawn less paid is the ${part} owed`;
    yield hidden
      ? { subject, check, result: 'withheld' }
      : compared(subject, check, sums[part], BigInt(lent.debt[part]));
  }
  const { principal } = lent.debt;
  const check = 'no more principal is owed than the limit';
  const pair = { left: lent.limit, right: principal, toleranceBp: 0 };
  yield { subject, check, result: judged(principal <= lent.limit), pair };
}

/** Bills between the loan's parties: endorsed without a gap, paid at face and once. */
export function* checkBills({ survey, hides, loan: lent }: File): Generator<Check> {
  for (const { id, value: held } of survey.all(bill)) {
    const theirs = [held.drawer, held.drawee, held.payee, held.holder];
    if (!theirs.some((signer) => equalBytes(signer, lent.applicant))) continue;
    const subject = subjectOf(bill, id);
    const isOfBill = (of: { readonly bill: Uint8Array }): boolean => equalBytes(of.bill, id);
    const passed = [...survey.all(endorsement)]
      .filter(({ value }) => isOfBill(value))
      .sort((a, b) => a.value.index - b.value.index);
    let holder = held.payee;
    let continuous = passed.length === held.endorsements;
    for (const { value } of passed) {
      continuous &&= equalBytes(value.from, holder);
      holder = value.to;
    }
    const recourse = held.state === 'RECOURSE' || held.state === 'SETTLED';
    continuous &&= recourse || equalBytes(held.holder, holder);
    yield {
      subject,
      check: 'its endorsements lead to its holder without a gap',
      result: hides(endorsement, isOfBill) ? 'withheld' : judged(continuous),
    };
    const paid = [...survey.all(billPayment)].filter(
      ({ value }) => value.kind === 'payment' && isOfBill(value),
    );
    const once =
      paid.length === (held.state === 'PAID' ? 1 : 0) &&
      paid.every(({ value }) => value.amount === held.face);
    yield {
      subject,
      check: 'it is paid once, at face, or not at all',
      result: hides(billPayment, isOfBill) ? 'withheld' : judged(once),
    };
  }
}

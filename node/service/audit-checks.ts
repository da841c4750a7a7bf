/**
 * The checks of a business audit of one loan (R089, R123): who is behind it, whether its documents are whole, and whether
 * goods, documents and money are in step. Each is a pure question to a survey of what the auditor may see.
 */

import { equalBytes, toHex } from '../../consensus/codec/bytes.ts';
import { checkLei } from '../../consensus/contracts/identifiers.ts';
import { hasRole } from '../../consensus/contracts/invariants/survey.ts';
import type { ValueOf } from '../../consensus/contracts/object.ts';
import { bill } from '../../consensus/contracts/objects/bill.ts';
import { billPayment } from '../../consensus/contracts/objects/bill-payment.ts';
import { endorsement } from '../../consensus/contracts/objects/endorsement.ts';
import { loan } from '../../consensus/contracts/objects/loan.ts';
import { orderReceipt } from '../../consensus/contracts/objects/order-receipt.ts';
import { payment } from '../../consensus/contracts/objects/payment.ts';
import { endedStates, pledge, securedStates } from '../../consensus/contracts/objects/pledge.ts';
import { receipt } from '../../consensus/contracts/objects/receipt.ts';
import { status } from '../../consensus/contracts/objects/status.ts';
import { tenure } from '../../consensus/contracts/objects/tenure.ts';
import { unit } from '../../consensus/contracts/objects/unit.ts';
import { key, labelKey, party, type Role } from '../../consensus/contracts/registry.ts';
import { checkTerms } from '../../consensus/contracts/transitions/issue-receipt.ts';
import { type Check, compared, type File, judged, subjectOf } from './audit-file.ts';
import { checkBills, checkPayments } from './audit-money.ts';

/** Types of objects that the checks look at. */
export const auditedTypes: ReadonlySet<string> = new Set(
  [
    party,
    key,
    loan,
    unit,
    receipt,
    pledge,
    status,
    orderReceipt,
    tenure,
    payment,
    bill,
    endorsement,
    billPayment,
  ].map(({ name }) => name),
);

/** Every entity of the file: enrolled in its role, with a live credential. */
export function* checkEntities({ survey, loan: lent, network }: File): Generator<Check> {
  const entities = new Map<string, { readonly id: Uint8Array; readonly role: Role }>();
  const add = (role: Role, id: Uint8Array): void => {
    entities.set(`${role} ${toHex(id)}`, { role, id });
  };
  add('enterprise', lent.applicant);
  add('bank', lent.bank);
  for (const id of lent.pledges) {
    const held = survey.get(pledge, id);
    if (held === undefined) continue;
    add('monitor', held.monitor);
    add('warehouse', held.custodian);
  }
  const lei =
    checkLei(lent.lei) === undefined && equalBytes(labelKey(network, 'lei', lent.lei), lent.applicant);
  const applicant = { type: 'party', id: toHex(lent.applicant) };
  yield { subject: applicant, check: 'the applicant’s LEI is valid and its own', result: judged(lei) };
  for (const { role, id } of entities.values()) {
    const subject = { type: 'party', id: toHex(id) };
    yield { subject, check: `is enrolled as ${role}`, result: judged(hasRole(survey, id, role)) };
    const live = [...survey.all(key)].some(
      ({ value }) => value.kind === 'party' && value.state === 'ACTIVE' && equalBytes(value.party, id),
    );
    yield { subject, check: 'has a live key', result: judged(live) };
  }
}

/** Goods that the application names, and those that came to be pledged for it. */
function unitsOf({ survey, loan: lent }: File): Uint8Array[] {
  const pledged = lent.pledges.flatMap((id) => survey.get(pledge, id)?.unit ?? []);
  return [...new Map([...lent.units, ...pledged].map((id) => [toHex(id), id])).values()];
}

/** Goods against documents: book, status, order receipt, warehouse receipts, pledges. */
export function* checkDocuments(file: File): Generator<Check> {
  const { survey, loan: lent, policy } = file;
  for (const id of unitsOf(file)) {
    const goods = survey.get(unit, id);
    const subject = subjectOf(unit, id);
    if (goods === undefined) {
      yield { subject, check: 'its documents agree with the book', result: 'withheld' };
      continue;
    }
    const book = BigInt(goods.quantity);
    const { entered, left, lost, shrunk, corrected } = goods.stock;
    yield compared(
      subject,
      'the book is what came, less what went',
      BigInt(entered - left - lost - shrunk + corrected),
      book,
    );
    const supplied = newest(
      survey.all(status),
      ({ unit: of }) => equalBytes(of, id),
      ({ asOf }) => asOf,
    );
    // What left is measured no more.
    const isThere = goods.state !== 'OUT';
    if (supplied !== undefined && isThere)
      yield compared(
        subject,
        'the newest status weighs what the book says',
        book,
        BigInt(supplied.value.weight),
        policy.toleranceBp,
      );
    const stated = newest(
      survey.all(orderReceipt),
      ({ unit: of }) => equalBytes(of, id),
      ({ height }) => height,
    );
    if (stated !== undefined) {
      const order = subjectOf(orderReceipt, stated.id);
      const says = BigInt(stated.value.quantity);
      const check = 'the order receipt states what the book says';
      if (isThere) yield compared(order, check, book, says, policy.toleranceBp);
      yield {
        subject: order,
        check: 'it is of an order of the loan',
        result: judged(lent.orders.includes(stated.value.orderNumber)),
      };
      yield {
        subject: order,
        check: 'its currency is the loan’s',
        result: judged(stated.value.currency === lent.currency),
      };
    }
    const documents = goods.receipts.map((entry) => survey.get(receipt, entry));
    const onReceipts = documents.reduce((sum, document) => sum + BigInt(document?.quantity ?? 0), 0n);
    yield documents.includes(undefined)
      ? { subject, check: 'live receipts stand for what is receipted', result: 'withheld' }
      : compared(subject, 'live receipts stand for what is receipted', BigInt(goods.receipted), onReceipts);
    yield* checkReceipts(goods.receipts, file);
  }
  for (const id of lent.pledges) {
    const held = survey.get(pledge, id);
    if (held === undefined || endedStates.includes(held.state)) continue;
    const goods = survey.get(unit, held.unit);
    const document = held.receipt && survey.get(receipt, held.receipt);
    const whole = held.receipt === undefined ? goods?.quantity : document?.quantity;
    const subject = subjectOf(pledge, id);
    const check = 'the goods are as many as are pledged';
    if (whole === undefined) yield { subject, check, result: 'withheld' };
    else
      yield {
        subject,
        check,
        result: judged(held.quantity <= whole),
        pair: { left: held.quantity, right: whole, toleranceBp: 0 },
      };
  }
}

function* checkReceipts(ids: readonly Uint8Array[], { survey, hides }: File): Generator<Check> {
  for (const id of ids) {
    const document = survey.get(receipt, id);
    if (document === undefined) continue;
    const isOn = (held: ValueOf<typeof pledge>): boolean =>
      held.receipt !== undefined && equalBytes(held.receipt, id) && securedStates.includes(held.state);
    const pledged = [...survey.all(pledge)].some(({ value }) => isOn(value));
    const subject = subjectOf(receipt, id);
    const result = hides(pledge, isOn) ? 'withheld' : judged((document.state === 'HELD') === pledged);
    yield { subject, check: 'it is HELD exactly while it is pledged', result };
    const { issuerLei, depositorLei, depositorAddress } = document;
    const named = [issuerLei, depositorLei, depositorAddress].every(Boolean);
    const complete = named && checkTerms(document) === undefined;
    yield { subject, check: 'its mandatory fields are filled', result: judged(complete) };
  }
}

/** Ownership of goods and receipts passed without overlap or gap. */
export function* checkTransfers(file: File): Generator<Check> {
  const { survey } = file;
  const things = unitsOf(file).flatMap((id) => {
    const goods = survey.get(unit, id);
    const documents = (goods?.receipts ?? []).map((entry) => ({
      type: receipt,
      id: entry,
      tenure: survey.get(receipt, entry)?.tenure,
    }));
    return [{ type: unit, id, tenure: goods?.tenure }, ...documents];
  });
  for (const { type, id, tenure: newestId } of things) {
    const subject = { type: type.name, id: toHex(id) };
    const check = 'transfers follow each other without overlap or gap';
    let result: Check['result'] = newestId === undefined ? 'withheld' : 'pass';
    let end: number | undefined;
    for (let at = newestId; at !== undefined && result === 'pass'; ) {
      const interval = survey.get(tenure, at);
      if (interval === undefined) result = 'withheld';
      else if (at !== newestId && interval.until !== end) result = 'fail';
      end = interval?.since;
      at = interval?.previous;
    }
    yield { subject, check, result };
  }
}

function newest<T>(
  found: Iterable<{ readonly id: Uint8Array; readonly value: T }>,
  fits: (value: T) => boolean,
  rank: (value: T) => number,
): { readonly id: Uint8Array; readonly value: T } | undefined {
  let best: { readonly id: Uint8Array; readonly value: T } | undefined;
  for (const entry of found)
    if (fits(entry.value) && (best === undefined || rank(entry.value) > rank(best.value))) best = entry;
  return best;
}

/** All of them, in this order. */
export function* checkFile(file: File): Generator<Check> {
  yield* checkEntities(file);
  yield* checkDocuments(file);
  yield* checkTransfers(file);
  yield* checkPayments(file);
  yield* checkBills(file);
}

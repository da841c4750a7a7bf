/**
 * Who may see what (semantics §3): for each type of object, the parties that may be shown its V1 and its V2 part. V0
 * is everyone's. The API filters by this table; a type that is not in it is shown to nobody beyond V0.
 */

import { toHex } from '../codec/bytes.ts';
import {
  type ObjectReader,
  type ObjectType,
  readObject,
  type StoredObject,
  type ValueOf,
  type VisibilityClass,
} from './object.ts';
import { bill } from './objects/bill.ts';
import { billPayment } from './objects/bill-payment.ts';
import { claim } from './objects/claim.ts';
import { clock } from './objects/clock.ts';
import { correction } from './objects/correction.ts';
import { creditLimit, limitMember } from './objects/credit-limit.ts';
import { dispute, disputed } from './objects/dispute.ts';
import { encumbrance } from './objects/encumbrance.ts';
import { endorsement } from './objects/endorsement.ts';
import { committeeObject, epochObject } from './objects/epoch.ts';
import { evaluation } from './objects/evaluation.ts';
import { evidenceUse } from './objects/evidence-use.ts';
import { exchange } from './objects/exchange.ts';
import { exposure } from './objects/exposure.ts';
import { grant } from './objects/grant.ts';
import { identityConflict } from './objects/identity-conflict.ts';
import { investment, thingProceeds } from './objects/investment.ts';
import { kyc } from './objects/kyc.ts';
import { limitPayment } from './objects/limit-payment.ts';
import { loan } from './objects/loan.ts';
import { mandate } from './objects/mandate.ts';
import { marginCall } from './objects/margin-call.ts';
import { account, lock, money } from './objects/money.ts';
import { movement } from './objects/movement.ts';
import { notice } from './objects/notice.ts';
import { offenceRecord, offender } from './objects/offence.ts';
import { orderHead, orderReceipt } from './objects/order-receipt.ts';
import { payment } from './objects/payment.ts';
import { pledge } from './objects/pledge.ts';
import { policyHead, policyPack } from './objects/policy-pack.ts';
import { price } from './objects/price.ts';
import { pulse } from './objects/pulse.ts';
import { receipt } from './objects/receipt.ts';
import { releaseOrder } from './objects/release-order.ts';
import { distribution, sale } from './objects/sale.ts';
import { stake, stakeRoll } from './objects/stake.ts';
import { status } from './objects/status.ts';
import { statusRequest } from './objects/status-request.ts';
import { swap } from './objects/swap.ts';
import { tenure } from './objects/tenure.ts';
import { thing } from './objects/thing.ts';
import { thingAct } from './objects/thing-act.ts';
import { acknowledgement, thingPayment } from './objects/thing-payment.ts';
import { thingResult } from './objects/thing-result.ts';
import { tranche } from './objects/tranche.ts';
import { triggerSet } from './objects/trigger-set.ts';
import { credit, guarantee } from './objects/undertaking.ts';
import { unit } from './objects/unit.ts';
import { virtualAccount } from './objects/virtual-account.ts';
import { warning } from './objects/warning.ts';
import { zone } from './objects/zone.ts';
import { callRecord, chain, device, key, party, usedNonce } from './registry.ts';
import { liableSigners } from './rules/bills.ts';
import { fileParties } from './rules/disputes.ts';

/** Ids of the parties that may see a class. */
export interface Viewers {
  readonly v1: readonly Uint8Array[];
  readonly v2: readonly Uint8Array[];
}

interface Row {
  readonly type: ObjectType<unknown>;
  readonly viewers: (value: never, id: Uint8Array, reader: ObjectReader) => Viewers;
}

function row<T>(
  type: ObjectType<T>,
  viewers: (value: T, id: Uint8Array, reader: ObjectReader) => Viewers,
): Row {
  return { type: type as ObjectType<unknown>, viewers };
}

const nobody: Viewers = { v1: [], v2: [] };
const same = (...parties: readonly (Uint8Array | undefined)[]): Viewers => {
  const ids = parties.filter((id) => id !== undefined);
  return { v1: ids, v2: ids };
};

const rows: readonly Row[] = [
  row(party, (_, id) => same(id)),
  row(key, () => nobody),
  row(chain, () => nobody),
  row(device, ({ owner }) => same(owner)),
  row(identityConflict, () => nobody),
  row(policyPack, () => nobody),
  row(policyHead, () => nobody),
  row(kyc, () => nobody),
  row(exposure, ({ debtor }) => same(debtor)),
  row(callRecord, () => nobody),
  row(usedNonce, () => nobody),
  row(clock, () => nobody),
  row(epochObject, () => nobody),
  row(committeeObject, () => nobody),
  row(stake, () => nobody),
  row(stakeRoll, () => nobody),
  row(offenceRecord, () => nobody),
  row(offender, () => nobody),
  row(evidenceUse, () => nobody),
  row(unit, (goods, id, reader) =>
    same(goods.owner, goods.custodian, goods.monitor, ...readPledgees(id, reader)),
  ),
  row(encumbrance, (_, id, reader) => encumbranceViewers(id, reader)),
  row(receipt, ({ issuer, depositor, monitor, owner, controller }) =>
    same(issuer, depositor, monitor, owner, controller),
  ),
  row(tenure, ({ owner, custodian }) => same(owner, custodian)),
  row(zone, ({ custodian }) => same(custodian)),
  row(movement, (moved, _, reader) =>
    same(moved.owner, moved.from, moved.to, moved.monitor, ...readPledgees(moved.unit, reader)),
  ),
  row(claim, (lost, _, reader) =>
    same(lost.owner, lost.custodian, lost.monitor, lost.surveyor, ...readPledgees(lost.unit, reader)),
  ),
  row(triggerSet, ({ pledgor, pledgee, monitor }) => same(pledgor, pledgee, monitor)),
  row(pulse, ({ owner, custodian, monitor }, id, reader) =>
    same(owner, custodian, monitor, ...readPledgees(id, reader)),
  ),
  row(notice, ({ sender, addressee }) => same(sender, addressee)),
  row(sale, ({ pledgor, pledgee, monitor, custodian, bidder }) =>
    same(pledgor, pledgee, monitor, custodian, bidder),
  ),
  row(distribution, (paid) => same(paid.pledgor, paid.pledgee, ...paid.shares.map(({ to }) => to))),
  row(dispute, (open, _, reader) =>
    same(...(fileParties(open.type, open.subject, reader) ?? []), open.by, open.resolver),
  ),
  row(disputed, () => nobody),
  row(correction, ({ owner, custodian, monitor, unit: id, surveyor }, _, reader) =>
    same(owner, custodian, monitor, surveyor, ...readPledgees(id, reader)),
  ),
  row(tranche, ({ holder, trustee, loan: id }, _, reader) =>
    same(holder, trustee, reader.get(loan, id)?.bank),
  ),
  row(swap, ({ first, second }) => same(first.payer, second.payer)),
  row(marginCall, ({ enterprise, bank }) => same(enterprise, bank)),
  row(money, ({ issuer }) => same(issuer)),
  row(account, ({ owner, money: id }, _, reader) => same(owner, reader.get(money, id)?.issuer)),
  row(lock, ({ owner, money: id }, _, reader) => same(owner, reader.get(money, id)?.issuer)),
  row(price, ({ statedBy }) => same(statedBy)),
  row(releaseOrder, ({ pledgor, pledgee, monitor, custodian }) => same(pledgor, pledgee, monitor, custodian)),
  row(orderReceipt, (stated, _, reader) => {
    const { pledgor, pledgee, monitor } = stated;
    return {
      v1: same(pledgor, pledgee, monitor, reader.get(unit, stated.unit)?.custodian).v1,
      v2: [pledgor, pledgee, monitor],
    };
  }),
  row(orderHead, () => nobody),
  row(loan, ({ applicant, bank }) => same(applicant, bank)),
  row(grant, (given, _, reader) =>
    same(given.enterprise, given.bank, given.appraiser, ...readMonitors(given, reader)),
  ),
  row(status, ({ monitor, enterprise, bank, grant: grantId }, _, reader) =>
    same(monitor, enterprise, bank, reader.get(grant, grantId)?.appraiser),
  ),
  row(statusRequest, ({ monitor, enterprise, bank }) => same(monitor, enterprise, bank)),
  row(evaluation, ({ evaluator, enterprise, bank }) => same(evaluator, enterprise, bank)),
  row(pledge, ({ pledgor, pledgee, monitor, custodian }) => ({
    v1: [pledgor, pledgee, monitor, custodian],
    v2: [pledgor, pledgee],
  })),
  row(warning, ({ pledgor, pledgee, monitor, custodian }) => same(pledgor, pledgee, monitor, custodian)),
  row(bill, (held, id, reader) => same(...billParties(id, held, reader))),
  row(endorsement, ({ bill: id, from, to }, _, reader) => ({
    v1: readBillParties(id, reader),
    v2: [from, to],
  })),
  row(billPayment, ({ bill: id, payer, payee }, _, reader) =>
    same(payer, payee, ...readBillParties(id, reader)),
  ),
  row(thing, ({ owner }) => same(owner)),
  row(virtualAccount, ({ owner, bank }) => same(owner, bank)),
  row(mandate, ({ owner, limits }, _, reader) =>
    same(owner, ...limits.means.map((means) => reader.get(virtualAccount, means)?.bank)),
  ),
  row(thingPayment, ({ payer, payee, money: id }, _, reader) =>
    same(payer, payee, reader.get(money, id)?.issuer),
  ),
  row(thingAct, ({ owner, counterparty, money: id }, _, reader) =>
    same(owner, counterparty, reader.get(money, id)?.issuer),
  ),
  row(investment, ({ owner }) => same(owner)),
  row(thingProceeds, ({ owner }) => same(owner)),
  row(thingResult, ({ owner, money: id }, _, reader) => same(owner, reader.get(money, id)?.issuer)),
  row(acknowledgement, ({ payer, payee }) => same(payer, payee)),
  row(credit, ({ bank, applicant, beneficiary }) => same(bank, applicant, beneficiary)),
  row(guarantee, ({ bank, applicant, beneficiary }) => same(bank, applicant, beneficiary)),
  row(exchange, ({ payer, bank, loan: id }, _, reader) => same(payer, bank, reader.get(loan, id)?.applicant)),
  row(payment, ({ payer, bank, enterprise }) => same(payer, bank, enterprise)),
  row(creditLimit, ({ applicant, bank }) => same(applicant, bank)),
  row(limitMember, ({ limit: id }, _, reader) => limitParties(id, reader)),
  row(limitPayment, ({ payer, payee, limit: id }, _, reader) => {
    const { v2 } = limitParties(id, reader);
    return same(payer, payee, ...v2);
  }),
];

const rowOf: ReadonlyMap<string, Row> = new Map(rows.map((entry) => [entry.type.name, entry]));

/** Every type of object that the state can hold, by name. */
export const objectTypes: ReadonlyMap<string, ObjectType<unknown>> = new Map(
  rows.map(({ type }) => [type.name, type]),
);

/** The parties that may see the classes of `stored`, as `reader` has things now. */
export function partiesOf(stored: StoredObject, reader: ObjectReader): Viewers {
  const found = rowOf.get(stored.type);
  return found === undefined
    ? nobody
    : found.viewers(readObject(found.type, stored) as never, stored.id, reader);
}

/** The classes of `stored` that `viewer` may be shown; without a viewer, what is everyone's. */
export function visibleClasses(
  stored: StoredObject,
  viewer: Uint8Array | undefined,
  reader: ObjectReader,
): VisibilityClass[] {
  if (viewer === undefined) return [0];
  const { v1, v2 } = partiesOf(stored, reader);
  const name = toHex(viewer);
  const sees = (parties: readonly Uint8Array[]): boolean => parties.some((id) => toHex(id) === name);
  return [0, ...(sees(v1) ? ([1] as const) : []), ...(sees(v2) ? ([2] as const) : [])];
}

/** Everybody who signed the bill or was named in it, and its holder. */
function billParties(id: Uint8Array, held: ValueOf<typeof bill>, reader: ObjectReader): Uint8Array[] {
  return [held.drawee, held.payee, held.holder, ...liableSigners(id, held, reader)];
}

function readBillParties(id: Uint8Array, reader: ObjectReader): Uint8Array[] {
  const held = reader.get(bill, id);
  return held === undefined ? [] : billParties(id, held, reader);
}

function limitParties(id: Uint8Array | undefined, reader: ObjectReader): Viewers {
  const held = id && reader.get(creditLimit, id);
  return held === undefined ? nobody : same(held.applicant, held.bank);
}

/** Banks that hold the unit as security: they are parties of its file. */
function readPledgees(unitId: Uint8Array, reader: ObjectReader): Uint8Array[] {
  const entries = reader.get(encumbrance, unitId)?.entries ?? [];
  return entries.map((entry) => reader.get(pledge, entry.pledge)?.pledgee).filter((id) => id !== undefined);
}

/** A bank sees the quantities only where they are all its own: nothing about another lender (V4). */
function encumbranceViewers(unitId: Uint8Array, reader: ObjectReader): Viewers {
  const goods = reader.get(unit, unitId);
  const pledgees = readPledgees(unitId, reader);
  const banks = new Set(pledgees.map(toHex));
  return same(goods?.owner, goods?.custodian, goods?.monitor, banks.size === 1 ? pledgees[0] : undefined);
}

/** The monitors of the goods that a grant names: they disclose under it. */
function readMonitors(given: ValueOf<typeof grant>, reader: ObjectReader): (Uint8Array | undefined)[] {
  return given.scope.map((id) => (reader.get(unit, id) ?? reader.get(receipt, id))?.monitor);
}

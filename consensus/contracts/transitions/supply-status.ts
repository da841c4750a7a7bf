/** Row 10: the monitor tells the bank how the goods stand. The figures are the sensors' `[CTR-8]`. */

import { equalBytes } from '../../codec/bytes.ts';
import { hash32, text, timeMs } from '../../codec/schema.ts';
import { compareDecimals, type Decimal } from '../../vertex/decimal.ts';
import { grant } from '../objects/grant.ts';
import { orderHead, orderReceipt } from '../objects/order-receipt.ts';
import { status } from '../objects/status.ts';
import { statusRequest, statusRequestId } from '../objects/status-request.ts';
import { unit } from '../objects/unit.ts';
import { versionOf } from '../objects/version.ts';
import {
  claimReadings,
  grams,
  measure,
  type Observation,
  observe,
  readingProofs,
  wholeCount,
} from '../rules/evidence.ts';
import { checkConcerned, checkLive, checkScope } from '../rules/grants.ts';
import {
  type Context,
  type ContractRefusal,
  isRefusal,
  lookUp,
  partyIn,
  refused,
  transition,
} from '../transition.ts';

export const supplyStatus = transition({
  name: 'supply-status',
  row: 10,
  summary:
    'Supplies a status of goods under a live grant, with the readings and the order receipt that prove it.',
  args: {
    v0: { grant: hash32 },
    v1: { unit: hash32, evidence: readingProofs },
    v2: { orderReceipt: hash32, asOf: timeMs, condition: text(160, 1) },
  },
  signedBy: [{ who: 'monitor', role: 'monitor', party: partyIn(unit, 'unit', 'monitor') }],
  preconditions: {
    E_EVIDENCE: 'a fresh weighing and count by independent devices',
    E_NOT_FOUND: 'what it names exists',
    E_SCOPE: 'a live grant covers the goods and the kind; the order receipt is about them and this bank',
    E_STALE: 'it speaks of now; the order receipt is the newest',
  },
  effects: 'the status is on record with the sensors’ figures; a request for it is ANSWERED',
  evidence: 'root over the readings; the order receipt',
  visibility: 'V3',
  apply: (args, context) => {
    const given = lookUp(context, grant, args.grant);
    if (isRefusal(given)) return given;
    const goods = lookUp(context, unit, args.unit);
    if (isRefusal(goods)) return goods;
    const refusal =
      checkConcerned(given, args.unit, goods, context) ??
      checkLive(given, args.grant, context) ??
      checkScope(given, 'status', args.unit, goods) ??
      checkAsOf(args.asOf, context) ??
      checkOrderReceipt(args.orderReceipt, args.unit, given.bank, context);
    if (refusal !== undefined) return refusal;
    const observed = observe(args.evidence, goods, args.asOf, context);
    if (isRefusal(observed)) return observed;
    const measured = measure(observed);
    if (isRefusal(measured)) return measured;
    const claimed = claimReadings(observed.uses, args.unit, context);
    if (claimed !== undefined) return claimed;
    context.put(status, context.callId, {
      grant: args.grant,
      unit: args.unit,
      monitor: goods.monitor,
      enterprise: given.enterprise,
      bank: given.bank,
      loan: given.loan,
      orderReceipt: args.orderReceipt,
      asOf: args.asOf,
      condition: args.condition,
      weight: grams(leastOf(measured.weighings)),
      packages: wholeCount(leastOf(measured.counts)),
      evidenceRoot: observed.root,
      ...versionOf(context),
    });
    answerRequest(args.grant, args.unit, context);
    return undefined;
  },
});

function answerRequest(grantId: Uint8Array, unitId: Uint8Array, context: Context): void {
  const id = statusRequestId(grantId, unitId);
  const asked = context.get(statusRequest, id);
  if (asked?.state !== 'OPEN') return;
  const status = context.callId;
  context.put(statusRequest, id, { ...asked, state: 'ANSWERED', status, ...versionOf(context) });
}

function checkAsOf(asOf: number, { time, policy }: Context): ContractRefusal | undefined {
  if (asOf > time) return refused('E_STALE', { reason: 'of a time to come', asOf, time });
  if (time - asOf > policy.statusAgeMs) return refused('E_STALE', { asOf, time, most: policy.statusAgeMs });
  return undefined;
}

/** The order's proof (R036): the newest version of an order receipt about these goods, for this bank. */
function checkOrderReceipt(
  id: Uint8Array,
  unitId: Uint8Array,
  bank: Uint8Array,
  context: Context,
): ContractRefusal | undefined {
  const stated = lookUp(context, orderReceipt, id);
  if (isRefusal(stated)) return stated;
  if (!equalBytes(stated.unit, unitId) || !equalBytes(stated.pledgee, bank)) {
    return refused('E_SCOPE', { reason: 'the order receipt is about other goods or another bank' }, id);
  }
  const newest = context.get(orderHead, stated.origin)?.newest;
  if (newest !== undefined && !equalBytes(newest, id))
    return refused('E_STALE', { reason: 'the order receipt has a newer version' }, newest);
  return undefined;
}

function leastOf(observations: readonly Observation[]): Decimal {
  return observations
    .map(({ value }) => value)
    .reduce((least, value) => (compareDecimals(value, least) < 0 ? value : least));
}

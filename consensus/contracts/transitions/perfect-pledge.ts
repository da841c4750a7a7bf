/**
 * Row 14: the pledge is perfected. Monitor and custodian attorn to the pledgee, a fresh count shows the goods, control
 * of the receipt moves; from here the pledge has its rank, by this position.
 */

import { equalBytes, toHex } from '../../codec/bytes.ts';
import { hash32, maybe, text } from '../../codec/schema.ts';
import type { ValueOf } from '../object.ts';
import { loan } from '../objects/loan.ts';
import { pledge } from '../objects/pledge.ts';
import { receipt } from '../objects/receipt.ts';
import { unit } from '../objects/unit.ts';
import { versionOf } from '../objects/version.ts';
import { isControlledBy } from '../rules/affiliation.ts';
import { checkAgreement, claimReadings, measure, observe, readingProofs } from '../rules/evidence.ts';
import {
  changeHolding,
  heldQuantity,
  holdingsOf,
  isExpiredReservation,
  readHoldings,
} from '../rules/holdings.ts';
import {
  type Context,
  type ContractRefusal,
  isRefusal,
  lookUp,
  partyIn,
  refused,
  transition,
  wrongState,
} from '../transition.ts';

export const perfectPledge = transition({
  name: 'perfect-pledge',
  row: 14,
  summary: 'Perfects a reserved pledge: attornment, fresh count, control of the receipt.',
  args: { v0: { pledge: hash32 }, v1: { evidence: readingProofs, registration: maybe(text(80)) } },
  signedBy: [
    { who: 'pledgee', role: 'bank', party: partyIn(pledge, 'pledge', 'pledgee') },
    { who: 'monitor, who attorns', role: 'monitor', party: holder('monitor'), missing: 'E_NO_CONTROL' },
    { who: 'custodian, who attorns', role: 'warehouse', party: holder('custodian'), missing: 'E_NO_CONTROL' },
  ],
  preconditions: {
    E_AFFILIATE: 'the enterprise controls neither monitor nor custodian',
    E_EVIDENCE: 'a fresh count agrees with the book',
    E_NOT_FOUND: 'what it names exists',
    E_INSUFFICIENT: 'the goods reserved are still there',
    E_NO_CONTROL: 'monitor and custodian sign',
    E_RECEIPT_OUT: 'the pledgor controls the receipt, so that control can move',
    E_REGISTRATION: 'the register entry is named, where the law needs one',
    E_STATE: 'the pledge is AGREED and its reservation runs; the goods are STORED',
  },
  effects: 'PERFECTED; the rank is fixed by this position; the pledgee controls the receipt',
  evidence: 'root over the count',
  visibility: 'V0',
  apply: (args, context) => {
    const agreed = lookUp(context, pledge, args.pledge);
    if (isRefusal(agreed)) return agreed;
    const goods = lookUp(context, unit, agreed.unit);
    if (isRefusal(goods)) return goods;
    const refusal =
      checkReserved(args.pledge, agreed, goods, context) ??
      checkHolders(goods, agreed.pledgor, context) ??
      checkRegistration(args.registration ?? '', context) ??
      checkThere(agreed, goods, context);
    if (refusal !== undefined) return refusal;
    const countRoot = countGoods(args.evidence, agreed.unit, goods, context);
    if (isRefusal(countRoot)) return countRoot;
    const senior = readSenior(agreed, context);
    const out = senior === undefined ? takeReceipt(agreed, context) : undefined;
    if (out !== undefined) return out;
    const rank = (senior?.rank ?? 0) + 1;
    context.put(pledge, args.pledge, {
      ...agreed,
      state: 'PERFECTED',
      rank,
      perfectedAt: context.height,
      monitor: goods.monitor,
      custodian: goods.custodian,
      countRoot,
      ...versionOf(context),
    });
    changeHolding(agreed.unit, args.pledge, { rank, state: 'PLEDGED' }, context);
    return undefined;
  },
});

type Pledge = ValueOf<typeof pledge>;
type Goods = ValueOf<typeof unit>;

function checkReserved(
  id: Uint8Array,
  agreed: Pledge,
  goods: Goods,
  context: Context,
): ContractRefusal | undefined {
  if (agreed.state !== 'AGREED') return wrongState(agreed.state, ['AGREED'], id);
  if (isExpiredReservation(agreed, context.running)) {
    return refused(
      'E_STATE',
      { reason: 'the reservation has lapsed', reservedUntil: agreed.reservedUntil },
      id,
    );
  }
  if (goods.state !== 'STORED') return wrongState(goods.state, ['STORED'], agreed.unit);
  const secured = lookUp(context, loan, agreed.loan);
  if (isRefusal(secured)) return secured;
  return secured.state === 'APPROVED' || secured.state === 'DRAWN'
    ? undefined
    : wrongState(secured.state, ['APPROVED', 'DRAWN'], agreed.loan);
}

/** The goods' holder, as the unit has it now. */
function holder(field: 'monitor' | 'custodian') {
  return (args: { readonly pledge: Uint8Array }, context: Context) => {
    const agreed = lookUp(context, pledge, args.pledge);
    if (isRefusal(agreed)) return agreed;
    const goods = lookUp(context, unit, agreed.unit);
    return isRefusal(goods) ? goods : goods[field];
  };
}

/** Monitor and custodian sign: they hold for the pledgee from now on. Neither may be the pledgor's creature. */
function checkHolders(
  { monitor, custodian }: Goods,
  pledgor: Uint8Array,
  context: Context,
): ContractRefusal | undefined {
  for (const [role, holder] of [
    ['monitor', monitor],
    ['warehouse', custodian],
  ] as const) {
    const facts = { role, party: toHex(holder) };
    if (isControlledBy(holder, pledgor, context)) return refused('E_AFFILIATE', facts, holder);
  }
  return undefined;
}

/** The pledge before a junior one, while it still holds the goods. */
function readSenior(agreed: Pledge, context: Context): Pledge | undefined {
  const { behind } = agreed;
  const found = behind && readHoldings(agreed.unit, context).find(({ pledge: id }) => equalBytes(id, behind));
  return found?.agreed;
}

/** Goods that were lost since the reservation secure nobody. */
function checkThere(agreed: Pledge, goods: Goods, context: Context): ContractRefusal | undefined {
  const held = heldQuantity(holdingsOf(readHoldings(agreed.unit, context), agreed.receipt));
  const document = agreed.receipt && context.get(receipt, agreed.receipt);
  const whole = document?.quantity ?? goods.quantity - goods.receipted;
  return held > whole || goods.shortfall > 0
    ? refused('E_INSUFFICIENT', { held, whole, shortfall: goods.shortfall }, agreed.unit)
    : undefined;
}

/** The register entry, where the governing law asks for one; the bank's signature says its search was clean. */
function checkRegistration(registration: string, { policy }: Context): ContractRefusal | undefined {
  return policy.registrationNeeded && registration === ''
    ? refused('E_REGISTRATION', { reason: 'no register entry is named' })
    : undefined;
}

/** Root of the fresh count's evidence. */
function countGoods(
  evidence: readonly Uint8Array[],
  unitId: Uint8Array,
  goods: Goods,
  context: Context,
): Uint8Array | ContractRefusal {
  const observed = observe(evidence, goods, context.time, context);
  if (isRefusal(observed)) return observed;
  const measured = measure(observed);
  if (isRefusal(measured)) return measured;
  const refusal =
    checkAgreement(measured, goods.quantity, goods.packages, context.policy.toleranceBp) ??
    claimReadings(observed.uses, unitId, context);
  return refusal ?? observed.root;
}

/** Control of the receipt moves from the pledgor to the pledgee, which holds it as security. */
function takeReceipt(agreed: Pledge, context: Context): ContractRefusal | undefined {
  if (agreed.receipt === undefined) return undefined;
  const document = lookUp(context, receipt, agreed.receipt);
  if (isRefusal(document)) return document;
  if (document.state !== 'ISSUED' || !equalBytes(document.controller, agreed.pledgor)) {
    return refused(
      'E_RECEIPT_OUT',
      { reason: 'the pledgor does not control the receipt', state: document.state },
      agreed.receipt,
    );
  }
  context.put(receipt, agreed.receipt, {
    ...document,
    state: 'HELD',
    controller: agreed.pledgee,
    ...versionOf(context),
  });
  return undefined;
}

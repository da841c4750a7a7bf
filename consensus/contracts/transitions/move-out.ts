/** Row 5: goods leave. Free ones, released ones, or a pool's surplus; under a receipt, through its controller. */

import { equalBytes } from '../../codec/bytes.ts';
import { hash32, int, maybe, text } from '../../codec/schema.ts';
import type { ValueOf } from '../object.ts';
import { movement } from '../objects/movement.ts';
import { pledge } from '../objects/pledge.ts';
import { receipt } from '../objects/receipt.ts';
import { releaseOrder } from '../objects/release-order.ts';
import { isWhole, unit } from '../objects/unit.ts';
import { versionOf } from '../objects/version.ts';
import { readingProofs } from '../rules/evidence.ts';
import { checkExit, type Exit } from '../rules/exits.ts';
import { changeHolding, holdingsOf, lapseExpired } from '../rules/holdings.ts';
import { includesId } from '../rules/lists.ts';
import { endTenure } from '../rules/tenures.ts';
import { weighPassing } from '../rules/weighing.ts';
import { leaveZone } from '../rules/zones.ts';
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

export const moveOut = transition({
  name: 'move-out',
  row: 5,
  summary: 'Lets goods out of store.',
  args: {
    v0: { unit: hash32 },
    v1: {
      quantity: int(1),
      packages: int(0),
      /** The receipt that is surrendered or reduced. */
      receipt: maybe(hash32),
      /** The release order that is used. */
      release: maybe(hash32),
      reference: text(80, 1),
      evidence: readingProofs,
    },
  },
  signedBy: [
    { who: 'custodian', role: 'warehouse', party: partyIn(unit, 'unit', 'custodian') },
    { who: 'monitor', role: 'monitor', party: partyIn(unit, 'unit', 'monitor') },
    {
      who: 'controller of the receipt',
      role: ['enterprise', 'bank'],
      party: (args, context) => {
        if (args.receipt === undefined) return undefined;
        const document = lookUp(context, receipt, args.receipt);
        return isRefusal(document) ? document : document.controller;
      },
      when: 'when a receipt is surrendered or reduced',
      missing: 'E_NOT_CONTROLLER',
    },
  ],
  preconditions: {
    E_BELOW_LINE: 'a pool stays above every line, by quantity and by value',
    E_EVIDENCE: 'weight and count of what leaves agree, by readings that spoke for nothing else',
    E_FROZEN: 'no pledge is frozen, no warning about the quantity open, the zone holds what is registered',
    E_INSUFFICIENT: 'so much is there, in the receipt or outside receipts',
    E_NOT_CONTROLLER: 'the controller of the receipt signs',
    E_NOT_FOUND: 'what it names exists',
    E_NO_RELEASE: 'the goods are free, or a live release order names them',
    E_PRICE_STALE: 'a line of least value is tested at a fresh price',
    E_STATE: 'the goods are STORED; a receipt cited is a live one over them',
    E_SUM: 'packages go with the goods; a logistic unit leaves whole',
  },
  effects: 'the quantity falls; receipt and order are used up; OUT when nothing is left',
  evidence: 'order reference; root over the readings',
  visibility: 'V1',
  apply: ({ evidence, reference, packages, ...exit }, context) => {
    const goods = lookUp(context, unit, exit.unit);
    if (isRefusal(goods)) return goods;
    if (goods.state !== 'STORED') return wrongState(goods.state, ['STORED'], exit.unit);
    if (exit.receipt !== undefined && !includesId(goods.receipts, exit.receipt))
      return refused('E_STATE', { reason: 'not a live receipt over these goods' }, exit.receipt);
    const holdings = holdingsOf(lapseExpired(exit.unit, context), exit.receipt);
    const refusal = checkExit(exit, goods, holdings, context) ?? checkWhole(exit, packages, goods, context);
    if (refusal !== undefined) return refusal;
    const evidenceRoot = weighPassing(evidence, exit.unit, goods, { ...exit, packages }, context);
    if (isRefusal(evidenceRoot)) return evidenceRoot;
    useRelease(exit, context);
    const left = reduceReceipt(exit, packages, context);
    writeUnit(exit, packages, goods, left, context);
    leaveZone(goods, exit.quantity, true, context);
    const { owner, custodian, monitor } = goods;
    context.put(movement, context.callId, {
      kind: 'out',
      ...exit,
      ...{ owner, from: custodian, to: owner, monitor, packages, reference, seal: '', evidenceRoot },
      ...versionOf(context),
    });
    return undefined;
  },
});

/** The last grams take the last packages with them; a logistic unit is one piece. */
function checkWhole(
  { quantity, receipt: receiptId }: Exit,
  packages: number,
  goods: ValueOf<typeof unit>,
  context: Context,
): ContractRefusal | undefined {
  const document = receiptId && context.get(receipt, receiptId);
  const most = document?.packages ?? goods.packages;
  const facts = { quantity, packages, most };
  if (packages > most || packages > goods.packages) return refused('E_SUM', facts);
  if (quantity === goods.quantity && packages !== goods.packages) return refused('E_SUM', facts);
  if (document !== undefined && quantity === document.quantity && packages !== document.packages)
    return refused('E_SUM', facts);
  return isWhole(goods) && quantity !== goods.quantity ? refused('E_SUM', facts) : undefined;
}

/** A release order is used once; the pledge holds so much less. */
function useRelease({ release, unit: unitId, quantity }: Exit, context: Context): void {
  const order = release && context.get(releaseOrder, release);
  if (release === undefined || order === undefined) return;
  context.put(releaseOrder, release, { ...order, state: 'USED', ...versionOf(context) });
  const held = context.get(pledge, order.pledge)!;
  const rest = held.quantity - quantity;
  const orders = held.orders.filter((id) => !equalBytes(id, release));
  context.put(pledge, order.pledge, { ...held, quantity: rest, orders, ...versionOf(context) });
  changeHolding(unitId, order.pledge, { quantity: rest }, context);
}

/** The receipt is reduced by what left, or surrendered; gives the unit's live receipts after it. */
function reduceReceipt(
  { receipt: id, unit: unitId, quantity }: Exit,
  packages: number,
  context: Context,
): readonly Uint8Array[] {
  const receipts = context.get(unit, unitId)!.receipts;
  const document = id && context.get(receipt, id);
  if (id === undefined || document === undefined) return receipts;
  const rest = document.quantity - quantity;
  const state = rest === 0 ? 'SURRENDERED' : document.state;
  if (rest === 0) endTenure(document.tenure, context);
  context.put(receipt, id, {
    ...document,
    state,
    quantity: rest,
    packages: document.packages - packages,
    ...versionOf(context),
  });
  return rest === 0 ? receipts.filter((entry) => !equalBytes(entry, id)) : receipts;
}

function writeUnit(
  exit: Exit,
  packages: number,
  goods: ValueOf<typeof unit>,
  receipts: readonly Uint8Array[],
  context: Context,
): void {
  const quantity = goods.quantity - exit.quantity;
  if (quantity === 0) endTenure(goods.tenure, context);
  context.put(unit, exit.unit, {
    ...goods,
    state: quantity > 0 ? goods.state : goods.shortfall > 0 ? 'LOST' : 'OUT',
    receipts,
    quantity,
    packages: goods.packages - packages,
    receipted: goods.receipted - (exit.receipt === undefined ? 0 : exit.quantity),
    stock: { ...goods.stock, left: goods.stock.left + exit.quantity },
    ...versionOf(context),
  });
}

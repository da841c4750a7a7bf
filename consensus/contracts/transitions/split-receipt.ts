/** Row 3: a receipt is split into parts that sum to the whole, or given up while its goods stay. */

import { equalBytes } from '../../codec/bytes.ts';
import { hash32, int, list, record } from '../../codec/schema.ts';
import type { ValueOf } from '../object.ts';
import { loan, pledgesPerLoanMax } from '../objects/loan.ts';
import { pledge } from '../objects/pledge.ts';
import { receipt } from '../objects/receipt.ts';
import { receiptsPerUnitMax, unit } from '../objects/unit.ts';
import { versionOf } from '../objects/version.ts';
import { type Holding, holdingsOf, lapseExpired, readHoldings, writeHoldings } from '../rules/holdings.ts';
import { beginTenure, endTenure } from '../rules/tenures.ts';
import { lookUpOut } from '../rules/title.ts';
import { childId } from '../rules/warnings.ts';
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

const part = record('receipt-part', { quantity: int(1), packages: int(1) });
const partsMax = 4;

export const splitReceipt = transition({
  name: 'split-receipt',
  row: 3,
  summary: 'Splits a receipt into parts; a pledge of it is split with it, its rank kept.',
  args: { v0: { receipt: hash32 }, v1: { parts: list(part, partsMax, 2) } },
  signedBy: [
    {
      who: 'controller: the owner, or the pledgee that holds it',
      role: ['enterprise', 'bank'],
      party: partyIn(receipt, 'receipt', 'controller'),
      missing: 'E_NOT_CONTROLLER',
    },
    { who: 'issuer', role: 'warehouse', party: partyIn(receipt, 'receipt', 'issuer') },
  ],
  preconditions: {
    E_ENCUMBERED: 'no reservation and no junior pledge is on it',
    E_NOT_CONTROLLER: 'the controller signs',
    E_NOT_FOUND: 'what it names exists',
    E_POLICY: 'neither the goods nor the loan come to have too many parts',
    E_STATE: 'the receipt is ISSUED or HELD, over a lot',
    E_SUM: 'quantities and packages of the parts sum to the whole',
  },
  effects: 'the receipt is SPLIT; the parts stand in its place, with their part of the pledge',
  visibility: 'V1',
  apply: ({ receipt: id, parts }, context) => {
    const found = lookUpOut(id, context);
    if (isRefusal(found)) return found;
    const { document, goods } = found;
    if (goods.scheme !== 'lot')
      return refused('E_STATE', { reason: 'a logistic unit stands in one receipt' }, document.unit);
    const sums = { quantity: 0n, packages: 0n };
    for (const { quantity, packages } of parts) {
      sums.quantity += BigInt(quantity);
      sums.packages += BigInt(packages);
    }
    if (sums.quantity !== BigInt(document.quantity) || sums.packages !== BigInt(document.packages))
      return refused('E_SUM', { quantity: document.quantity, packages: document.packages }, id);
    if (goods.receipts.length - 1 + parts.length > receiptsPerUnitMax)
      return refused('E_POLICY', { reason: 'too many receipts', most: receiptsPerUnitMax }, document.unit);
    const [holding, second] = holdingsOf(lapseExpired(document.unit, context), id);
    const rival = second ?? (holding?.state === 'RESERVED' ? holding : undefined);
    if (rival !== undefined) return refused('E_ENCUMBERED', { state: rival.state }, rival.pledge);
    const ids = parts.map((_, index) => childId(context.callId, index));
    const over = holding && splitPledge(holding, document.unit, ids, parts, context);
    if (over !== undefined) return over;
    const pledged = holding?.quantity ?? 0;
    let before = 0;
    for (const [index, { quantity, packages }] of parts.entries()) {
      const isHeld = before < pledged;
      before += quantity;
      const partId = ids[index]!;
      const { owner, issuer } = document;
      context.put(receipt, partId, {
        ...document,
        state: isHeld ? 'HELD' : 'ISSUED',
        controller: isHeld ? document.controller : owner,
        quantity,
        packages,
        predecessor: id,
        tenure: beginTenure(
          { unit: document.unit, receipt: partId, owner, custodian: issuer },
          document.tenure,
          context,
          childId(context.callId, partsMax + index),
        ),
        ...versionOf(context),
      });
    }
    context.put(receipt, id, { ...document, state: 'SPLIT', ...versionOf(context) });
    const receipts = goods.receipts.flatMap((entry) => (equalBytes(entry, id) ? ids : [entry]));
    context.put(unit, document.unit, { ...goods, receipts, ...versionOf(context) });
    return undefined;
  },
});

/** The pledge stays on the first part; further parts take a pledge each, of the same rank, until all of it is placed. */
function splitPledge(
  holding: Holding,
  unitId: Uint8Array,
  ids: readonly Uint8Array[],
  parts: readonly { readonly quantity: number }[],
  context: Context,
): ContractRefusal | undefined {
  const { agreed } = holding;
  const lent = lookUp(context, loan, agreed.loan);
  if (isRefusal(lent)) return lent;
  const shares: { id: Uint8Array; receipt: Uint8Array; quantity: number }[] = [];
  let left = holding.quantity;
  for (const [index, entry] of parts.entries()) {
    const quantity = Math.min(left, entry.quantity);
    if (quantity === 0) break;
    left -= quantity;
    const id = index === 0 ? holding.pledge : childId(context.callId, 2 * partsMax + index);
    shares.push({ id, receipt: ids[index]!, quantity });
  }
  if (lent.pledges.length - 1 + shares.length > pledgesPerLoanMax)
    return refused('E_POLICY', { reason: 'too many pledges of the loan', most: pledgesPerLoanMax });
  const others = readHoldings(unitId, context).filter((entry) => !equalBytes(entry.pledge, holding.pledge));
  const ceilings = divide(agreed.ceiling, shares);
  for (const [index, { id, receipt: receiptId, quantity }] of shares.entries()) {
    const share: ValueOf<typeof pledge> = {
      ...agreed,
      receipt: receiptId,
      quantity,
      ceiling: ceilings[index]!,
      ...versionOf(context),
    };
    context.put(pledge, id, share);
  }
  const placed = shares.map(({ id, quantity }) => ({ ...holding, pledge: id, quantity }));
  writeHoldings(unitId, [...others, ...placed], context);
  const added = shares.slice(1).map(({ id }) => id);
  context.put(loan, agreed.loan, { ...lent, pledges: [...lent.pledges, ...added], ...versionOf(context) });
  return undefined;
}

/** The ceiling in proportion to the quantities, never more in sum; each at least 1, what is left to the first. */
function divide(ceiling: number, shares: readonly { readonly quantity: number }[]): number[] {
  const whole = shares.reduce((sum, { quantity }) => sum + BigInt(quantity), 0n);
  const parts = shares.map(({ quantity }) =>
    Math.max(1, Number((BigInt(ceiling) * BigInt(quantity)) / whole)),
  );
  const first = ceiling - parts.slice(1).reduce((sum, entry) => sum + entry, 0);
  return [Math.max(1, first), ...parts.slice(1)];
}

export const cancelReceipt = transition({
  name: 'cancel-receipt',
  row: 3,
  summary: 'Gives up a receipt while its goods stay: they can be dealt with without it again.',
  args: { v0: { receipt: hash32 } },
  signedBy: [
    {
      who: 'controller',
      role: ['enterprise', 'bank'],
      party: partyIn(receipt, 'receipt', 'controller'),
      missing: 'E_NOT_CONTROLLER',
    },
    { who: 'issuer', role: 'warehouse', party: partyIn(receipt, 'receipt', 'issuer') },
  ],
  preconditions: {
    E_ENCUMBERED: 'nothing is reserved or pledged on it',
    E_NOT_CONTROLLER: 'the controller signs',
    E_NOT_FOUND: 'what it names exists',
    E_STATE: 'the receipt is ISSUED, and its owner owns the goods outside receipts too',
  },
  effects: 'the receipt is CANCELLED',
  visibility: 'V1',
  apply: ({ receipt: id }, context) => {
    const document = lookUp(context, receipt, id);
    if (isRefusal(document)) return document;
    const goods = lookUp(context, unit, document.unit);
    if (isRefusal(goods)) return goods;
    const [holding] = holdingsOf(lapseExpired(document.unit, context), id);
    if (holding !== undefined) return refused('E_ENCUMBERED', { state: holding.state }, holding.pledge);
    if (document.state !== 'ISSUED') return wrongState(document.state, ['ISSUED'], id);
    if (!equalBytes(goods.owner, document.owner))
      return refused('E_STATE', { reason: 'the goods outside receipts are another’s' }, document.unit);
    endTenure(document.tenure, context);
    context.put(receipt, id, { ...document, state: 'CANCELLED', ...versionOf(context) });
    context.put(unit, document.unit, {
      ...goods,
      receipts: goods.receipts.filter((entry) => !equalBytes(entry, id)),
      receipted: goods.receipted - document.quantity,
      ...versionOf(context),
    });
    return undefined;
  },
});

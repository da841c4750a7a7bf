/**
 * A pledge is agreed, and the quantity reserved for it (row 13). Here two banks meet over one unit: whoever comes first in
 * the order has it, the other is refused with the winner's pledge (R001, R045).
 */

import { equalBytes, toHex } from '../../codec/bytes.ts';
import { limits } from '../../codec/limits.ts';
import type { ValueOf } from '../object.ts';
import { evaluation } from '../objects/evaluation.ts';
import { loan, pledgesPerLoanMax } from '../objects/loan.ts';
import { endedStates, pledge } from '../objects/pledge.ts';
import { receipt } from '../objects/receipt.ts';
import { unit } from '../objects/unit.ts';
import { versionOf } from '../objects/version.ts';
import { type Context, type ContractRefusal, isRefusal, lookUp, refused, wrongState } from '../transition.ts';
import { checkCompliance } from './compliance.ts';
import {
  type Holding,
  heldQuantity,
  holdingsOf,
  isExpiredReservation,
  lapseExpired,
  writeHoldings,
} from './holdings.ts';
import { includesId } from './lists.ts';

interface Asked {
  readonly unit: Uint8Array;
  readonly quantity: number;
  readonly receipt: Uint8Array | undefined;
}

export interface Reservation extends Asked {
  readonly loan: Uint8Array;
  readonly ceiling: number;
  /** A junior pledge: the one before it. */
  readonly behind: Uint8Array | undefined;
  /** A floating pledge: least value of the pool. */
  readonly line: number | undefined;
}

export function reservePledge(args: Reservation, context: Context): ContractRefusal | undefined {
  const asked = lookUp(context, loan, args.loan);
  if (isRefusal(asked)) return asked;
  if (asked.state !== 'APPROVED') return wrongState(asked.state, ['APPROVED'], args.loan);
  if (asked.limitUntil < context.running)
    return refused('E_STATE', { reason: 'the approval has lapsed', until: asked.limitUntil }, args.loan);
  const goods = lookUp(context, unit, args.unit);
  if (isRefusal(goods)) return goods;
  const ineligible = checkGoods(args.unit, args.receipt, goods, asked, context);
  if (ineligible !== undefined) return ineligible;
  const holdings = lapseExpired(args.unit, context);
  const { applicant: borrower, bank } = asked;
  const taken =
    checkCompliance({ borrower, bank }, context) ??
    checkLine(args, goods) ??
    (args.behind === undefined
      ? checkFree(args, goods, holdings, context)
      : checkBehind(args.behind, args, holdings, context));
  if (taken !== undefined) return taken;
  const live = asked.pledges.filter((id) => isLive(id, context));
  if (holdings.length >= limits.pledgesPerUnitMax || live.length >= pledgesPerLoanMax) {
    return refused('E_POLICY', {
      reason: 'too many pledges',
      most: Math.min(limits.pledgesPerUnitMax, pledgesPerLoanMax),
    });
  }
  context.put(pledge, context.callId, {
    state: 'AGREED',
    rank: 0,
    perfectedAt: 0,
    unit: args.unit,
    receipt: args.receipt,
    pledgor: asked.applicant,
    pledgee: asked.bank,
    monitor: goods.monitor,
    custodian: goods.custodian,
    quantity: args.quantity,
    reservedUntil: context.running + context.policy.reservationMs,
    countRoot: undefined,
    cureUntil: 0,
    openWarnings: [],
    orders: [],
    triggers: undefined,
    sale: undefined,
    defaulted: undefined,
    behind: args.behind,
    line: args.line,
    loan: args.loan,
    currency: asked.currency,
    ceiling: args.ceiling,
    ...versionOf(context),
  });
  const reserved = { pledge: context.callId, rank: 0, state: 'RESERVED', quantity: args.quantity } as const;
  writeHoldings(args.unit, [...holdings, reserved], context);
  context.put(loan, args.loan, { ...asked, pledges: [...live, context.callId], ...versionOf(context) });
  return undefined;
}

function isLive(id: Uint8Array, context: Context): boolean {
  const agreed = context.get(pledge, id);
  return (
    agreed !== undefined &&
    !endedStates.includes(agreed.state) &&
    !isExpiredReservation(agreed, context.running)
  );
}

function checkGoods(
  unitId: Uint8Array,
  receiptId: Uint8Array | undefined,
  goods: ValueOf<typeof unit>,
  asked: ValueOf<typeof loan>,
  context: Context,
): ContractRefusal | undefined {
  const ineligible = (reason: string) => refused('E_INELIGIBLE', { reason, unit: toHex(unitId) }, unitId);
  const document = receiptId && context.get(receipt, receiptId);
  if (!equalBytes(document?.owner ?? goods.owner, asked.applicant)) return ineligible('not the pledgor’s');
  if (goods.state !== 'STORED') return ineligible('not in store');
  const valued = asked.evaluation && context.get(evaluation, asked.evaluation);
  const named = valued?.lines.some((line) => equalBytes(line.unit, unitId));
  return named ? undefined : ineligible('not valued for this loan');
}

/** A floating pledge is of a pool, outside receipts: what comes in must be able to attach. */
function checkLine(
  { line, receipt: receiptId }: { readonly line: number | undefined } & Asked,
  goods: ValueOf<typeof unit>,
): ContractRefusal | undefined {
  if (line === undefined || (goods.scheme === 'lot' && receiptId === undefined)) return undefined;
  return refused('E_POLICY', { reason: 'only a pool outside receipts can be pledged by a line' });
}

/**
 * A junior pledge covers no more than the one before it, of the same goods or receipt; the network's policy allows
 * junior pledges, and the senior pledgee has signed (semantics §6 "Priority").
 */
function checkBehind(
  seniorId: Uint8Array,
  asked: Asked,
  holdings: readonly Holding[],
  context: Context,
): ContractRefusal | undefined {
  if (!context.policy.juniorPledges) return refused('E_POLICY', { reason: 'junior pledges are not enabled' });
  const senior = holdings.find((holding) => equalBytes(holding.pledge, seniorId));
  const same = (holding: Holding): boolean =>
    asked.receipt === undefined
      ? holding.agreed.receipt === undefined
      : holding.agreed.receipt !== undefined && equalBytes(holding.agreed.receipt, asked.receipt);
  if (senior === undefined || senior.agreed.state !== 'PERFECTED' || !same(senior))
    return refused('E_STATE', { reason: 'no perfected pledge of these goods to rank behind' }, seniorId);
  if (asked.quantity > senior.quantity)
    return refused('E_INSUFFICIENT', { asked: asked.quantity, whole: senior.quantity }, seniorId);
  const other = holdings.find(({ agreed }) => agreed.behind && equalBytes(agreed.behind, seniorId));
  return other && refused('E_ENCUMBERED', { asked: asked.quantity, rank: other.rank }, other.pledge);
}

/** The whole that is pledged from (goods, or receipt) holds the quantity, and nobody else has it `[CTR-2]` `[CTR-3]`. */
function checkFree(
  asked: Asked,
  goods: ValueOf<typeof unit>,
  holdings: readonly Holding[],
  context: Context,
): ContractRefusal | undefined {
  const document = asked.receipt && checkReceipt(asked.receipt, goods, context);
  if (document !== undefined && isRefusal(document)) return document;
  const [bypassed] = goods.receipts;
  if (document === undefined && bypassed !== undefined) {
    return refused('E_RECEIPT_OUT', { reason: 'the goods are receipted; pledge the receipt' }, bypassed);
  }
  const whole = document?.quantity ?? goods.quantity - goods.receipted;
  if (asked.quantity > whole) return refused('E_INSUFFICIENT', { asked: asked.quantity, whole }, asked.unit);
  const rivals = holdingsOf(holdings, asked.receipt);
  const [rival] = rivals;
  // Control of a receipt is one: whoever has it has the whole.
  if (rival === undefined || (document === undefined && asked.quantity <= whole - heldQuantity(rivals))) {
    return document === undefined || equalBytes(document.controller, document.owner)
      ? undefined
      : refused('E_RECEIPT_OUT', { reason: 'the pledgor does not control the receipt' }, asked.receipt);
  }
  return refused(
    'E_ENCUMBERED',
    { asked: asked.quantity, state: rival.state, rank: rival.rank },
    rival.pledge,
  );
}

function checkReceipt(
  id: Uint8Array,
  goods: ValueOf<typeof unit>,
  context: Context,
): ValueOf<typeof receipt> | ContractRefusal {
  const document = lookUp(context, receipt, id);
  if (isRefusal(document) || includesId(goods.receipts, id)) return document;
  return refused('E_RECEIPT_OUT', { reason: 'not a live receipt over these goods' }, id);
}

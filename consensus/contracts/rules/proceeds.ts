/**
 * Title passes to a buyer free of ranked pledges, and what was received is shared out (rows 27 and 28, semantics §6
 * "Waterfall"): costs; the warehouse's lien up to what the receipt discloses; pledges by rank; surplus to the owner.
 */

import { equalBytes } from '../../codec/bytes.ts';
import type { Infer } from '../../codec/schema.ts';
import { addBusinessDays, runningAt } from '../clock.ts';
import type { ValueOf } from '../object.ts';
import { loan } from '../objects/loan.ts';
import { payment } from '../objects/payment.ts';
import { pledge } from '../objects/pledge.ts';
import { receipt } from '../objects/receipt.ts';
import type { share } from '../objects/sale.ts';
import { unit } from '../objects/unit.ts';
import { versionOf } from '../objects/version.ts';
import { type Context, type ContractRefusal, refused } from '../transition.ts';
import { allocateRepayment, totalDebt } from './amounts.ts';
import { changeExposure } from './compliance.ts';
import { changeUse } from './credit-limits.ts';
import { type Holding, holdingsOf, lapseExpired, readHoldings } from './holdings.ts';
import { letGo } from './letting-go.ts';
import { subtractDebt } from './repayment.ts';
import { beginTenure } from './tenures.ts';
import { payTranches } from './tranches.ts';
import { childId } from './warnings.ts';

type Pledge = ValueOf<typeof pledge>;
export type Share = Infer<typeof share>;

/** The pledge and those that stand behind it, by rank. */
export function rankedPledges(id: Uint8Array, held: Pledge, context: Context): readonly Holding[] {
  const holdings = holdingsOf(readHoldings(held.unit, context), held.receipt);
  const standsBehind = ({ pledge: own, agreed }: Holding, depth: number): boolean => {
    if (equalBytes(own, id)) return true;
    const { behind } = agreed;
    const before = holdings.find((entry) => behind !== undefined && equalBytes(entry.pledge, behind));
    return before !== undefined && depth < holdings.length && standsBehind(before, depth + 1);
  };
  return holdings
    .filter((holding) => holding.state === 'PLEDGED' && standsBehind(holding, 0))
    .sort((a, b) => a.rank - b.rank || a.agreed.perfectedAt - b.agreed.perfectedAt);
}

/**
 * Grams that can pass: a receipt, or the whole of a unit, which is less than was pledged when some of it is lost
 * `[CTR-14]`. The refusal where they are gone, or where others hold a part of them.
 */
export function passableQuantity(id: Uint8Array, held: Pledge, context: Context): number | ContractRefusal {
  const goods = context.get(unit, held.unit)!;
  if (goods.state !== 'STORED' && goods.state !== 'IN_TRANSIT')
    return refused('E_STATE', { reason: 'the goods are gone', state: goods.state }, held.unit);
  const document = held.receipt && context.get(receipt, held.receipt);
  const whole = document?.quantity ?? goods.quantity;
  const passes =
    document === undefined ? holdsWhole(id, held, goods, context) : held.quantity === document.quantity;
  return passes
    ? whole
    : refused(
        'E_RECEIPT_OUT',
        { reason: 'part of the goods passes only by a receipt of its own' },
        held.unit,
      );
}

/** Nothing of the unit stands in a receipt, and nobody holds any of it but this pledge and those behind it. */
function holdsWhole(id: Uint8Array, held: Pledge, goods: ValueOf<typeof unit>, context: Context): boolean {
  const ranked = rankedPledges(id, held, context);
  const others = holdingsOf(lapseExpired(held.unit, context), undefined).some(
    (holding) => !ranked.some(({ pledge: own }) => equalBytes(own, holding.pledge)),
  );
  return goods.receipts.length === 0 && held.quantity >= goods.quantity && !others;
}

/** Who gets what of `proceeds`; the sum is the proceeds. */
export function waterfall(
  id: Uint8Array,
  held: Pledge,
  proceeds: number,
  costs: number,
  context: Context,
): readonly Share[] {
  const shares: Share[] = [];
  let left = proceeds;
  const take = (to: Uint8Array, kind: Share['kind'], wanted: number): void => {
    const amount = Math.min(left, wanted);
    if (amount > 0) shares.push({ to, kind, amount });
    left -= amount;
  };
  const lien = (): void => {
    const document = held.receipt && context.get(receipt, held.receipt);
    if (document !== undefined && document.lienCurrency === held.currency)
      take(document.issuer, 'lien', document.lienAmount);
  };
  take(held.pledgee, 'costs', costs);
  if (context.policy.lienFirst) lien();
  for (const { agreed } of rankedPledges(id, held, context)) {
    const owed = totalDebt(context.get(loan, agreed.loan)!.debt);
    take(agreed.pledgee, 'pledge', Number(owed < BigInt(agreed.ceiling) ? owed : BigInt(agreed.ceiling)));
  }
  if (!context.policy.lienFirst) lien();
  take(held.pledgor, 'surplus', left);
  return shares;
}

/** Applies each pledge's share to its loan, ends the pledges, and passes the goods. */
export function passToBuyer(
  id: Uint8Array,
  held: Pledge,
  buyer: Uint8Array,
  shares: readonly Share[],
  context: Context,
): void {
  const paid = shares.filter(({ kind }) => kind === 'pledge').map(({ amount }) => amount);
  for (const [index, { pledge: ranked, agreed }] of rankedPledges(id, held, context).entries()) {
    applyProceeds(agreed.loan, buyer, paid[index] ?? 0, index, context);
    letGo(ranked, context.get(pledge, ranked)!, 'REALISED', context);
  }
  const goods = context.get(unit, held.unit)!;
  const written = versionOf(context);
  const { custodian } = goods;
  if (held.receipt === undefined) {
    const whose = { unit: held.unit, receipt: undefined, owner: buyer, custodian };
    const tenure = beginTenure(whose, goods.tenure, context);
    context.put(unit, held.unit, { ...goods, owner: buyer, tenure, ...written });
    return;
  }
  const document = context.get(receipt, held.receipt)!;
  const lien = shares.find(({ kind }) => kind === 'lien')?.amount ?? 0;
  const lienAmount = document.lienAmount - lien;
  const whose = { unit: held.unit, receipt: held.receipt, owner: buyer, custodian: document.issuer };
  const tenure = beginTenure(whose, document.tenure, context);
  const passed = {
    ...document,
    state: 'ISSUED',
    owner: buyer,
    controller: buyer,
    tenure,
    lienAmount,
  } as const;
  context.put(receipt, held.receipt, { ...passed, ...written });
}

function applyProceeds(
  loanId: Uint8Array,
  payer: Uint8Array,
  amount: number,
  index: number,
  context: Context,
): void {
  if (amount === 0) return;
  const owed = context.get(loan, loanId)!;
  const { applied } = allocateRepayment(owed.debt, amount);
  // The buyer paid the pledgee, which hands it on to holders of tranches.
  payTranches(loanId, applied.principal, undefined, context);
  const { applicant: enterprise, bank, currency } = owed;
  context.put(payment, childId(context.callId, index), {
    kind: 'repayment',
    ...{ payer, bank, enterprise, loan: loanId, currency, amount, applied, returned: 0 },
    reference: 'proceeds of the goods',
    ...versionOf(context),
  });
  const debt = subtractDebt(owed.debt, applied);
  changeUse(owed.creditLimit, -applied.principal, context);
  changeExposure(enterprise, currency, -applied.principal, context);
  const done = totalDebt(debt) === 0n;
  const releaseDue = done ? runningAt(addBusinessDays(context.time, context.policy.silenceDays), context) : 0;
  const state = done ? 'REPAID' : owed.state;
  context.put(loan, loanId, { ...owed, state, debt, releaseDue, ...versionOf(context) });
}

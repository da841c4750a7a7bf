/** Row 8: an enterprise applies for a loan at a bank, and may withdraw until money was drawn. */

import { equalBytes } from '../../codec/bytes.ts';
import { hash32 } from '../../codec/schema.ts';
import { checkCurrency, checkLei, checkOrder } from '../identifiers.ts';
import { applicationFields, type LoanState, loan, noDebt } from '../objects/loan.ts';
import { unit } from '../objects/unit.ts';
import { versionOf } from '../objects/version.ts';
import { labelKey, party } from '../registry.ts';
import { checkCompliance, compliant } from '../rules/compliance.ts';
import { checkFuture } from '../rules/dates.ts';
import { hasRepeatedId } from '../rules/lists.ts';
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

export const apply = transition({
  name: 'apply',
  row: 8,
  summary: 'Applies for a loan: who asks, for which orders, against which goods.',
  args: { v2: applicationFields },
  signedBy: [{ who: 'applicant', role: 'enterprise', party: ({ applicant }) => applicant }],
  preconditions: {
    ...compliant,
    E_ID_INVALID: 'the LEI is the applicant’s; orders are well formed',
    E_NOT_FOUND: 'what it names exists',
    E_ROLE: 'the bank is one',
    E_SCHEMA: 'currency, maturity, orders and units are well formed',
  },
  effects: 'the loan is APPLIED',
  visibility: 'V2',
  apply: (args, context) => {
    const { applicant: borrower, bank } = args;
    const refusal =
      checkIdentity(args, context) ??
      checkAsked(args, context) ??
      checkCompliance({ borrower, bank }, context);
    if (refusal !== undefined) return refusal;
    for (const id of args.units) {
      const goods = lookUp(context, unit, id);
      if (isRefusal(goods)) return goods;
    }
    context.put(loan, context.callId, {
      ...args,
      state: 'APPLIED',
      grant: undefined,
      evaluation: undefined,
      limit: 0,
      limitUntil: 0,
      creditLimit: undefined,
      reason: '',
      pledges: [],
      debt: noDebt,
      marginCall: undefined,
      tranches: [],
      releaseDue: 0,
      ...versionOf(context),
    });
    return undefined;
  },
});

/** The applicant's LEI is its own, the bank is one (R034). */
function checkIdentity(
  {
    lei,
    applicant,
    bank,
  }: { readonly lei: string; readonly applicant: Uint8Array; readonly bank: Uint8Array },
  context: Context,
): ContractRefusal | undefined {
  const defect = checkLei(lei);
  if (defect !== undefined) return refused('E_ID_INVALID', { field: 'lei', reason: defect });
  if (!equalBytes(labelKey(context.network, 'lei', lei), applicant)) {
    return refused('E_ID_INVALID', { field: 'lei', reason: 'not the applicant’s' }, applicant);
  }
  return context.get(party, bank)?.roles.includes('bank')
    ? undefined
    : refused('E_ROLE', { field: 'bank', role: 'bank', reason: 'the party does not have the role' }, bank);
}

function checkAsked(
  args: {
    readonly currency: string;
    readonly maturity: number;
    readonly orders: readonly string[];
    readonly units: readonly Uint8Array[];
  },
  context: Context,
): ContractRefusal | undefined {
  const currency = checkCurrency(args.currency);
  if (currency !== undefined) return refused('E_SCHEMA', { field: 'currency', reason: currency });
  const matured = checkFuture('maturity', args.maturity, context);
  if (matured !== undefined) return matured;
  for (const [index, order] of args.orders.entries()) {
    const defect = checkOrder(order);
    if (defect !== undefined) return refused('E_ID_INVALID', { field: 'orders', index, reason: defect });
  }
  if (new Set(args.orders).size !== args.orders.length)
    return refused('E_SCHEMA', { field: 'orders', reason: 'repeated' });
  return hasRepeatedId(args.units) ? refused('E_SCHEMA', { field: 'units', reason: 'repeated' }) : undefined;
}

const withdrawable: readonly LoanState[] = ['APPLIED', 'AUTHORISED', 'EVALUATED', 'APPROVED'];

export const withdraw = transition({
  name: 'withdraw',
  row: 8,
  summary: 'The applicant withdraws before anything was drawn.',
  args: { v0: { loan: hash32 } },
  signedBy: [{ who: 'applicant', role: 'enterprise', party: partyIn(loan, 'loan', 'applicant') }],
  preconditions: {
    E_NOT_FOUND: 'what it names exists',
    E_STATE: 'nothing was drawn',
  },
  effects: 'the loan is WITHDRAWN',
  visibility: 'V2',
  apply: (args, context) => {
    const asked = lookUp(context, loan, args.loan);
    if (isRefusal(asked)) return asked;
    if (!withdrawable.includes(asked.state)) return wrongState(asked.state, withdrawable, args.loan);
    context.put(loan, args.loan, { ...asked, state: 'WITHDRAWN', ...versionOf(context) });
    return undefined;
  },
});

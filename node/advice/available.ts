/**
 * What may still be drawn now (R119): on a credit limit, limit − used; on a loan, Σ eligible value × LTV − debt at fresh prices.
 * By the engine's own rules, over the whole state: the caller asks for files of its own alone.
 */

import { toHex } from '../../consensus/codec/bytes.ts';
import type { Code } from '../../consensus/codec/codes.ts';
import { creditLimit } from '../../consensus/contracts/objects/credit-limit.ts';
import { evaluation } from '../../consensus/contracts/objects/evaluation.ts';
import { loan } from '../../consensus/contracts/objects/loan.ts';
import { lendableValue, totalDebt } from '../../consensus/contracts/rules/amounts.ts';
import { type CoverContext, coverValue } from '../../consensus/contracts/rules/cover.ts';
import { checkUse } from '../../consensus/contracts/rules/credit-limits.ts';
import { type EarlyWarning, earlyWarnings } from './early-warning.ts';

/** Minor units of `currency`. */
export interface Position {
  readonly type: 'credit-limit' | 'loan';
  readonly id: string;
  readonly state: string;
  readonly currency: string;
  /** In force, or approved; what is used of it, or the principal. */
  readonly limit: number;
  readonly used: number;
  /** Of a loan: value of its secured goods after haircuts, how much of it is lent, and the whole debt. */
  readonly eligible: number | null;
  readonly lendable: number | null;
  readonly debt: number | null;
  readonly available: number;
  /** Why nothing is available: the code that a drawing would be refused with, as far as it shows. */
  readonly code: Code | null;
  /** Of a limit by output: members that put out much less than before, or nothing any more. */
  readonly warnings: readonly EarlyWarning[];
}

export function positionOfLimit(id: Uint8Array, context: CoverContext): Position | undefined {
  const held = context.get(creditLimit, id);
  if (held === undefined) return undefined;
  const { state, currency, limit, used } = held;
  const code = checkUse(id, 1, context)?.code ?? null;
  return {
    ...{ type: 'credit-limit', id: toHex(id), state, currency, limit, used },
    ...{ eligible: null, lendable: null, debt: null },
    available: code === null ? limit - used : 0,
    code,
    warnings: earlyWarnings(held, context.time),
  };
}

/** What its goods carry beyond its debt; a drawing is also bound by the loan's limit and by its credit limit. */
export function positionOfLoan(id: Uint8Array, context: CoverContext): Position | undefined {
  const lent = context.get(loan, id);
  if (lent === undefined) return undefined;
  const { state, currency, limit, debt } = lent;
  const owed = totalDebt(debt);
  const file = { type: 'loan', id: toHex(id), state, currency, limit, used: debt.principal } as const;
  const shown = { ...file, warnings: [] };
  const value = coverValue(id, context);
  if (typeof value !== 'bigint')
    return { ...shown, eligible: null, lendable: null, debt: Number(owed), available: 0, code: value.code };
  const valued = lent.evaluation && context.get(evaluation, lent.evaluation);
  const lendable = lendableValue(value, valued?.loanToValueBp ?? context.policy.loanToValueBp);
  const available = lendable > owed ? Number(lendable - owed) : 0;
  return {
    ...{ ...shown, eligible: Number(value), lendable: Number(lendable), debt: Number(owed), available },
    code: available > 0 ? null : 'E_LIMIT',
  };
}

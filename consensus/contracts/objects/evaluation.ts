/** An evaluation with everything needed to compute it again (row 11), id = the call that made it. */

import { hash32, type Infer, int, list, record, timeMs } from '../../codec/schema.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

const basisPoints = int(0, 10_000);

/** One unit's part. `price` minor units of the price's currency for `pricedQuantity` grams. */
export const evaluatedLine = record('evaluated-line', {
  unit: hash32,
  status: hash32,
  quantity: int(1),
  price: int(0),
  pricedQuantity: int(1),
});
export type EvaluatedLine = Infer<typeof evaluatedLine>;

/** The inputs of semantics §6 "Value" that are the same for every line. */
export const valuationFields = {
  priceTime: timeMs,
  /** Minor units of the loan's currency for one minor unit of the price's, as a fraction. */
  fxNumerator: int(1),
  fxDenominator: int(1),
  haircutBp: basisPoints,
  fxHaircutBp: basisPoints,
  loanToValueBp: basisPoints,
} as const;

export const evaluation = objectType('evaluation', {
  v0: { ...version },
  v1: { evaluator: hash32, enterprise: hash32, bank: hash32 },
  v2: {
    loan: hash32,
    grant: hash32,
    lines: list(evaluatedLine, 16, 1),
    ...valuationFields,
    /** Minor units of the loan's currency. */
    eligible: int(0),
    lendable: int(0),
  },
});

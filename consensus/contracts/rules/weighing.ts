/** Goods weighed and counted as they pass (rows 4–6): by readings that agree with what is stated, and speak once. */

import type { ValueOf } from '../object.ts';
import type { unit } from '../objects/unit.ts';
import { type Context, type ContractRefusal, isRefusal } from '../transition.ts';
import { checkAgreement, consumeReadings, measure, observe } from './evidence.ts';

/** Root over the readings, which from here on speak for nothing else. */
export function weighPassing(
  evidence: readonly Uint8Array[],
  unitId: Uint8Array,
  goods: ValueOf<typeof unit>,
  stated: { readonly quantity: number; readonly packages: number },
  context: Context,
): Uint8Array | ContractRefusal {
  const observed = observe(evidence, goods, context.time, context);
  if (isRefusal(observed)) return observed;
  const measured = measure(observed);
  if (isRefusal(measured)) return measured;
  const refusal =
    checkAgreement(measured, stated.quantity, stated.packages, context.policy.toleranceBp) ??
    consumeReadings(observed.uses, unitId, context);
  return refusal ?? observed.root;
}

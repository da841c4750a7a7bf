/**
 * Goods weighed and counted, by readings that agree with what is stated: as they pass (rows 4–6), where a reading speaks
 * once, and where they lie (row 14), where it may speak again for the same goods. `[CTR-6]` `[CTR-7]`
 */

import type { ValueOf } from '../object.ts';
import type { unit } from '../objects/unit.ts';
import { type Context, type ContractRefusal, isRefusal } from '../transition.ts';
import { checkAgreement, claimReadings, consumeReadings, measure, observe } from './evidence.ts';

interface Weighed {
  readonly evidence: readonly Uint8Array[];
  readonly unitId: Uint8Array;
  readonly goods: ValueOf<typeof unit>;
  /** Grams and packages that the readings must agree with. */
  readonly stated: { readonly quantity: number; readonly packages: number };
}

/** Root over the readings, which from here on speak for nothing else, not even for the same goods again. */
export function weighPassing(
  evidence: readonly Uint8Array[],
  unitId: Uint8Array,
  goods: ValueOf<typeof unit>,
  stated: Weighed['stated'],
  context: Context,
): Uint8Array | ContractRefusal {
  return weigh({ evidence, unitId, goods, stated }, consumeReadings, context);
}

/** Root over the readings of a fresh count, which from here on speak for these goods only. */
export function countStored(
  evidence: readonly Uint8Array[],
  unitId: Uint8Array,
  goods: ValueOf<typeof unit>,
  context: Context,
): Uint8Array | ContractRefusal {
  return weigh({ evidence, unitId, goods, stated: goods }, claimReadings, context);
}

function weigh(
  { evidence, unitId, goods, stated }: Weighed,
  use: typeof consumeReadings,
  context: Context,
): Uint8Array | ContractRefusal {
  const observed = observe(evidence, goods, context.time, context);
  if (isRefusal(observed)) return observed;
  const measured = measure(observed);
  if (isRefusal(measured)) return measured;
  const refusal =
    checkAgreement(measured, stated.quantity, stated.packages, context.policy.toleranceBp) ??
    use(observed.uses, unitId, context);
  return refusal ?? observed.root;
}

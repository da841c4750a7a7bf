/**
 * The experience index of R115: C = X·W, Z = C / max C, EI = 2·sigmoid(10 Z) − 1. The only floats of advice, and they end
 * in no call `[ADV-3]`.
 */

import { ok, type Result, refuse } from '../../consensus/codec/result.ts';

export interface Experience {
  /** X·W: an integer where both are. */
  readonly c: number;
  /** C over the greatest C of those compared, 0 to 1. */
  readonly z: number;
  readonly ei: number;
}

/** 2 / (1 + e^(−10 z)) − 1 for z from 0 to 1: 0 at 0, strictly rising, concave; else E_RANGE. */
export function experienceIndex(z: number): Result<number> {
  return z >= 0 && z <= 1
    ? ok(2 / (1 + Math.exp(-10 * z)) - 1)
    : refuse('E_RANGE', { field: 'Z', got: String(z) });
}

/** One for each row of X, in their order. E_RANGE where max C ≤ 0 or a Z is outside [0, 1]. */
export function compareExperience(
  rows: readonly (readonly number[])[],
  weights: readonly number[],
): Result<readonly Experience[]> {
  const wrong = rows.find((row) => row.length !== weights.length);
  if (wrong !== undefined)
    throw new RangeError(`"rows" expected ${weights.length} values in each, got ${wrong.length}`);
  const sums = rows.map((row) => row.reduce((sum, x, index) => sum + x * weights[index]!, 0));
  const greatest = Math.max(...sums);
  if (!(greatest > 0))
    return refuse('E_RANGE', {
      field: 'max C',
      got: String(greatest),
      reason: 'none of these things has taken part in a call that counts yet: there is nothing to compare',
    });
  const compared: Experience[] = [];
  for (const c of sums) {
    const z = c / greatest;
    const ei = experienceIndex(z);
    if (!ei.ok) return ei;
    compared.push({ c, z, ei: ei.value });
  }
  return ok(compared);
}

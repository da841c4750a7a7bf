/** Signs that a line or a truck stops, before a payment is missed (R117): read off what carries its credit limit. */

import { toHex } from '../../consensus/codec/bytes.ts';
import type { Member } from '../../consensus/contracts/objects/credit-limit.ts';
import type { CreditLimit } from '../../consensus/contracts/rules/credit-limits.ts';

export interface EarlyWarning {
  /** Hex. */
  readonly device: string;
  /** `fell`: at most half as much, for its time, as in the period before; `stopped`: not measured within the period. */
  readonly cause: 'fell' | 'stopped';
  readonly measure: Member['measure'];
  /** Pulses or kWh of the last period that was measured, and of the one before, with their lengths. */
  readonly output: number;
  readonly lengthMs: number;
  readonly outputBefore: number;
  readonly lengthBeforeMs: number;
  /** End of the last period, sensor's time, ms. */
  readonly measuredAt: number;
}

/** One for each member of which there is something to say; `time` is checkpoint time, ms. */
export function earlyWarnings(
  { members, periodMs }: Pick<CreditLimit, 'members' | 'periodMs'>,
  time: number,
): EarlyWarning[] {
  return members.flatMap((member): EarlyWarning[] => {
    const { device, measure, output, lengthMs, outputBefore, lengthBeforeMs, measuredAt } = member;
    if (measuredAt === 0) return [];
    const isStopped = time - measuredAt > periodMs;
    if (!isStopped && !hasFallen(member)) return [];
    const cause = isStopped ? 'stopped' : 'fell';
    const shown = { measure, output, lengthMs, outputBefore, lengthBeforeMs, measuredAt };
    return [{ device: toHex(device), cause, ...shown }];
  });
}

/** Periods are not equally long: from half of the limit's to the whole of it. */
function hasFallen({ output, lengthMs, outputBefore, lengthBeforeMs }: Member): boolean {
  if (lengthMs === 0 || lengthBeforeMs === 0) return false;
  return 2n * BigInt(output) * BigInt(lengthBeforeMs) <= BigInt(outputBefore) * BigInt(lengthMs);
}

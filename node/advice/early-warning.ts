/** Signs that a line or a truck stops, before a payment is missed (R117): read off what carries its credit limit. */

import { toHex } from '../../consensus/codec/bytes.ts';
import type { CreditLimit } from '../../consensus/contracts/rules/credit-limits.ts';

export interface EarlyWarning {
  /** Hex. */
  readonly device: string;
  /** `fell`: at most half of the period before; `stopped`: not measured within the period. */
  readonly cause: 'fell' | 'stopped';
  /** Pulses of the last period that was measured, and of the one before. */
  readonly output: number;
  readonly outputBefore: number;
  /** End of that period, sensor's time, ms. */
  readonly measuredAt: number;
}

/** One for each member of which there is something to say; `time` is checkpoint time, ms. */
export function earlyWarnings(
  { members, periodMs }: Pick<CreditLimit, 'members' | 'periodMs'>,
  time: number,
): EarlyWarning[] {
  return members.flatMap(({ device, output, outputBefore, measuredAt }): EarlyWarning[] => {
    if (measuredAt === 0) return [];
    const isStopped = time - measuredAt > periodMs;
    if (!isStopped && 2 * output > outputBefore) return [];
    const cause = isStopped ? 'stopped' : 'fell';
    return [{ device: toHex(device), cause, output, outputBefore, measuredAt }];
  });
}

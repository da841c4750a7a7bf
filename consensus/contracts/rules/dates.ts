/** Dates that parties name, against the checkpoint that executes the call. */

import { type Context, type ContractRefusal, refused } from '../transition.ts';

/** E_SCHEMA, which names the field, unless `date` (ms) is still to come. */
export function checkFuture(
  field: string,
  date: number,
  { time }: Pick<Context, 'time'>,
): ContractRefusal | undefined {
  return date > time ? undefined : refused('E_SCHEMA', { field, reason: 'not in the future' });
}

/** Intervals of ownership and custody (semantics §7.26): one ends where the next begins. */

import type { ValueOf } from '../object.ts';
import { tenure } from '../objects/tenure.ts';
import { versionOf } from '../objects/version.ts';
import type { Context } from '../transition.ts';

type Whose = Pick<ValueOf<typeof tenure>, 'unit' | 'receipt' | 'owner' | 'custodian'>;

/** Begins an interval at this position under `id`, in place of `previous`; gives its id. */
export function beginTenure(
  whose: Whose,
  previous: Uint8Array | undefined,
  context: Context,
  id: Uint8Array = context.callId,
): Uint8Array {
  if (previous !== undefined) endTenure(previous, context);
  const { height } = context;
  context.put(tenure, id, { ...whose, previous, since: height, until: undefined, ...versionOf(context) });
  return id;
}

export function endTenure(id: Uint8Array, context: Context): void {
  const running = context.get(tenure, id);
  if (running !== undefined)
    context.put(tenure, id, { ...running, until: context.height, ...versionOf(context) });
}

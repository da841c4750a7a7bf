/** Open warnings of a pledge: raised with a cure period, closed together. */

import { concatBytes, uint32Bytes } from '../../codec/bytes.ts';
import { hash } from '../../crypto/hash.ts';
import type { ValueOf } from '../object.ts';
import { openWarningsMax, pledge } from '../objects/pledge.ts';
import { versionOf } from '../objects/version.ts';
import { type Trigger, warning } from '../objects/warning.ts';
import type { Context } from '../transition.ts';

type Pledge = ValueOf<typeof pledge>;
type Raised = Pick<ValueOf<typeof warning>, 'trigger' | 'level' | 'measured' | 'evidenceRoot'>;

/** Id of the `index`-th further object that a call creates. */
export function childId(callId: Uint8Array, index: number): Uint8Array {
  return hash('object-key', concatBytes(callId, uint32Bytes(index)));
}

/**
 * Raises a warning: a PERFECTED pledge becomes WARNED and its cure period starts; one in deeper trouble stays there.
 * `cureUntil` is running time.
 */
export function raiseWarning(
  pledgeId: Uint8Array,
  held: Pledge,
  raised: Raised,
  cureUntil: number,
  context: Context,
  id: Uint8Array = context.callId,
): void {
  const { unit, pledgor, pledgee, monitor, custodian } = held;
  const parties = { pledge: pledgeId, unit, pledgor, pledgee, monitor, custodian };
  context.put(warning, id, { state: 'OPEN', ...parties, ...raised, cureUntil, ...versionOf(context) });
  const warned = held.state === 'PERFECTED';
  context.put(pledge, pledgeId, {
    ...held,
    state: warned ? 'WARNED' : held.state,
    cureUntil: warned ? cureUntil : held.cureUntil,
    openWarnings: [...held.openWarnings, id].slice(-openWarningsMax),
    ...versionOf(context),
  });
}

/** Closes every open warning of the pledge; the pledge itself is the caller's to write. */
export function closeWarnings(held: Pledge, context: Context): void {
  for (const id of held.openWarnings) {
    const open = context.get(warning, id);
    if (open?.state === 'OPEN') context.put(warning, id, { ...open, state: 'CURED', ...versionOf(context) });
  }
}

/** Triggers that speak of how much is there. */
const quantityTriggers: readonly Trigger[] = ['weight', 'loss'];

export function isQuantityTrigger(trigger: Trigger): boolean {
  return quantityTriggers.includes(trigger);
}

/** An open warning about quantity, if the pledge has one. */
export function quantityWarning(held: Pledge, context: Context): Uint8Array | undefined {
  return held.openWarnings.find((id) => {
    const open = context.get(warning, id);
    return open?.state === 'OPEN' && quantityTriggers.includes(open.trigger);
  });
}

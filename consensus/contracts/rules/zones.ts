/** What a zone holds (semantics §2 "Relabelling", §7.27): registered never beyond measured stock or capacity. */

import { equalBytes } from '../../codec/bytes.ts';
import type { ValueOf } from '../object.ts';
import type { unit } from '../objects/unit.ts';
import { versionOf } from '../objects/version.ts';
import { zone, zoneId } from '../objects/zone.ts';
import { type Context, type ContractRefusal, refused } from '../transition.ts';

type Place = Pick<ValueOf<typeof unit>, 'gln' | 'zone' | 'custodian'>;

/** Weighed goods come in: the zone is opened with the first. Refuses what it has no room for, or another custodian's. */
export function enterZone(place: Place, grams: number, context: Context): ContractRefusal | undefined {
  const id = zoneId(context.network, place.gln, place.zone);
  const before = context.get(zone, id);
  if (before !== undefined && !equalBytes(before.custodian, place.custodian))
    return refused('E_EVIDENCE', { reason: 'the zone is another custodian’s' }, id);
  const registered = (before?.registered ?? 0) + grams;
  const measured = (before?.measured ?? 0) + grams;
  const capacity = before?.capacity ?? 0;
  if ((capacity > 0 && registered > capacity) || registered > Number.MAX_SAFE_INTEGER)
    return refused('E_EVIDENCE', { reason: 'more than the zone holds', registered, capacity }, id);
  context.put(zone, id, {
    capacity,
    measuredAt: context.time,
    ...before,
    ...{ gln: place.gln, zone: place.zone, custodian: place.custodian, registered, measured },
    // What comes in widens the tolerance: a difference may be over with it.
    ...judge(registered, measured, context),
    ...versionOf(context),
  });
  return undefined;
}

/** Goods leave, or are found lost: they stand in the zone no longer. `weighed` when they were measured on the way out. */
export function leaveZone(place: Place, grams: number, weighed: boolean, context: Context): void {
  const id = zoneId(context.network, place.gln, place.zone);
  const before = context.get(zone, id);
  if (before === undefined) return;
  const measured = weighed ? Math.max(0, before.measured - grams) : before.measured;
  context.put(zone, id, {
    ...before,
    registered: before.registered - grams,
    measured,
    ...judge(before.registered - grams, measured, context),
    ...versionOf(context),
  });
}

/** A count corrects what stands in the zone, and what is measured there, alike. */
export function correctZone(place: Place, change: number, context: Context): void {
  const id = zoneId(context.network, place.gln, place.zone);
  const before = context.get(zone, id);
  if (before === undefined) return;
  const registered = before.registered + change;
  const measured = Math.max(0, before.measured + change);
  const judged = judge(registered, measured, context);
  context.put(zone, id, { ...before, registered, measured, ...judged, ...versionOf(context) });
}

/** Is more registered than was measured, beyond the tolerance? By how much. */
export function judge(
  registered: number,
  measured: number,
  { policy }: Pick<Context, 'policy'>,
): Pick<ValueOf<typeof zone>, 'state' | 'difference'> {
  const most = (BigInt(measured) * BigInt(10_000 + policy.toleranceBp)) / 10_000n;
  const difference = BigInt(registered) - most;
  return difference > 0n
    ? { state: 'DIFFERS', difference: Number(difference) }
    : { state: 'ACTIVE', difference: 0 };
}

/** Row 1, places: what a zone can hold, and what is measured in it as a whole (semantics §2, §7.27). */

import { equalBytes } from '../../codec/bytes.ts';
import { hash32, int, text } from '../../codec/schema.ts';
import { checkGln } from '../identifiers.ts';
import { versionOf } from '../objects/version.ts';
import { zone, zoneId } from '../objects/zone.ts';
import { grams, observe, readingProofs } from '../rules/evidence.ts';
import { includesId } from '../rules/lists.ts';
import { judge } from '../rules/zones.ts';
import { isRefusal, lookUp, refused, transition } from '../transition.ts';

export const stateZone = transition({
  name: 'state-zone',
  row: 1,
  summary: 'Opens a zone of a place with its capacity, or states a new capacity.',
  args: {
    v1: { gln: text(13, 13), zone: text(20, 1), custodian: hash32, monitor: hash32, capacity: int(1) },
  },
  signedBy: [
    { who: 'custodian', role: 'warehouse', party: ({ custodian }) => custodian },
    { who: 'a monitor', role: 'monitor', party: ({ monitor }) => monitor },
  ],
  preconditions: {
    E_ID_INVALID: 'the GLN has the right check digit',
    E_ROLE: 'the zone is no other custodian’s',
    E_SUM: 'no more is registered there already',
  },
  effects: 'no more than the capacity can be registered there',
  visibility: 'V1',
  apply: ({ monitor: _, ...stated }, context) => {
    const defect = checkGln(stated.gln);
    if (defect !== undefined) return refused('E_ID_INVALID', { field: 'gln', reason: defect });
    const id = zoneId(context.network, stated.gln, stated.zone);
    const before = context.get(zone, id);
    if (before !== undefined && !equalBytes(before.custodian, stated.custodian))
      return refused('E_ROLE', { field: 'custodian', reason: 'the zone is another custodian’s' }, id);
    const registered = before?.registered ?? 0;
    if (registered > stated.capacity) return refused('E_SUM', { registered, capacity: stated.capacity }, id);
    context.put(zone, id, {
      state: 'ACTIVE',
      registered: 0,
      measured: 0,
      measuredAt: context.time,
      difference: 0,
      ...before,
      ...stated,
      ...versionOf(context),
    });
    return undefined;
  },
});

export const measureZone = transition({
  name: 'measure-zone',
  row: 1,
  summary: 'Measures the whole stock of a zone; what is registered beyond it is named, and nothing leaves.',
  args: { v0: { zone: hash32 }, v1: { monitor: hash32, evidence: readingProofs } },
  signedBy: [{ who: 'a monitor', role: 'monitor', party: ({ monitor }) => monitor }],
  preconditions: {
    E_EVIDENCE: 'fresh weighings, each by a device of its own that is not the custodian’s',
    E_NOT_FOUND: 'what it names exists',
  },
  effects: 'the zone DIFFERS by what is registered beyond the measured stock and the tolerance, or is ACTIVE',
  evidence: 'the readings',
  visibility: 'V1',
  apply: ({ zone: id, monitor, evidence }, context) => {
    const before = lookUp(context, zone, id);
    if (isRefusal(before)) return before;
    const observed = observe(evidence, { owner: before.custodian, monitor }, context.time, context);
    if (isRefusal(observed)) return observed;
    const weighings = observed.observations.filter(({ quantity }) => quantity === 'weight');
    const devices: Uint8Array[] = [];
    let measured = 0;
    for (const { device, ownersOwn, value } of weighings) {
      if (ownersOwn) return refused('E_EVIDENCE', { reason: 'a scale of the custodian’s own' }, device);
      if (includesId(devices, device))
        return refused('E_EVIDENCE', { reason: 'one scale, two weighings' }, device);
      devices.push(device);
      measured += grams(value);
    }
    if (devices.length === 0) return refused('E_EVIDENCE', { reason: 'no weighing' }, id);
    context.put(zone, id, {
      ...before,
      measured,
      measuredAt: context.time,
      ...judge(before.registered, measured, context),
      ...versionOf(context),
    });
    return undefined;
  },
});

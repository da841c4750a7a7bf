/** A warning on a pledge with the reading that proves it (row 23), id = the call that raised it. */

import { choice, hash32, timeMs } from '../../codec/schema.ts';
import { decimal } from '../../vertex/decimal.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

/** What readings or the clock can show, and what other rows raise by themselves. Append only. */
export const triggers = [
  'weight',
  'temperature',
  'tilt',
  'shock',
  'geofence',
  'door',
  'silence',
  'insurance',
  'loss',
  'cover',
] as const;
export type Trigger = (typeof triggers)[number];
export const readingTriggers = ['weight', 'temperature', 'tilt', 'shock'] as const;
export type ReadingTrigger = (typeof readingTriggers)[number];

export const warning = objectType('warning', {
  v0: { state: choice('OPEN', 'CURED'), ...version },
  v1: {
    pledge: hash32,
    unit: hash32,
    pledgor: hash32,
    pledgee: hash32,
    monitor: hash32,
    custodian: hash32,
    trigger: choice(...triggers),
    level: choice('warning', 'critical'),
    /** The reading that proves it, in the unit of its quantity. */
    measured: decimal,
    cureUntil: timeMs,
    evidenceRoot: hash32,
  },
});

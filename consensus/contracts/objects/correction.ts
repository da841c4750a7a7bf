/** A reading was wrong (row 30): it stays as it was, and this points back to it. id = the call. */

import { choice, hash32, int, maybe, timeMs } from '../../codec/schema.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

export const correction = objectType('correction', {
  v0: { original: hash32, ...version },
  v1: {
    unit: hash32,
    owner: hash32,
    custodian: hash32,
    monitor: hash32,
    kind: choice('correction', 'permitted-loss'),
    before: int(0),
    after: int(1),
    at: timeMs,
    surveyor: maybe(hash32),
    evidenceRoot: hash32,
  },
});

/** Goods that came, went, changed hands or were lost (rows 4–7), id = the call that recorded it. */

import { choice, hash32, int, maybe, text } from '../../codec/schema.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

export const movement = objectType('movement', {
  v0: { kind: choice('in', 'out', 'handover', 'loss'), ...version },
  v1: {
    unit: hash32,
    owner: hash32,
    /** Who had the goods before, and who has them after. */
    from: hash32,
    to: hash32,
    monitor: hash32,
    quantity: int(0),
    packages: int(0),
    receipt: maybe(hash32),
    release: maybe(hash32),
    /** Order or survey, as its parties number it. */
    reference: text(80),
    seal: text(40),
    evidenceRoot: hash32,
  },
});

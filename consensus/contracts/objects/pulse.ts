/** When the goods were last heard of (row 23, silence), id = the unit's. Running time. */

import { hash32, timeMs } from '../../codec/schema.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

export const pulse = objectType('pulse', {
  v0: { ...version },
  v1: { owner: hash32, custodian: hash32, monitor: hash32, heardAt: timeMs },
});

/** A thing that may pay: what lives on it (row 40), id = the device's id. */

import { hash32, list, timeMs } from '../../codec/schema.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

export const accountsMax = 4;
export const mandatesMax = 8;

export const thing = objectType('thing', {
  v0: { ...version },
  v2: {
    owner: hash32,
    /** Since when it is the owner's: as declared at the first account, or the position of its last transfer. */
    ownedSince: timeMs,
    /** Open virtual accounts, and mandates that are ACTIVE or SUSPENDED. */
    accounts: list(hash32, accountsMax),
    mandates: list(hash32, mandatesMax),
  },
});

/**
 * A bank's question how goods stand, under a grant (row 10, R035). One for each grant and unit; the monitor's next status of
 * those goods under that grant answers it, and the bank may ask again.
 */

import { choice, hash32, maybe } from '../../codec/schema.ts';
import { hash } from '../../crypto/hash.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

export function statusRequestId(grant: Uint8Array, unit: Uint8Array): Uint8Array {
  return hash('object-key', grant, unit);
}

export const statusRequest = objectType('status-request', {
  v0: { state: choice('OPEN', 'ANSWERED'), ...version },
  v1: {
    grant: hash32,
    unit: hash32,
    monitor: hash32,
    enterprise: hash32,
    bank: hash32,
    /** The status that answered it. */
    status: maybe(hash32),
  },
});

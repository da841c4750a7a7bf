/**
 * A zone of a place (semantics §2), id = ledger key of its GLN and extension. What is registered in it never exceeds
 * what is measured there: DIFFERS names a measurement that found less.
 */

import { choice, hash32, int, text, timeMs } from '../../codec/schema.ts';
import { objectType } from '../object.ts';
import { labelKey } from '../registry.ts';
import { version } from './version.ts';

export const zone = objectType('zone', {
  v0: { state: choice('ACTIVE', 'DIFFERS'), ...version },
  v1: {
    gln: text(13, 13),
    zone: text(20, 1),
    custodian: hash32,
    /** Grams; 0 while nobody has stated one. */
    capacity: int(0),
    registered: int(0),
    /** Grams at the last measurement of the whole, with what was weighed in and out since. */
    measured: int(0),
    measuredAt: timeMs,
    /** Grams registered beyond what was measured and the tolerance; 0 unless DIFFERS. */
    difference: int(0),
  },
});

export function zoneId(network: Uint8Array, gln: string, name: string): Uint8Array {
  return labelKey(network, 'gln', `${gln}/${name}`);
}

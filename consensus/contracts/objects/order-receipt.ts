/**
 * The monitor's order receipt (semantics §4, R029, R030): a record, never a document of title. Versions stay as they
 * were written, each an object of its own that names its predecessor; a head names the newest.
 */

import { hash32, int, maybe, text, timeMs } from '../../codec/schema.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

/** One version; id = the call that wrote it. */
export const orderReceipt = objectType('order-receipt', {
  v0: {
    /** Id of the first version, which is the id of the head. */
    origin: hash32,
    predecessor: maybe(hash32),
    number: int(1),
    ...version,
  },
  v1: {
    unit: hash32,
    monitor: hash32,
    pledgor: hash32,
    pledgee: hash32,
    goods: text(120),
    specification: text(160),
    quantity: int(0),
    packages: int(0),
    gln: text(13),
    zone: text(20),
    /** Position inside the zone. */
    position: text(80),
    condition: text(160),
    statedAt: timeMs,
  },
  v2: { orderNumber: text(40), amount: int(0), currency: text(3) },
});

/** id = first version. */
export const orderHead = objectType('order-head', { v0: { newest: hash32, number: int(1), ...version } });

/**
 * Who holds a unit as security, id = the unit's `[CTR-1]`. It exists exactly while the unit carries a reservation or a pledge:
 * its absence from the state proves the unit free, its presence proves which pledges there are and that there are
 * no others (R162). Pledge ids are open and blind; quantities are not (semantics §3, V4).
 */

import { limits } from '../../codec/limits.ts';
import { choice, hash32, type Infer, int, list, record } from '../../codec/schema.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

export const encumbranceEntry = record('encumbrance-entry', {
  pledge: hash32,
  /** 0 while only reserved. */
  rank: int(0),
  state: choice('RESERVED', 'PLEDGED'),
});
export type EncumbranceEntry = Infer<typeof encumbranceEntry>;

export const encumbrance = objectType('encumbrance', {
  v0: { entries: list(encumbranceEntry, limits.pledgesPerUnitMax, 1), ...version },
  /** Grams, one for each entry, in the same order. */
  v1: { quantities: list(int(1), limits.pledgesPerUnitMax, 1) },
});

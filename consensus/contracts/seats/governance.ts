/** Seats by governance: those that q present seats named, else the present ones; the unfit left out. */

import type { ObjectReader } from '../object.ts';
import { epochId, epochObject } from '../objects/epoch.ts';
import { isFit } from './fitness.ts';
import type { Seating } from './rules.ts';

export function chooseNamed(state: ObjectReader, { seating }: { readonly seating: Seating }): Uint8Array[] {
  const named = state.get(epochObject, epochId(seating.epoch))?.named ?? [];
  return (named.length > 0 ? named : seating.seats).filter((seat) => isFit(state, seat));
}

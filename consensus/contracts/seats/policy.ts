/** The one interface of the seat policies `[CKP-4]`: who holds the seats of the next epoch. */

import type { ObjectReader } from '../object.ts';
import { chooseDelegates } from './delegates.ts';
import { chooseNamed } from './governance.ts';
import type { Seating, SeatPolicyName } from './rules.ts';
import { chooseDrawn } from './stake-draw.ts';

/**
 * Seats of the next epoch, chosen from the state after the epoch's last vertex; fit keys only, none twice. Fewer than
 * the least number means that the present committee goes on. A pure function: no header, no clock, no leader in it.
 */
export type SeatPolicy = (state: ObjectReader, ending: EndingEpoch) => readonly Uint8Array[];

export interface EndingEpoch {
  readonly seating: Seating;
  readonly seatsWanted: number;
}

export const seatPolicyOf: { readonly [N in SeatPolicyName]: SeatPolicy } = {
  governance: chooseNamed,
  stake: chooseDrawn,
  delegates: chooseDelegates,
};

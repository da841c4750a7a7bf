/** A simulated sensor without its key, clock and counter, and the events that a scenario can plan. */

import type { QuantityName, SensorFunction } from '../../consensus/vertex/quantities.ts';
import type { Random } from './random.ts';

export interface Breach {
  readonly atMs: number;
  /** Pallets taken from the bay; cooling of the bay failed; load on the truck tipped over. */
  readonly kind: 'weight' | 'temperature' | 'tilt';
}

/** What a sensor measures at one moment, in its quantities' units, and how many decimals it prints. */
export type Measurement = readonly (readonly [quantity: QuantityName, value: number, decimals: number])[];

export interface Probe {
  readonly name: string;
  readonly function: SensorFunction;
  readonly intervalMs: number;
  /** Called at ascending times. */
  measure(timeMs: number, random: Random): Measurement;
  /** Where something worth a frame happens sooner than the interval: when, after `timeMs`. */
  wakesMs?(timeMs: number): number;
}

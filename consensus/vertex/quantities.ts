/**
 * What a sensor can state (R013): each quantity with its one SenML unit (RFC 8428 §12.1), the sensor function that
 * measures it, and the range outside which a reading is refused as impossible. Append only: positions travel.
 */

import type { Decimal } from './decimal.ts';
import { compareDecimals } from './decimal.ts';

/** What a device is *for*; independent evidence wants two different functions (R154). */
export type SensorFunction =
  | 'weigher'
  | 'counter'
  | 'camera'
  | 'climate'
  | 'locator'
  | 'motion'
  | 'door'
  | 'power'
  | 'leak';

export interface Quantity {
  readonly unit: string;
  readonly function: SensorFunction;
  readonly min: number;
  readonly max: number;
}

export const quantities = {
  count: { unit: 'count', function: 'counter', min: 0, max: 1e9 },
  weight: { unit: 'kg', function: 'weigher', min: 0, max: 1e7 },
  length: { unit: 'm', function: 'camera', min: 0, max: 1000 },
  width: { unit: 'm', function: 'camera', min: 0, max: 1000 },
  height: { unit: 'm', function: 'camera', min: 0, max: 1000 },
  temperature: { unit: 'Cel', function: 'climate', min: -90, max: 200 },
  humidity: { unit: '%RH', function: 'climate', min: 0, max: 100 },
  latitude: { unit: 'lat', function: 'locator', min: -90, max: 90 },
  longitude: { unit: 'lon', function: 'locator', min: -180, max: 180 },
  speed: { unit: 'm/s', function: 'locator', min: 0, max: 150 },
  motion: { unit: 'count', function: 'motion', min: 0, max: 65535 },
  shock: { unit: 'm/s2', function: 'motion', min: 0, max: 20000 },
  accelerationX: { unit: 'm/s2', function: 'motion', min: -200, max: 200 },
  accelerationY: { unit: 'm/s2', function: 'motion', min: -200, max: 200 },
  accelerationZ: { unit: 'm/s2', function: 'motion', min: -200, max: 200 },
  tilt: { unit: 'rad', function: 'motion', min: -6.3, max: 6.3 },
  door: { unit: '/', function: 'door', min: 0, max: 1 },
  voltage: { unit: 'V', function: 'power', min: 0, max: 1000 },
  battery: { unit: '%EL', function: 'power', min: 0, max: 100 },
  contact: { unit: '/', function: 'door', min: 0, max: 255 },
  pulses: { unit: 'count', function: 'counter', min: 0, max: 4294967295 },
  leak: { unit: '/', function: 'leak', min: 0, max: 255 },
  /** What a meter has counted since it was made. */
  energy: { unit: 'kWh', function: 'power', min: 0, max: 1e9 },
  power: { unit: 'W', function: 'power', min: -1e9, max: 1e9 },
} as const satisfies { readonly [name: string]: Quantity };

export type QuantityName = keyof typeof quantities;
export const quantityNames = Object.keys(quantities) as readonly QuantityName[];

/** Why a value cannot be a reading of this quantity, or `undefined` when it can. */
export function quantityDefect(name: QuantityName, value: Decimal): string | undefined {
  const { min, max } = quantities[name];
  const bound = (limit: number): Decimal => ({ mantissa: Math.round(limit * 10), exponent: -1 });
  const outside = compareDecimals(value, bound(min)) < 0 || compareDecimals(value, bound(max)) > 0;
  return outside ? `outside ${min} to ${max}` : undefined;
}

/**
 * Which quantity a SenML record states, and by what power of ten its unit differs from the quantity's own.
 * docs/spec/readings.md.
 */

import { type Decimal, decimalOf, parseDecimal } from '../../consensus/vertex/decimal.ts';
import { type QuantityName, quantities, quantityNames } from '../../consensus/vertex/quantities.ts';

/**
 * Units that differ from one of ours by a power of ten, so that conversion is exact (RFC 8428 §12.1, RFC 8798 §3).
 * What needs a division, such as km/h, is refused instead of rounded.
 */
const scaledUnits = new Map<string, readonly [unit: string, shift: number]>([
  ['g', ['kg', -3]],
  ['mV', ['V', -3]],
  ['mm', ['m', -3]],
  ['cm', ['m', -2]],
  ['km', ['m', 3]],
  ['Wh', ['kWh', -3]],
  ['kW', ['W', 3]],
]);

/** Units that only one quantity has: there the unit names the quantity. */
const onlyQuantityOf = new Map<string, QuantityName | undefined>();
for (const name of quantityNames) {
  const { unit } = quantities[name];
  onlyQuantityOf.set(unit, onlyQuantityOf.has(unit) ? undefined : name);
}

const names = new Set<string>(quantityNames);
export const isQuantityName = (name: string): name is QuantityName => names.has(name);

export interface Stated {
  readonly quantity: QuantityName;
  /** The reading is the stated number times 10^shift. */
  readonly shift: number;
}

/** The quantity that a name and a unit state; without a name the unit must leave only one choice. */
export function statedQuantity(name: QuantityName | undefined, unit: string | undefined): Stated | undefined {
  if (unit === undefined) return undefined;
  const [own, shift] = scaledUnits.get(unit) ?? [unit, 0];
  const quantity = name ?? onlyQuantityOf.get(own);
  return quantity !== undefined && quantities[quantity].unit === own ? { quantity, shift } : undefined;
}

/** A sensor's number as the decimal it printed, times 10^shift; `undefined` when it has more than 15 digits. */
export function readingDecimal(value: number, shift: number): Decimal | undefined {
  const printed = decimalOf(value);
  if (printed === undefined || shift === 0) return printed;
  return parseDecimal(`${printed.mantissa}e${printed.exponent + shift}`);
}

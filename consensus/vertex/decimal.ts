/** Exact decimals `[mantissa, exponent]`: what a sensor printed, never a float `[ENC-1]`. */

import { type Infer, int, record } from '../codec/schema.ts';

const EXPONENT_MIN = -9;
const EXPONENT_MAX = 9;
const MANTISSA_MAX = 10 ** 15;
/** No decimal within the limits needs more, short of zeros that say nothing. */
const TEXT_LENGTH_MAX = 64;

/** mantissa × 10^exponent; what frames carry is also in lowest terms, see `isLowestTerms`. */
export const decimal = record('decimal', {
  mantissa: int(-MANTISSA_MAX, MANTISSA_MAX),
  exponent: int(EXPONENT_MIN, EXPONENT_MAX),
});
export type Decimal = Infer<typeof decimal>;

/** Parses a plain or scientific decimal number; `undefined` when it is none or needs more digits than allowed. */
export function parseDecimal(text: string): Decimal | undefined {
  if (text.length > TEXT_LENGTH_MAX) return undefined;
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/.exec(text);
  if (match === null) return undefined;
  const [, sign, whole, fraction = '', power = '0'] = match;
  const digits = whole! + fraction;
  const significant = digits.replace(/^0+/, '').replace(/0+$/, '');
  if (significant === '') return { mantissa: 0, exponent: 0 };
  let magnitude = Number(significant);
  let exponent = Number(power) - fraction.length + digits.length - digits.replace(/0+$/, '').length;
  // Trailing zeros stand in the mantissa as far as it holds them: 1500 is [1500, 0], 1.50 is [15, -1].
  while (exponent > 0 && magnitude * 10 <= MANTISSA_MAX) {
    magnitude *= 10;
    exponent -= 1;
  }
  const value = { mantissa: sign === '-' ? -magnitude : magnitude, exponent };
  return decimal.check(value) === undefined ? value : undefined;
}

/** The decimal of a finite number in its shortest printed form; `undefined` when it has too many digits. */
export function decimalOf(value: number): Decimal | undefined {
  return parseDecimal(String(value));
}

export function formatDecimal({ mantissa, exponent }: Decimal): string {
  if (exponent >= 0) return String(BigInt(mantissa) * 10n ** BigInt(exponent));
  const digits = String(Math.abs(mantissa)).padStart(1 - exponent, '0');
  return `${mantissa < 0 ? '-' : ''}${digits.slice(0, exponent)}.${digits.slice(exponent)}`;
}

/**
 * True when written in lowest terms, so that one value has one encoding: with an exponent as near to 0 as it can be.
 */
export function isLowestTerms({ mantissa, exponent }: Decimal): boolean {
  if (exponent === 0) return true;
  return exponent > 0 ? Math.abs(mantissa) * 10 > MANTISSA_MAX : mantissa % 10 !== 0;
}

/** Numerical order, exact: −1, 0 or 1. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  const least = Math.min(a.exponent, b.exponent);
  // One of the two is its bare mantissa, at most 10^15. The other is below 2^53 and exact, or beyond that in any case.
  return Math.sign(a.mantissa * 10 ** (a.exponent - least) - b.mantissa * 10 ** (b.exponent - least));
}

/** The decimal as an integer count of 10^-`decimals`, rounded towards zero; BigInt, so nothing overflows. */
export function scaledInteger({ mantissa, exponent }: Decimal, decimals: number): bigint {
  const shift = exponent + decimals;
  return shift >= 0 ? BigInt(mantissa) * 10n ** BigInt(shift) : BigInt(mantissa) / 10n ** BigInt(-shift);
}

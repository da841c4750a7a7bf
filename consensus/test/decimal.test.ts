/** Exact decimals `[ENC-1]`: what a sensor printed and nothing else, in one way of writing it. */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  compareDecimals,
  type Decimal,
  decimal,
  decimalOf,
  formatDecimal,
  isLowestTerms,
  parseDecimal,
  scaledInteger,
} from '../vertex/decimal.ts';
import { plainRecord } from './arbitraries.ts';

const decimals = suite('decimal');

const MANTISSA_MAX = 10 ** 15;
const anyDecimal = plainRecord<Decimal>({
  mantissa: fc.oneof(
    fc.integer({ min: -MANTISSA_MAX, max: MANTISSA_MAX }),
    fc.integer({ min: -2000, max: 2000 }),
    fc
      .tuple(fc.integer({ min: -99, max: 99 }), fc.nat({ max: 13 }))
      .map(([digits, zeros]) => digits * 10 ** zeros + 0),
  ),
  exponent: fc.integer({ min: -9, max: 9 }),
});

/** Numbers as people and devices print them. */
const digits = (maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...'0001234567890'), minLength: 1, maxLength });
const printed = fc
  .tuple(
    fc.constantFrom('', '-'),
    digits(20),
    fc.option(digits(12)),
    fc.option(fc.integer({ min: -25, max: 25 })),
    fc.constantFrom('e', 'E'),
  )
  .map(([sign, whole, fraction, power, e]) => {
    return sign + whole + (fraction === null ? '' : `.${fraction}`) + (power === null ? '' : `${e}${power}`);
  });

/** The value as an integer count of 10^-60: exact, and by other means than the code's. */
const SCALE = 60;
const exact = ({ mantissa, exponent }: Decimal): bigint => BigInt(mantissa) * 10n ** BigInt(exponent + SCALE);
function exactText(text: string): bigint {
  const [number, power = '0'] = text.toLowerCase().split('e') as [string, string?];
  const [whole, fraction = ''] = number.split('.') as [string, string?];
  return BigInt(whole + fraction || '0') * 10n ** BigInt(Number(power) - fraction.length + SCALE) * (1n + 0n);
}
/** Every way to write the value of `count` × 10^-60 within the limits. */
function writings(count: bigint): Decimal[] {
  const found: Decimal[] = [];
  for (let exponent = -9; exponent <= 9; exponent++) {
    const unit = 10n ** BigInt(exponent + SCALE);
    if (count % unit !== 0n) continue;
    const value = { mantissa: Number(count / unit), exponent };
    if (decimal.check(value) === undefined) found.push(value);
  }
  return found;
}

decimals('known forms', () => {
  const known: readonly [string, number, number][] = [
    ['0', 0, 0],
    ['-0', 0, 0],
    ['0.00', 0, 0],
    ['0e9', 0, 0],
    ['21.5', 215, -1],
    ['21.50', 215, -1],
    ['-0.001', -1, -3],
    ['007', 7, 0],
    ['1500', 1500, 0],
    ['1.5e3', 1500, 0],
    ['1500e-2', 15, 0],
    ['150e-2', 15, -1],
    ['0.000000001', 1, -9],
    ['1e15', 10 ** 15, 0],
    ['1e16', 10 ** 15, 1],
    ['2e16', 2 * 10 ** 14, 2],
    ['1e24', 10 ** 15, 9],
    ['100000000000000000000', 10 ** 15, 5],
  ];
  for (const [text, mantissa, exponent] of known)
    assert.equal(parseDecimal(text), { mantissa, exponent }, text);
});

decimals('what is no plain or scientific number, or has too many digits, is refused', () => {
  // biome-ignore format: a table
  const refused = [
    '', ' ', '.', '.5', '5.', '+5', '--5', '1,5', '0x10', '1e', 'e5', '1e1.5', 'NaN', 'Infinity', '1 ', '1\n', '٣',
    '1e1000', '0.0000000001', '1.0000000001', '1234567890123456', '1000000000000001', '1e25', '1e-10', '1e-999',
  ];
  for (const text of refused) assert.is(parseDecimal(text), undefined, text);
});

decimals(
  'a number that can be written is parsed exactly, and into the one form that frames may carry',
  () => {
    fc.assert(
      fc.property(printed, (text) => {
        const parsed = parseDecimal(text);
        const ways = writings(exactText(text));
        assert.is(parsed === undefined, ways.length === 0, `${text} can be written ${ways.length} ways`);
        if (parsed === undefined) return;
        assert.is(exact(parsed), exactText(text));
        assert.is(decimal.check(parsed), undefined);
        assert.ok(isLowestTerms(parsed));
      }),
      { numRuns: 3000 },
    );
  },
);

decimals('of all ways to write a value exactly one is in lowest terms', () => {
  fc.assert(
    fc.property(anyDecimal, (value) => {
      const lowest = writings(exact(value)).filter(isLowestTerms);
      assert.is(lowest.length, 1, JSON.stringify(lowest));
    }),
    { numRuns: 3000 },
  );
  for (const mantissa of [1, 10 ** 14, 10 ** 14 + 1, MANTISSA_MAX - 1, MANTISSA_MAX]) {
    for (let exponent = -9; exponent <= 9; exponent++) {
      assert.is(
        writings(exact({ mantissa, exponent })).filter(isLowestTerms).length,
        1,
        `${mantissa}e${exponent}`,
      );
    }
  }
});

decimals('printing and parsing give the same value, in lowest terms', () => {
  fc.assert(
    fc.property(anyDecimal, (value) => {
      const again = parseDecimal(formatDecimal(value));
      assert.ok(again !== undefined, formatDecimal(value));
      assert.is(exact(again), exact(value));
      if (isLowestTerms(value)) assert.equal(again, value);
    }),
    { numRuns: 2000 },
  );
  assert.is(formatDecimal({ mantissa: -5, exponent: -3 }), '-0.005');
  assert.is(formatDecimal({ mantissa: 215, exponent: -1 }), '21.5');
  assert.is(formatDecimal({ mantissa: 10 ** 15, exponent: 9 }), `1${'0'.repeat(24)}`);
});

decimals('the order is that of the numbers', () => {
  fc.assert(
    fc.property(anyDecimal, anyDecimal, (a, b) => {
      const [left, right] = [exact(a), exact(b)];
      assert.is(compareDecimals(a, b), left < right ? -1 : left > right ? 1 : 0);
    }),
  );
  assert.is(compareDecimals({ mantissa: 100, exponent: -2 }, { mantissa: 1, exponent: 0 }), 0);
  const most = 10 ** 15;
  assert.is(compareDecimals({ mantissa: most, exponent: 9 }, { mantissa: most - 1, exponent: 9 }), 1);
  assert.is(compareDecimals({ mantissa: most / 10, exponent: -8 }, { mantissa: most - 1, exponent: -9 }), 1);
  assert.is(compareDecimals({ mantissa: 1, exponent: 6 }, { mantissa: most, exponent: -9 }), 0);
  assert.is(compareDecimals({ mantissa: -1, exponent: 9 }, { mantissa: most, exponent: -9 }), -1);
});

decimals('scaling rounds towards zero and nowhere else', () => {
  fc.assert(
    fc.property(anyDecimal, fc.integer({ min: 0, max: 12 }), (value, places) => {
      assert.is(scaledInteger(value, places), exact(value) / 10n ** BigInt(SCALE - places));
    }),
  );
  assert.is(scaledInteger({ mantissa: -19, exponent: -1 }, 0), -1n);
  assert.is(scaledInteger({ mantissa: 19, exponent: -1 }, 2), 190n);
});

decimals('a JavaScript number keeps the digits it prints', () => {
  fc.assert(
    fc.property(fc.double({ min: -1e9, max: 1e9, noNaN: true }), (value) => {
      const parsed = decimalOf(value);
      if (parsed !== undefined) assert.is(Number(formatDecimal(parsed)), value + 0);
    }),
  );
  assert.equal(decimalOf(0.1), { mantissa: 1, exponent: -1 });
  assert.equal(decimalOf(1e21), { mantissa: 10 ** 15, exponent: 6 });
  for (const none of [Number.NaN, Number.POSITIVE_INFINITY, 0.1 + 0.2, 5e-324])
    assert.is(decimalOf(none), undefined);
});

decimals('a long text is refused in no time, however its zeros lie', () => {
  const zeros = '0'.repeat(200_000);
  const started = performance.now();
  for (const text of [
    `1${zeros}1`,
    `1.${zeros}1`,
    `0.${zeros}1`,
    `${zeros}.${zeros}1`,
    `1${zeros}e1`,
    `1e${zeros}`,
    `-${zeros}x`,
  ]) {
    parseDecimal(text);
  }
  assert.ok(performance.now() - started < 2000, `${(performance.now() - started).toFixed(0)} ms`);
});

decimals.run();

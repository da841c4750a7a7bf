/** External identifiers (semantics §2): published examples, and that check digits catch what they promise to. */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  checkCurrency,
  checkDeviceIdentifier,
  checkGln,
  checkGtin,
  checkLei,
  checkLot,
  checkOrder,
  checkSscc,
} from '../contracts/identifiers.ts';
import { makeLei, withCheckDigit } from './contract-world.ts';

const identifiers = suite('identifiers');

const digits = (length: number): fc.Arbitrary<string> =>
  fc
    .array(fc.integer({ min: 0, max: 9 }), { minLength: length, maxLength: length })
    .map((all) => all.join(''));

identifiers('LEIs of the register pass', () => {
  for (const lei of ['5493001KJTIIGC8Y1R12', '529900T8BM49AURSDO55', '506700GE1G29325QX363']) {
    assert.is(checkLei(lei), undefined, lei);
  }
});

identifiers('an LEI must be twenty capitals and digits', () => {
  for (const lei of [
    '',
    '5493001KJTIIGC8Y1R1',
    '5493001kjtiigc8y1r12',
    '5493001KJTIIGC8Y1R12 ',
    '5493001KJTIIGC8Y1R1A',
  ]) {
    assert.ok(checkLei(lei)?.startsWith('expected'), JSON.stringify(lei));
  }
});

/** MOD 97-10 promises nothing between a letter, which counts as two digits, and a digit: B1 and 1B are alike to it. */
const alike = (a: string, b: string): boolean => /[0-9]/.test(a) === /[0-9]/.test(b);

identifiers(
  'the LEI’s check digits catch a character changed for its like, and like neighbours swapped',
  () => {
    const stem = fc.stringMatching(/^[0-9A-Z]{18}$/);
    fc.assert(
      fc.property(stem, fc.nat(17), fc.integer({ min: 0, max: 35 }), (text, at, value) => {
        const lei = makeLei(text);
        assert.is(checkLei(lei), undefined);
        const [here, next, other] = [lei[at]!, lei[at + 1]!, value.toString(36).toUpperCase()];
        const wrong = 'check digits are wrong (MOD 97-10)';
        if (other !== here && alike(other, here))
          assert.is(checkLei(lei.slice(0, at) + other + lei.slice(at + 1)), wrong);
        if (here !== next && alike(here, next))
          assert.is(checkLei(lei.slice(0, at) + next + here + lei.slice(at + 2)), wrong);
      }),
      { numRuns: 500 },
    );
  },
);

identifiers('GS1’s own examples pass', () => {
  assert.is(checkSscc('106141412345678908'), undefined);
  assert.is(checkGln('9506000134352'), undefined);
  assert.is(checkGtin('00614141123452'), undefined);
  assert.is(checkLot('00614141123452/AB-123/x'), undefined);
});

identifiers('a GS1 key of another length, or not of ASCII digits alone, is none', () => {
  for (const [check, valid] of [
    [checkSscc, '106141412345678908'],
    [checkGln, '9506000134352'],
    [checkGtin, '00614141123452'],
  ] as const) {
    for (const text of [
      '',
      valid.slice(1),
      `0${valid}`,
      `${valid} `,
      ` ${valid.slice(1)}`,
      `${valid.slice(0, -1)}A`,
      `${valid.slice(0, -1)}２`,
    ]) {
      assert.is(check(text), `expected ${valid.length} digits`, JSON.stringify(text));
    }
  }
});

identifiers('the GS1 check digit catches every change of one digit', () => {
  fc.assert(
    fc.property(digits(17), fc.nat(17), fc.integer({ min: 1, max: 9 }), (stem, at, shift) => {
      const sscc = withCheckDigit(stem);
      assert.is(checkSscc(sscc), undefined);
      const changed = sscc.slice(0, at) + ((Number(sscc[at]) + shift) % 10) + sscc.slice(at + 1);
      assert.is(checkSscc(changed), 'check digit is wrong (modulo 10)');
    }),
    { numRuns: 500 },
  );
});

identifiers('R109: published vectors pass, and none of them with any one digit changed', () => {
  const vectors: readonly (readonly [check: (text: string) => string | undefined, text: string])[] = [
    ...['5493001KJTIIGC8Y1R12', '529900T8BM49AURSDO55', '506700GE1G29325QX363'].map(
      (lei) => [checkLei, lei] as const,
    ),
    [checkSscc, '106141412345678908'],
    [checkGln, '9506000134352'],
    [checkGtin, '00614141123452'],
  ];
  let changed = 0;
  for (const [check, text] of vectors) {
    assert.is(check(text), undefined, text);
    for (let at = 0; at < text.length; at++) {
      if (!/[0-9]/.test(text[at]!)) continue;
      for (let shift = 1; shift <= 9; shift++) {
        const wrong = text.slice(0, at) + ((Number(text[at]) + shift) % 10) + text.slice(at + 1);
        assert.match(check(wrong) ?? 'passed', /^check digits? (is|are) wrong/, wrong);
        changed += 1;
      }
    }
  }
  assert.ok(changed > 700, `${changed}`);
  // A GIAI has no check digit: GS1's own example passes, and so does any other serial reference.
  for (const giai of ['95011015GTIN0123', '4000001111', '4000001112'])
    assert.is(checkDeviceIdentifier(giai), undefined, giai);
});

identifiers('a lot is a GTIN of fourteen digits, a stroke, and up to twenty characters', () => {
  const gtin = withCheckDigit('0950600013435');
  assert.is(checkLot(`${gtin}/${'x'.repeat(20)}`), undefined);
  for (const text of [
    gtin,
    `${gtin}/`,
    `${gtin}/${'x'.repeat(21)}`,
    `${gtin}/a b`,
    `${gtin.slice(1)}/7`,
    `${gtin}/#`,
  ]) {
    assert.ok(checkLot(text)?.startsWith('expected'), text);
  }
  assert.is(checkLot(`0${gtin.slice(0, 13)}/7`), 'check digit is wrong (modulo 10)');
});

identifiers('devices are named by GIAI, EUI-64 or URN', () => {
  for (const text of [
    '4000001111',
    '8003ABC-7',
    'A81758FFFE05E6FB',
    'urn:dev:mac:0024befffe804ff1',
    'x'.repeat(30),
  ]) {
    assert.is(checkDeviceIdentifier(text), undefined, text);
  }
  for (const text of ['', ' ', 'x'.repeat(31), 'a b', `urn:${'x'.repeat(61)}`, 'urn:dev:a b']) {
    assert.ok(checkDeviceIdentifier(text) !== undefined, text);
  }
});

identifiers('orders and currencies', () => {
  for (const text of ['PO-2026/17', '1', 'x'.repeat(40)]) assert.is(checkOrder(text), undefined, text);
  for (const text of ['', '-1', 'PO 17', 'x'.repeat(41)]) assert.ok(checkOrder(text) !== undefined, text);
  assert.is(checkCurrency('EUR'), undefined);
  for (const text of ['', 'eur', 'EURO', 'E1R']) assert.ok(checkCurrency(text) !== undefined, text);
});

identifiers.run();

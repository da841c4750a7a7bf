import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Encoder } from 'cbor-x';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHex } from '../../consensus/codec/bytes.ts';
import { decodeCborPack } from '../senml/cbor.ts';
import type { PackRecord } from '../senml/labels.ts';
import { contentTypes, decodePack, encodePack, type SenmlFormat } from '../senml/pack.ts';
import { type ResolvedRecord, resolveRecords } from '../senml/resolve.ts';
import { findRecording } from './recordings.ts';

const test = suite('senml');
/** The clock that RFC 8428's resolved examples 1 and 2 were made with. */
const NOW_MS = 1_498_780_179_000;
const bytesOf = (text: string) => new TextEncoder().encode(text);
const decode = (pack: unknown) => decodePack(bytesOf(JSON.stringify(pack)), undefined, NOW_MS);
const cbor = new Encoder({ useRecords: false, mapsAsObjects: false, tagUint8Array: false });

function resolved(pack: unknown): readonly ResolvedRecord[] {
  const result = decode(pack);
  assert.ok(result.ok, JSON.stringify(result));
  return result.ok ? result.value : [];
}

function refusal(result: ReturnType<typeof decodePack>): string {
  return result.ok ? 'accepted' : `${result.code}: ${result.facts['reason'] ?? ''}`;
}

test('every example of RFC 8428 resolves as published', () => {
  const folder = findRecording('senml-rfc8428');
  if (folder === undefined) return;
  for (const name of ['ex1', 'ex2', 'ex3', 'ex4', 'ex5', 'ex6']) {
    const read = (ending: string) => readFileSync(join(folder, `${name}.${ending}`));
    const published = JSON.parse(read('gen.resolved.json').toString()) as {
      n: string;
      u: string;
      t: number;
      v: number;
    }[];
    const expected = published.map(({ n, u, t, v }) => ({
      name: n,
      unit: u,
      timeMs: Math.round(t * 1000),
      value: v,
    }));
    const records = JSON.parse(read('json').toString()) as PackRecord[];
    for (const payload of [read('json'), encodePack(records, 'json'), encodePack(records, 'cbor')]) {
      const result = decodePack(payload, undefined, NOW_MS);
      assert.ok(result.ok, name);
      const seen = result.value.map(({ name, unit, timeMs, value }) => ({ name, unit, timeMs, value }));
      assert.equal(seen, expected, name);
    }
  }
});

test('the CBOR dump of RFC 8428 §6 reads like its JSON', () => {
  const dump =
    '87a721781b75726e3a6465763a6f773a3130653230373361303130383030363a22fb41d303a15b001062236141200500' +
    '67766f6c7461676501615602fb405e066666666666a3006763757272656e74062402fb3ff3333333333333a300676375' +
    '7272656e74062302fb3ff4cccccccccccda3006763757272656e74062202fb3ff6666666666666a3006763757272656e' +
    '74062102f93e00a3006763757272656e74062002fb3ff999999999999aa3006763757272656e74060002fb3ffb333333333333';
  const result = decodePack(fromHex(dump)!, contentTypes.cbor, NOW_MS);
  assert.ok(result.ok, refusal(result));
  assert.equal(
    result.value.map(({ value }) => value),
    [120.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7],
  );
  assert.is(result.value[0]!.timeMs, 1_276_020_076_001);
  assert.is(result.value[1]!.timeMs, 1_276_020_071_001);
});

test('base fields hold until replaced', () => {
  const records = resolved([
    { bn: 'a:', bt: 1_498_780_179.001, bu: 'Cel', bv: 0.1, bs: 5, n: 'x', v: 0.2 },
    { n: 'y', t: 1, u: 'V' },
    { bn: 'b:', bv: 0, n: 'z', vs: 'text', s: 1 },
  ]);
  assert.equal(records, [
    { name: 'a:x', unit: 'Cel', timeMs: 1_498_780_179_001, value: 0.3, sum: 5 },
    { name: 'a:y', unit: 'V', timeMs: 1_498_780_180_001, value: 0.1, sum: 5 },
    { name: 'b:z', unit: 'Cel', timeMs: 1_498_780_179_001, value: 'text', sum: 6 },
  ]);
});

test('times below 2^28 seconds are relative to now', () => {
  const timeOf = (t: number) => resolved([{ n: 'a', v: 1, t }])[0]!.timeMs;
  assert.is(timeOf(0), NOW_MS);
  assert.is(timeOf(-5.5), NOW_MS - 5500);
  assert.is(timeOf(60), NOW_MS + 60_000);
  assert.is(timeOf(2 ** 28 - 0.001), NOW_MS + 2 ** 28 * 1000 - 1);
  assert.is(timeOf(2 ** 28), 2 ** 28 * 1000);
  assert.is(timeOf(253_402_300_799.999), 253_402_300_799_999);
  for (const t of [253_402_300_800, 1e300, -1e300, -2e9])
    assert.is(refusal(decode([{ n: 'a', v: 1, t }])), 'E_SCHEMA: time out of range');
});

test('versions', () => {
  assert.ok(decode([{ bver: 10, n: 'a', v: 1 }]).ok);
  assert.ok(
    decode([
      { bver: 5, n: 'a', v: 1 },
      { n: 'b', v: 1 },
      { bver: 5, n: 'c', v: 1 },
    ]).ok,
  );
  assert.ok(
    decode([
      { n: 'a', v: 1 },
      { bver: 10, n: 'b', v: 1 },
    ]).ok,
  );
  for (const bver of [11, 0, -1, 5.5, 1e300]) {
    assert.is(refusal(decode([{ bver, n: 'a', v: 1 }])), 'E_SCHEMA: version not understood', String(bver));
  }
  assert.is(
    refusal(
      decode([
        { n: 'a', v: 1 },
        { bver: 5, n: 'b', v: 1 },
      ]),
    ),
    'E_SCHEMA: two versions in one pack',
  );
  assert.is(
    refusal(
      decode([
        { bver: 5, n: 'a', v: 1 },
        { bver: 6, n: 'b', v: 1 },
      ]),
    ),
    'E_SCHEMA: two versions in one pack',
  );
});

test('unknown fields are dropped, unless they must be understood', () => {
  assert.ok(decode([{ n: 'a', v: 1, colour: 'red', constructor: 1, ['__proto__x']: true }]).ok);
  assert.match(refusal(decode([{ n: 'a', v: 1, crs_: 'x' }])), /must understand/);
  assert.match(refusal(decode([{ n: 'a', v: 1, b_: 1 }])), /must understand/);
  const text = cbor.encode([
    new Map<unknown, unknown>([
      [0, 'a'],
      [2, 1],
      ['crs_', 1],
    ]),
  ]);
  assert.match(refusal(decodePack(text, undefined, NOW_MS)), /must understand/);
});

test('what is not SenML is refused with its reason', () => {
  const cases: [unknown, string][] = [
    [[], 'E_SCHEMA: expected an array of records'],
    [[1], 'E_SCHEMA: expected an object'],
    [[null], 'E_SCHEMA: expected an object'],
    [[[]], 'E_SCHEMA: expected an object'],
    [[{ v: 1 }], 'E_SCHEMA: no name'],
    [[{ n: 'a' }], 'E_SCHEMA: neither a value nor a sum'],
    [[{ n: 'a', v: 1, vs: 'x' }], 'E_SCHEMA: more than one value'],
    [[{ n: 'a', v: '1' }], 'E_SCHEMA: expected number, got string'],
    [[{ n: 'a', v: null }], 'E_SCHEMA: expected a number, text, yes or no, or bytes'],
    [[{ n: 'a', vd: 'no+base64url/' }], 'E_SCHEMA: expected bytes, got string'],
    [[{ n: 'a', vd: 'QQ==' }], 'E_SCHEMA: expected bytes, got string'],
    [[{ n: '-a', v: 1 }], 'E_SCHEMA: name has characters that SenML does not allow'],
    [[{ n: 'a b', v: 1 }], 'E_SCHEMA: name has characters that SenML does not allow'],
    [[{ n: 'ä', v: 1 }], 'E_SCHEMA: name has characters that SenML does not allow'],
    [[{ n: 'a'.repeat(129), v: 1 }], 'E_SCHEMA: name too long'],
    [Array.from({ length: 257 }, () => ({ n: 'a', v: 1 })), 'E_SCHEMA: too many records'],
    [[Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`f${i}`, 1]))], 'E_SCHEMA: too many fields'],
  ];
  for (const [pack, expected] of cases) assert.is(refusal(decode(pack)), expected);
  assert.ok(decode(Array.from({ length: 256 }, () => ({ n: 'a', v: 1 }))).ok);
  const raw = (text: string) => refusal(decodePack(bytesOf(text), undefined, NOW_MS));
  assert.is(raw('[{"n":"a","v":1e999}]'), 'E_SCHEMA: value is not a finite number');
  assert.is(raw('[{"n":"a","v":1,"bt":1e999}]'), 'E_SCHEMA: time out of range');
  assert.is(raw('[{"n":"a"'), 'E_ENC: not JSON');
  assert.is(raw(''), 'E_ENC: neither SenML JSON nor SenML CBOR');
  assert.is(raw('{"n":"a","v":1}'), 'E_ENC: neither SenML JSON nor SenML CBOR');
  assert.match(raw('['.repeat(60_000)), /^E_ENC/);
  assert.is(refusal(decodePack(Uint8Array.of(0x5b, 0xff, 0x5d), undefined, NOW_MS)), 'E_ENC: not JSON');
  assert.is(refusal(decodePack(new Uint8Array(65_537).fill(0x20), undefined, NOW_MS)), 'E_LIMIT_BYTES: ');
});

test('the content type decides, and the first byte without it', () => {
  const pack: PackRecord[] = [{ n: 'a', v: 1 }];
  const json = encodePack(pack, 'json');
  const bin = encodePack(pack, 'cbor');
  const accepts = (payload: Uint8Array, type: string | undefined) => decodePack(payload, type, NOW_MS).ok;
  assert.ok(
    accepts(json, undefined) &&
      accepts(bin, undefined) &&
      accepts(json, '') &&
      accepts(bytesOf(' \r\n\t[{"n":"a","v":1}]'), undefined),
  );
  assert.ok(
    accepts(json, 'application/senml+json') && accepts(json, 'Application/SenML+JSON; charset=utf-8'),
  );
  assert.ok(accepts(bin, 'application/senml+cbor'));
  assert.not(
    accepts(bin, 'application/senml+json') ||
      accepts(json, 'application/senml+cbor') ||
      accepts(json, 'text/plain'),
  );
});

test('CBOR: numbers in every form the standard allows', () => {
  const value = (hex: string) => {
    const result = decodeCborPack(fromHex(`81a200616102${hex}`)!);
    return result.ok ? result.value[0]!.v : `${result.code}: ${result.facts['reason']}`;
  };
  assert.is(value('1818'), 24);
  assert.is(value('3863'), -100);
  assert.is(value('1b001fffffffffffff'), 2 ** 53 - 1);
  assert.is(value('1b0020000000000000'), 'E_ENC: integer beyond 2^53-1');
  assert.is(value('f93e00'), 1.5);
  assert.is(value('f90001'), 2 ** -24);
  assert.is(value('fa41b8cccd'), 23.1);
  assert.is(value('fa4b7fffff'), 16_777_215);
  assert.is(value('fb403719999999999a'), 23.1);
  assert.is(value('c48221190903'), 23.07);
  assert.is(value('c4820219012c'), 30_000);
  for (const nan of ['f97e00', 'f97c00', 'fa7f800000', 'fb7ff8000000000000', 'c4821903e801'])
    assert.is(value(nan), 'E_ENC: not a finite number', nan);
});

test('CBOR: nothing of its wider world gets in', () => {
  const cases: [string, string][] = [
    ['d9dfff8319e00081616101', 'expected an array'], // cbor-x record definition
    ['81d9dfff8319e00081616101', 'expected a map'],
    ['81a102c249010000000000000000', 'tag not in use'], // bignum
    ['81a102d81c80', 'tag not in use'], // shared reference
    ['81a102c11a5f5e1000', 'tag not in use'], // date
    ['81a10280', 'a value may not hold others'],
    ['81a102a0', 'a value may not hold others'],
    ['81a102f6', 'simple value not in use'],
    ['81a102f7', 'simple value not in use'],
    ['81a102f8ff', 'simple value not in use'],
    ['81a1025f4101ff', 'length not in use'],
    ['81a102c480', 'expected exponent and mantissa'],
    ['81a102c483000000', 'more items than its limit'],
    ['81a1f501', 'expected a label'],
    ['81a1412001', 'expected a label'],
    ['81a1617601', 'a known label written as text'],
    ['81a10901', 'integer label not in use'],
    ['81a202010202', 'label given twice'],
    ['81a20261', 'ends early'],
    ['9a7fffffff', 'ends early'],
    ['9b001fffffffffffff', 'ends early'],
    ['81bb001fffffffffffff', 'ends early'],
    ['81a1007b001fffffffffffff', 'ends early'],
    ['81a10061ff', 'text is not UTF-8'],
    ['81a2006161020100', 'bytes left over'],
    ['81', 'ends early'],
    ['9f', 'ends early'],
  ];
  for (const [hex, reason] of cases) {
    const result = decodeCborPack(fromHex(hex)!);
    assert.not(result.ok, hex);
    if (!result.ok && result.code === 'E_ENC') assert.is(result.facts['reason'], reason, hex);
  }
  assert.ok(
    decodeCborPack(fromHex('9fbf0061610201ffff')!).ok,
    'indefinite array and map, as streams have them',
  );
});

const finite = fc
  .oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer(), fc.maxSafeInteger())
  .map((n) => n + 0);
const anyRecord = fc
  .record(
    {
      bn: fc.stringMatching(/^[a-z0-9:/]{1,20}$/),
      bt: finite,
      bu: fc.constantFrom('Cel', 'V', 'é'),
      bv: finite,
      bs: finite,
      bver: fc.constantFrom(5, 10),
      n: fc.string({ maxLength: 20 }),
      u: fc.constantFrom('Cel', 'V'),
      v: finite,
      vs: fc.string({ maxLength: 30, unit: 'grapheme' }),
      vb: fc.boolean(),
      vd: fc.uint8Array({ maxLength: 70 }),
      s: finite,
      t: finite,
      ut: finite,
    },
    { requiredKeys: [] },
  )
  .map((record) => record as PackRecord);
const plain = (records: unknown) =>
  JSON.parse(JSON.stringify(records, (_, value) => (Object.is(value, -0) ? 0 : value)));

test('JSON and CBOR carry the same records; cbor-x reads what we write', () => {
  fc.assert(
    fc.property(fc.array(anyRecord, { minLength: 1, maxLength: 5 }), (records) => {
      const json = decodePack(encodePack(records, 'json'), contentTypes.json, NOW_MS);
      const bin = decodePack(encodePack(records, 'cbor'), contentTypes.cbor, NOW_MS);
      assert.equal(plain(json), plain(bin));
      const raw = decodeCborPack(encodePack(records, 'cbor'));
      assert.ok(raw.ok);
      assert.equal(plain(raw.value), plain(records));
      const other = cbor.decode(encodePack(records, 'cbor')) as Map<number, unknown>[];
      assert.equal(plain(other.map((map) => map.get(2) ?? null)), plain(records.map(({ v }) => v ?? null)));
    }),
  );
});

test('foreign bytes never throw', () => {
  const formats: SenmlFormat[] = ['json', 'cbor'];
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.constantFrom(undefined, ...Object.values(contentTypes)),
      (payload, type) => {
        decodePack(payload, type, NOW_MS);
      },
    ),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(fc.json(), (text) => void decodePack(bytesOf(text), contentTypes.json, NOW_MS)),
    { numRuns: 500 },
  );
  const pack: PackRecord[] = [
    { bn: 'urn:dev:ow:1:', bt: 1.7e9, n: 'counter', v: 300 },
    { n: 'door', vb: true },
    { n: 'signature', vd: new Uint8Array(8) },
  ];
  for (const format of formats) {
    const whole = encodePack(pack, format);
    for (let at = 0; at < whole.length; at++) {
      for (let byte = 0; byte < 256; byte++) {
        const mutated = whole.slice();
        mutated[at] = byte;
        decodePack(mutated, contentTypes[format], NOW_MS);
      }
      decodePack(whole.subarray(0, at), contentTypes[format], NOW_MS);
    }
  }
});

test('a huge pack is decided quickly', () => {
  const startedMs = performance.now();
  for (let i = 0; i < 50; i++) {
    decodePack(new Uint8Array(65_536).fill(0x9f), contentTypes.cbor, NOW_MS);
    decodePack(new Uint8Array(65_536).fill(0x5b), contentTypes.json, NOW_MS);
    decodePack(new Uint8Array(65_536).fill(0xc4), contentTypes.cbor, NOW_MS);
  }
  assert.ok(performance.now() - startedMs < 30_000);
});

test('resolving is pure: the same pack and clock give the same records', () => {
  fc.assert(
    fc.property(fc.array(anyRecord, { maxLength: 4 }), fc.nat(), (records, nowMs) => {
      assert.equal(resolveRecords(records, nowMs), resolveRecords(records, nowMs));
    }),
  );
});

test.run();

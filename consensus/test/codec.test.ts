/** Canonical msgpack `[ENC-1]` `[ENC-2]`: one encoding per value, and nothing hostile costs more than its bytes. */

import fc from 'fast-check';
import { Packr } from 'msgpackr';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compareBytes, concatBytes, equalBytes, fromHex, toHex } from '../codec/bytes.ts';
import { type Code, codeNumber, codeOf, codes } from '../codec/codes.ts';
import {
  bytes,
  choice,
  fixed,
  flag,
  int,
  list,
  maybe,
  record,
  type Schema,
  tagged,
  text,
} from '../codec/schema.ts';
import {
  ascii,
  byteString,
  flipped,
  integerEdges,
  plainRecord,
  safeInteger,
  without,
} from './arbitraries.ts';

const codec = suite('codec');

const SAFE = Number.MAX_SAFE_INTEGER;
const anyInt = int(-SAFE, SAFE);

/** Every type of field once, so that a rule broken anywhere in the codec breaks it here. */
const sample = record('sample', {
  id: fixed(2),
  number: anyInt,
  word: choice('red', 'green', 'blue'),
  yes: flag,
  name: text(300),
  blob: bytes(300),
  rows: list(list(anyInt, 20), 20),
  perhaps: maybe(text(8)),
  shape: tagged('shape', { point: record('point', {}), circle: record('circle', { radius: int(0, 300) }) }),
});

const point = fc.constant({ type: 'point' as const });
const circle = plainRecord({ type: fc.constant('circle' as const), radius: fc.nat({ max: 300 }) });
const sampleArbitrary = plainRecord({
  id: byteString(2, 2),
  number: safeInteger,
  word: fc.constantFrom('red', 'green', 'blue'),
  yes: fc.boolean(),
  name: fc.oneof(ascii(0, 40), ascii(250, 300)),
  blob: fc.oneof(byteString(0, 20), byteString(250, 300)),
  rows: fc.array(fc.array(safeInteger, { maxLength: 18 }), { maxLength: 18 }),
  perhaps: fc.option(ascii(0, 8), { nil: undefined }),
  shape: fc.oneof(point, circle),
});

/** The property that everything hashed rests on: what decodes is exactly what encoding its value gives. */
function assertOnlyCanonical<T>(schema: Schema<T>, encoded: Uint8Array): void {
  const decoded = schema.decode(encoded);
  if (decoded.ok) assert.is(toHex(schema.encode(decoded.value)), toHex(encoded));
}

codec('integers take these bytes and no others', () => {
  const number = record('number', { value: anyInt });
  const known: readonly [number, string][] = [
    [0, '00'],
    [127, '7f'],
    [128, 'cc80'],
    [255, 'ccff'],
    [256, 'cd0100'],
    [65535, 'cdffff'],
    [65536, 'ce00010000'],
    [4294967295, 'ceffffffff'],
    [4294967296, 'cf0000000100000000'],
    [1767225600000, 'cf0000019b76daa800'],
    [SAFE, 'cf001fffffffffffff'],
    [-1, 'ff'],
    [-32, 'e0'],
    [-33, 'd0df'],
    [-128, 'd080'],
    [-129, 'd1ff7f'],
    [-32768, 'd18000'],
    [-32769, 'd2ffff7fff'],
    [-2147483648, 'd280000000'],
    [-2147483649, 'd3ffffffff7fffffff'],
    [-4294967296, 'd3ffffffff00000000'],
    [-SAFE, 'd3ffe0000000000001'],
  ];
  for (const [value, hex] of known) {
    assert.is(toHex(number.encode({ value })), `91${hex}`, `${value}`);
    assert.equal(number.decode(fromHex(`91${hex}`)!), { ok: true, value: { value } });
  }
});

codec('longer forms of the same integer, and integers beyond 2^53-1, are refused', () => {
  const number = record('number', { value: anyInt });
  // biome-ignore format: a table
  const refused = [
    'cc00', 'cc7f', 'cd0000', 'cd00ff', 'ce00000000', 'ce0000ffff', 'cf0000000000000000', 'cf00000000ffffffff',
    'd000', 'd001', 'd07f', 'd0ff', 'd0e0', 'd10000', 'd17fff', 'd1ff80', 'd1ffff', 'd200000000', 'd27fffffff',
    'd2ffff8000', 'd2ffffffff', 'd30000000000000000', 'd30000000100000000', 'd3ffffffff80000000',
    'd3ffffffffffffffff', 'cf0020000000000000', 'cfffffffffffffffff', 'd3ffe0000000000000',
    'd38000000000000000', 'd37fffffffffffffff',
  ];
  for (const hex of refused) {
    const decoded = number.decode(fromHex(`91${hex}`)!);
    assert.is(decoded.ok, false, hex);
    assert.is(!decoded.ok && decoded.code, 'E_ENC', hex);
  }
});

codec('nil, booleans, floats, maps, extensions and long strings are no part of the format', () => {
  const fields = [anyInt, text(100), bytes(100), flag, list(anyInt, 9), maybe(anyInt), choice('a', 'b')];
  // biome-ignore format: a table
  const foreign = [
    'c0', 'c1', 'c2', 'c3', 'ca3f800000', 'cb3ff0000000000000', '80', '8100', 'de0000', 'df00000000',
    'd400ff', 'd6ff00000000', 'c70000', 'db0000000161', 'dd00000000',
  ];
  for (const field of fields) {
    const one = record('one', { field });
    for (const hex of foreign) assert.is(one.decode(fromHex(`91${hex}`)!).ok, false, hex);
  }
});

codec('lengths take their shortest form as well', () => {
  const name = record('name', { name: text(400) });
  const blob = record('blob', { blob: bytes(70_000) });
  const items = record('items', { items: list(flag, 400) });
  const zeros = (count: number): string => '00'.repeat(count);
  for (const [schema, hex] of [
    [name, `d901${'61'}`],
    [name, `d91f${'61'.repeat(31)}`],
    [name, `da0020${'61'.repeat(32)}`],
    [name, `da00ff${'61'.repeat(255)}`],
    [blob, `c50001${zeros(1)}`],
    [blob, `c500ff${zeros(255)}`],
    [blob, `c600000100${zeros(256)}`],
    [blob, `c60000ffff${zeros(65535)}`],
    [items, `dc0001${zeros(1)}`],
    [items, `dc000f${zeros(15)}`],
  ] as const) {
    assert.is(schema.decode(fromHex(`91${hex}`)!).ok, false, hex.slice(0, 12));
  }
  assert.ok(name.decode(fromHex(`91d920${'61'.repeat(32)}`)!).ok);
  assert.ok(blob.decode(fromHex(`91c6${'00010000'}${zeros(65536)}`)!).ok);
  assert.ok(items.decode(fromHex(`91dc0010${zeros(16)}`)!).ok);
});

codec('is byte-identical to msgpackr for fixed arrays', () => {
  const packr = new Packr({ useRecords: false, structuredClone: false });
  // msgpackr writes a number beyond 32 bits as a float, and as an integer only when it is a BigInt.
  const wide = (value: number): number | bigint =>
    value > 0xffffffff || value < -0x80000000 ? BigInt(value) : value;
  const row = record('row', { number: anyInt, name: text(300), blob: bytes(300), rows: list(anyInt, 40) });
  const narrow = safeInteger.filter((value) => value <= 0xffffffff);
  const rowArbitrary = plainRecord({
    number: narrow,
    name: ascii(0, 300),
    blob: byteString(0, 300),
    rows: fc.array(narrow, { maxLength: 40 }),
  });
  fc.assert(
    fc.property(rowArbitrary, (value) => {
      const packed = packr.pack([wide(value.number), value.name, value.blob, value.rows.map(wide)]);
      assert.is(toHex(row.encode(value)), toHex(packed));
    }),
    { numRuns: 500 },
  );
});

codec('above 2^32-1 it writes uint64, as the msgpack specification has it; msgpackr writes int64', () => {
  const packr = new Packr({ useRecords: false, structuredClone: false });
  const number = record('number', { value: int() });
  fc.assert(
    fc.property(fc.integer({ min: 2 ** 32, max: SAFE }), (value) => {
      const packed = packr.pack([BigInt(value)]);
      assert.is(packed[1], 0xd3);
      assert.is(toHex(number.encode({ value })), toHex(packed).replace('91d3', '91cf'));
    }),
  );
});

codec('what is encoded decodes to the same value', () => {
  fc.assert(
    fc.property(sampleArbitrary, (value) => {
      const decoded = sample.decode(sample.encode(value));
      assert.ok(decoded.ok);
      assert.equal(decoded.value, value);
    }),
    { numRuns: 500 },
  );
});

codec('every single-byte mutation is refused, or is itself the one encoding of another value', () => {
  const small = sampleArbitrary.filter((value) => sample.encode(value).length < 160);
  fc.assert(
    fc.property(small, (value) => {
      const encoded = sample.encode(value);
      for (let position = 0; position < encoded.length; position++) {
        for (let mask = 1; mask < 256; mask++) assertOnlyCanonical(sample, flipped(encoded, position, mask));
      }
    }),
    { numRuns: 8 },
  );
});

codec('the same holds for bytes cut out, put in and moved', () => {
  const splice = plainRecord({
    value: sampleArbitrary,
    from: fc.nat({ max: 400 }),
    count: fc.nat({ max: 12 }),
    put: fc.oneof(
      byteString(0, 12),
      fc.constantFrom('90', '91c0', 'dc0000', 'd900', 'c400', '00').map((hex) => fromHex(hex)!),
    ),
  });
  fc.assert(
    fc.property(splice, ({ value, from, count, put }) => {
      const encoded = sample.encode(value);
      const start = from % encoded.length;
      assertOnlyCanonical(sample, without(encoded, start, count));
      assertOnlyCanonical(
        sample,
        concatBytes(encoded.subarray(0, start), put, encoded.subarray(start + count)),
      );
    }),
    { numRuns: 3000 },
  );
});

codec('no beginning of an encoding decodes, and nothing may follow one', () => {
  fc.assert(
    fc.property(sampleArbitrary, fc.nat({ max: 255 }), (value, extra) => {
      const encoded = sample.encode(value);
      for (let length = 0; length < encoded.length; length++) {
        assert.is(sample.decode(encoded.subarray(0, length)).ok, false);
      }
      assert.is(sample.decode(concatBytes(encoded, Uint8Array.of(extra))).ok, false);
    }),
    { numRuns: 40 },
  );
});

codec('random bytes never throw', () => {
  fc.assert(
    fc.property(byteString(0, 64), (noise) => {
      const decoded = sample.decode(noise);
      if (!decoded.ok) assert.is(decoded.code, 'E_ENC');
      assertOnlyCanonical(sample, noise);
    }),
    { numRuns: 5000 },
  );
});

codec('a declared length is believed only as far as bytes are there', () => {
  const hostile = {
    'array32 of 2^32-1': 'ddffffffff',
    'array16 of 65,535 without items': 'dcffff',
    'bin32 of 2^32-1': 'c6ffffffff',
    'bin32 of 2^31': 'c680000000',
    'bin16 of 65,535': 'c5ffff',
    'str32 of 2^32-1': 'dbffffffff',
    'str16 of 65,535': 'daffff',
    'map32 of 2^32-1': 'dfffffffff',
    'ext32 of 2^32-1': 'c9ffffffff01',
  };
  const fields = [list(bytes(65_535), 65_535), bytes(2 ** 32), text(65_535)];
  const before = process.memoryUsage();
  const started = performance.now();
  for (const hex of Object.values(hostile)) {
    for (const field of fields) {
      const schema = record('hostile', { field });
      for (let i = 0; i < 100; i++) assert.is(schema.decode(fromHex(`91${hex}00`)!).ok, false, hex);
    }
  }
  assert.ok(performance.now() - started < 2000, 'refused at once');
  assert.ok(process.memoryUsage().arrayBuffers - before.arrayBuffers < 2e6, 'nothing allocated');
});

codec('a list is refused for its length before its first item is read', () => {
  const schema = record('hostile', { field: list(anyInt, 65_535) });
  const decoded = schema.decode(fromHex(`91dcffff${'00'.repeat(65_534)}`)!);
  assert.is(!decoded.ok && decoded.facts.reason, 'array longer than the frame');
  assert.is(!decoded.ok && decoded.facts.offset, 4);
});

codec('a million levels of nesting are refused at the first that the shape does not have', () => {
  const deep = new Uint8Array(1_000_000).fill(0x91);
  const nested = record('nested', { rows: list(list(list(anyInt, 1), 1), 1) });
  const started = performance.now();
  const decoded = nested.decode(deep);
  assert.ok(performance.now() - started < 500);
  assert.is(!decoded.ok && decoded.facts.reason, 'expected an integer');
  assert.is(!decoded.ok && decoded.facts.offset, 5);
});

codec('a frame over its limit is refused unread, with its own code', () => {
  const decoded = sample.decode(new Uint8Array(1001), 1000);
  assert.equal(decoded, {
    ok: false,
    code: 'E_LIMIT_BYTES',
    facts: { record: 'sample', bytes: 1001, limit: 1000 },
  });
});

codec('decoded byte strings are copies, also of a Buffer: a reused receive buffer changes nothing', () => {
  const blob = record('blob', { blob: bytes(300) });
  const received = Buffer.from(blob.encode({ blob: Uint8Array.of(1, 2, 3) }));
  const decoded = blob.decode(received);
  assert.ok(decoded.ok);
  received.fill(0xee);
  assert.is(toHex(decoded.value.blob), '010203');
  assert.is(decoded.value.blob.constructor, Uint8Array);
});

codec('encoding copies too, and reuses nothing between calls', () => {
  const blob = record('blob', { blob: bytes(300) });
  const value = { blob: Uint8Array.of(1, 2, 3) };
  const first = blob.encode(value);
  value.blob[0] = 9;
  blob.encode(value);
  assert.is(toHex(first), '91c403010203');
});

codec('byte strings are ordered as text is: byte by byte, a prefix first', () => {
  fc.assert(
    fc.property(byteString(0, 6), byteString(0, 6), (a, b) => {
      const [left, right] = [toHex(a), toHex(b)];
      assert.is(Math.sign(compareBytes(a, b)), left < right ? -1 : left > right ? 1 : 0);
      assert.is(equalBytes(a, b), left === right);
    }),
  );
});

codec('hexadecimal is read back, and what is not hexadecimal is refused', () => {
  fc.assert(fc.property(byteString(0, 50), (value) => equalBytes(fromHex(toHex(value))!, value)));
  for (const wrong of ['0', '0g', ' 0', '0x', '-1', '1.', '00\n', '٠٠', 'ﬀ'])
    assert.is(fromHex(wrong), undefined, wrong);
});

codec('every code has one number, and OK is 0', () => {
  assert.is(codeNumber('OK'), 0);
  for (const code of Object.keys(codes) as Code[]) assert.is(codeOf(codeNumber(code)), code);
  for (const number of [-1, 0.5, Number.NaN, 1e9]) assert.is(codeOf(number), undefined);
});

codec('edges of the integer forms are tested from both sides', () => {
  assert.ok(integerEdges.every(Number.isSafeInteger));
});

codec.run();

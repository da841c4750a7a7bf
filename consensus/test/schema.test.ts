/** Schemas: the JSON form, the JSON Schema and the bytes say the same, whatever a stranger sends. */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { z } from 'zod';
import { toHex } from '../codec/bytes.ts';
import { limits } from '../codec/limits.ts';
import { describeRefusal } from '../codec/result.ts';
import {
  bytes,
  choice,
  fixed,
  flag,
  int,
  type Json,
  list,
  maybe,
  record,
  type Schema,
  tagged,
  text,
} from '../codec/schema.ts';
import { batch, frameProof } from '../vertex/batch.ts';
import { signedCall } from '../vertex/call.ts';
import { frame } from '../vertex/frame.ts';
import { vertexEnvelope, vertexHeader } from '../vertex/vertex.ts';
import { ascii, byteString, frameArbitrary, plainRecord, safeInteger } from './arbitraries.ts';

const schemas = suite('schema');

const shape = tagged('shape', {
  point: record('point', {}),
  circle: record('circle', { radius: int(0, 300), label: maybe(text(8)) }),
});
const sample = record('sample', {
  id: fixed(2),
  number: int(-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
  word: choice('red', 'green'),
  yes: flag,
  name: text(9, 2),
  blob: bytes(9),
  rows: list(int(0, 9), 3, 1),
  perhaps: maybe(text(8)),
  shape,
});
const good: { readonly [field: string]: Json } = {
  id: '00ff',
  number: 7,
  word: 'red',
  yes: true,
  name: 'ab',
  blob: '',
  rows: [1],
  perhaps: null,
  shape: { type: 'circle', radius: 3, label: null },
};
const sampleArbitrary = plainRecord({
  id: byteString(2, 2),
  number: safeInteger,
  word: fc.constantFrom('red' as const, 'green' as const),
  yes: fc.boolean(),
  name: ascii(2, 9),
  blob: byteString(0, 9),
  rows: fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 3 }),
  perhaps: fc.option(ascii(0, 8), { nil: undefined }),
  shape: plainRecord({
    type: fc.constant('circle' as const),
    radius: fc.nat({ max: 300 }),
    label: fc.option(ascii(0, 8), { nil: undefined }),
  }),
});

/** As it arrives over HTTP: `JSON.parse` gives own `__proto__` properties, which object literals cannot. */
const received = (json: string): Json => JSON.parse(json) as Json;
const reasonOf = <T>(schema: Schema<T>, json: Json): unknown => {
  const parsed = schema.parseJson(json);
  return parsed.ok ? undefined : parsed.facts.reason;
};

schemas('a value comes back from its JSON form, and the JSON form fits the JSON Schema', () => {
  const published = z.fromJSONSchema(sample.jsonSchema);
  fc.assert(
    fc.property(sampleArbitrary, (value) => {
      const json = received(JSON.stringify(sample.toJson(value)));
      const parsed = sample.parseJson(json);
      assert.ok(parsed.ok);
      assert.is(toHex(sample.encode(parsed.value)), toHex(sample.encode(value)));
      assert.ok(published.safeParse(json).success);
    }),
    { numRuns: 300 },
  );
});

schemas('parser and JSON Schema refuse the same, and the parser names the field', () => {
  const published = z.fromJSONSchema(sample.jsonSchema);
  // biome-ignore format: a table
  const wrong: readonly [string, Json | undefined][] = [
    ['id', '00'], ['id', '00fg'], ['id', 3], ['id', undefined],
    ['number', 1.5], ['number', 2 ** 53], ['number', '7'], ['number', null],
    ['word', 'blue'], ['word', 'constructor'], ['word', 0],
    ['yes', 1], ['yes', 'true'], ['yes', null],
    ['name', 'a'], ['name', 'abcdefghij'], ['name', 'grün'], ['name', 'a\nb'], ['name', 'a\u007f'],
    ['blob', '0'], ['blob', '00112233445566778899'],
    ['rows', []], ['rows', [1, 2, 3, 4]], ['rows', [10]], ['rows', { 0: 1, length: 1 }], ['rows', 'a'],
    ['perhaps', 3], ['perhaps', 'longer than 8'],
    ['shape', {}], ['shape', { type: 'square' }], ['shape', { type: 'circle' }], ['shape', { radius: 3 }],
    ['shape', { type: 'point', radius: 3 }], ['shape', { type: 'circle', radius: 301 }], ['shape', []],
    ['shape', { type: ['circle'], radius: 3 }], ['shape', null],
  ];
  assert.ok(sample.parseJson(good).ok);
  assert.ok(published.safeParse(good).success);
  for (const [field, value] of wrong) {
    const json = received(JSON.stringify({ ...good, [field]: value }));
    const parsed = sample.parseJson(json);
    assert.is(parsed.ok, false, `${field} ${JSON.stringify(value)}`);
    assert.match(String(!parsed.ok && parsed.facts.field), new RegExp(`^sample\\.${field}`));
    assert.is(published.safeParse(json).success, false, `JSON Schema: ${field} ${JSON.stringify(value)}`);
  }
});

schemas('hexadecimal may be upper case in JSON, and the JSON Schema says so too', () => {
  const json = { ...good, id: 'ABff' };
  const parsed = sample.parseJson(json);
  assert.is(parsed.ok && toHex(parsed.value.id), 'abff');
  assert.ok(z.fromJSONSchema(sample.jsonSchema).safeParse(json).success);
});

schemas('an absent value may be null or left out, in JSON and in the JSON Schema', () => {
  const published = z.fromJSONSchema(sample.jsonSchema);
  const { perhaps: _, ...left } = good;
  for (const json of [good, left, { ...left, shape: { type: 'circle', radius: 3 } }]) {
    const parsed = sample.parseJson(json);
    assert.ok(parsed.ok && parsed.value.perhaps === undefined);
    assert.ok(published.safeParse(json).success);
  }
});

schemas('names that every object inherits are unknown fields like any other', () => {
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf']) {
    const text = JSON.stringify(good).replace('{', `{${JSON.stringify(name)}:{"polluted":true},`);
    assert.match(String(reasonOf(sample, received(text))), /no such field/, name);
    const inner = JSON.stringify(good).replace('{"type"', `{${JSON.stringify(name)}:{},"type"`);
    assert.match(String(reasonOf(sample, received(inner))), /no such field/, `${name}, within the variant`);
  }
  assert.is(({} as { polluted?: boolean }).polluted, undefined);
});

schemas('names that every object inherits are no variants of a union', () => {
  for (const type of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf']) {
    assert.match(
      String(reasonOf(shape, received(`{"type":"${type}"}`))),
      /expected one of point, circle/,
      type,
    );
    assert.throws(() => shape.encode({ type } as never), TypeError);
  }
});

schemas('a minus zero in JSON is zero', () => {
  const parsed = sample.parseJson(received(JSON.stringify(good).replace('"number":7', '"number":-0')));
  assert.ok(parsed.ok && Object.is(parsed.value.number, 0));
});

schemas('a refusal stays short and printable, whatever was sent', () => {
  const long = 'x'.repeat(100_000);
  for (const json of [
    { ...good, [long]: 1 },
    { ...good, [`${long}\n\u0007`]: 1 },
    { ...good, name: long },
    long,
  ]) {
    const parsed = sample.parseJson(json);
    assert.is(parsed.ok, false);
    const line = parsed.ok ? '' : describeRefusal(parsed);
    assert.ok(line.length < 600, `${line.length} characters`);
    assert.match(line, /^[\x20-\x7e]*$/);
  }
});

schemas('arbitrary JSON never throws', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(...Object.keys(good)), (value, field) => {
      sample.parseJson(value as Json);
      sample.parseJson({ ...good, [field]: value as Json });
      shape.parseJson({ type: value as Json });
    }),
    { numRuns: 2000 },
  );
});

schemas('our own wrong values are misuse: encode throws and names the field', () => {
  const value = { id: Uint8Array.of(1), number: 1 } as never;
  assert.throws(
    () => sample.encode(value),
    /"sample\.id" expected Uint8Array of length 2 to 2, got length=1/,
  );
  const rows = record('rows', { rows: list(int(0, 9), 3, 1) });
  assert.throws(
    () => rows.encode({ rows: [1, 10] }),
    /"rows\.rows" \[1\] expected an integer from 0 to 9, got 10/,
  );
  assert.throws(() => rows.encode({ rows: [] }), TypeError);
  assert.throws(() => rows.encode({ rows: [0.5] }), TypeError);
});

schemas('declarations that could not be encoded one way only are refused where they are made', () => {
  assert.throws(() => list(int(), 65_536), /65535/);
  assert.throws(() => text(65_536), /65535/);
  assert.throws(() => tagged('t', { v: record('v', { type: int() }) }), /type/);
  assert.throws(() => maybe(maybe(int())), /maybe/);
});

/** Arrays within arrays on the wire, read off the JSON Schema of a shape. */
function depthOf(schema: Json): number {
  const { type, items, properties, anyOf, oneOf } = schema as { readonly [name: string]: Json };
  const deepest = (all: readonly Json[]): number => Math.max(0, ...all.map(depthOf));
  if (oneOf !== undefined) return 1 + deepest(oneOf as readonly Json[]);
  if (anyOf !== undefined) return 1 + deepest(anyOf as readonly Json[]);
  if (type === 'array') return 1 + depthOf(items!);
  return type === 'object' ? 1 + deepest(Object.values(properties as object)) : 0;
}

schemas('no shape that peers send nests deeper than the limit', () => {
  for (const schema of [vertexEnvelope, vertexHeader, batch, frameProof, signedCall]) {
    assert.ok(depthOf(schema.jsonSchema) <= limits.depthMax, schema.name);
  }
  assert.is(depthOf(batch.jsonSchema), 6);
});

schemas('a real shape, the frame, goes to JSON and back', () => {
  const published = z.fromJSONSchema(frame.jsonSchema);
  fc.assert(
    fc.property(frameArbitrary, (value) => {
      const json = received(JSON.stringify(frame.toJson(value)));
      const parsed = frame.parseJson(json);
      assert.is(parsed.ok && toHex(frame.encode(parsed.value)), toHex(frame.encode(value)));
      assert.ok(published.safeParse(json).success);
    }),
  );
});

schemas.run();

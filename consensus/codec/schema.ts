/**
 * Shapes of everything that is hashed, signed or sent `[ENC-1]`: each is a fixed-position array, declared once.
 * From one declaration come the canonical bytes, the strict decoder, the JSON form for people and the JSON
 * Schema for the API, so that they cannot drift apart. docs/spec/encoding.md.
 */

import { fromHex, toHex } from './bytes.ts';
import type { Code } from './codes.ts';
import { DecodeError, Reader } from './reader.ts';
import { ok, type Result, refuse } from './result.ts';
import { Writer } from './writer.ts';

/** JSON values, as the API shows them. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** One field's type: how it is written, read, checked and shown. */
export interface Field<T> {
  /** Writes a value that `check` passed. */
  write(writer: Writer, value: T): void;
  /** Reads a value, or throws `DecodeError`. */
  read(reader: Reader): T;
  /** Why our own value is not one of this type, or `undefined` when it is. */
  check(value: T): string | undefined;
  toJson(value: T): Json;
  /** Parses the JSON form, or throws `DecodeError` with the path of what was wrong. */
  fromJson(json: Json | undefined, path: string): T;
  readonly jsonSchema: { readonly [name: string]: Json };
}

export type Infer<F> = F extends Field<infer T> ? T : never;

/** Foreign text as a refusal may repeat it: its beginning, printable. */
function shorten(text: string): string {
  return text.slice(0, 80).replace(/[^\x20-\x7e]/g, '?');
}

function mismatch(path: string, expected: string, got: unknown): never {
  const shown = typeof got === 'string' ? `"${shorten(got)}"` : got === undefined ? 'nothing' : typeof got;
  throw new DecodeError(`"${path}" expected ${expected}, got ${shown}`, { field: path });
}

/** Arrays and texts carry their length in 16 bits at most. */
function checkLengthMax(max: number): void {
  if (max > 0xffff) throw new RangeError(`"max" expected at most 65535, got ${max}`);
}

/** An integer from `min` to `max`, both included. */
export function int(min = 0, max = Number.MAX_SAFE_INTEGER): Field<number> {
  const expected = `an integer from ${min} to ${max}`;
  const inside = (value: unknown): value is number =>
    Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
  return {
    write: (writer, value) => writer.int(value),
    read: (reader) => {
      const value = reader.int();
      if (!inside(value)) throw new DecodeError('integer out of range', { value, min, max });
      return value;
    },
    check: (value) => (inside(value) ? undefined : `expected ${expected}, got ${value}`),
    toJson: (value) => value,
    // JSON knows a minus zero; adding 0 makes it the zero that bytes would give.
    fromJson: (json, path) => (inside(json) ? json + 0 : mismatch(path, expected, json)),
    jsonSchema: { type: 'integer', minimum: min, maximum: max },
  };
}

/** Printable ASCII of `min` to `max` characters. */
export function text(max: number, min = 0): Field<string> {
  checkLengthMax(max);
  const expected = `printable ASCII of ${min} to ${max} characters`;
  const inside = (value: unknown): value is string =>
    typeof value === 'string' && value.length >= min && value.length <= max && /^[\x20-\x7e]*$/.test(value);
  return {
    write: (writer, value) => writer.text(value),
    read: (reader) => {
      const value = reader.text(max);
      if (value.length < min)
        throw new DecodeError('text shorter than its limit', { length: value.length, min });
      return value;
    },
    check: (value) => (inside(value) ? undefined : `expected ${expected}`),
    toJson: (value) => value,
    fromJson: (json, path) => (inside(json) ? json : mismatch(path, expected, json)),
    jsonSchema: { type: 'string', pattern: '^[ -~]*$', minLength: min, maxLength: max },
  };
}

/** A byte string of `min` to `max` bytes; hexadecimal in JSON. */
export function bytes(max: number, min = 0): Field<Uint8Array> {
  const expected = `hexadecimal of ${min === max ? min : `${min} to ${max}`} bytes`;
  const inside = (value: Uint8Array): boolean =>
    value instanceof Uint8Array && value.length >= min && value.length <= max;
  return {
    write: (writer, value) => writer.bytes(value),
    read: (reader) => reader.bytes(min, max),
    check: (value) =>
      inside(value)
        ? undefined
        : `expected Uint8Array of length ${min} to ${max}, got length=${value?.length}`,
    toJson: toHex,
    fromJson: (json, path) => {
      const value = typeof json === 'string' ? fromHex(json) : undefined;
      return value !== undefined && inside(value) ? value : mismatch(path, expected, json);
    },
    jsonSchema: { type: 'string', pattern: '^([0-9a-fA-F]{2})*$', minLength: 2 * min, maxLength: 2 * max },
  };
}

/** Exactly `length` bytes. */
export const fixed = (length: number): Field<Uint8Array> => bytes(length, length);

/** A SHA-256 hash or an Ed25519 public key. */
export const hash32 = fixed(32);
export const key32 = fixed(32);
export const signature64 = fixed(64);

/** Milliseconds since 1970-01-01T00:00Z. */
export const timeMs = int(0);

/** One of a fixed list of words; its position travels. Append only. */
export function choice<const W extends readonly string[]>(...words: W): Field<W[number]> {
  const position = new Map<string, number>(words.map((word, index) => [word, index]));
  return {
    write: (writer, value) => writer.int(position.get(value)!),
    read: (reader) => {
      const index = reader.int();
      const word = words[index];
      if (word === undefined) throw new DecodeError('not one of the known words', { index });
      return word;
    },
    check: (value) => (position.has(value) ? undefined : `expected one of ${words.join(', ')}, got ${value}`),
    toJson: (value) => value,
    fromJson: (json, path) =>
      typeof json === 'string' && position.has(json)
        ? json
        : mismatch(path, `one of ${words.join(', ')}`, json),
    jsonSchema: { type: 'string', enum: words },
  };
}

/** A yes or no; 0 or 1 on the wire. */
export const flag: Field<boolean> = {
  write: (writer, value) => writer.int(value ? 1 : 0),
  read: (reader) => {
    const value = reader.int();
    if (value > 1 || value < 0) throw new DecodeError('expected 0 or 1', { value });
    return value === 1;
  },
  check: (value) => (typeof value === 'boolean' ? undefined : 'expected true or false'),
  toJson: (value) => value,
  fromJson: (json, path) => (typeof json === 'boolean' ? json : mismatch(path, 'true or false', json)),
  jsonSchema: { type: 'boolean' },
};

/** `min` to `max` items of one type. */
export function list<T>(item: Field<T>, max: number, min = 0): Field<readonly T[]> {
  checkLengthMax(max);
  const tooMany = (length: number) => length < min || length > max;
  return {
    write: (writer, value) => {
      writer.array(value.length);
      for (const entry of value) item.write(writer, entry);
    },
    read: (reader) => {
      const length = reader.array(max);
      if (length < min) throw new DecodeError('list shorter than its limit', { length, min });
      const items: T[] = [];
      for (let i = 0; i < length; i++) items.push(item.read(reader));
      return items;
    },
    check: (value) => {
      if (!Array.isArray(value) || tooMany(value.length)) return `expected a list of ${min} to ${max} items`;
      for (const [index, entry] of value.entries()) {
        const reason = item.check(entry);
        if (reason !== undefined) return `[${index}] ${reason}`;
      }
      return undefined;
    },
    toJson: (value) => value.map((entry) => item.toJson(entry)),
    fromJson: (json, path) => {
      if (!Array.isArray(json) || tooMany(json.length))
        return mismatch(path, `a list of ${min} to ${max} items`, json);
      return json.map((entry: Json, index) => item.fromJson(entry, `${path}[${index}]`));
    },
    jsonSchema: { type: 'array', items: item.jsonSchema, minItems: min, maxItems: max },
  };
}

/** A value that may be absent: a list of none or one on the wire, `null` in JSON. */
export function maybe<T>(item: Field<T>): Field<T | undefined> {
  if ('anyOf' in item.jsonSchema)
    throw new TypeError('"item" expected no other maybe: absent would have two encodings');
  const inner = list(item, 1);
  const wrap = (value: T | undefined): readonly T[] => (value === undefined ? [] : [value]);
  return {
    write: (writer, value) => inner.write(writer, wrap(value)),
    read: (reader) => inner.read(reader)[0],
    check: (value) => inner.check(wrap(value)),
    toJson: (value) => (value === undefined ? null : item.toJson(value)),
    fromJson: (json, path) => (json === null || json === undefined ? undefined : item.fromJson(json, path)),
    jsonSchema: { anyOf: [item.jsonSchema, { type: 'null' }] },
  };
}

// biome-ignore lint/suspicious/noExplicitAny: a field of any type stands here; `Infer` recovers which.
type AnyFields = { readonly [name: string]: Field<any> };
export type InferFields<F extends AnyFields> = { readonly [N in keyof F]: Infer<F[N]> };

export interface Schema<T> extends Field<T> {
  readonly name: string;
  readonly fieldNames: readonly string[];
  /** Canonical bytes. Throws TypeError on a value of ours that does not fit: that is misuse. */
  encode(value: T): Uint8Array;
  /** Strictly decodes foreign bytes, all of them; `bytesMax` refuses long ones unread. */
  decode(bytes: Uint8Array, bytesMax?: number): Result<T>;
  /** As `decode`, but byte strings are views of `bytes`: for bytes that never change, and live as long as the value. */
  decodeShared(bytes: Uint8Array, bytesMax?: number): Result<T>;
  /** Parses the JSON form; the refusal names the field. */
  parseJson(json: Json, code?: Code): Result<T>;
}

/** A record: named in code, a fixed-position array on the wire. Order of declaration is the order of bytes. */
export function record<const F extends AnyFields>(name: string, fields: F): Schema<InferFields<F>> {
  type T = InferFields<F>;
  const entries = Object.entries(fields);
  return schemaOf<T>(name, Object.keys(fields), {
    write: (writer, value) => {
      writer.array(entries.length);
      for (const [field, type] of entries) type.write(writer, value[field]);
    },
    read: (reader) => {
      const length = reader.array(entries.length);
      if (length !== entries.length)
        throw new DecodeError('wrong number of fields', { record: name, length });
      const value: Record<string, unknown> = {};
      for (const [field, type] of entries) value[field] = type.read(reader);
      return value as T;
    },
    check: (value) => {
      for (const [field, type] of entries) {
        const reason = type.check(value[field]);
        if (reason !== undefined) return `"${name}.${field}" ${reason}`;
      }
      return undefined;
    },
    toJson: (value) => Object.fromEntries(entries.map(([field, type]) => [field, type.toJson(value[field])])),
    fromJson: (json, path) => {
      const object = asObject(json, path);
      for (const field of Object.keys(object)) {
        if (!Object.hasOwn(fields, field))
          mismatch(`${path}.${shorten(field)}`, 'no such field', object[field]);
      }
      return Object.fromEntries(
        entries.map(([field, type]) => [field, type.fromJson(object[field], `${path}.${field}`)]),
      ) as T;
    },
    jsonSchema: {
      type: 'object',
      properties: Object.fromEntries(entries.map(([field, type]) => [field, type.jsonSchema])),
      required: entries.filter(([, type]) => !('anyOf' in type.jsonSchema)).map(([field]) => field),
      additionalProperties: false,
    },
  });
}

type Variants = { readonly [name: string]: Schema<object> };
export type Tagged<S extends Variants> = {
  [N in keyof S & string]: { readonly type: N } & Infer<S[N]>;
}[keyof S & string];

/**
 * A tagged union: `[tag, fields]` on the wire, the tag being the position of its name (append only);
 * `{ type: 'name', ...fields }` in code and in JSON.
 */
export function tagged<const S extends Variants>(name: string, variants: S): Schema<Tagged<S>> {
  type T = Tagged<S>;
  const names = Object.keys(variants) as (keyof S & string)[];
  for (const { name: variant, fieldNames } of Object.values(variants)) {
    if (fieldNames.includes('type'))
      throw new TypeError(`"${variant}" expected no field "type": it would hide the tag`);
  }
  const variantOf = (value: T): Schema<object> => variants[value.type]!;
  return schemaOf<T>(name, names, {
    write: (writer, value) => {
      writer.array(2);
      writer.int(names.indexOf(value.type));
      variantOf(value).write(writer, value);
    },
    read: (reader) => {
      if (reader.array(2) !== 2) throw new DecodeError('wrong number of fields', { record: name });
      const tag = reader.int();
      const type = names[tag];
      if (type === undefined) throw new DecodeError('unknown tag', { record: name, tag });
      return { type, ...variants[type]!.read(reader) } as T;
    },
    check: (value) =>
      Object.hasOwn(variants, value.type)
        ? variantOf(value).check(value)
        : `"${name}.type" unknown: ${value.type}`,
    toJson: (value) => ({
      type: value.type,
      ...(variantOf(value).toJson(value) as { readonly [field: string]: Json }),
    }),
    fromJson: (json, path) => {
      const { type, ...fields } = asObject(json, path);
      const variant = typeof type === 'string' && Object.hasOwn(variants, type) ? variants[type] : undefined;
      if (variant === undefined) return mismatch(`${path}.type`, `one of ${names.join(', ')}`, type);
      return { type, ...variant.fromJson(fields, path) } as T;
    },
    jsonSchema: { oneOf: names.map((type) => taggedJsonSchema(type, variants[type]!)) },
  });
}

/** The JSON Schema of a variant, with the tag that tells it from the others. */
function taggedJsonSchema(type: string, { jsonSchema }: Schema<object>): Json {
  const { properties, required } = jsonSchema as { properties: { [field: string]: Json }; required: Json[] };
  return {
    title: type,
    ...jsonSchema,
    properties: { type: { const: type }, ...properties },
    required: ['type', ...required],
  };
}

/** Completes a field type to a schema: whole-buffer encode and decode around its write and read. */
function schemaOf<T>(name: string, fieldNames: readonly string[], field: Field<T>): Schema<T> {
  function decode(bytes: Uint8Array, bytesMax: number | undefined, shares: boolean): Result<T> {
    if (bytesMax !== undefined && bytes.length > bytesMax)
      return refuse('E_LIMIT_BYTES', { record: name, bytes: bytes.length, limit: bytesMax });
    return guarded('E_ENC', name, () => {
      const reader = new Reader(bytes, shares);
      const value = field.read(reader);
      reader.end();
      return value;
    });
  }
  return {
    ...field,
    name,
    fieldNames,
    encode: (value) => {
      const reason = field.check(value);
      if (reason !== undefined) throw new TypeError(reason);
      const writer = new Writer();
      field.write(writer, value);
      return writer.finish();
    },
    decode: (bytes, bytesMax) => decode(bytes, bytesMax, false),
    decodeShared: (bytes, bytesMax) => decode(bytes, bytesMax, true),
    parseJson: (json, code = 'E_SCHEMA') => guarded(code, name, () => field.fromJson(json, name)),
  };
}

function asObject(json: Json | undefined, path: string): { readonly [field: string]: Json } {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    return mismatch(path, 'an object', json);
  return json as { readonly [field: string]: Json };
}

function guarded<T>(code: Code, name: string, read: () => T): Result<T> {
  try {
    return ok(read());
  } catch (error) {
    if (error instanceof DecodeError) return refuse(code, { record: name, ...error.facts });
    throw error;
  }
}

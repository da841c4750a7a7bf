/**
 * A call's arguments as people write them: one flat JSON object. Its fields are split over the visibility classes by
 * the transition's own declaration, and parsed by it, so that a refusal names the field.
 *
 * Where an id is wanted, a name does as well: `lei:…`, `sscc:…`, `lot:…`, `giai:…`, `gln:…`, `device:…` stand for the ledger
 * key of that identifier `[ID-1]`, and `reading:<vertex>/<frame>` for the proof of a reading that this node holds.
 */

import { toHex } from '../../consensus/codec/bytes.ts';
import { limits } from '../../consensus/codec/limits.ts';
import { ok, type Result, refuse } from '../../consensus/codec/result.ts';
import type { Json, Schema } from '../../consensus/codec/schema.ts';
import { labelKey, type Scheme } from '../../consensus/contracts/registry.ts';
import type { Transition } from '../../consensus/contracts/transition.ts';

export type JsonObject = { readonly [field: string]: Json };
type Parts = [Uint8Array, Uint8Array, Uint8Array];

export const schemes: readonly Scheme[] = ['lei', 'gln', 'sscc', 'lot', 'giai', 'device'];
const LABEL = new RegExp(`^(${schemes.join('|')}):([\\x20-\\x7e]{1,80})$`);
const READING = /^reading:([0-9a-f]{64})\/(\d{1,3})$/i;
const HASH_HEX_LENGTH = 64;

/** Gives the encoded proof of a reading that this node holds. */
export type ProveReading = (vertexKey: string, frame: number) => Promise<Result<Uint8Array>>;

/** Arguments as the three encoded parts of a call. */
export async function encodeArgs(
  declared: Transition<unknown>,
  args: JsonObject,
  network: Uint8Array,
  proveReading: ProveReading,
): Promise<Result<Parts>> {
  const { classes } = declared.args;
  const known = new Set(classes.flatMap((schema) => schema.fieldNames));
  for (const field of Object.keys(args)) {
    if (!known.has(field)) {
      return refuse('E_SCHEMA', {
        field,
        reason: `no such field; ${declared.name} takes ${[...known].join(', ')}`,
      });
    }
  }
  const parts: Uint8Array[] = [];
  for (const schema of classes) {
    const own: Record<string, Json> = {};
    for (const field of schema.fieldNames) {
      const given = args[field];
      if (given === undefined) continue;
      const resolved = await resolve(
        given,
        fieldSchema(schema, field),
        { network, proveReading },
        limits.depthMax,
      );
      if (!resolved.ok) return refuse(resolved.code, { ...resolved.facts, field });
      own[field] = resolved.value;
    }
    const parsed = schema.parseJson(own);
    if (!parsed.ok) return refuse(parsed.code, withoutPrefix(parsed.facts, schema.name));
    parts.push(schema.encode(parsed.value));
  }
  return ok(parts as Parts);
}

/** The JSON Schema of a transition's arguments; each field says who will see it. */
export function argsJsonSchema(declared: Transition<unknown>): JsonObject {
  const properties: Record<string, Json> = {};
  const required: string[] = [];
  for (const [visibility, schema] of declared.args.classes.entries()) {
    const shape = schema.jsonSchema as {
      readonly properties: JsonObject;
      readonly required: readonly string[];
    };
    for (const [field, type] of Object.entries(shape.properties)) {
      properties[field] = { ...(type as JsonObject), 'x-visibility': `V${visibility}` };
    }
    required.push(...shape.required);
  }
  return { type: 'object', properties, required, additionalProperties: false };
}

/** The JSON form of a call's parts, of the classes `visible`. */
export function argsJson(
  declared: Transition<unknown>,
  parts: readonly Uint8Array[],
  visible: readonly number[],
): JsonObject {
  const shown: Record<string, Json> = {};
  for (const visibility of visible) {
    const schema = declared.args.classes[visibility]!;
    const decoded = schema.decode(parts[visibility]!);
    if (decoded.ok) Object.assign(shown, schema.toJson(decoded.value));
  }
  return shown;
}

/** `apply.v2.orders[1]` is `orders[1]` to whoever wrote it. */
function withoutPrefix(facts: Readonly<Record<string, string | number | boolean>>, name: string) {
  const { record: _, ...shown } = facts;
  const strip = (text: unknown) => (typeof text === 'string' ? text.replaceAll(`${name}.`, '') : text);
  return Object.fromEntries(
    Object.entries(shown).map(([fact, value]) => [fact, strip(value)]),
  ) as typeof facts;
}

function fieldSchema(schema: Schema<object>, field: string): JsonObject {
  return (schema.jsonSchema as { readonly properties: { readonly [field: string]: JsonObject } }).properties[
    field
  ]!;
}

interface Names {
  readonly network: Uint8Array;
  readonly proveReading: ProveReading;
}

/** Replaces names by what they stand for, where the schema wants bytes; no deeper than any of our schemas is. */
async function resolve(json: Json, schema: JsonObject, names: Names, depth: number): Promise<Result<Json>> {
  if (typeof json === 'string')
    return takesBytes(schema) ? resolveText(json, wantsHash(schema), names) : ok(json);
  if (depth === 0) return ok(json);
  if (Array.isArray(json)) {
    const items: Json[] = [];
    for (const entry of json as readonly Json[]) {
      const resolved = await resolve(entry, (schema.items ?? {}) as JsonObject, names, depth - 1);
      if (!resolved.ok) return resolved;
      items.push(resolved.value);
    }
    return ok(items);
  }
  if (typeof json !== 'object' || json === null) return ok(json);
  const fields: Record<string, Json> = {};
  const shapes = shapesOf(schema, (json as JsonObject).type);
  for (const [field, value] of Object.entries(json as JsonObject)) {
    const resolved = await resolve(value, shapes[field] ?? {}, names, depth - 1);
    if (!resolved.ok) return resolved;
    fields[field] = resolved.value;
  }
  return ok(fields);
}

/** Field schemas of a record, or of the variant that a tagged union's `type` names. */
function shapesOf(schema: JsonObject, type: Json | undefined): { readonly [field: string]: JsonObject } {
  const variants = schema.oneOf as readonly JsonObject[] | undefined;
  const shape = variants?.find((variant) => variant.title === type) ?? schema;
  return (shape.properties ?? {}) as { readonly [field: string]: JsonObject };
}

const HEX_PATTERN = '^([0-9a-fA-F]{2})*$';

/** A byte string, or one that may be absent. */
function bytesSchema(schema: JsonObject): JsonObject | undefined {
  const options = (schema.anyOf ?? [schema]) as readonly JsonObject[];
  return options.find((option) => option.pattern === HEX_PATTERN);
}
const takesBytes = (schema: JsonObject): boolean => bytesSchema(schema) !== undefined;
const wantsHash = (schema: JsonObject): boolean => bytesSchema(schema)?.minLength === HASH_HEX_LENGTH;

async function resolveText(
  text: string,
  hash: boolean,
  { network, proveReading }: Names,
): Promise<Result<Json>> {
  const label = hash ? LABEL.exec(text) : null;
  if (label !== null) return ok(toHex(labelKey(network, label[1] as Scheme, label[2]!)));
  const reading = hash ? null : READING.exec(text);
  if (reading === null) return ok(text);
  const proof = await proveReading(reading[1]!.toLowerCase(), Number(reading[2]));
  return proof.ok ? ok(toHex(proof.value)) : proof;
}

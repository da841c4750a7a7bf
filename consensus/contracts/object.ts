/**
 * Objects of the ledger state `[ORD-6]`: typed records whose fields are declared by visibility class (semantics §3).
 * The state's leaf commits to the three parts of a value separately: V0 open, V1 and V2 each under a salt, so that
 * one class can be shown and proved without the others.
 */

import { asciiBytes, equalBytes } from '../codec/bytes.ts';
import { invariant } from '../codec/result.ts';
import {
  type Field,
  hash32,
  type Infer,
  type InferFields,
  type Json,
  list,
  record,
  type Schema,
  text,
} from '../codec/schema.ts';
import { hash, zero32 } from '../crypto/hash.ts';
import { commitPart, type Part, part } from '../vertex/call.ts';

const NAME_CHARACTERS_MAX = 16;

/** What the state keeps of one object: its type, its id, and the openings of its three parts. */
export const storedObject = record('object', {
  type: text(NAME_CHARACTERS_MAX, 1),
  id: hash32,
  parts: list(part, 3, 3),
});
export type StoredObject = Infer<typeof storedObject>;

export type VisibilityClass = 0 | 1 | 2;

// biome-ignore lint/suspicious/noExplicitAny: a field of any type stands here; `InferFields` recovers which.
export type FieldsOfClass = { readonly [name: string]: Field<any> };
type None = Record<never, never>;

/** Fields by class; a class without fields is left out. */
export interface ClassedFields<V0 extends FieldsOfClass, V1 extends FieldsOfClass, V2 extends FieldsOfClass> {
  readonly v0?: V0;
  readonly v1?: V1;
  readonly v2?: V2;
}
export type Classed<
  V0 extends FieldsOfClass,
  V1 extends FieldsOfClass,
  V2 extends FieldsOfClass,
> = InferFields<V0> & InferFields<V1> & InferFields<V2>;

/** A flat record in code, three separately encoded parts in bytes. Used for objects and for calls' arguments. */
export interface ClassedSchema<T> {
  readonly classes: readonly [Schema<object>, Schema<object>, Schema<object>];
  encodeParts(value: T): [Uint8Array, Uint8Array, Uint8Array];
  /** `undefined` with the class and reason where a part is not canonical. */
  decodeParts(
    parts: readonly Uint8Array[],
  ): { readonly ok: true; readonly value: T } | ReturnType<Schema<object>['decode']>;
}

export function classed<
  const V0 extends FieldsOfClass = None,
  const V1 extends FieldsOfClass = None,
  const V2 extends FieldsOfClass = None,
>(name: string, { v0, v1, v2 }: ClassedFields<V0, V1, V2>): ClassedSchema<Classed<V0, V1, V2>> {
  const classes = [v0, v1, v2].map((fields, index) =>
    record(`${name}.v${index}`, fields ?? {}),
  ) as unknown as [Schema<object>, Schema<object>, Schema<object>];
  return {
    classes,
    encodeParts: (value) =>
      classes.map((schema) => schema.encode(value)) as [Uint8Array, Uint8Array, Uint8Array],
    decodeParts: (parts) => {
      const value = {};
      for (const [index, schema] of classes.entries()) {
        const decoded = schema.decode(parts[index]!);
        if (!decoded.ok) return decoded;
        Object.assign(value, decoded.value);
      }
      return { ok: true, value: value as Classed<V0, V1, V2> };
    },
  };
}

export interface ObjectType<T> extends ClassedSchema<T> {
  readonly name: string;
}

export type ValueOf<O> = O extends ObjectType<infer T> ? T : never;

/** Whatever objects can be read from: a state, a draft, a transition's context. */
export interface ObjectReader {
  get<T>(type: ObjectType<T>, id: Uint8Array): T | undefined;
}

/** What objects can be written to as well. */
export interface ObjectWriter extends ObjectReader {
  put<T>(type: ObjectType<T>, id: Uint8Array, value: T): void;
}

export function objectType<
  const V0 extends FieldsOfClass = None,
  const V1 extends FieldsOfClass = None,
  const V2 extends FieldsOfClass = None,
>(name: string, fields: ClassedFields<V0, V1, V2>): ObjectType<Classed<V0, V1, V2>> {
  // Or the contracts would pass every test, and the store fail on the first such object.
  if (name.length > NAME_CHARACTERS_MAX)
    throw new RangeError(`"name" expected at most ${NAME_CHARACTERS_MAX} characters, got ${name}`);
  return { name, ...classed(name, fields) };
}

/** Path of an object in the state map. */
export function objectPath(type: string, id: Uint8Array): Uint8Array {
  return hash('map-path', asciiBytes(type), id);
}

/** What the leaf at the object's path holds. */
export function objectValueHash(parts: readonly Part[]): Uint8Array {
  return hash('object-value', ...parts.map(commitPart));
}

/**
 * `[CTR-10]` Openings of a value, as the call with these salts writes it over `before`. A part that stays as it was keeps its
 * opening. One that changes takes a salt from the call's and from the part's earlier one, which the call's signers
 * need not know: who makes another bank's reservation lapse must not learn the salts of that bank's file.
 */
export function openParts<T>(
  type: ObjectType<T>,
  path: Uint8Array,
  value: T,
  salts: readonly [Uint8Array, Uint8Array],
  before?: readonly Part[],
): Part[] {
  const [v0, ...hidden] = type.encodeParts(value);
  const open = (encoded: Uint8Array, index: number): Part => {
    const earlier = before?.[index + 1];
    if (earlier !== undefined && equalBytes(earlier.value, encoded)) return earlier;
    return { salt: hash('salt', salts[index]!, path, earlier?.salt ?? zero32), value: encoded };
  };
  return [{ salt: zero32, value: v0 }, ...hidden.map(open)];
}

/** The typed value of a stored object. What the state holds was encoded here, so a failure is ours. */
export function readObject<T>(type: ObjectType<T>, stored: StoredObject): T {
  const decoded = type.decodeParts(stored.parts.map((entry) => entry.value));
  invariant(decoded.ok, `stored ${type.name} does not decode`);
  return decoded.value as T;
}

/** The classes `visible` allows, as JSON for the API. */
export function objectJson<T>(
  type: ObjectType<T>,
  stored: StoredObject,
  visible: readonly VisibilityClass[],
): { readonly [field: string]: Json } {
  const shown: { [field: string]: Json } = {};
  for (const visibility of visible) {
    const schema = type.classes[visibility];
    const decoded = schema.decode(stored.parts[visibility]!.value);
    invariant(decoded.ok, `stored ${type.name} does not decode`);
    Object.assign(shown, schema.toJson(decoded.value));
  }
  return shown;
}

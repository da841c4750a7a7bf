/** A whole state, looked over once, and the form of an invariant over it. */

import { toHex } from '../../codec/bytes.ts';
import { invariant } from '../../codec/result.ts';
import { type ObjectReader, type ObjectType, readObject, type StoredObject } from '../object.ts';
import { party, type Role } from '../registry.ts';
import { objectTypes } from '../views.ts';

export interface WholeState {
  objects(): Iterable<StoredObject>;
}

export interface Breach {
  /** Number in semantics §7. */
  readonly invariant: number;
  readonly what: string;
}

/** One that a state keeps by itself. */
export interface Invariant {
  readonly number: number;
  readonly rule: string;
  /** Yields what is wrong. */
  readonly find: (state: Survey) => Iterable<string>;
}

/** One that a call keeps: between the state before it and the state after. */
export interface StepInvariant {
  readonly number: number;
  readonly rule: string;
  readonly find: (before: Survey, after: Survey) => Iterable<string>;
}

export interface Found<T> {
  readonly id: Uint8Array;
  readonly name: string;
  readonly value: T;
}

/** A state as it is looked over once: every object decoded at most once. */
export class Survey implements ObjectReader {
  readonly #found = new Map<string, Map<string, Found<unknown>>>();
  readonly stored: readonly StoredObject[];

  constructor(state: WholeState) {
    this.stored = [...state.objects()];
    for (const stored of this.stored) {
      const type = objectTypes.get(stored.type);
      invariant(type !== undefined, `an object of unknown type ${stored.type}`);
      const id = toHex(stored.id);
      const found = {
        id: stored.id,
        name: `${stored.type} ${id.slice(0, 8)}`,
        value: readObject(type, stored),
      };
      const ofType = this.#found.get(stored.type) ?? new Map<string, Found<unknown>>();
      this.#found.set(stored.type, ofType.set(id, found));
    }
  }

  get<T>(type: ObjectType<T>, id: Uint8Array): T | undefined {
    return this.#found.get(type.name)?.get(toHex(id))?.value as T | undefined;
  }

  all<T>(type: ObjectType<T>): Iterable<Found<T>> {
    return (this.#found.get(type.name)?.values() ?? []) as Iterable<Found<T>>;
  }

  *versioned(): Iterable<Found<{ readonly call: Uint8Array; readonly height: number }>> {
    for (const [name, ofType] of this.#found) {
      if (!objectTypes.get(name)!.classes[0].fieldNames.includes('call')) continue;
      yield* ofType.values() as Iterable<Found<{ readonly call: Uint8Array; readonly height: number }>>;
    }
  }
}

export function hasRole(state: ObjectReader, id: Uint8Array, role: Role): boolean {
  return state.get(party, id)?.roles.includes(role) ?? false;
}

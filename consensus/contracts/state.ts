/**
 * The ledger state: objects by path, and the Merkle map over them. Contracts write to a draft; a checkpoint's draft
 * is committed whole, once its header is certified.
 */

import { compareBytes, toHex } from '../codec/bytes.ts';
import { zero32 } from '../crypto/hash.ts';
import { MerkleMap } from '../merkle/map.ts';
import {
  type ObjectReader,
  type ObjectType,
  type ObjectWriter,
  objectPath,
  objectValueHash,
  openParts,
  readObject,
  type StoredObject,
} from './object.ts';

/** One written or removed object. */
export interface Change {
  readonly path: Uint8Array;
  /** `undefined` removes it. */
  readonly object: StoredObject | undefined;
}

const noSalts = [zero32, zero32] as const;

interface Layer extends ObjectReader {
  find(pathKey: string): StoredObject | undefined;
}

export class LedgerState implements Layer {
  readonly #objects = new Map<string, StoredObject>();
  #map: MerkleMap<StoredObject> = MerkleMap.empty;

  /** The state that holds `objects`, as loaded from a store or a genesis. */
  static of(objects: readonly StoredObject[]): LedgerState {
    const state = new LedgerState();
    const changes = objects.map((object) => ({ path: objectPath(object.type, object.id), object }));
    state.commit(changes, state.rootAfter(changes));
    return state;
  }

  /** A state of its own that begins as this one is now. */
  copy(): LedgerState {
    const copied = new LedgerState();
    for (const [path, object] of this.#objects) copied.#objects.set(path, object);
    copied.#map = this.#map;
    return copied;
  }

  /** Its leaves hold the objects: whoever keeps this map keeps the state as it is now. */
  get map(): MerkleMap<StoredObject> {
    return this.#map;
  }

  get size(): number {
    return this.#objects.size;
  }

  find(pathKey: string): StoredObject | undefined {
    return this.#objects.get(pathKey);
  }

  get<T>(type: ObjectType<T>, id: Uint8Array): T | undefined {
    const stored = this.find(toHex(objectPath(type.name, id)));
    return stored && readObject(type, stored);
  }

  /** Objects in no particular order: for listings, never for anything hashed. */
  objects(): IterableIterator<StoredObject> {
    return this.#objects.values();
  }

  /** Every object, as changes from nothing. */
  all(): Change[] {
    return [...this.#objects.values()].map((object) => ({
      path: objectPath(object.type, object.id),
      object,
    }));
  }

  /** The map as it will be once `changes` are committed. */
  rootAfter(changes: readonly Change[]): MerkleMap<StoredObject> {
    return this.#map.update(
      changes.map(({ path, object }) => ({
        path,
        valueHash: object && objectValueHash(object.parts),
        value: object,
      })),
    );
  }

  /** Takes over `changes` together with the map that `rootAfter` gave for them. */
  commit(changes: readonly Change[], map: MerkleMap<StoredObject>): void {
    for (const { path, object } of changes) {
      if (object === undefined) this.#objects.delete(toHex(path));
      else this.#objects.set(toHex(path), object);
    }
    this.#map = map;
  }
}

/** Writes on top of a state or of another draft; dropped or merged as a whole. */
export class Draft implements Layer {
  readonly #below: Layer;
  readonly #changes = new Map<string, Change>();

  constructor(below: Layer) {
    this.#below = below;
  }

  find(pathKey: string): StoredObject | undefined {
    const change = this.#changes.get(pathKey);
    return change === undefined ? this.#below.find(pathKey) : change.object;
  }

  get<T>(type: ObjectType<T>, id: Uint8Array): T | undefined {
    const stored = this.find(toHex(objectPath(type.name, id)));
    return stored && readObject(type, stored);
  }

  /** `salts` hide the V1 and V2 parts; a type without such fields may pass zeros. */
  put<T>(
    type: ObjectType<T>,
    id: Uint8Array,
    value: T,
    salts: readonly [Uint8Array, Uint8Array],
  ): StoredObject {
    const path = objectPath(type.name, id);
    const before = this.find(toHex(path))?.parts;
    const object = { type: type.name, id, parts: openParts(type, path, value, salts, before) };
    this.#changes.set(toHex(path), { path, object });
    return object;
  }

  /** Writes objects all of whose fields are public: what execution itself writes, beside any call. */
  openly(): ObjectWriter {
    return {
      get: (type, id) => this.get(type, id),
      put: (type, id, value) => void this.put(type, id, value, noSalts),
    };
  }

  remove<T>(type: ObjectType<T>, id: Uint8Array): void {
    const path = objectPath(type.name, id);
    this.#changes.set(toHex(path), { path, object: undefined });
  }

  /** Takes over everything that `draft`, laid over this one, has written. */
  merge(draft: Draft): void {
    for (const [key, change] of draft.#changes) this.#changes.set(key, change);
  }

  /** All changes, ascending by path. */
  changes(): Change[] {
    return [...this.#changes.values()].sort((a, b) => compareBytes(a.path, b.path));
  }
}

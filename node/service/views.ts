/** Objects of the ledger as this node's stakeholder may see them, as JSON and as proof bundles. docs/guides/api.md. */

import { fromHex, toHex } from '../../consensus/codec/bytes.ts';
import { ok, type Refusal, type Result, refuse } from '../../consensus/codec/result.ts';
import type { Json } from '../../consensus/codec/schema.ts';
import {
  type ObjectType,
  objectJson,
  objectPath,
  type StoredObject,
} from '../../consensus/contracts/object.ts';
import { packId, policyHead, policyPack } from '../../consensus/contracts/objects/policy-pack.ts';
import { labelKey } from '../../consensus/contracts/registry.ts';
import { packInForce } from '../../consensus/contracts/rules/compliance.ts';
import { objectTypes } from '../../consensus/contracts/views.ts';
import { zero32 } from '../../consensus/crypto/hash.ts';
import {
  BUNDLE_VERSION,
  type Bundle,
  bundleBytesMax,
  bundleSchema,
} from '../../light-client/proof/bundle.ts';
import type { Ledger } from '../replica/ledger.ts';
import type { Access } from './access.ts';
import { schemes } from './call-args.ts';
import type { Prover } from './proofs.ts';

export const pageMax = 500;
/** Objects looked at before other work of the node has its turn. */
const SCAN_SLICE = 2_000;

export interface ObjectView {
  readonly type: string;
  readonly id: string;
  /** Visibility classes shown: 0 always, 1 and 2 where this node's party is one of the file's or contract's. */
  readonly classes: readonly number[];
  readonly value: { readonly [field: string]: Json };
}

export interface ObjectFilter {
  /** Of the object's V0 field `state`. */
  readonly state?: string;
  /** Only objects of which more than V0 is shown here. */
  readonly mine: boolean;
  /** Id after which the page begins, hex. */
  readonly after: string;
  readonly limit: number;
}

export interface ObjectPage {
  readonly objects: readonly ObjectView[];
  /** `after` of the next page, or null. */
  readonly next: string | null;
}

export class Views {
  readonly #ledger: Ledger;
  readonly #access: Access;
  readonly #prover: Prover;

  constructor(ledger: Ledger, access: Access, prover: Prover) {
    this.#ledger = ledger;
    this.#access = access;
    this.#prover = prover;
  }

  /** An id as a person may write it: 64 hexadecimal digits, or the name of a labelled thing such as `sscc:…`. */
  parseId(text: string): Result<Uint8Array> {
    const scheme = schemes.find((name) => text.startsWith(`${name}:`));
    if (scheme !== undefined) {
      const label = text.slice(scheme.length + 1);
      return /^[\x20-\x7e]{1,80}$/.test(label)
        ? ok(labelKey(this.#ledger.genesis.network, scheme, label))
        : refuse('E_ID_INVALID', { scheme });
    }
    const id = fromHex(text);
    return id?.length === 32
      ? ok(id)
      : refuse('E_SCHEMA', {
          field: 'id',
          reason: 'expected 64 hexadecimal digits, or a name such as sscc:…',
        });
  }

  object(typeName: string, id: Uint8Array): Result<ObjectView> {
    const type = objectTypes.get(typeName);
    if (type === undefined) return noSuchType(typeName);
    const stored = this.#find(typeName, id);
    return stored === undefined
      ? refuse('E_NOT_FOUND', { type: typeName, id: toHex(id) })
      : ok(this.show(type, stored));
  }

  /** A page of the objects of one type, ascending by id. */
  async objects(typeName: string, filter: ObjectFilter): Promise<Result<ObjectPage>> {
    const type = objectTypes.get(typeName);
    if (type === undefined) return noSuchType(typeName);
    const found: ObjectView[] = [];
    let looked = 0;
    for (const stored of this.#ledger.state.objects()) {
      if (++looked % SCAN_SLICE === 0) await new Promise((resolve) => setImmediate(resolve));
      if (stored.type !== typeName) continue;
      const name = toHex(stored.id);
      if (name <= filter.after || !this.#fits(type, stored, filter)) continue;
      found.push(this.show(type, stored));
      // Kept short while scanning: only the first ids count.
      if (found.length > 4 * filter.limit + SCAN_SLICE) keepFirst(found, filter.limit + 1);
    }
    keepFirst(found, filter.limit + 1);
    const objects = found.slice(0, filter.limit);
    return ok({ objects, next: found.length > filter.limit ? objects.at(-1)!.id : null });
  }

  /** `[POL-2]` The policy pack that judges the next call, and the newest if it waits. */
  policy(): { readonly inForce: ObjectView | null; readonly waits: ObjectView | null } {
    const { state, height } = this.#ledger;
    const inForce = packInForce(state, height + 1)?.number ?? 0;
    const newest = state.get(policyHead, zero32)?.newest ?? 0;
    const show = (number: number): ObjectView | null => {
      const stored = this.#find(policyPack.name, packId(number));
      return stored === undefined ? null : this.show(policyPack as ObjectType<unknown>, stored);
    };
    return { inForce: show(inForce), waits: newest > inForce ? show(newest) : null };
  }

  show(type: ObjectType<unknown>, stored: StoredObject): ObjectView {
    const classes = this.#access.classesOf(stored);
    return { type: stored.type, id: toHex(stored.id), classes, value: objectJson(type, stored, classes) };
  }

  /** That the object stands in the state with these values, or that there is none under this name. */
  async objectBundle(typeName: string, id: Uint8Array): Promise<Result<Uint8Array>> {
    if (!objectTypes.has(typeName)) return noSuchType(typeName);
    const proved = await this.#prover.object(typeName, id, (stored) => this.#access.classesOf(stored));
    if (!proved.ok) return proved;
    const { proof, anchor } = proved.value;
    return this.encodeBundle({ statement: { type: 'object', proof }, anchor });
  }

  /** The statement with all that leads from the genesis to it; refused where that is more than a file may hold. */
  async encodeBundle(bundle: Pick<Bundle, 'statement' | 'anchor'>): Promise<Result<Uint8Array>> {
    const changes = await this.#prover.changesTo(bundle.anchor.certified.header);
    if (!changes.ok) return changes;
    const { network } = this.#ledger.genesis;
    const bytes = bundleSchema.encode({
      version: BUNDLE_VERSION,
      network,
      ...bundle,
      changes: changes.value,
    });
    return bytes.length <= bundleBytesMax
      ? ok(bytes)
      : refuse('E_LIMIT_BYTES', { bytes: bytes.length, limit: bundleBytesMax });
  }

  #find(typeName: string, id: Uint8Array): StoredObject | undefined {
    return this.#ledger.state.find(toHex(objectPath(typeName, id)));
  }

  #fits(type: ObjectType<unknown>, stored: StoredObject, { state, mine }: ObjectFilter): boolean {
    if (state !== undefined && objectJson(type, stored, [0])['state'] !== state) return false;
    return !mine || this.#access.classesOf(stored).length > 1;
  }
}

function keepFirst(found: ObjectView[], count: number): void {
  found.sort((a, b) => (a.id < b.id ? -1 : 1));
  found.length = Math.min(found.length, count);
}

function noSuchType(typeName: string): Refusal {
  return refuse('E_NOT_FOUND', {
    field: 'type',
    got: typeName,
    reason: `expected one of ${[...objectTypes.keys()].join(', ')}`,
  });
}

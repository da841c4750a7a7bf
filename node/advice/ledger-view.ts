/**
 * The ledger as advice sees it `[ADV-2]`: the objects that its asker may see in full, at one checkpoint. What may be
 * seen in part only is left out, so that no figure tells what no object would. docs/spec/contracts/credit.md.
 */

import { toHex } from '../../consensus/codec/bytes.ts';
import {
  type ObjectType,
  objectJson,
  readObject,
  type StoredObject,
  type VisibilityClass,
} from '../../consensus/contracts/object.ts';
import { bill } from '../../consensus/contracts/objects/bill.ts';
import { billPayment } from '../../consensus/contracts/objects/bill-payment.ts';
import { creditLimit } from '../../consensus/contracts/objects/credit-limit.ts';
import { dispute } from '../../consensus/contracts/objects/dispute.ts';
import { limitPayment } from '../../consensus/contracts/objects/limit-payment.ts';
import { loan } from '../../consensus/contracts/objects/loan.ts';
import { mandate } from '../../consensus/contracts/objects/mandate.ts';
import { marginCall } from '../../consensus/contracts/objects/margin-call.ts';
import { movement } from '../../consensus/contracts/objects/movement.ts';
import { notice } from '../../consensus/contracts/objects/notice.ts';
import { payment } from '../../consensus/contracts/objects/payment.ts';
import { pledge } from '../../consensus/contracts/objects/pledge.ts';
import { thingPayment } from '../../consensus/contracts/objects/thing-payment.ts';
import { warning } from '../../consensus/contracts/objects/warning.ts';
import { callRecord, device, key, party } from '../../consensus/contracts/registry.ts';

/** A stored object with the classes of it that the asker may see. */
export interface VisibleObject {
  readonly stored: StoredObject;
  readonly classes: readonly VisibilityClass[];
}

/** The checkpoint that the objects are of; times in ms, `running` without the pauses of finality `[CTR-11]`. */
export interface Moment {
  readonly height: number;
  readonly time: number;
  readonly running: number;
}

export interface Found<T> {
  readonly id: Uint8Array;
  readonly name: string;
  readonly value: T;
}

const readTypes: readonly ObjectType<unknown>[] = [
  bill,
  billPayment,
  callRecord,
  creditLimit,
  dispute,
  limitPayment,
  loan,
  mandate,
  marginCall,
  movement,
  notice,
  payment,
  pledge,
  thingPayment,
  warning,
].map((type) => type as ObjectType<unknown>);
/** Of these V0 is enough: what is said of them here is everyone's to know. */
const openTypes: readonly string[] = [device.name, key.name, party.name];

/** Types of the objects that advice reads: a caller need not give it others. */
export const adviceTypes: ReadonlySet<string> = new Set([...readTypes.map(({ name }) => name), ...openTypes]);

const typeOf: ReadonlyMap<string, ObjectType<unknown>> = new Map(readTypes.map((type) => [type.name, type]));

export interface KnownDevice {
  /** Party, hex. */
  readonly owner: string;
  readonly state: 'ACTIVE' | 'REVOKED';
  /** Its public key, hex; empty for one that cannot sign. */
  readonly key: string;
}

export class LedgerView {
  readonly now: Moment;
  readonly #found = new Map<string, Map<string, Found<unknown>>>();
  readonly #sorted = new Map<string, readonly Found<unknown>[]>();
  readonly #devices = new Map<string, KnownDevice>();
  readonly #parties = new Set<string>();

  constructor(objects: Iterable<VisibleObject>, now: Moment) {
    this.now = now;
    for (const { stored, classes } of objects) {
      const name = toHex(stored.id);
      if (stored.type === party.name) this.#parties.add(name);
      if (stored.type === device.name) this.#devices.set(name, readDevice(stored));
      const type = typeOf.get(stored.type);
      if (type === undefined || !isWhole(type, classes)) continue;
      const ofType = this.#found.get(stored.type) ?? new Map<string, Found<unknown>>();
      const found = { id: stored.id, name, value: readObject(type, stored) };
      this.#found.set(stored.type, ofType.set(name, found));
    }
  }

  get<T>(type: ObjectType<T>, id: Uint8Array): T | undefined {
    return this.#found.get(type.name)?.get(toHex(id))?.value as T | undefined;
  }

  /** All that are seen, ascending by id. */
  all<T>(type: ObjectType<T>): readonly Found<T>[] {
    let sorted = this.#sorted.get(type.name);
    if (sorted === undefined) {
      sorted = [...(this.#found.get(type.name)?.values() ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1));
      this.#sorted.set(type.name, sorted);
    }
    return sorted as readonly Found<T>[];
  }

  isParty(id: Uint8Array): boolean {
    return this.#parties.has(toHex(id));
  }

  device(id: Uint8Array): KnownDevice | undefined {
    return this.#devices.get(toHex(id));
  }

  /** Ids (hex) of a party's ACTIVE devices that can sign, ascending. */
  devicesOf(owner: Uint8Array): string[] {
    const name = toHex(owner);
    return [...this.#devices]
      .filter(([, known]) => known.owner === name && known.state === 'ACTIVE' && known.key !== '')
      .map(([id]) => id)
      .sort((a, b) => (a < b ? -1 : 1));
  }

  /** Checkpoint time of the call, ms; `undefined` for one that is not on record. */
  timeOf(call: Uint8Array): number | undefined {
    return this.get(callRecord, call)?.time;
  }
}

function isWhole({ classes }: ObjectType<unknown>, seen: readonly VisibilityClass[]): boolean {
  return classes.every(
    ({ fieldNames }, index) => fieldNames.length === 0 || seen.includes(index as VisibilityClass),
  );
}

function readDevice(stored: StoredObject): KnownDevice {
  const { owner, state, key: publicKey } = objectJson(device, stored, [0]);
  return {
    owner: String(owner),
    state: state === 'ACTIVE' ? 'ACTIVE' : 'REVOKED',
    key: String(publicKey ?? ''),
  };
}

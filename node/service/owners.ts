/**
 * Whose a thing was, and who had it, at any time (R101, R108): intervals that follow each other without overlap or
 * gap. Of goods and receipts they stand in the state as tenures `[CTR-17]`; of a device they follow from the calls of
 * its history, and who has it is its owner, since nothing on this ledger lets it to another.
 */

import { toHex } from '../../consensus/codec/bytes.ts';
import { invariant, ok, type Result, refuse } from '../../consensus/codec/result.ts';
import { decodeArguments } from '../../consensus/contracts/engine.ts';
import { objectPath, type StoredObject, type ValueOf } from '../../consensus/contracts/object.ts';
import { receipt } from '../../consensus/contracts/objects/receipt.ts';
import { tenure } from '../../consensus/contracts/objects/tenure.ts';
import { unit } from '../../consensus/contracts/objects/unit.ts';
import { device } from '../../consensus/contracts/registry.ts';
import { enrolDevice } from '../../consensus/contracts/transitions/enrol.ts';
import { transferThing } from '../../consensus/contracts/transitions/transfer-thing.ts';
import type { Store } from '../ports.ts';
import type { Ledger } from '../replica/ledger.ts';
import type { Access } from './access.ts';
import type { Histories } from './histories.ts';

export interface Moment {
  readonly height: number;
  /** Checkpoint time, ms. */
  readonly time: number;
}

export interface Interval {
  /** Parties, hex; null where this node's party may not be told. */
  readonly owner: string | null;
  readonly user: string | null;
  /** Of a receipt: the one that stood for the goods in this interval; it changes when a receipt is split. */
  readonly receipt: string | null;
  readonly since: Moment;
  /** The first moment at which it is over; null while it lasts. */
  readonly until: Moment | null;
}

/** A device changes hands by calls that its owner and a monitor sign: nobody makes so many of them. */
const CALLS_MAX = 100_000;

export const ownedTypes = [unit.name, receipt.name, device.name] as const;

export class Owners {
  readonly #ledger: Ledger;
  readonly #store: Store;
  readonly #access: Access;
  readonly #histories: Histories;

  constructor(ports: {
    readonly ledger: Ledger;
    readonly store: Store;
    readonly access: Access;
    readonly histories: Histories;
  }) {
    this.#ledger = ports.ledger;
    this.#store = ports.store;
    this.#access = ports.access;
    this.#histories = ports.histories;
  }

  /** All intervals, oldest first. */
  async intervals(typeName: string, id: Uint8Array): Promise<Result<readonly Interval[]>> {
    const stored = this.#ledger.state.find(toHex(objectPath(typeName, id)));
    if (!ownedTypes.some((type) => type === typeName))
      return refuse('E_NOT_FOUND', {
        field: 'type',
        got: typeName,
        reason: `expected ${ownedTypes.join(', ')}`,
      });
    if (stored === undefined) return refuse('E_NOT_FOUND', { type: typeName, id: toHex(id) });
    if (typeName === device.name) return this.#ofDevice(stored);
    // Which tenures are the goods' is for their file's parties; a tenure by itself tells nothing.
    if (!this.#access.classesOf(stored).includes(1))
      return refuse('E_SCOPE', { type: typeName, id: toHex(id), reason: 'not a party of its file' });
    const { state } = this.#ledger;
    const newest = typeName === unit.name ? state.get(unit, id)!.tenure : state.get(receipt, id)!.tenure;
    return this.#ofTenures(newest);
  }

  async #ofTenures(newest: Uint8Array): Promise<Result<readonly Interval[]>> {
    const found: Interval[] = [];
    const oldest = await this.#store.firstHeight();
    let end: Moment | null = null;
    for (let id: Uint8Array | undefined = newest; id !== undefined; ) {
      const stored = this.#ledger.state.find(toHex(objectPath(tenure.name, id)));
      const value: ValueOf<typeof tenure> | undefined = this.#ledger.state.get(tenure, id);
      invariant(stored !== undefined && value !== undefined, 'a tenure names one that exists');
      if (value.since < oldest)
        return refuse('E_UNKNOWN', {
          ...{ checkpoint: value.since, oldest },
          reason: 'this node joined by a snapshot, after that; ask a node that keeps it',
        });
      const shown = this.#access.classesOf(stored).includes(1);
      const since = await this.#moment(value.since);
      const until = value.until === undefined ? null : await this.#moment(value.until);
      invariant(found.length === 0 || until?.height === end?.height, 'a tenure ends where the next begins');
      found.push({
        owner: shown ? toHex(value.owner) : null,
        user: shown ? toHex(value.custodian) : null,
        receipt: value.receipt === undefined ? null : toHex(value.receipt),
        ...{ since, until },
      });
      end = since;
      id = value.previous;
    }
    return ok(found.reverse());
  }

  async #ofDevice(stored: StoredObject): Promise<Result<readonly Interval[]>> {
    const found: Interval[] = [];
    for (const { id, record } of this.#histories.thread(stored, CALLS_MAX)) {
      const { transition, vertex, height, time } = record;
      if (transition !== enrolDevice.name && transition !== transferThing.name) continue;
      const call = await this.#histories.heldCall(vertex);
      if (call === undefined)
        return refuse('E_UNKNOWN', {
          call: toHex(id),
          reason: 'this node does not hold the vertex of that call',
        });
      const args =
        transition === enrolDevice.name
          ? decodeArguments(enrolDevice, call)
          : decodeArguments(transferThing, call);
      invariant(args.ok, 'the arguments of a call that took effect decode');
      const owner = toHex('to' in args.value ? args.value.to : args.value.owner);
      const last = found.at(-1);
      if (last?.owner === owner) continue;
      const since = { height, time };
      if (last !== undefined) found[found.length - 1] = { ...last, until: since };
      found.push({ owner, user: owner, receipt: null, since, until: null });
    }
    return ok(found);
  }

  async #moment(height: number): Promise<Moment> {
    const checkpoint = await this.#store.checkpoint(height);
    invariant(checkpoint !== undefined, `checkpoint ${height} is stored`);
    return { height, time: checkpoint.header.time };
  }
}

/** The interval that holds at a checkpoint time; null before the first and after the last. */
export function intervalAt(intervals: readonly Interval[], timeMs: number): Interval | null {
  return (
    intervals.find(({ since, until }) => since.time <= timeMs && (until === null || timeMs < until.time)) ??
    null
  );
}

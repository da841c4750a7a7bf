/**
 * The history of an object: every call that made it what it is, oldest first, along the thread that the state holds
 * `[CTR-25]`; with the proof of every hop as a bundle. docs/spec/proofs.md.
 */

import { equalBytes, toHex } from '../../consensus/codec/bytes.ts';
import { invariant, ok, type Result, refuse } from '../../consensus/codec/result.ts';
import type { Json } from '../../consensus/codec/schema.ts';
import { hasHistory, writingCall } from '../../consensus/contracts/links.ts';
import { objectPath, type StoredObject, type ValueOf } from '../../consensus/contracts/object.ts';
import { callRecord } from '../../consensus/contracts/registry.ts';
import { callId, type SignedCall, signedCall } from '../../consensus/vertex/call.ts';
import { type Hop, historyHopsMax } from '../../light-client/proof/bundle.ts';
import { showParts } from '../../light-client/proof/state-proof.ts';
import type { Ledger } from '../replica/ledger.ts';
import type { Access } from './access.ts';
import type { Calls } from './calls.ts';
import type { Prover } from './proofs.ts';
import { pageMax, type Views } from './views.ts';

export interface HopView {
  readonly callId: string;
  readonly transition: string;
  readonly vertex: string;
  readonly height: number;
  /** Checkpoint time, ms. */
  readonly time: number;
  /** Who signed and the arguments as far as they may be shown; null where this node does not hold the call. */
  readonly call: { readonly [field: string]: Json } | null;
}

export interface HistoryPage {
  /** Oldest first. */
  readonly hops: readonly HopView[];
  /** `before` of the page before this one; null at the object's beginning. */
  readonly previous: string | null;
}

/** A call of a history, as its record in the state has it. */
export interface Link {
  readonly id: Uint8Array;
  readonly record: ValueOf<typeof callRecord>;
}

function callBefore(record: Link['record'] | undefined, path: Uint8Array): Uint8Array | undefined {
  return record?.changed.find((entry) => equalBytes(entry.path, path))?.before;
}

export class Histories {
  readonly #ledger: Ledger;
  readonly #access: Access;
  readonly #prover: Prover;
  readonly #calls: Calls;
  readonly #views: Views;

  constructor(ports: {
    readonly ledger: Ledger;
    readonly access: Access;
    readonly prover: Prover;
    readonly calls: Calls;
    readonly views: Views;
  }) {
    this.#ledger = ports.ledger;
    this.#access = ports.access;
    this.#prover = ports.prover;
    this.#calls = ports.calls;
    this.#views = ports.views;
  }

  /**
   * Calls that wrote versions of the object, oldest first: at most the `most` newest, or those before the call `before`.
   * Empty for an object of the genesis.
   */
  thread(stored: StoredObject, most: number, before?: Uint8Array): Link[] {
    const path = objectPath(stored.type, stored.id);
    const found: Link[] = [];
    const earlier = before && this.#ledger.state.get(callRecord, before);
    for (
      let id = before === undefined ? writingCall(stored) : callBefore(earlier, path);
      id !== undefined && found.length < most;
    ) {
      const record = this.#ledger.state.get(callRecord, id);
      invariant(record !== undefined, `the record of call ${toHex(id)} is in the state`);
      found.push({ id, record });
      id = callBefore(record, path);
    }
    return found.reverse();
  }

  /** A page of it; `before` is the `previous` of the page after. */
  async history(
    typeName: string,
    id: Uint8Array,
    { limit = pageMax, before }: { readonly limit?: number; readonly before?: Uint8Array | undefined } = {},
  ): Promise<Result<HistoryPage>> {
    const stored = this.#find(typeName, id);
    if (!stored.ok) return stored;
    const links = this.thread(stored.value, limit, before);
    const hops: HopView[] = [];
    for (const link of links) hops.push(await this.#hop(link));
    const [first] = links;
    const isWhole = first === undefined || callBefore(first.record, objectPath(typeName, id)) === undefined;
    return ok({ hops, previous: isWhole ? null : toHex(first.id) });
  }

  /** The proof of every hop; refused where this node lacks one, which is named. */
  async bundle(typeName: string, id: Uint8Array): Promise<Result<Uint8Array>> {
    const stored = this.#find(typeName, id);
    if (!stored.ok) return stored;
    let links: readonly Link[] = [];
    const proved = await this.#prover.objects(
      () => {
        const present = this.#find(typeName, id);
        links = present.ok ? this.thread(present.value, historyHopsMax + 1) : [];
        const records = links.map((link) => ({ type: callRecord.name, id: link.id }));
        return [{ type: typeName, id }, ...records.slice(-historyHopsMax)];
      },
      (found) => this.#access.classesOf(found),
    );
    if (!proved.ok) return proved;
    if (links.length === 0)
      return refuse('E_NOT_FOUND', {
        type: typeName,
        id: toHex(id),
        reason: 'no call wrote it: it is of the genesis',
      });
    if (links.length > historyHopsMax)
      return refuse('E_LIMIT_BYTES', { reason: 'more hops than a bundle holds', limit: historyHopsMax });
    const [object, ...records] = proved.value.proof;
    const { certified } = proved.value.anchor;
    const hops: Hop[] = [];
    for (const [index, { id: call, record }] of links.entries()) {
      const held = await this.heldCall(record.vertex);
      const vertex = held && (await this.#prover.vertex(toHex(record.vertex), certified));
      if (held === undefined || vertex === undefined)
        return refuse('E_UNKNOWN', {
          ...{ type: callRecord.name, id: toHex(call), vertex: toHex(record.vertex), hop: index + 1 },
          reason: 'this node does not hold the vertex of that hop; ask a node that keeps it',
        });
      const { header, signatures, parts } = held;
      const shown = showParts(parts, this.#access.classesOfCall(held, call));
      hops.push({
        ...{ record: records[index]!, vertex: vertex.proof, path: vertex.anchor.path },
        call: { header, signatures, parts: shown },
      });
    }
    return this.#views.encodeBundle({
      statement: { type: 'history', object: object!, hops },
      anchor: proved.value.anchor,
    });
  }

  /** The call of a transaction's vertex, where this node holds it. */
  async heldCall(vertexId: Uint8Array): Promise<SignedCall | undefined> {
    const vertex = await this.#prover.storedVertex(toHex(vertexId));
    if (vertex?.kind !== 'transaction') return undefined;
    const call = signedCall.decode(vertex.payload);
    return call.ok ? call.value : undefined;
  }

  async #hop({ id, record }: Link): Promise<HopView> {
    const { transition, vertex, height, time } = record;
    const held = await this.heldCall(vertex);
    return {
      ...{ callId: toHex(id), transition, vertex: toHex(vertex), height, time },
      call:
        held === undefined
          ? null
          : this.#calls.describe(held, this.#access.classesOfCall(held, callId(held.header))),
    };
  }

  #find(typeName: string, id: Uint8Array): Result<StoredObject> {
    if (!hasHistory(typeName))
      return refuse('E_NOT_FOUND', {
        field: 'type',
        got: typeName,
        reason: 'no type of object that has a history',
      });
    const stored = this.#ledger.state.find(toHex(objectPath(typeName, id)));
    return stored === undefined ? refuse('E_NOT_FOUND', { type: typeName, id: toHex(id) }) : ok(stored);
  }
}

/**
 * Answers a bank's request for a status (R035) without anybody's hand, where the monitor's operator so chose: with the newest
 * readings of the devices that proved the goods, and the newest order receipt `[DTY-5]`. It says only what sensors said and the
 * ledger holds; whether it may be said is the contract's to decide. docs/spec/duties.md.
 */

import { readingProof } from '../../consensus/checkpoint/evidence.ts';
import { equalBytes, fromHex, toHex } from '../../consensus/codec/bytes.ts';
import { limits } from '../../consensus/codec/limits.ts';
import { decodeArguments } from '../../consensus/contracts/engine.ts';
import { transitions } from '../../consensus/contracts/index.ts';
import { objectPath, readObject, type StoredObject, type ValueOf } from '../../consensus/contracts/object.ts';
import { orderHead, orderReceipt } from '../../consensus/contracts/objects/order-receipt.ts';
import { statusRequest } from '../../consensus/contracts/objects/status-request.ts';
import { unit } from '../../consensus/contracts/objects/unit.ts';
import { callRecord } from '../../consensus/contracts/registry.ts';
import type { Change } from '../../consensus/contracts/state.ts';
import { signedCall } from '../../consensus/vertex/call.ts';
import type { Ledger } from '../replica/ledger.ts';
import type { Access } from './access.ts';
import type { Calls } from './calls.ts';
import type { Prover } from './proofs.ts';
import type { FrameView, Readings } from './readings.ts';
import type { Submissions } from './submissions.ts';

/** Requests that wait for an answer; the oldest is forgotten first, and found again after a restart. */
const WAITING_MAX = 1_024;
const ANSWERED_PER_LOOK = 16;
/** A request that could not be answered is looked at again after so long. */
const RETRY_MS = 5_000;
/** How far back in the goods' history a call with readings is looked for. */
const HOPS_MAX = 64;
const FRAMES_MAX = 500;
const CONDITION = 'as measured; no survey';

export interface AnswerPorts {
  readonly ledger: Ledger;
  readonly access: Access;
  readonly prover: Prover;
  readonly readings: Readings;
  readonly calls: Calls;
  readonly submissions: Submissions;
}

export interface Answered {
  readonly request: string;
  readonly callId: string;
}

type Request = ValueOf<typeof statusRequest>;

export class Answers {
  readonly #ports: AnswerPorts;
  /** Open requests to this monitor by id, hex, and when each is looked at next. */
  #waiting: Map<string, number> | undefined;
  #looking = false;

  constructor(ports: AnswerPorts) {
    this.#ports = ports;
  }

  /** To be called after each checkpoint, with what it wrote. */
  async look(changes: readonly Change[], nowMs: number): Promise<readonly Answered[]> {
    const waiting = this.#waiting ?? this.#begin(nowMs);
    for (const { object } of changes) if (object !== undefined) this.#note(object, waiting, nowMs);
    if (this.#looking) return [];
    this.#looking = true;
    try {
      const due = [...waiting].filter(([, at]) => at <= nowMs).slice(0, ANSWERED_PER_LOOK);
      const answered: Answered[] = [];
      for (const [id] of due) {
        waiting.set(id, nowMs + RETRY_MS);
        const callId = await this.#answer(id, waiting);
        if (callId !== undefined) answered.push({ request: id, callId });
      }
      return answered;
    } finally {
      this.#looking = false;
    }
  }

  #begin(nowMs: number): Map<string, number> {
    this.#waiting = new Map();
    for (const stored of this.#ports.ledger.state.objects()) this.#note(stored, this.#waiting, nowMs);
    return this.#waiting;
  }

  #note(stored: StoredObject, waiting: Map<string, number>, nowMs: number): void {
    if (stored.type !== statusRequest.name) return;
    const id = toHex(stored.id);
    const { state, monitor } = readObject(statusRequest, stored);
    const { party } = this.#ports.access;
    if (state !== 'OPEN' || party === undefined || !equalBytes(monitor, party)) {
      waiting.delete(id);
      return;
    }
    if (waiting.size >= WAITING_MAX) waiting.delete(waiting.keys().next().value!);
    waiting.set(id, nowMs);
  }

  async #answer(id: string, waiting: Map<string, number>): Promise<string | undefined> {
    const { ledger, calls, submissions } = this.#ports;
    const stored = ledger.state.find(toHex(objectPath(statusRequest.name, fromHex(id)!)));
    const asked = stored && readObject(statusRequest, stored);
    if (asked?.state !== 'OPEN') {
      waiting.delete(id);
      return undefined;
    }
    const order = this.#orderReceiptFor(asked);
    const evidence = order === undefined ? [] : await this.#evidenceOf(asked.unit);
    if (order === undefined || evidence.length === 0) return undefined;
    const composed = await calls.compose('supply-status', {
      ...{ grant: toHex(asked.grant), unit: toHex(asked.unit), evidence, orderReceipt: order },
      ...{ condition: CONDITION, asOf: ledger.header.time },
    });
    const signed = composed.ok ? calls.sign(composed.value) : composed;
    if (!signed.ok || calls.check(signed.value).refusal !== undefined) return undefined;
    const submitted = await submissions.submit(signed.value);
    return submitted.ok ? submitted.value.callId : undefined;
  }

  /** The newest version of the order receipt about these goods, for this bank. */
  #orderReceiptFor({ unit: unitId, bank }: Request): string | undefined {
    const { state } = this.#ports.ledger;
    for (const stored of state.objects()) {
      if (stored.type !== orderReceipt.name) continue;
      const { unit: of, pledgee, origin } = readObject(orderReceipt, stored);
      if (!equalBytes(of, unitId) || !equalBytes(pledgee, bank)) continue;
      const newest = state.get(orderHead, origin)?.newest ?? stored.id;
      if (equalBytes(newest, stored.id)) return toHex(stored.id);
    }
    return undefined;
  }

  /** The newest weighing and count by the devices that proved the goods, as arguments name them; nothing where one is missing. */
  async #evidenceOf(unitId: Uint8Array): Promise<string[]> {
    const devices = await this.#devicesOf(unitId);
    if (devices.size === 0) return [];
    const page = await this.#ports.readings.page({ device: undefined, limit: FRAMES_MAX, from: undefined });
    const newest = new Map<string, FrameView>();
    for (const frame of page.readings)
      if (devices.has(frame.device) && !newest.has(frame.device)) newest.set(frame.device, frame);
    const shown = [...newest.values()].slice(0, limits.evidencePerCallMax);
    const has = (quantity: string) => shown.some(({ values }) => quantity in values);
    return has('weight') && has('count')
      ? shown.map(({ vertex, index }) => `reading:${vertex}/${index}`)
      : [];
  }

  /** Devices whose readings the last call that measured the goods cited: back along the thread of their history. */
  async #devicesOf(unitId: Uint8Array): Promise<ReadonlySet<string>> {
    const { state } = this.#ports.ledger;
    const path = objectPath(unit.name, unitId);
    let call = state.get(unit, unitId)?.call;
    for (let hop = 0; call !== undefined && hop < HOPS_MAX; hop++) {
      const record = state.get(callRecord, call);
      if (record === undefined) break;
      const devices = await this.#devicesIn(toHex(record.vertex));
      if (devices.size > 0) return devices;
      call = record.changed.find((entry) => equalBytes(entry.path, path))?.before;
    }
    return new Set();
  }

  async #devicesIn(vertexKey: string): Promise<ReadonlySet<string>> {
    const vertex = await this.#ports.prover.storedVertex(vertexKey);
    const call = vertex && signedCall.decode(vertex.payload);
    if (!call?.ok) return new Set();
    const declared = transitions.get(call.value.header.transition)!;
    const args = decodeArguments(declared, call.value);
    const cited = args.ok ? ((args.value as { evidence?: readonly Uint8Array[] }).evidence ?? []) : [];
    const proofs = cited.map((bytes) => readingProof.decode(bytes));
    return new Set(proofs.flatMap((proof) => (proof.ok ? [proof.value.frame.frame.device] : [])));
  }
}

/**
 * Calls on the ledger: submits them as vertices of this node, knows which vertex carries which call, and tells whoever
 * waits what came of it. What is remembered here is bounded; older outcomes are found through the store.
 */

import type { Header } from '../../consensus/checkpoint/header.ts';
import { type Outcome, outcomeCode } from '../../consensus/checkpoint/outcome.ts';
import { fromHex, toHex } from '../../consensus/codec/bytes.ts';
import { type Code, codes } from '../../consensus/codec/codes.ts';
import { limits } from '../../consensus/codec/limits.ts';
import { ok, type Refusal, type Result, refuse } from '../../consensus/codec/result.ts';
import { callRecord, chain, key } from '../../consensus/contracts/registry.ts';
import { callId, callPayloadHash, type SignedCall, signedCall } from '../../consensus/vertex/call.ts';
import type { Vertex } from '../../consensus/vertex/vertex.ts';
import type { Store } from '../ports.ts';
import type { Notice } from '../replica/events.ts';
import type { Runner } from '../runner.ts';

/** Calls remembered: enough for every submitter to ask again. */
const REMEMBERED_MAX = 20_000;
const WAITING_MAX = 1_024;
const STORED_WITHIN_MS = 10_000;

/** What came of a vertex, as its checkpoint recorded it. */
export interface FinalOutcome {
  readonly code: Code;
  readonly meaning: string;
  /** Id of what stood in the way, hex; zeros when nothing did. */
  readonly conflict: string;
  readonly height: number;
  /** Place among the checkpoint's outcomes. */
  readonly index: number;
  /** Checkpoint time, ms. */
  readonly time: number;
}

export interface Submission {
  readonly callId: string;
  readonly vertex: string;
  readonly transition: string;
  /** `null` while pending: nobody may rely on it yet. */
  readonly outcome: FinalOutcome | null;
  /** From arrival here to its durable checkpoint; `null` when it came in an earlier life of this node. */
  readonly latencyMs: number | null;
}

interface Entry {
  readonly callId: string;
  readonly vertex: string;
  readonly transition: string;
  readonly arrivedMs: number | undefined;
  /** Durable here: nobody is told of it before. */
  stored: boolean;
  latencyMs: number | null;
  outcome: FinalOutcome | null;
  /** Woken whenever one of the above changes. */
  waiting: (() => void)[];
}

export function describeOutcome(outcome: Outcome, index: number, { height, time }: Header): FinalOutcome {
  const code = outcomeCode(outcome);
  return { code, meaning: codes[code], conflict: toHex(outcome.conflict), height, index, time };
}

export class Submissions {
  readonly #runner: Runner;
  readonly #store: Store;
  readonly #publicKey: Uint8Array;
  readonly #byVertex = new Map<string, Entry>();
  /** The newest vertex of each call. */
  readonly #byCall = new Map<string, Entry>();
  #waiting = 0;
  #isClosed = false;

  constructor(runner: Runner, store: Store, publicKey: Uint8Array) {
    this.#runner = runner;
    this.#store = store;
    this.#publicKey = publicKey;
    for (const { vertex } of runner.replica.dag.nodes()) this.#onStored(vertex, undefined);
  }

  note(notice: Notice): void {
    if (notice.type === 'vertex') this.#onStored(notice.vertex, performance.now());
    if (notice.type !== 'checkpoint') return;
    for (const [index, vertex] of notice.vertices.entries())
      this.#onFinal(vertex.key, describeOutcome(notice.outcomes[index]!, index, notice.header));
  }

  /**
   * Submits a call that `Calls.open` passed, and answers once its vertex is durable here. A call that is on its way, or
   * took effect, is not submitted again: whoever lost an answer may ask twice.
   */
  async submit(call: SignedCall): Promise<Result<Submission>> {
    const id = toHex(callId(call.header));
    const known = await this.ofCall(id);
    if (known?.outcome?.code === 'OK') return ok(known);
    // Took effect a moment ago, and its checkpoint is being written.
    if (known?.outcome === null && this.#underWay(id) === undefined) return ok(known);
    const refused = this.#mayNotAuthor();
    if (refused !== undefined) return refused;
    const payload = signedCall.encode(call);
    if (payload.length > limits.callBytesMax)
      return refuse('E_LIMIT_BYTES', { bytes: payload.length, limit: limits.callBytesMax });
    const entry = this.#underWay(id) ?? this.#author(call, payload);
    if ('code' in entry) return entry;
    await this.#until(entry, () => entry.stored, STORED_WITHIN_MS);
    return entry.stored ? ok(shown(entry)) : refuse('E_FULL', { reason: 'the store does not answer' });
  }

  /** The node stops: whoever waits is told what is known by now, and nobody waits any more. */
  close(): void {
    this.#isClosed = true;
    for (const entry of this.#byVertex.values()) wake(entry);
  }

  /** Waits for a vertex's outcome, at most so long; then what is known of it. */
  async wait(vertexKey: string, withinMs: number): Promise<Submission | undefined> {
    const entry = this.#byVertex.get(vertexKey);
    if (entry === undefined) return undefined;
    if (this.#waiting < WAITING_MAX) await this.#until(entry, () => entry.outcome !== null, withinMs);
    return shown(entry);
  }

  /** What is known of a call: what took effect, else the newest try; `undefined` when it was never seen here. */
  async ofCall(id: string): Promise<Submission | undefined> {
    const remembered = this.#byCall.get(id);
    if (remembered?.outcome?.code === 'OK') return shown(remembered);
    const record = this.#runner.replica.ledger.state.get(callRecord, fromHex(id)!);
    if (record === undefined) return remembered && shown(remembered);
    const vertex = toHex(record.vertex);
    const entry = this.#byVertex.get(vertex);
    if (entry !== undefined) return shown(entry);
    const outcome = (await this.outcomeOf(vertex)) ?? null;
    return { callId: id, vertex, transition: record.transition, outcome, latencyMs: null };
  }

  /** The call that a vertex carries, while it is remembered. */
  callOf(vertexKey: string): { readonly callId: string; readonly transition: string } | undefined {
    return this.#byVertex.get(vertexKey);
  }

  latencyOf(vertexKey: string): number | null {
    return this.#byVertex.get(vertexKey)?.latencyMs ?? null;
  }

  /** The outcome of a confirmed vertex, from the store. */
  async outcomeOf(vertexKey: string): Promise<FinalOutcome | undefined> {
    const position = await this.#store.position(vertexKey);
    const checkpoint = position && (await this.#store.checkpoint(position.height));
    const outcome = checkpoint?.outcomes[position!.index];
    return outcome && describeOutcome(outcome, position!.index, checkpoint!.header);
  }

  /** Why a vertex of this node could not take effect: a chain that nobody follows must not be begun. */
  #mayNotAuthor(): Refusal | undefined {
    const { state } = this.#runner.replica.ledger;
    const own = { key: toHex(this.#publicKey) };
    const enrolled = state.get(key, this.#publicKey);
    if (enrolled === undefined) return refuse('E_KEY_UNKNOWN', own);
    if (enrolled.state !== 'ACTIVE') return refuse('E_KEY_REVOKED', own);
    return state.get(chain, this.#publicKey)?.suspended ? refuse('E_KEY_SUSPENDED', own) : undefined;
  }

  /** A try that came in while this one looked around: two at once must not become two vertices. */
  #underWay(id: string): Entry | undefined {
    const entry = this.#byCall.get(id);
    return entry?.outcome === null ? entry : undefined;
  }

  #author(call: SignedCall, payload: Uint8Array): Entry | Refusal {
    const payloadHash = callPayloadHash(call);
    const reply = this.#runner.dispatch({ type: 'author', kind: 'transaction', payload, payloadHash });
    if (reply.type === 'refused') return passing(reply.refusal);
    const entry = reply.type === 'taken' ? this.#remember(reply.vertex, performance.now()) : undefined;
    return entry ?? refuse('E_FULL', { reason: 'the node is stopping' });
  }

  #onStored(vertex: Vertex, arrivedMs: number | undefined): void {
    const entry = this.#byVertex.get(vertex.key) ?? this.#remember(vertex, arrivedMs);
    if (entry === undefined) return;
    entry.stored = true;
    wake(entry);
  }

  #remember(vertex: Vertex, arrivedMs: number | undefined): Entry | undefined {
    if (vertex.kind !== 'transaction') return undefined;
    const call = signedCall.decode(vertex.payload);
    if (!call.ok) return undefined;
    const { header } = call.value;
    const entry: Entry = {
      ...{ callId: toHex(callId(header)), vertex: vertex.key, transition: header.transition },
      ...{ arrivedMs, stored: false, latencyMs: null, outcome: null, waiting: [] },
    };
    // One call may come in several vertices: what took effect stands, whatever comes later.
    if (this.#byCall.get(entry.callId)?.outcome?.code !== 'OK') this.#byCall.set(entry.callId, entry);
    this.#byVertex.set(entry.vertex, entry);
    this.#forgetOldest();
    return entry;
  }

  #onFinal(vertexKey: string, outcome: FinalOutcome): void {
    const entry = this.#byVertex.get(vertexKey);
    if (entry === undefined) return;
    entry.outcome = outcome;
    if (entry.arrivedMs !== undefined) entry.latencyMs = Math.round(performance.now() - entry.arrivedMs);
    if (outcome.code === 'OK') this.#byCall.set(entry.callId, entry);
    wake(entry);
  }

  /** Waits until `done`, at most so long. */
  async #until(entry: Entry, done: () => boolean, withinMs: number): Promise<void> {
    if (done() || withinMs <= 0) return;
    this.#waiting += 1;
    const untilMs = performance.now() + withinMs;
    for (
      let leftMs = withinMs;
      !done() && leftMs > 0 && !this.#isClosed;
      leftMs = untilMs - performance.now()
    ) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        entry.waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    this.#waiting -= 1;
  }

  #forgetOldest(): void {
    if (this.#byVertex.size <= REMEMBERED_MAX) return;
    for (const [vertexKey, entry] of this.#byVertex) {
      if (entry.waiting.length > 0) continue;
      this.#byVertex.delete(vertexKey);
      if (this.#byCall.get(entry.callId) === entry) this.#byCall.delete(entry.callId);
      break;
    }
  }
}

/** Far behind, a node signs nothing: that passes, and is no verdict on the call `[VTX-3]`. */
function passing(refusal: Refusal): Refusal {
  if (refusal.code !== 'E_STALE') return refusal;
  return refuse('E_PARKED', { reason: 'this node is catching up', ...refusal.facts });
}

function wake(entry: Entry): void {
  const { waiting } = entry;
  entry.waiting = [];
  for (const call of waiting) call();
}

function shown({ callId: id, vertex, transition, outcome, latencyMs }: Entry): Submission {
  return { callId: id, vertex, transition, outcome, latencyMs };
}

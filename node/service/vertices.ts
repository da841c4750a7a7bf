/** Vertices as this node's stakeholder may see them, as JSON and as proof bundles. */

import { toHex } from '../../consensus/codec/bytes.ts';
import { invariant, ok, type Result, refuse } from '../../consensus/codec/result.ts';
import type { Json } from '../../consensus/codec/schema.ts';
import { key } from '../../consensus/contracts/registry.ts';
import { callId, type SignedCall, signedCall } from '../../consensus/vertex/call.ts';
import { type Vertex, type VertexKind, vertexHeader } from '../../consensus/vertex/vertex.ts';
import type { Ledger } from '../replica/ledger.ts';
import type { Access } from './access.ts';
import type { Calls } from './calls.ts';
import type { Prover } from './proofs.ts';
import type { FinalOutcome, Submissions } from './submissions.ts';
import type { Views } from './views.ts';

export interface VertexView {
  readonly vertex: string;
  readonly kind: VertexKind;
  readonly author: string;
  /** The author's party, hex. */
  readonly party: string | null;
  readonly header: Json;
  /** Bytes of the payload held here; 0 for a readings batch that stayed with its gateway. */
  readonly payloadBytes: number;
  /** Of a transaction, with the arguments that may be shown here. */
  readonly call: Json;
  readonly outcome: FinalOutcome | null;
  readonly latencyMs: number | null;
}

export class Vertices {
  readonly #ledger: Ledger;
  readonly #access: Access;
  readonly #prover: Prover;
  readonly #calls: Calls;
  readonly #submissions: Submissions;
  readonly #views: Views;

  constructor(ports: {
    readonly ledger: Ledger;
    readonly access: Access;
    readonly prover: Prover;
    readonly calls: Calls;
    readonly submissions: Submissions;
    readonly views: Views;
  }) {
    this.#ledger = ports.ledger;
    this.#access = ports.access;
    this.#prover = ports.prover;
    this.#calls = ports.calls;
    this.#submissions = ports.submissions;
    this.#views = ports.views;
  }

  async vertex(vertexKey: string): Promise<Result<VertexView>> {
    const vertex = await this.#prover.storedVertex(vertexKey);
    if (vertex === undefined) return refuse('E_NOT_FOUND', { type: 'vertex', id: vertexKey });
    const outcome = (await this.#submissions.outcomeOf(vertexKey)) ?? null;
    const party = this.#ledger.state.get(key, vertex.author)?.party;
    const call = callOf(vertex);
    return ok({
      vertex: vertexKey,
      kind: vertex.kind,
      author: vertex.authorKey,
      party: party === undefined ? null : toHex(party),
      header: vertexHeader.toJson(vertex),
      payloadBytes: vertex.payload.length,
      call:
        call === undefined
          ? null
          : this.#calls.describe(call, this.#access.classesOfCall(call, callId(call.header))),
      outcome,
      latencyMs: this.#submissions.latencyOf(vertexKey),
    });
  }

  /** That a call took effect, or was refused and why. */
  async bundle(vertexKey: string): Promise<Result<Uint8Array>> {
    const vertex = await this.#prover.storedVertex(vertexKey);
    if (vertex === undefined) return refuse('E_NOT_FOUND', { type: 'vertex', id: vertexKey });
    const call = callOf(vertex);
    if (call === undefined) {
      return refuse('E_SCHEMA', {
        field: 'vertex',
        kind: vertex.kind,
        reason: 'bundles are of transactions; those of readings are at /v1/readings/:vertex/:index/bundle',
      });
    }
    if (!this.#access.maySeeWhole(call, callId(call.header))) {
      return refuse('E_SCOPE', {
        vertex: vertexKey,
        reason: 'this party neither signed the call nor is a party of what it created',
      });
    }
    const proved = await this.#prover.vertex(vertexKey);
    if (proved === undefined) return refuse('E_UNKNOWN', { vertex: vertexKey, reason: 'not final yet' });
    const { proof, anchor } = proved;
    return this.#views.encodeBundle({ statement: { type: 'call', proof, call }, anchor });
  }
}

function callOf({ kind, payload, key: vertexKey }: Vertex): SignedCall | undefined {
  if (kind !== 'transaction') return undefined;
  const call = signedCall.decode(payload);
  invariant(call.ok, `stored transaction ${vertexKey} does not decode`);
  return call.value;
}

/** Builds proofs from what this node holds. Every proof ends in the newest durable certified header. docs/spec/proofs.md. */

import { type CommitteeChange, changesMax, committeeChange } from '../../consensus/checkpoint/change.ts';
import type { ReadingProof } from '../../consensus/checkpoint/evidence.ts';
import type { Header } from '../../consensus/checkpoint/header.ts';
import { type OutcomeProof, proveOutcome, type VertexProof } from '../../consensus/checkpoint/outcome.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import { invariant, ok, type Result, refuse } from '../../consensus/codec/result.ts';
import { objectPath, type StoredObject, type VisibilityClass } from '../../consensus/contracts/object.ts';
import { device, labelKey } from '../../consensus/contracts/registry.ts';
import { type Batch, batch, proveFrame } from '../../consensus/vertex/batch.ts';
import { decodeVertex, type Vertex } from '../../consensus/vertex/vertex.ts';
import type { AnchorProof, CertifiedHeader } from '../../light-client/proof/anchor.ts';
import { abridgeProof, type InclusionProof } from '../../light-client/proof/inclusion.ts';
import { makeStateProof, type StateProof } from '../../light-client/proof/state-proof.ts';
import type { Position, Store } from '../ports.ts';
import type { Ledger } from '../replica/ledger.ts';
import { readHistoryPath } from '../stored-history.ts';
import type { DurableHead } from './durable-head.ts';
import { ProvedCheckpoints } from './proved-checkpoints.ts';

export interface Anchored<P> {
  readonly proof: P;
  readonly anchor: AnchorProof;
}

/** A reading's proof, with the device's record under the certified header where the device is enrolled. */
export interface ProvedReading extends Anchored<ReadingProof> {
  readonly device: StateProof | undefined;
}

/** Classes of an object that whoever asks may be shown. */
export type Visible = (stored: StoredObject) => readonly VisibilityClass[];

export class Prover {
  readonly head: DurableHead;
  readonly #ledger: Ledger;
  readonly #store: Store;
  readonly #checkpoints: ProvedCheckpoints;
  /** By the epoch that each ended: they never change. */
  readonly #changes: CommitteeChange[] = [];

  constructor(ledger: Ledger, store: Store, head: DurableHead) {
    this.#ledger = ledger;
    this.#store = store;
    this.#checkpoints = new ProvedCheckpoints(store);
    this.head = head;
  }

  /** Proof of a vertex's outcome under a durable header, the newest unless told; `undefined` while it is not final. */
  async vertex(
    key: string,
    certified: CertifiedHeader | undefined = this.head.certified,
  ): Promise<Anchored<VertexProof> | undefined> {
    const position = await this.#store.position(key);
    // What was made durable after the header was taken is not in that header's history.
    if (position === undefined || certified === undefined || position.height > certified.header.height)
      return undefined;
    return {
      proof: await this.#vertexProof(key, position),
      anchor: await this.#anchor(position.height, certified),
    };
  }

  /**
   * `[LC-5]` Proof of a vertex's outcome for somebody who has both the vertex and the certified header at height `under`;
   * `undefined` while it is not final there, or that height is not durable here.
   */
  async inclusion(key: string, under: number): Promise<InclusionProof | undefined> {
    const position = await this.#store.position(key);
    if (position === undefined || position.height > under || under > this.head.height) return undefined;
    const history = await this.#historyPath(position.height, under);
    return abridgeProof(await this.#outcome(key, position), under, history);
  }

  /** Proof of one frame of a batch whose payload this node serves. */
  async reading(key: string, frameIndex: number, visible: Visible): Promise<Result<ProvedReading>> {
    const held = await this.heldBatch(key);
    if (!held.ok) return held;
    const shown = held.value.batch.frames[frameIndex];
    if (shown === undefined)
      return refuse('E_NOT_FOUND', {
        vertex: key,
        frame: frameIndex,
        frames: held.value.batch.frames.length,
      });
    const id = labelKey(this.#ledger.genesis.network, 'device', shown.device);
    const rest = await this.head.atRest((certified) => ({
      certified,
      device: this.#presence(device.name, id, visible, certified.header),
    }));
    if (!rest.ok) return rest;
    const { certified } = rest.value;
    const position = await this.#store.position(key);
    if (position === undefined || position.height > certified.header.height)
      return refuse('E_UNKNOWN', { vertex: key, reason: 'not final yet' });
    const proof = {
      frame: proveFrame(held.value.batch, frameIndex),
      vertex: await this.#vertexProof(key, position),
    };
    return ok({ proof, device: rest.value.device, anchor: await this.#anchor(position.height, certified) });
  }

  /** Proof of an object in the newest certified state, or of its absence. */
  object(type: string, id: Uint8Array, visible: Visible): Promise<Result<Anchored<StateProof>>> {
    return this.head.atRest((certified) => ({
      proof: this.#state(type, id, visible, certified.header),
      anchor: { certified, path: [] },
    }));
  }

  /** Proofs of several objects under one header, chosen and judged when the state is the one under it. */
  objects<T = undefined>(
    subjects: () => readonly { readonly type: string; readonly id: Uint8Array }[],
    visible: Visible,
    judge: () => T = () => undefined as T,
  ): Promise<Result<Anchored<StateProof[]> & { readonly judged: T }>> {
    return this.head.atRest((certified) => ({
      proof: subjects().map(({ type, id }) => this.#state(type, id, visible, certified.header)),
      anchor: { certified, path: [] },
      judged: judge(),
    }));
  }

  /** Changes of committee from the end of `epoch` on, as far as they are durable; `most` of them. */
  async changes(epoch: number, most: number): Promise<CommitteeChange[]> {
    const found: CommitteeChange[] = [];
    for (let ended = epoch; found.length < most; ended++) {
      const change = this.#changes[ended] ?? (await this.#change(ended));
      if (change === undefined || change.header.height > this.head.height) break;
      this.#changes[ended] = change;
      found.push(change);
    }
    return found;
  }

  /** All of them up to the one that certified `header`, or the refusal that a bundle cannot carry so many. */
  async changesTo({ epoch }: Header): Promise<Result<CommitteeChange[]>> {
    if (epoch > changesMax) return refuse('E_LIMIT_BYTES', { changes: epoch, limit: changesMax });
    return ok(await this.changes(0, epoch));
  }

  async #change(ended: number): Promise<CommitteeChange | undefined> {
    const stored = await this.#store.committeeChange(ended);
    const change = stored && committeeChange.decode(stored);
    invariant(change?.ok !== false, `the stored change of committee after epoch ${ended} decodes`);
    return change?.value;
  }

  async storedVertex(key: string): Promise<Vertex | undefined> {
    const envelope = await this.#store.vertex(key);
    const decoded = envelope && decodeVertex(envelope);
    return decoded?.ok ? decoded.value : undefined;
  }

  /** A readings vertex with its batch, where this node holds the payload. */
  async heldBatch(key: string): Promise<Result<{ readonly vertex: Vertex; readonly batch: Batch }>> {
    const vertex = await this.storedVertex(key);
    if (vertex?.kind !== 'readings') return refuse('E_NOT_FOUND', { type: 'readings', id: key });
    if (vertex.payload.length === 0)
      return refuse('E_UNKNOWN', { vertex: key, reason: 'this node does not hold the batch' });
    const payload = batch.decode(vertex.payload);
    invariant(payload.ok, `stored batch ${key} does not decode`);
    return ok({ vertex, batch: payload.value });
  }

  async #vertexProof(key: string, position: Position): Promise<VertexProof> {
    const vertex = await this.storedVertex(key);
    invariant(vertex !== undefined, `vertex ${key} is indexed but not stored`);
    const { headerBytes, signature } = vertex;
    return { vertex: headerBytes, signature, ...(await this.#outcome(key, position)) };
  }

  async #outcome(key: string, { height, index }: Position): Promise<OutcomeProof> {
    const checkpoint = await this.#checkpoints.at(height);
    invariant(checkpoint !== undefined, `vertex ${key} is indexed at height ${height}, which is not stored`);
    const { outcomes, header, tree } = checkpoint;
    return proveOutcome(outcomes, index, header, tree);
  }

  /** Only at rest: the state must be the one under `header`. */
  #state(type: string, id: Uint8Array, visible: Visible, header: Header): StateProof {
    const { state } = this.#ledger;
    const path = objectPath(type, id);
    const stored = state.find(toHex(path));
    return makeStateProof(
      { type, id },
      stored,
      state.map.prove(path),
      header,
      stored === undefined ? [] : visible(stored),
    );
  }

  #presence(type: string, id: Uint8Array, visible: Visible, header: Header): StateProof | undefined {
    const stored = this.#ledger.state.find(toHex(objectPath(type, id)));
    return stored && this.#state(type, id, visible, header);
  }

  async #anchor(height: number, certified: CertifiedHeader): Promise<AnchorProof> {
    return { certified, path: await this.#historyPath(height, certified.header.height) };
  }

  /** From the header at `height` to the durable one at height `size`; empty where it is that. */
  async #historyPath(height: number, size: number): Promise<Uint8Array[]> {
    const path = await readHistoryPath(this.#store, height, size);
    invariant(path !== undefined, `a node of the path from ${height} to ${size} is missing in the store`);
    return path;
  }
}

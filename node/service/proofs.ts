/** Builds proofs from what this node holds. Every proof ends in the newest certified header. docs/spec/proofs.md. */

import { toHex } from '../../consensus/codec/bytes.ts';
import { invariant } from '../../consensus/codec/result.ts';
import { historyPath } from '../../consensus/merkle/history.ts';
import { proveVertex, type VertexProof } from '../../consensus/checkpoint/outcome.ts';
import { objectPath, type VisibilityClass } from '../../consensus/contracts/object.ts';
import { zero32 } from '../../consensus/crypto/hash.ts';
import { batch, proveFrame } from '../../consensus/vertex/batch.ts';
import { decodeVertex, type Vertex } from '../../consensus/vertex/vertex.ts';
import type { ReadingProof } from '../../consensus/checkpoint/evidence.ts';
import type { AnchorProof } from '../../light-client/proof/anchor.ts';
import { makeStateProof, type StateProof } from '../../light-client/proof/state-proof.ts';
import type { Store } from '../ports.ts';
import type { Ledger } from '../replica/ledger.ts';

export interface Anchored<P> {
  readonly proof: P;
  readonly anchor: AnchorProof;
}

export class Prover {
  readonly #ledger: Ledger;
  readonly #store: Store;

  constructor(ledger: Ledger, store: Store) {
    this.#ledger = ledger;
    this.#store = store;
  }

  /** Proof of a vertex's outcome; `undefined` while it is not final. */
  async vertex(key: string): Promise<Anchored<VertexProof> | undefined> {
    const position = await this.#store.position(key);
    if (position === undefined || position.height > this.#ledger.height) return undefined;
    const vertex = await this.storedVertex(key);
    const checkpoint = await this.#store.checkpoint(position.height);
    invariant(vertex !== undefined && checkpoint !== undefined, `vertex ${key} is indexed but not stored`);
    // Taken after the last await that the proof depends on: the newest header may advance meanwhile.
    const anchor = await this.#anchor(position.height);
    return { proof: proveVertex(vertex, checkpoint.outcomes, position.index, checkpoint.header), anchor };
  }

  /** Proof of one frame of a batch whose payload this node serves. */
  async reading(key: string, frameIndex: number): Promise<Anchored<ReadingProof> | undefined> {
    const vertex = await this.storedVertex(key);
    if (vertex?.kind !== 'readings' || vertex.payload.length === 0) return undefined;
    const payload = batch.decode(vertex.payload);
    invariant(payload.ok, `stored batch ${key} does not decode`);
    if (frameIndex >= payload.value.frames.length) return undefined;
    const proved = await this.vertex(key);
    return proved && { proof: { frame: proveFrame(payload.value, frameIndex), vertex: proved.proof }, anchor: proved.anchor };
  }

  /** Proof of an object in the newest certified state, or of its absence; `undefined` before the first checkpoint. */
  object(type: string, id: Uint8Array, visible: readonly VisibilityClass[]): Anchored<StateProof> | undefined {
    const { header, certificate, state } = this.#ledger;
    if (certificate === undefined) return undefined;
    const path = objectPath(type, id);
    const proof = makeStateProof({ type, id }, state.find(toHex(path)), state.map.prove(path), header, visible);
    return { proof, anchor: { certified: { header, certificate }, path: [] } };
  }

  async storedVertex(key: string): Promise<Vertex | undefined> {
    const envelope = await this.#store.vertex(key);
    const decoded = envelope && decodeVertex(envelope);
    return decoded?.ok ? decoded.value : undefined;
  }

  /** From the header at `height` to the newest certified one. */
  async #anchor(height: number): Promise<AnchorProof> {
    const { header, certificate } = this.#ledger;
    invariant(certificate !== undefined, 'something is final, so a header is certified');
    const certified = { header, certificate };
    if (height === header.height) return { certified, path: [] };
    // First which nodes the path needs, then the path.
    const wanted: [level: number, index: number][] = [];
    historyPath(height, header.height, (level, index) => {
      wanted.push([level, index]);
      return zero32;
    });
    const nodes = new Map<string, Uint8Array>();
    for (const [level, index] of wanted) {
      const node = await this.#store.historyNode(level, index);
      invariant(node !== undefined, `history node ${level}/${index} is missing in the store`);
      nodes.set(`${level}/${index}`, node);
    }
    return { certified, path: historyPath(height, header.height, (level, index) => nodes.get(`${level}/${index}`)!) };
  }
}

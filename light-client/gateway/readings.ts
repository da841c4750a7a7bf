/** What the gateway shows of its own batches: recent frames, and the bundle that proves one of them to anybody. */

import type { VertexProof } from '../../consensus/checkpoint/outcome.ts';
import { outcomeCode } from '../../consensus/checkpoint/outcome.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import { invariant, type Result, refuse } from '../../consensus/codec/result.ts';
import { device, labelKey } from '../../consensus/contracts/registry.ts';
import { type Batch, batch, proveFrame } from '../../consensus/vertex/batch.ts';
import { formatDecimal } from '../../consensus/vertex/decimal.ts';
import type { Vertex } from '../../consensus/vertex/vertex.ts';
import type { Outbox } from '../outbox/outbox.ts';
import { decodeOwn } from '../outbox/records.ts';
import { framesIn, type StoredVertex } from '../outbox/vertices.ts';
import type { AnchorProof } from '../proof/anchor.ts';
import type { StateProof } from '../proof/state-proof.ts';
import type { LightRequest, LightResponse } from '../protocol/messages.ts';
import { checkObjectAnswer, checkVertexAnswer } from './answers.ts';
import type { Ledger } from './ledger.ts';
import { type SealParts, sealBundle } from './seal.ts';

/** How many batches one question looks through. */
const BATCHES_MAX = 2_000;

export interface ShownFrame {
  readonly vertex: string;
  readonly index: number;
  readonly device: string;
  readonly session: string;
  readonly counter: number;
  /** The sensor's clock, ms: a claim. */
  readonly time: number;
  /** When the gateway had its message, by the gateway's clock. */
  readonly receivedTime: number;
  readonly values: { readonly [quantity: string]: number };
  /** The same, as exact decimal text. */
  readonly exact: { readonly [quantity: string]: string };
  readonly signed: boolean;
  /** Height and time of the checkpoint that made it final; null before that. */
  readonly height: number | null;
  readonly finalTime: number | null;
  /** Outcome of its vertex; null while there is none. */
  readonly outcome: string | null;
}

export class Readings {
  readonly #outbox: Outbox;
  readonly #ledger: Ledger;
  readonly #sealing: SealParts;

  constructor(parts: SealParts & { readonly outbox: Outbox; readonly ledger: Ledger }) {
    this.#outbox = parts.outbox;
    this.#ledger = parts.ledger;
    this.#sealing = parts;
  }

  /** Newest first: by vertex, and in each batch from its end. */
  async list(filter: {
    readonly device: string | undefined;
    readonly finalOnly: boolean;
    readonly limit: number;
  }): Promise<ShownFrame[]> {
    const shown: ShownFrame[] = [];
    const { from, to } = this.#outbox.readable;
    for (
      let sequence = to;
      sequence >= Math.max(from, to - BATCHES_MAX) && shown.length < filter.limit;
      sequence--
    ) {
      const kept = this.#outbox.read(sequence);
      if (kept === undefined || (filter.finalOnly && !tookEffect(kept))) continue;
      const frames = framesIn(kept.vertex);
      for (let index = frames.length - 1; index >= 0 && shown.length < filter.limit; index--) {
        if (filter.device === undefined || frames[index]!.device === filter.device)
          shown.push(showFrame(kept, frames, index));
      }
      // Messages come in meanwhile.
      if (sequence % 16 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    return shown;
  }

  /**
   * A bundle that anybody can check against the genesis: built from the own batch and proofs that were checked here,
   * and verified once more before it leaves. With the device's record where a node can be asked for it.
   */
  async bundle(vertexId: Uint8Array, index: number): Promise<Result<Uint8Array>> {
    const sequence = this.#outbox.sequenceOf(vertexId);
    const kept = sequence === undefined ? undefined : this.#outbox.read(sequence);
    if (kept?.vertex.kind !== 'readings')
      return refuse('E_NOT_FOUND', {
        reason: 'no readings of this gateway, or no longer kept',
        vertex: toHex(vertexId),
      });
    const { settled } = kept;
    if (settled === undefined) return refuse('E_STATE', { reason: 'not final yet', vertex: kept.vertex.key });
    const opened = decodeOwn(batch, kept.vertex.payload, `the batch of vertex ${kept.vertex.sequence}`);
    if (index >= opened.frames.length)
      return refuse('E_NOT_FOUND', { reason: 'no such frame', index, frames: opened.frames.length });
    const code = outcomeCode(settled.proof.outcome);
    if (code !== 'OK') return refuse('E_STATE', { reason: 'its vertex did not take effect', code });
    const withDevice = await this.#proveWithDevice(kept.vertex, opened.frames[index]!.device);
    const sealed = withDevice && this.#seal(opened, index, withDevice);
    if (sealed?.ok) return sealed;
    // Nobody to ask; or the device has another key by now than the one that signed this frame.
    return this.#seal(opened, index, { proof: settled.proof, anchor: settled.anchor, device: undefined });
  }

  /** The device's record, and the vertex' proof under the same certified header; `undefined` where the node does not give both. */
  async #proveWithDevice(
    vertex: Vertex,
    name: string,
  ): Promise<{ proof: VertexProof; anchor: AnchorProof; device: StateProof } | undefined> {
    const node = this.#ledger.primary;
    if (node === undefined) return undefined;
    const id = labelKey(this.#sealing.genesis.network, 'device', name);
    const wanted = { type: device, id, height: 0 };
    const shown = await this.#ask(node, { type: 'proveObject', objectType: device.name, id });
    const enrolled = shown && checkObjectAnswer(shown, wanted, this.#ledger.judging(node));
    if (!enrolled?.ok || enrolled.value.value === undefined) return undefined;
    const held = enrolled.value.anchor.certified;
    const question = { type: 'proveVertex', id: vertex.id, under: held.header.height } as const;
    const answer = await this.#ask(node, question);
    const proved = answer && checkVertexAnswer(answer, { vertex, held }, this.#ledger.judging(node));
    if (!proved?.ok || proved.value === undefined) return undefined;
    return { ...proved.value, device: enrolled.value.proof };
  }

  #ask(node: string, request: LightRequest): Promise<LightResponse | undefined> {
    return this.#ledger.ask(node, request).catch(() => undefined);
  }

  #seal(
    opened: Batch,
    index: number,
    proved: {
      readonly proof: VertexProof;
      readonly anchor: AnchorProof;
      readonly device: StateProof | undefined;
    },
  ): Result<Uint8Array> {
    const { proof, anchor, device: enrolled } = proved;
    const reading = { frame: proveFrame(opened, index), vertex: proof };
    return sealBundle({ type: 'reading', proof: reading, device: enrolled }, anchor, this.#sealing);
  }
}

const tookEffect = ({ settled }: StoredVertex): boolean =>
  settled !== undefined && outcomeCode(settled.proof.outcome) === 'OK';

function showFrame(
  { vertex, settled, receivedMs }: StoredVertex,
  frames: Batch['frames'],
  index: number,
): ShownFrame {
  const frame = frames[index];
  invariant(frame !== undefined, 'the frame is one of its batch');
  const exact = Object.fromEntries(
    frame.readings.map(({ quantity, value }) => [quantity, formatDecimal(value)]),
  );
  const { device: name, session, counter, time } = frame;
  return {
    ...{ vertex: vertex.key, index, device: name, session, counter, time, receivedTime: receivedMs[index]! },
    values: Object.fromEntries(Object.entries(exact).map(([quantity, text]) => [quantity, Number(text)])),
    exact,
    signed: frame.signature.length > 0,
    height: settled?.proof.header.height ?? null,
    finalTime: settled?.proof.header.time ?? null,
    outcome: settled === undefined ? null : outcomeCode(settled.proof.outcome),
  };
}

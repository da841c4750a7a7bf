/** The gateway of a story: it speaks through the nodes as a light client does, one vertex after the other. */

import { encodeReadingProof } from '../../consensus/checkpoint/evidence.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import { limits } from '../../consensus/codec/limits.ts';
import { invariant } from '../../consensus/codec/result.ts';
import { key } from '../../consensus/contracts/registry.ts';
import type { Signer } from '../../consensus/crypto/ed25519.ts';
import { zero32 } from '../../consensus/crypto/hash.ts';
import { type Batch, batch, batchHash, makeBatch, proveFrame } from '../../consensus/vertex/batch.ts';
import { compareFrames, type Frame } from '../../consensus/vertex/frame.ts';
import { encodeVertex, signVertex, type Vertex } from '../../consensus/vertex/vertex.ts';
import type { Event } from '../../node/replica/events.ts';
import type { ShownFrame } from '../../node/story/host.ts';
import { type Doors, heightOf, proverAt } from './doors.ts';

export class StoryGateway {
  readonly #signer: Signer;
  readonly #doors: Doors;
  readonly #salt: () => Uint8Array;
  #end: Vertex | undefined;
  #citedHeight = 0;

  /** `salt`: thirty-two bytes that nothing else in this run has, each time others. */
  constructor(signer: Signer, doors: Doors, salt: () => Uint8Array) {
    this.#signer = signer;
    this.#doors = doors;
    this.#salt = salt;
  }

  /** Resolves when all frames are final, in the given order. */
  async feed(frames: readonly Frame[]): Promise<readonly ShownFrame[]> {
    const shown: ShownFrame[] = [];
    for (let from = 0; from < frames.length; from += limits.framesPerBatchMax) {
      const part = frames.slice(from, from + limits.framesPerBatchMax);
      const written = makeBatch([...part].sort(compareFrames), this.#salt());
      const vertex = await this.#write(written);
      const event: Event = { type: 'submit', envelope: encodeVertex(vertex) };
      const what = `readings ${vertex.key.slice(0, 8)}`;
      await this.#doors.untilSaid(event, what, new Set(), () =>
        this.#doors.hooks.isFinal(vertex.key) ? vertex : undefined,
      );
      shown.push(...(await this.#doors.until(() => this.#show(vertex.key, written, part))));
    }
    return shown;
  }

  async #write(written: Batch): Promise<Vertex> {
    // Nobody cites a checkpoint older than the one that its last vertex cites `[VTX-3]`.
    const node = await this.#doors.until(async () => {
      const found = await this.#doors.atLeast(this.#citedHeight);
      const enrolled = found.runner?.replica.ledger.state.get(key, this.#signer.publicKey) !== undefined;
      return enrolled ? found : undefined;
    });
    this.#citedHeight = heightOf(node);
    const { genesis, nowMs } = this.#doors.world;
    const header = {
      network: genesis.network,
      sequence: (this.#end?.sequence ?? 0) + 1,
      previous: this.#end?.id ?? zero32,
      checkpoint: node.runner!.replica.ledger.headerId,
      parents: [],
      time: nowMs,
      kind: 'readings' as const,
      payloadHash: batchHash(written),
    };
    this.#end = signVertex(header, batch.encode(written), this.#signer);
    return this.#end;
  }

  /** Proofs of all frames: what the batch says by the gateway itself, that it is final by a node that is at rest. */
  async #show(
    vertexKey: string,
    written: Batch,
    frames: readonly Frame[],
  ): Promise<readonly ShownFrame[] | undefined> {
    for (const node of this.#doors.up) {
      const proved = await (await proverAt(node))?.vertex(vertexKey);
      if (proved === undefined) continue;
      return frames.map((frame) => {
        const proof = encodeReadingProof({
          frame: proveFrame(written, written.frames.indexOf(frame)),
          vertex: proved.proof,
        });
        invariant(proof.ok, 'a reading proof fits into a call');
        return { frame, proof: toHex(proof.value) };
      });
    }
    return undefined;
  }
}

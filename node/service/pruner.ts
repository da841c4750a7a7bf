/**
 * Lets go of old batches of readings `[STO-3]`: vertex, signature and everything that proves them stay, and so does each
 * batch of which a contract has ever cited a frame. docs/spec/replica.md.
 */

import { outcomeCode } from '../../consensus/checkpoint/outcome.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import { invariant } from '../../consensus/codec/result.ts';
import { evidenceUse, evidenceUseId } from '../../consensus/contracts/objects/evidence-use.ts';
import { labelKey } from '../../consensus/contracts/registry.ts';
import { batch } from '../../consensus/vertex/batch.ts';
import { decodeVertex, encodeVertex, withoutPayload } from '../../consensus/vertex/vertex.ts';
import type { Store, VertexRecord } from '../ports.ts';
import type { Ledger } from '../replica/ledger.ts';

/** Vertices that one look reads; the next goes on at the height after it. */
const VERTICES_PER_LOOK = 256;
/** Heights without any vertices cost little, but not nothing. */
const HEIGHTS_PER_LOOK = 64;
const DAY_MS = 86_400_000;

export class Pruner {
  readonly #ledger: Ledger;
  readonly #store: Store;
  readonly #keepMs: number;
  #looking = false;
  /** Up to which height batches were looked at, as far as this one knows. */
  height = 0;

  /** `days`: how long batches are kept, by the time of the checkpoint that confirmed them. */
  constructor(ports: { readonly ledger: Ledger; readonly store: Store }, days: number) {
    this.#ledger = ports.ledger;
    this.#store = ports.store;
    this.#keepMs = days * DAY_MS;
  }

  /** Looks at the next heights that are old enough. To be called after each checkpoint; gives how many batches went. */
  async look(): Promise<number> {
    if (this.#looking) return 0;
    this.#looking = true;
    try {
      return await this.#lookOn();
    } finally {
      this.#looking = false;
    }
  }

  async #lookOn(): Promise<number> {
    const before = this.#ledger.header.time - this.#keepMs;
    const from = await this.#store.prunedHeight();
    this.height = from;
    const old: VertexRecord[] = [];
    let height = from;
    for (let seen = 0; seen < VERTICES_PER_LOOK && height < from + HEIGHTS_PER_LOOK; ) {
      const checkpoint = await this.#store.checkpoint(height + 1);
      if (checkpoint === undefined || checkpoint.header.time >= before) break;
      height += 1;
      for (const outcome of checkpoint.outcomes) {
        seen += 1;
        const stripped = await this.#strip(toHex(outcome.id), outcomeCode(outcome) === 'OK');
        if (stripped !== undefined) old.push(stripped);
      }
    }
    if (height === from) return 0;
    // Not durable by itself: what a crash undoes is done again.
    await this.#store.write([{ type: 'prune', height, vertices: old }], false);
    this.height = height;
    return old.length;
  }

  /** The vertex without its batch, where it has one that may go. `isGood`: others were never evidence. */
  async #strip(key: string, isGood: boolean): Promise<VertexRecord | undefined> {
    const stored = await this.#store.vertex(key);
    const vertex = stored && decodeVertex(stored);
    invariant(vertex?.ok, `vertex ${key} is confirmed and not stored`);
    const { kind, payload } = vertex.value;
    if (kind !== 'readings' || payload.length === 0 || (isGood && this.#isCited(payload))) return undefined;
    return { key, envelope: encodeVertex(withoutPayload(vertex.value)) };
  }

  #isCited(payload: Uint8Array): boolean {
    const decoded = batch.decode(payload);
    invariant(decoded.ok, 'a stored batch decodes');
    const { state, genesis } = this.#ledger;
    return decoded.value.frames.some(({ device, session, counter }) => {
      const use = evidenceUseId({ device: labelKey(genesis.network, 'device', device), session, counter });
      return state.get(evidenceUse, use) !== undefined;
    });
  }
}

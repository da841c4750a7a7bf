/**
 * Offences that this node has seen, on their way to the ledger `[BFT-2]`: one evidence vertex for each key and height,
 * unless somebody else's is here already. What cannot be written yet waits, bounded.
 */

import { toHex } from '../../consensus/codec/bytes.ts';
import type { Result } from '../../consensus/codec/result.ts';
import { offenceId, offenceRecord } from '../../consensus/contracts/objects/offence.ts';
import { offenceName } from '../../consensus/pbft/offence.ts';
import {
  type Offence,
  offence,
  offenceBytesMax,
  offencePayloadHash,
} from '../../consensus/vertex/offence.ts';
import type { Vertex } from '../../consensus/vertex/vertex.ts';
import type { Effect } from './events.ts';
import type { Ledger } from './ledger.ts';

const PENDING_MAX = 256;
const NAMES_MAX = 4_096;
/** A vertex that could not be written is tried again after this. */
const TRY_AGAIN_MS = 500;

export class Accuser {
  readonly #ledger: Ledger;
  readonly #effect: (effect: Effect) => void;
  /** Offences told before, by this node or in a vertex that is here. */
  readonly #told = new Set<string>();
  #pending: Offence[] = [];
  #refusedAt = Number.NEGATIVE_INFINITY;

  constructor(ledger: Ledger, effect: (effect: Effect) => void) {
    this.#ledger = ledger;
    this.#effect = effect;
  }

  get wakeAt(): number {
    return this.#pending.length > 0 ? this.#refusedAt + TRY_AGAIN_MS : Number.POSITIVE_INFINITY;
  }

  /** An offence that was seen; its signatures were checked. */
  accuse(seen: Offence): void {
    if (this.#isKnown(seen) || this.#pending.length >= PENDING_MAX) return;
    this.#tell(offenceName(seen));
    this.#pending.push(seen);
    this.#effect({ type: 'notice', notice: { type: 'offence', offence: seen } });
  }

  /** Somebody's evidence has entered the DAG. */
  onAdded({ kind, payload }: Vertex): void {
    if (kind !== 'evidence') return;
    const decoded = offence.decode(payload, offenceBytesMax);
    if (decoded.ok) this.#tell(offenceName(decoded.value));
  }

  /** Writes what waits, if it can. */
  progress(
    write: (payload: Uint8Array, payloadHash: Uint8Array) => Result<Vertex>,
    nowMs: number,
    force = false,
  ): void {
    if (this.#pending.length === 0 || (!force && nowMs < this.#refusedAt + TRY_AGAIN_MS)) return;
    this.#pending = this.#pending.filter((seen) => {
      if (this.#isOnRecord(seen)) return false;
      const payload = offence.encode(seen);
      return !write(payload, offencePayloadHash(payload)).ok;
    });
    if (this.#pending.length > 0) this.#refusedAt = nowMs;
  }

  #isKnown(seen: Offence): boolean {
    return this.#told.has(offenceName(seen)) || this.#isOnRecord(seen);
  }

  #isOnRecord({ key, height }: Offence): boolean {
    return this.#ledger.state.get(offenceRecord, offenceId(key, height)) !== undefined;
  }

  #tell(name: string): void {
    if (this.#told.size >= NAMES_MAX) this.#told.clear();
    this.#told.add(name);
  }
}

/** For logs: whose, where, and the bytes that prove it to anybody. */
export function describeOffence(seen: Offence): { readonly [fact: string]: string | number } {
  return { key: toHex(seen.key), height: seen.height, proof: toHex(offence.encode(seen)) };
}

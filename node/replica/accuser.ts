/**
 * Offences that this node has seen, on their way to the ledger `[BFT-2]`: one evidence vertex for each key and height.
 * Where somebody else's is here already, this node waits a while: that vertex may come to nothing, as one by a suspended
 * key does, and then this node's own must not be missing.
 */

import { type Certificate, checkCertificate } from '../../consensus/checkpoint/certificate.ts';
import type { Header } from '../../consensus/checkpoint/header.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import { invariant, type Result } from '../../consensus/codec/result.ts';
import { offenceId, offenceRecord } from '../../consensus/contracts/objects/offence.ts';
import {
  type Decision,
  type DecisionProof,
  findGuilty,
  findOutside,
  offenceName,
} from '../../consensus/pbft/offence.ts';
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
/** How long somebody else's evidence is waited for. */
const OTHERS_MS = 5_000;

interface Pending {
  readonly offence: Offence;
  dueMs: number;
}

export class Accuser {
  readonly #ledger: Ledger;
  readonly #effect: (effect: Effect) => void;
  /** Offences that were seen in this life. */
  readonly #seen = new Set<string>();
  /** Offences that somebody else's vertex tells of. */
  readonly #told = new Set<string>();
  readonly #pending = new Map<string, Pending>();

  constructor(ledger: Ledger, effect: (effect: Effect) => void) {
    this.#ledger = ledger;
    this.#effect = effect;
  }

  get wakeAt(): number {
    let least = Number.POSITIVE_INFINITY;
    for (const { dueMs } of this.#pending.values()) least = Math.min(least, dueMs);
    return least;
  }

  /** q seats of a former committee certified a height after its end: each of them is convicted by that. */
  isOutlived(header: Header, certificate: Certificate, nowMs: number): boolean {
    const { committee, genesis, height } = this.#ledger;
    const former = header.height > height ? this.#ledger.committeeOf(header.committeeHash) : undefined;
    if (former === undefined || former.epoch >= committee.epoch) return false;
    if (!checkCertificate(header, certificate, former, genesis.network).ok) return false;
    for (const offence of findOutside(header, certificate, former)) this.accuse(offence, nowMs);
    return true;
  }

  /** Another certified header at the newest height: whoever can be named is (R050). `own`: why it was decided here. */
  accuseFork(own: DecisionProof | undefined, other: Decision, nowMs: number): void {
    const { header, certificate, newestCommittee: committee, genesis } = this.#ledger;
    invariant(certificate !== undefined, 'height 0 has no other header');
    const decision = { header, certificate, proof: own };
    for (const offence of findGuilty(decision, other, { network: genesis.network, committee }))
      this.accuse(offence, nowMs);
  }

  /** An offence that was seen; its signatures were checked. */
  accuse(seen: Offence, nowMs: number): void {
    const name = offenceName(seen);
    if (this.#seen.has(name) || this.#isOnRecord(seen) || this.#pending.size >= PENDING_MAX) return;
    remember(this.#seen, name);
    this.#pending.set(name, { offence: seen, dueMs: this.#told.has(name) ? nowMs + OTHERS_MS : nowMs });
    this.#effect({ type: 'notice', notice: { type: 'offence', offence: seen } });
  }

  /** Somebody's evidence has entered the DAG. */
  onAdded({ kind, payload }: Vertex, nowMs: number): void {
    if (kind !== 'evidence') return;
    const decoded = offence.decode(payload, offenceBytesMax);
    if (!decoded.ok) return;
    const name = offenceName(decoded.value);
    const pending = this.#pending.get(name);
    // Once, or whoever goes on telling of itself to no effect would keep this node waiting.
    if (pending !== undefined && !this.#told.has(name)) pending.dueMs = nowMs + OTHERS_MS;
    remember(this.#told, name);
  }

  /** Writes what is due, if it can. */
  progress(write: (payload: Uint8Array, payloadHash: Uint8Array) => Result<Vertex>, nowMs: number): void {
    for (const [name, pending] of [...this.#pending]) {
      if (this.#isOnRecord(pending.offence)) this.#pending.delete(name);
      else if (nowMs >= pending.dueMs) {
        // Its own vertex comes in by `onAdded` as well: it must not wait for itself.
        remember(this.#told, name);
        const payload = offence.encode(pending.offence);
        if (write(payload, offencePayloadHash(payload)).ok) this.#pending.delete(name);
        else pending.dueMs = nowMs + TRY_AGAIN_MS;
      }
    }
  }

  #isOnRecord({ key, height }: Offence): boolean {
    return this.#ledger.state.get(offenceRecord, offenceId(key, height)) !== undefined;
  }
}

function remember(names: Set<string>, name: string): void {
  if (names.size >= NAMES_MAX) names.clear();
  names.add(name);
}

/** For logs: whose, where, and the bytes that prove it to anybody. */
export function describeOffence(seen: Offence): { readonly [fact: string]: string | number } {
  return { key: toHex(seen.key), height: seen.height, proof: toHex(offence.encode(seen)) };
}

/**
 * Catching up `[STO-2]`: follows certified checkpoints one height at a time. A certified outcome list says which
 * vertices a checkpoint confirmed and in which order; missing ones are fetched, all are executed here, and every root
 * is compared `[BFT-3]`. Followers, lagging seats and restarted nodes all come this way.
 */

import { type Certificate, checkCertificate } from '../../consensus/checkpoint/certificate.ts';
import { type Header, headerId } from '../../consensus/checkpoint/header.ts';
import { type Outcome, outcomeSchema, outcomesRoot } from '../../consensus/checkpoint/outcome.ts';
import { equalBytes, toHex } from '../../consensus/codec/bytes.ts';
import { ok, type Result, refuse } from '../../consensus/codec/result.ts';
import type { OpenDag } from '../../consensus/dag/open-dag.ts';
import { VERTICES_PER_REQUEST_MAX } from '../../consensus/wire/messages.ts';
import type { PeerKey } from '../ports.ts';
import type { Effect } from './events.ts';
import type { Ledger } from './ledger.ts';
import { type BuiltCheckpoint, buildCheckpoint, differences } from './proposal.ts';

const ASK_AGAIN_MS = 500;
const PEERS_MAX = 256;

export interface CertifiedCheckpoint {
  readonly header: Header;
  readonly certificate: Certificate;
  readonly outcomes: readonly Outcome[];
}

export type CatchUpResult =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'built'; readonly built: BuiltCheckpoint; readonly certificate: Certificate }
  /** Own execution disagrees with what q seats certified. */
  | { readonly kind: 'diverged'; readonly facts: { readonly [fact: string]: string | number } };

export class CatchUp {
  readonly #ledger: Ledger;
  readonly #dag: OpenDag;
  readonly #effect: (effect: Effect) => void;
  /** Greatest certified height each peer has shown. */
  readonly #heights = new Map<PeerKey, number>();
  /** Greatest height each peer has claimed under a committee that is not known here yet. */
  readonly #claims = new Map<PeerKey, number>();
  #next: CertifiedCheckpoint | undefined;
  /** How many of the next checkpoint's vertices, from the first on, were seen to be here. */
  #present = 0;
  /** Ids of the vertices that the next checkpoint confirms. */
  #awaited = new Set<string>();
  /** The last header whose certificate was checked: every peer announces the same one. */
  #checkedId = '';
  #askedAt = Number.NEGATIVE_INFINITY;
  #asked = 0;

  constructor(ledger: Ledger, dag: OpenDag, effect: (effect: Effect) => void) {
    this.#ledger = ledger;
    this.#dag = dag;
    this.#effect = effect;
  }

  /** Greatest certified height anybody has shown; or that more than f of the known seats claim, if that is more. */
  get target(): number {
    let greatest = this.#ledger.height;
    for (const height of this.#heights.values()) greatest = Math.max(greatest, height);
    const { seatOf, faults } = this.#ledger.committee;
    const claimed = [...this.#claims].filter(([peer]) => seatOf.has(peer)).map(([, height]) => height);
    return Math.max(greatest, claimed.sort((a, b) => b - a)[faults] ?? 0);
  }

  isAwaited(vertexKey: string): boolean {
    return this.#awaited.has(vertexKey);
  }

  get wakeAt(): number {
    return this.#ahead().length > 0 ? this.#askedAt + ASK_AGAIN_MS : Number.POSITIVE_INFINITY;
  }

  forget(peer: PeerKey): void {
    this.#heights.delete(peer);
    this.#claims.delete(peer);
  }

  /** Peers that say they are ahead; one that only claims so costs a question now and then. */
  #ahead(): PeerKey[] {
    const { height } = this.#ledger;
    const isAhead = (peer: PeerKey) =>
      Math.max(this.#heights.get(peer) ?? 0, this.#claims.get(peer) ?? 0) > height;
    return [...new Set([...this.#heights.keys(), ...this.#claims.keys()])].filter(isAhead);
  }

  /**
   * A peer shows a certificate above the own height. That some certificate of its header is valid is checked, because
   * it decides whom to ask; whether this very one is, only for the first that came. A header of a later epoch cannot be
   * judged yet: who comes next is learned on the way there.
   */
  note(peer: PeerKey, header: Header, certificate: Certificate): Result<void> {
    const { height, newestCommittee, committee } = this.#ledger;
    if (header.epoch > committee.epoch) {
      if (header.height > height) note(this.#claims, peer, header.height);
      return ok(undefined);
    }
    const id = toHex(headerId(header));
    if (id !== this.#checkedId) {
      const judges = header.height > height ? committee : newestCommittee;
      const checked = checkCertificate(header, certificate, judges, this.#ledger.genesis.network);
      if (!checked.ok) return checked;
      this.#checkedId = id;
    }
    note(this.#heights, peer, header.height);
    return ok(undefined);
  }

  /** Asks for the next checkpoint, or for what it still lacks, of a peer that is ahead: each time another. */
  ask(nowMs: number): void {
    const ahead = this.#ahead();
    if (ahead.length === 0 || nowMs - this.#askedAt < ASK_AGAIN_MS) return;
    this.#askedAt = nowMs;
    const peer = ahead[this.#asked++ % ahead.length]!;
    if (this.#next === undefined) {
      this.#effect({
        type: 'send',
        peer,
        message: { type: 'getCheckpoint', height: this.#ledger.height + 1 },
      });
      return;
    }
    const missing = this.#missing(this.#next);
    for (let i = 0; i < missing.length; i += VERTICES_PER_REQUEST_MAX) {
      this.#effect({
        type: 'send',
        peer,
        message: { type: 'getVertices', ids: missing.slice(i, i + VERTICES_PER_REQUEST_MAX) },
      });
    }
  }

  /**
   * The next checkpoint, as a peer gave it: certificate, predecessor and outcome list must fit. `taken` where all that
   * was checked, `known` where it is not wanted.
   */
  take(checkpoint: CertifiedCheckpoint): Result<'taken' | 'known'> {
    const { header, certificate, outcomes } = checkpoint;
    // One is enough: what is certified does not change, and taking it again would ask for everything again.
    if (header.height !== this.#ledger.height + 1 || this.#next !== undefined) return ok('known');
    const { committee, genesis } = this.#ledger;
    const checked = checkCertificate(header, certificate, committee, genesis.network);
    if (!checked.ok) return checked;
    if (!equalBytes(header.previous, this.#ledger.headerId)) {
      return refuse('E_HEADER', { reason: 'does not follow the own newest header', height: header.height });
    }
    if (
      outcomes.length !== header.outcomesCount ||
      !equalBytes(outcomesRoot(outcomes), header.outcomesRoot)
    ) {
      return refuse('E_PROOF', { reason: 'not the certified outcomes', height: header.height });
    }
    this.#next = checkpoint;
    this.#awaited = new Set(outcomes.map((outcome) => toHex(outcome.id)));
    // What it lacks is asked for at once, not after the interval.
    this.#askedAt = Number.NEGATIVE_INFINITY;
    return ok('taken');
  }

  /** Executes the next checkpoint once all its vertices are here. */
  tryExecute(): CatchUpResult {
    const next = this.#next;
    if (next === undefined) return { kind: 'waiting' };
    const { outcomes } = next;
    // What is open stays open until the ledger moves on, so that nothing is looked up twice.
    while (this.#present < outcomes.length && this.#dag.get(toHex(outcomes[this.#present]!.id)) !== undefined)
      this.#present += 1;
    if (this.#present < outcomes.length) return { kind: 'waiting' };
    const vertices = outcomes.map((outcome) => this.#dag.get(toHex(outcome.id))!.vertex);
    const built = buildCheckpoint(next.header.anchor, vertices, next.header.time, this.#ledger);
    if (equalBytes(headerId(built.header), headerId(next.header)))
      return { kind: 'built', built, certificate: next.certificate };
    return {
      kind: 'diverged',
      facts: { ...differences(built.header, next.header), ...firstDifference(built, next) },
    };
  }

  /** The ledger moved on; whatever was under way here is done or stale. */
  advanced(): void {
    this.#next = undefined;
    this.#present = 0;
    this.#awaited.clear();
    this.#askedAt = Number.NEGATIVE_INFINITY;
  }

  #missing(next: CertifiedCheckpoint): Uint8Array[] {
    return next.outcomes.map((outcome) => outcome.id).filter((id) => this.#dag.get(toHex(id)) === undefined);
  }
}

/** Keeps the greatest height of a peer, for a bounded number of peers. */
function note(heights: Map<PeerKey, number>, peer: PeerKey, height: number): void {
  if (heights.size < PEERS_MAX || heights.has(peer))
    heights.set(peer, Math.max(height, heights.get(peer) ?? 0));
}

function firstDifference(
  built: BuiltCheckpoint,
  next: CertifiedCheckpoint,
): { readonly [fact: string]: string | number } {
  for (const [index, certified] of next.outcomes.entries()) {
    const own = built.execution.outcomes[index];
    if (own !== undefined && equalBytes(outcomeSchema.encode(own), outcomeSchema.encode(certified))) continue;
    return { outcome: toHex(certified.id), ownCode: own?.code ?? -1, certifiedCode: certified.code };
  }
  return {};
}

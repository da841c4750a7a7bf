/**
 * Follows certified headers `[LC-1]` `[LC-2]` from committee to committee: decides which header the gateway stands on,
 * never goes back, and stops for good when two certified headers contradict each other. Pure: no network, disk or clock.
 */

import { type CommitteeChange, checkChange, endsEpoch } from '../../consensus/checkpoint/change.ts';
import { Committee } from '../../consensus/checkpoint/committee.ts';
import { type Header, headerId } from '../../consensus/checkpoint/header.ts';
import { equalBytes, toHex } from '../../consensus/codec/bytes.ts';
import { type Refusal, type Result, refuse } from '../../consensus/codec/result.ts';
import type { HeaderConflict } from '../outbox/records.ts';
import {
  type AnchorProof,
  type CertifiedHeader,
  checkAnchored,
  checkCertified,
  type TrustRoot,
} from '../proof/anchor.ts';

export interface FollowerStart {
  readonly root: TrustRoot;
  /** Time of the genesis: what is trusted before any header is. */
  readonly genesisTimeMs: number;
  /** A header older than this cannot vouch for new ones: its seats' keys may be anybody's now. */
  readonly trustingPeriodMs: number;
  /** The certified header that an earlier life stood on. */
  readonly newest: CertifiedHeader | undefined;
  /** Changes of committee that it verified, from the genesis' on. */
  readonly changes: readonly CommitteeChange[];
}

export type Sight =
  /** The newest so far: the gateway stands on it now. */
  | { readonly type: 'advanced' }
  /** Certified, and not newer than what is known. */
  | { readonly type: 'known' }
  /** Not certified, or not to be judged: nothing is taken from it. */
  | { readonly type: 'refused'; readonly refusal: Refusal }
  /** Of a later epoch: to be judged once the changes of committee that lead there are known. */
  | { readonly type: 'ahead' }
  | { readonly type: 'conflict'; readonly conflict: HeaderConflict };

/** A committee that this follower trusts, or trusted. */
interface Term {
  readonly committee: Committee;
  /** The header that ended its epoch, once that was seen. */
  end: CertifiedHeader | undefined;
}

/** Committees whose headers are still judged, as a node that lags shows them. */
const TERMS_MAX = 64;
/** Heights remembered, so that a slower node's header is held against the faster one's. */
const REMEMBERED_HEIGHTS = 256;

interface Remembered {
  readonly id: Uint8Array;
  readonly certified: CertifiedHeader;
}

export class Follower {
  readonly network: Uint8Array;
  /** Oldest first; the last is the committee in office, as far as is known here. */
  readonly #terms: Term[];
  readonly #changes: CommitteeChange[] = [];
  readonly #trustingPeriodMs: number;
  readonly #remembered = new Map<number, Remembered>();
  #head: CertifiedHeader | undefined;
  #trustedTimeMs: number;
  #conflict: HeaderConflict | undefined;

  constructor({ root, genesisTimeMs, trustingPeriodMs, newest, changes }: FollowerStart) {
    this.network = root.network;
    this.#terms = [{ committee: root.committee, end: undefined }];
    this.#trustingPeriodMs = trustingPeriodMs;
    this.#trustedTimeMs = genesisTimeMs;
    for (const change of changes) {
      this.#stand(change);
      this.#begin(change, new Committee(change.committee));
    }
    if (newest !== undefined) this.#stand(newest);
  }

  /** The newest epoch whose committee is known. */
  get epoch(): number {
    return this.#term.committee.epoch;
  }

  /** All changes from the genesis' committee on, for whoever has to be shown the way. */
  get changes(): readonly CommitteeChange[] {
    return this.#changes;
  }

  /** Whether a header can be judged only after changes of committee that are not known here. */
  isAhead({ epoch }: Header): boolean {
    return epoch > this.epoch;
  }

  /** The newest certified header that was verified. */
  get head(): CertifiedHeader | undefined {
    return this.#head;
  }

  /** Two certified headers that cannot both be: more than f seats lie, and nothing may be relied on any more. */
  get conflict(): HeaderConflict | undefined {
    return this.#conflict;
  }

  /** Whether what is trusted is too old to vouch for anything new. */
  isUnanchored(nowMs: number): boolean {
    return nowMs - this.#trustedTimeMs > this.#trustingPeriodMs;
  }

  /** Takes note of evidence that an earlier life kept. */
  recallConflict(conflict: HeaderConflict): void {
    this.#conflict ??= conflict;
  }

  /** Judges a header that `source` shows as certified. */
  observe(certified: CertifiedHeader, source: string, nowMs: number): Sight {
    const { header } = certified;
    const id = headerId(header);
    const known = this.#remembered.get(header.height);
    if (known !== undefined && equalBytes(known.id, id)) return { type: 'known' };
    if (this.isUnanchored(nowMs)) {
      const facts = {
        reason: 'the trust root is older than the trusting period',
        trustedMs: this.#trustedTimeMs,
      };
      return { type: 'refused', refusal: refuse('E_CERTIFICATE', facts) };
    }
    if (this.isAhead(header)) return { type: 'ahead' };
    const term = this.#terms.find(({ committee }) => equalBytes(committee.hash, header.committeeHash));
    if (term === undefined) {
      const facts = { reason: 'another committee', epoch: header.epoch, height: header.height };
      return { type: 'refused', refusal: refuse('E_CERTIFICATE', facts) };
    }
    const checked = checkCertified(certified, { network: this.network, committee: term.committee });
    if (!checked.ok) return { type: 'refused', refusal: checked };
    const contradicted = this.#contradictedBy(header, id) ?? this.#endContradictedBy(certified, term);
    if (contradicted !== undefined) {
      const conflict = { known: contradicted, other: certified, source: source.slice(0, 200) };
      this.#conflict ??= conflict;
      return { type: 'conflict', conflict };
    }
    if (endsEpoch(header)) term.end = certified;
    if (this.#head !== undefined && header.height <= this.#head.header.height) {
      // Also from a node that lags: whatever it certifies later is held against this.
      if (header.height > this.#head.header.height - REMEMBERED_HEIGHTS) this.#remember(certified, id);
      return { type: 'known' };
    }
    this.#advance(certified);
    return { type: 'advanced' };
  }

  /**
   * Takes the next change of committee, shown by `source`: 'known' where it took place before. Its header is judged like
   * any other.
   */
  change(change: CommitteeChange, source: string, nowMs: number): Sight | { readonly type: 'changed' } {
    const { header, certificate } = change;
    if (header.epoch < this.epoch) return { type: 'known' };
    const sight = this.observe({ header, certificate }, source, nowMs);
    if (sight.type === 'refused' || sight.type === 'ahead' || sight.type === 'conflict') return sight;
    const next = checkChange(change, this.#term.committee, this.network);
    if (!next.ok) return { type: 'refused', refusal: next };
    this.#begin(change, next.value);
    return { type: 'changed' };
  }

  /** Whether `target` may be believed by this anchor; its certified header is observed on the way. */
  checkAnchor(target: Header, anchor: AnchorProof, source: string, nowMs: number): Result<Header> {
    const sight = this.observe(anchor.certified, source, nowMs);
    if (sight.type === 'refused') return sight.refusal;
    if (sight.type === 'ahead')
      return refuse('E_CERTIFICATE', {
        reason: 'of an epoch not known here',
        epoch: anchor.certified.header.epoch,
      });
    if (this.#conflict !== undefined)
      return refuse('E_CERTIFICATE', {
        reason: 'two certified headers contradict each other',
        height: this.#conflict.other.header.height,
      });
    return checkAnchored(target, anchor);
  }

  #contradictedBy(header: Header, id: Uint8Array): CertifiedHeader | undefined {
    const same = this.#remembered.get(header.height);
    if (same !== undefined) return same.certified;
    const before = this.#remembered.get(header.height - 1);
    if (before !== undefined && !equalBytes(header.previous, before.id)) return before.certified;
    const after = this.#remembered.get(header.height + 1);
    if (after !== undefined && !equalBytes(after.certified.header.previous, id)) return after.certified;
    return undefined;
  }

  get #term(): Term {
    return this.#terms.at(-1)!;
  }

  /** A committee certifies nothing above the header that ended its epoch, and ends it once `[CKP-4]`. */
  #endContradictedBy({ header }: CertifiedHeader, { committee, end }: Term): CertifiedHeader | undefined {
    if (end !== undefined && header.height > end.header.height) return end;
    if (!endsEpoch(header)) return undefined;
    if (end !== undefined) return equalBytes(headerId(end.header), headerId(header)) ? undefined : end;
    for (const { certified } of this.#remembered.values()) {
      const same = equalBytes(certified.header.committeeHash, committee.hash);
      if (same && certified.header.height > header.height) return certified;
    }
    return undefined;
  }

  /** What was verified before, by an earlier life. */
  #stand({ header, certificate }: CertifiedHeader): void {
    if (header.height >= (this.#head?.header.height ?? 0)) this.#advance({ header, certificate });
    const term = this.#terms.find(({ committee }) => equalBytes(committee.hash, header.committeeHash));
    if (term !== undefined && endsEpoch(header)) term.end = { header, certificate };
  }

  #begin(change: CommitteeChange, committee: Committee): void {
    this.#changes.push(change);
    this.#terms.push({ committee, end: undefined });
    if (this.#terms.length > TERMS_MAX) this.#terms.shift();
  }

  #advance(certified: CertifiedHeader): void {
    this.#head = certified;
    this.#trustedTimeMs = Math.max(this.#trustedTimeMs, certified.header.time);
    this.#remember(certified, headerId(certified.header));
  }

  #remember(certified: CertifiedHeader, id: Uint8Array): void {
    this.#remembered.set(certified.header.height, { id, certified });
    if (this.#remembered.size > REMEMBERED_HEIGHTS)
      this.#remembered.delete(Math.min(...this.#remembered.keys()));
  }
}

/** For logs: which headers contradict each other. */
export function describeConflict({ known, other, source }: HeaderConflict): string {
  const name = ({ header }: CertifiedHeader) =>
    `${toHex(headerId(header)).slice(0, 16)}… at height ${header.height}`;
  return `certified headers contradict each other: ${name(known)}, and ${name(other)} from ${source}`;
}

/**
 * Follows certified headers `[LC-1]` `[LC-2]`: decides which header the gateway stands on, never goes back, and stops
 * for good when two certified headers contradict each other. Pure: no network, no disk, no clock.
 */

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
}

export type Sight =
  /** The newest so far: the gateway stands on it now. */
  | { readonly type: 'advanced' }
  /** Certified, and not newer than what is known. */
  | { readonly type: 'known' }
  /** Not certified, or not to be judged: nothing is taken from it. */
  | { readonly type: 'refused'; readonly refusal: Refusal }
  | { readonly type: 'conflict'; readonly conflict: HeaderConflict };

/** Heights remembered, so that a slower node's header is held against the faster one's. */
const REMEMBERED_HEIGHTS = 256;

interface Remembered {
  readonly id: Uint8Array;
  readonly certified: CertifiedHeader;
}

export class Follower {
  readonly #root: TrustRoot;
  readonly #trustingPeriodMs: number;
  readonly #remembered = new Map<number, Remembered>();
  #head: CertifiedHeader | undefined;
  #trustedTimeMs: number;
  #conflict: HeaderConflict | undefined;

  constructor({ root, genesisTimeMs, trustingPeriodMs, newest }: FollowerStart) {
    this.#root = root;
    this.#trustingPeriodMs = trustingPeriodMs;
    this.#trustedTimeMs = genesisTimeMs;
    if (newest !== undefined) this.#advance(newest);
  }

  get network(): Uint8Array {
    return this.#root.network;
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
    const checked = checkCertified(certified, this.#root);
    if (!checked.ok) return { type: 'refused', refusal: checked };
    const contradicted = this.#contradictedBy(header, id);
    if (contradicted !== undefined) {
      const conflict = { known: contradicted, other: certified, source: source.slice(0, 200) };
      this.#conflict ??= conflict;
      return { type: 'conflict', conflict };
    }
    if (this.#head !== undefined && header.height <= this.#head.header.height) {
      // Also from a node that lags: whatever it certifies later is held against this.
      if (header.height > this.#head.header.height - REMEMBERED_HEIGHTS) this.#remember(certified, id);
      return { type: 'known' };
    }
    this.#advance(certified);
    return { type: 'advanced' };
  }

  /** Whether `target` may be believed by this anchor; its certified header is observed on the way. */
  checkAnchor(target: Header, anchor: AnchorProof, source: string, nowMs: number): Result<Header> {
    const sight = this.observe(anchor.certified, source, nowMs);
    if (sight.type === 'refused') return sight.refusal;
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

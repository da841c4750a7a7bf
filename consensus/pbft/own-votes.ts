/**
 * What this seat says at one height: signs it, and remembers it, so that it never says two things for one
 * (view, phase) `[BFT-1]`. The vote log in memory; whoever drives the height makes each line durable before it is sent.
 */

import { phaseDomain, seatsOf, type VotePhase, voteBytes } from '../checkpoint/certificate.ts';
import type { Committee } from '../checkpoint/committee.ts';
import { type Header, headerId } from '../checkpoint/header.ts';
import { equalBytes } from '../codec/bytes.ts';
import { type Signer, signDigest, verifyDigest } from '../crypto/ed25519.ts';
import { zero32 } from '../crypto/hash.ts';
import {
  type PreparedProof,
  type ViewChangeMessage,
  type VoteLogEntry,
  type VoteMessage,
  viewChangeBytes,
} from './messages.ts';

/** This node's own seat; absent for an observer, who only counts. */
export interface OwnSeat {
  readonly number: number;
  readonly signer: Signer;
}

export type LoggedPhase = VoteLogEntry['phase'];

interface Rules {
  readonly network: Uint8Array;
  readonly committee: Committee;
}

export class OwnVotes {
  readonly #height: number;
  readonly #rules: Rules;
  readonly #own: OwnSeat;
  /** `phase/view` → the value signed there. */
  readonly #signed = new Map<string, Uint8Array>();

  constructor(height: number, rules: Rules, own: OwnSeat, log: readonly VoteLogEntry[]) {
    this.#height = height;
    this.#rules = rules;
    this.#own = own;
    for (const { phase, view, value } of log) this.#signed.set(`${phase}/${view}`, value);
  }

  get seat(): number {
    return this.#own.number;
  }

  /** What was signed in this phase of this view, in this life or an earlier one. */
  signed(phase: LoggedPhase, view: number): Uint8Array | undefined {
    return this.#signed.get(`${phase}/${view}`);
  }

  /** Whether this seat signed this very value there. */
  knows(phase: LoggedPhase, view: number, value: Uint8Array): boolean {
    const signed = this.signed(phase, view);
    return signed !== undefined && equalBytes(signed, value);
  }

  /** A vote that a peer says to be this seat's: known, forged, or really its own and forgotten `[BFT-1]`. */
  judgeEcho({
    phase,
    view,
    headerId: id,
    newView,
    signature,
  }: VoteMessage): 'known' | 'forged' | 'forgotten' {
    if (this.knows(phase, view, id)) return 'known';
    const { signer } = this.#own;
    const body = this.#voteBytes(view, id, newView);
    const domain = phaseDomain[phase];
    return verifyDigest(signature, domain, this.#rules.network, body, signer.publicKey)
      ? 'forgotten'
      : 'forged';
  }

  /** What a view-change that was checked holds of this seat's, and its log does not know: itself, or a prepare. */
  forgottenIn({
    seat,
    view,
    prepared,
  }: ViewChangeMessage): { readonly phase: LoggedPhase; readonly view: number } | undefined {
    if (seat === this.seat && !this.knows('view-change', view, preparedValue(prepared?.header)))
      return { phase: 'view-change', view };
    if (prepared === undefined || this.knows('prepare', prepared.view, headerId(prepared.header)))
      return undefined;
    const preparers = seatsOf(prepared.quorum.bitmap, this.#rules.committee);
    return preparers?.includes(this.seat) ? { phase: 'prepare', view: prepared.view } : undefined;
  }

  /**
   * Asks whether `value` may be signed. `new`: it may, once the returned line is in the log; `again`: it was signed
   * before, and may be signed again; `never`: something else was.
   */
  claim(
    phase: LoggedPhase,
    view: number,
    value: Uint8Array,
    prepared: PreparedProof | undefined,
  ): { readonly verdict: 'new'; readonly line: VoteLogEntry } | { readonly verdict: 'again' | 'never' } {
    const before = this.signed(phase, view);
    if (before !== undefined) return { verdict: equalBytes(before, value) ? 'again' : 'never' };
    this.#signed.set(`${phase}/${view}`, value);
    return { verdict: 'new', line: { height: this.#height, view, phase, value, prepared } };
  }

  signVote(phase: VotePhase, view: number, id: Uint8Array, newView: Uint8Array): VoteMessage {
    const body = this.#voteBytes(view, id, newView);
    const signature = signDigest(this.#own.signer, phaseDomain[phase], this.#rules.network, body);
    return { phase, height: this.#height, view, headerId: id, newView, seat: this.#own.number, signature };
  }

  /** The signature under a proposal of `header`. */
  signProposal(view: number, id: Uint8Array, newView: Uint8Array): Uint8Array {
    return signDigest(this.#own.signer, 'proposal', this.#rules.network, this.#voteBytes(view, id, newView));
  }

  signViewChange(view: number, prepared: PreparedProof | undefined): ViewChangeMessage {
    const { network, committee } = this.#rules;
    const body = viewChangeBytes({
      network,
      committeeHash: committee.hash,
      height: this.#height,
      view,
      prepared: prepared && { view: prepared.view, headerId: headerId(prepared.header) },
    });
    const signature = signDigest(this.#own.signer, 'view-change', network, body);
    return { height: this.#height, view, prepared, seat: this.#own.number, signature };
  }

  #voteBytes(view: number, id: Uint8Array, newView: Uint8Array): Uint8Array {
    const { network, committee } = this.#rules;
    return voteBytes({
      network,
      committeeHash: committee.hash,
      height: this.#height,
      view,
      headerId: id,
      newView,
    });
  }
}

/** What a view-change signs as its value: the prepared header, or zero. */
export function preparedValue(header: Header | undefined): Uint8Array {
  return header === undefined ? zero32 : headerId(header);
}

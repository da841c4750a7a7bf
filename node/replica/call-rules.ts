/**
 * What may become of a pending call by the present state: who is asked, which signature or decline is taken and which is
 * refused, with what code `[GTH-3]` `[GTH-4]`. Decides, and changes nothing.
 */

import { fromHex, toHex } from '../../consensus/codec/bytes.ts';
import { limits } from '../../consensus/codec/limits.ts';
import { ok, type Refusal, type Result, refuse } from '../../consensus/codec/result.ts';
import { callRecord, key } from '../../consensus/contracts/registry.ts';
import {
  type CallSignature,
  callId,
  type SignedCall,
  signedCall,
  verifyCallSignature,
} from '../../consensus/vertex/call.ts';
import { type CallDecline, verifyDecline } from '../../consensus/vertex/decline.ts';
import type { PeerKey } from '../ports.ts';
import { type WantedSigner, wantedSigners, withSignatures } from './call-signers.ts';
import type { Ledger } from './ledger.ts';
import {
  isClosed,
  knowledgeOf,
  type PendingCall,
  type PendingState,
  partyOfKey,
  pendingState,
} from './pending-call.ts';

/** Bytes that a signature adds to a call, at most. */
export const SIGNATURE_BYTES = 104;

export class CallRules {
  readonly #ledger: Ledger;
  /** Of a call as it is signed now, at the height it was told for: whoever sends many signatures has it told once. */
  readonly #told = new WeakMap<
    SignedCall,
    { readonly height: number; readonly wanted: readonly WantedSigner[] | undefined }
  >();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** Time of the newest checkpoint, ms: the clock of deadlines. */
  get timeMs(): number {
    return this.#ledger.header.time;
  }

  /** Who must sign; absent when the present state does not tell. */
  wanted(call: SignedCall): readonly WantedSigner[] | undefined {
    const { height } = this.#ledger;
    const told = this.#told.get(call);
    if (told?.height === height) return told.wanted;
    const found = wantedSigners(call, this.#ledger, this.timeMs + 1);
    const wanted = found.ok ? found.value : undefined;
    this.#told.set(call, { height, wanted });
    return wanted;
  }

  /** Parties that must sign, hex. */
  asked(call: SignedCall): ReadonlySet<string> {
    return partiesOf(this.wanted(call));
  }

  stateOf(pending: PendingCall): PendingState {
    return pendingState(pending, this.wanted(pending.call), this.#ledger.state, this.timeMs);
  }

  /** The party of a node whose key is an ACTIVE key of a party. */
  partyOf(peer: PeerKey): string | undefined {
    return partyOfKey(fromHex(peer)!, this.#ledger.state);
  }

  isEnrolled(publicKey: Uint8Array): boolean {
    return this.#ledger.state.get(key, publicKey) !== undefined;
  }

  isRevoked(publicKey: Uint8Array): boolean {
    return this.#ledger.state.get(key, publicKey)?.state === 'REVOKED';
  }

  hasSigned({ call }: PendingCall, party: string): boolean {
    return call.signatures.some((entry) => partyOfKey(entry.key, this.#ledger.state) === party);
  }

  knowledge(
    pending: Pick<PendingCall, 'holder' | 'declines'> & { readonly call: Pick<SignedCall, 'signatures'> },
  ): string {
    return knowledgeOf(pending.call.signatures, pending.declines, pending.holder, this.#ledger.state);
  }

  /** Is it a call for which signatures may be asked now, and of whom? */
  mayBeAsked(call: SignedCall): Result<readonly WantedSigner[]> {
    const { header } = call;
    const time = this.timeMs;
    const latest = time + this.#ledger.genesis.record.policy.callLifeMs;
    if (time > header.deadline) return refuse('E_EXPIRED', { deadline: header.deadline, time });
    if (header.deadline > latest)
      return refuse('E_SCHEMA', { field: 'deadline', reason: 'too far ahead', most: latest });
    const earlier = this.#ledger.state.get(callRecord, callId(header));
    if (earlier !== undefined) return refuse('E_REPLAY', { height: earlier.height });
    const wanted = wantedSigners(call, this.#ledger, time + 1);
    if (!wanted.ok) return wanted;
    if (wanted.value.length === 0)
      return refuse('E_SCHEMA', { field: 'call', reason: 'nobody has to sign it: submit it' });
    const bytes = signedCall.encode(call).length + wanted.value.length * SIGNATURE_BYTES;
    const reason = 'too large with its signatures';
    return bytes <= limits.callBytesMax
      ? wanted
      : refuse('E_LIMIT_BYTES', { reason, bytes, limit: limits.callBytesMax });
  }

  /** The call with one more signature; the same when that adds nothing; or why it is refused. */
  addSignature(pending: PendingCall, entry: CallSignature): Result<PendingCall> {
    const { call, id } = pending;
    if (holdsKey(call, entry.key)) return ok(pending);
    if (isClosed(pending, this.timeMs)) return this.#expiredWhy(pending) ?? ok(pending);
    const facts = { key: toHex(entry.key), id };
    const enrolled = this.#ledger.state.get(key, entry.key);
    if (enrolled?.state === 'REVOKED') return refuse('E_KEY_REVOKED', facts);
    if (enrolled?.kind === 'gateway') return refuse('E_ROLE', { ...facts, reason: 'a gateway’s key' });
    const party = enrolled && toHex(enrolled.party);
    if (party !== undefined && !this.asked(call).has(party))
      return refuse('E_ROLE', { ...facts, reason: 'its party is not asked to sign', party });
    if (!verifyCallSignature(entry, call.header)) return refuse('E_SIG', facts);
    if (party !== undefined && this.hasSigned(pending, party)) return ok(pending);
    const grown = withSignatures(this.submittable(call), [entry]);
    if (grown.signatures.length > limits.signersMax)
      return refuse('E_SIG', { ...facts, reason: 'more signatures than a call takes' });
    const bytes = signedCall.encode(grown).length;
    if (bytes > limits.callBytesMax)
      return refuse('E_LIMIT_BYTES', { ...facts, bytes, limit: limits.callBytesMax });
    return ok({ ...pending, call: grown });
  }

  /** The same for a decline; the holder's own withdraws the call. */
  addDecline(pending: PendingCall, entry: CallDecline): Result<PendingCall> {
    const name = toHex(entry.key);
    const { state, genesis } = this.#ledger;
    const party = partyOfKey(entry.key, state);
    const saysSame = (other: CallDecline): boolean =>
      toHex(other.key) === name || (name !== pending.holder && partyOfKey(other.key, state) === party);
    if (pending.declines.some(saysSame)) return ok(pending);
    if (isClosed(pending, this.timeMs)) return this.#expiredWhy(pending) ?? ok(pending);
    const facts = { key: name, id: pending.id };
    if (name !== pending.holder && (party === undefined || !this.asked(pending.call).has(party)))
      return refuse('E_ROLE', { ...facts, reason: 'its party is not asked to sign' });
    if (!verifyDecline(entry, fromHex(pending.id)!, genesis.network)) return refuse('E_SIG', facts);
    if (pending.declines.length === limits.signersMax) return ok(pending);
    return ok({ ...pending, declines: [...pending.declines, entry] });
  }

  /** Why nothing more can be done about it, if so. */
  closedWhy(pending: PendingCall): Refusal | undefined {
    if (!isClosed(pending, this.timeMs)) return undefined;
    const reason = `it is ${this.stateOf(pending)}`;
    return this.#expiredWhy(pending) ?? refuse('E_STATE', { reason, id: pending.id });
  }

  /** Without signatures of revoked keys: one of them would spoil the call `[GTH-6]`. */
  submittable(call: SignedCall): SignedCall {
    return { ...call, signatures: call.signatures.filter((entry) => !this.isRevoked(entry.key)) };
  }

  #expiredWhy(pending: PendingCall): Refusal | undefined {
    if (this.stateOf(pending) !== 'expired') return undefined;
    const { deadline } = pending.call.header;
    return refuse('E_EXPIRED', { deadline, time: this.timeMs, id: pending.id });
  }
}

export function partiesOf(wanted: readonly WantedSigner[] | undefined): ReadonlySet<string> {
  return new Set(wanted?.map(({ party }) => party));
}

export function holdsKey({ signatures }: SignedCall, publicKey: Uint8Array): boolean {
  const name = toHex(publicKey);
  return signatures.some((entry) => toHex(entry.key) === name);
}

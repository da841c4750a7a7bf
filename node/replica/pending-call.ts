/**
 * A pending call: a call with what is known of who has signed and who has declined, and how it ended `[GTH-4]` `[GTH-7]`.
 * Values only; `gathering.ts` decides what becomes of them.
 */

import { fromHex, toHex } from '../../consensus/codec/bytes.ts';
import { codes } from '../../consensus/codec/codes.ts';
import { limits } from '../../consensus/codec/limits.ts';
import { invariant } from '../../consensus/codec/result.ts';
import { bytes, hash32, int, key32, list, maybe, record, timeMs } from '../../consensus/codec/schema.ts';
import { key } from '../../consensus/contracts/registry.ts';
import type { LedgerState } from '../../consensus/contracts/state.ts';
import { type CallSignature, callId, type SignedCall, signedCall } from '../../consensus/vertex/call.ts';
import { type CallDecline, callDecline } from '../../consensus/vertex/decline.ts';
import type { PeerKey } from '../ports.ts';
import type { WantedSigner } from './call-signers.ts';

export type PendingState =
  | 'gathering'
  | 'declined'
  | 'complete'
  | 'submitted'
  | 'final'
  | 'refused'
  | 'withdrawn'
  | 'expired';

export interface PendingCall {
  /** Id of the call, hex. */
  readonly id: string;
  /** The node that asks and submits. */
  readonly holder: PeerKey;
  /** Party of the holder, hex: whose room it takes. */
  readonly author: string;
  /** When it came here, ms. */
  readonly since: number;
  /** With all signatures known here. */
  readonly call: SignedCall;
  readonly declines: readonly CallDecline[];
  /** The holder's vertex that carries it, once it is written. */
  readonly vertex: Uint8Array | undefined;
  /** What the ledger said: a number of codec/codes.ts, and where. */
  readonly ending: { readonly code: number; readonly height: number } | undefined;
}

const storedPending = record('pending-call', {
  holder: key32,
  author: hash32,
  since: timeMs,
  call: bytes(limits.callBytesMax),
  declines: list(callDecline, limits.signersMax),
  vertex: maybe(hash32),
  ending: maybe(record('pending-ending', { code: int(0, Object.keys(codes).length - 1), height: int(0) })),
});

export function encodePending(pending: PendingCall): Uint8Array {
  const { holder, author, since, call, declines, vertex, ending } = pending;
  return storedPending.encode({
    ...{ holder: fromHex(holder)!, author: fromHex(author)!, since, declines, vertex, ending },
    call: signedCall.encode(call),
  });
}

/** Decodes what `encodePending` wrote: anything else is a broken store. */
export function decodePending(entry: Uint8Array): PendingCall {
  const decoded = storedPending.decode(entry);
  invariant(decoded.ok, 'a stored pending call does not decode');
  const call = signedCall.decode(decoded.value.call);
  invariant(call.ok, 'the call of a stored pending call does not decode');
  const { holder, author, ...rest } = decoded.value;
  const id = toHex(callId(call.value.header));
  return { ...rest, id, holder: toHex(holder), author: toHex(author), call: call.value };
}

/** The party of an ACTIVE party key, hex. */
export function partyOfKey(publicKey: Uint8Array, state: LedgerState): string | undefined {
  const enrolled = state.get(key, publicKey);
  return enrolled?.kind === 'party' && enrolled.state === 'ACTIVE' ? toHex(enrolled.party) : undefined;
}

/** Reasons of those who declined, by party, hex; a withdrawal is none. */
export function declinesByParty(pending: PendingCall, state: LedgerState): ReadonlyMap<string, string> {
  const reasons = new Map<string, string>();
  for (const decline of pending.declines) {
    const party = toHex(decline.key) === pending.holder ? undefined : partyOfKey(decline.key, state);
    if (party !== undefined) reasons.set(party, decline.reason);
  }
  return reasons;
}

/** Why the holder withdrew it, if it did. */
export function withdrawal({ declines, holder }: PendingCall): string | undefined {
  return declines.find((decline) => toHex(decline.key) === holder)?.reason;
}

/** `wanted` is absent when the present state does not tell who must sign; `timeMs` is the newest checkpoint's. */
export function pendingState(
  pending: PendingCall,
  wanted: readonly WantedSigner[] | undefined,
  state: LedgerState,
  timeMs: number,
): PendingState {
  const { ending, vertex, call } = pending;
  if (ending !== undefined) return ending.code === 0 ? 'final' : 'refused';
  if (vertex !== undefined) return 'submitted';
  if (withdrawal(pending) !== undefined) return 'withdrawn';
  if (timeMs > call.header.deadline) return 'expired';
  if (wanted === undefined) return 'gathering';
  const missing = wanted.filter(({ signed }) => !signed);
  if (missing.length === 0) return 'complete';
  const declined = declinesByParty(pending, state);
  return missing.some(({ party }) => declined.has(party)) ? 'declined' : 'gathering';
}

/** Nothing more is gathered for it, whoever signs. */
export function isClosed(pending: PendingCall, timeMs: number): boolean {
  const { ending, vertex, call } = pending;
  return (
    ending !== undefined ||
    vertex !== undefined ||
    withdrawal(pending) !== undefined ||
    timeMs > call.header.deadline
  );
}

/**
 * Who has signed and who has declined, as one text: two nodes know the same of a call when their texts are equal. By
 * party, since one party may sign with either of its keys; what a revoked key said counts for nothing.
 */
export function knowledgeOf(
  signatures: readonly CallSignature[],
  declines: readonly CallDecline[],
  holder: PeerKey,
  state: LedgerState,
): string {
  const marks = new Set<string>();
  for (const { key: signer } of signatures) {
    const party = partyOfKey(signer, state);
    if (party !== undefined) marks.add(`s${party}`);
    else if (state.get(key, signer) === undefined) marks.add(`k${toHex(signer)}`);
  }
  for (const { key: decliner } of declines) {
    const party = partyOfKey(decliner, state);
    if (toHex(decliner) === holder) marks.add('w');
    else if (party !== undefined) marks.add(`d${party}`);
  }
  return [...marks].sort().join(' ');
}

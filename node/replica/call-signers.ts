/**
 * Is this a call of this network, well formed and truly signed; and who must sign it, by the present state? The gathering
 * of signatures and the API ask the same. docs/spec/gathering.md.
 */

import { compareBytes, equalBytes, toHex } from '../../consensus/codec/bytes.ts';
import { limits } from '../../consensus/codec/limits.ts';
import { ok, type Result, refuse } from '../../consensus/codec/result.ts';
import { decodeArguments } from '../../consensus/contracts/engine.ts';
import { transitions } from '../../consensus/contracts/index.ts';
import { key } from '../../consensus/contracts/registry.ts';
import { type Context, isRefusal, type Transition } from '../../consensus/contracts/transition.ts';
import { SUITE } from '../../consensus/crypto/ed25519.ts';
import {
  type CallSignature,
  callId,
  commitPart,
  type SignedCall,
  signedCall,
  verifyCallSignature,
} from '../../consensus/vertex/call.ts';
import type { Ledger } from './ledger.ts';
import { readingContext } from './reading-context.ts';

/** A party that must sign, and whether an ACTIVE key of its own has. */
export interface WantedSigner {
  /** Id of the party, hex. */
  readonly party: string;
  readonly roles: readonly string[];
  readonly signed: boolean;
}

/** Checks everything that bytes alone decide, every signature too; its signatures come back in their order. */
export function checkCall(call: SignedCall, network: Uint8Array): Result<SignedCall> {
  const { header, parts, signatures } = call;
  if (header.suite !== SUITE) return refuse('E_SUITE', { suite: header.suite });
  if (!equalBytes(header.network, network)) return refuse('E_NETWORK', { network: toHex(header.network) });
  if (!parts.every((part, index) => equalBytes(commitPart(part), header.parts[index]!)))
    return refuse('E_PAYLOAD', { reason: 'a part is not the one committed to' });
  const declared: Transition<unknown> | undefined = transitions.get(header.transition);
  if (declared === undefined) return refuse('E_SCHEMA', { field: 'transition', got: header.transition });
  const args = decodeArguments(declared, call);
  if (!args.ok) return args;
  const forged = signatures.find((entry) => !verifyCallSignature(entry, header));
  if (forged !== undefined) return refuse('E_SIG', { key: toHex(forged.key) });
  return ok(withSignatures({ ...call, signatures: [] }, signatures));
}

/** Decodes a call and checks it. */
export function openCall(bytes: Uint8Array, network: Uint8Array): Result<SignedCall> {
  const decoded = signedCall.decode(bytes, limits.callBytesMax);
  return decoded.ok ? checkCall(decoded.value, network) : decoded;
}

/** Who must sign, as the transition declares it; or why that cannot be told at `timeMs`, in the present state. */
export function wantedSigners(
  call: SignedCall,
  ledger: Ledger,
  timeMs: number,
): Result<readonly WantedSigner[]> {
  const declared = transitions.get(call.header.transition);
  if (declared === undefined) return refuse('E_SCHEMA', { field: 'transition', got: call.header.transition });
  const args = decodeArguments(declared, call);
  if (!args.ok) return args;
  const parties = signingParties(call, ledger);
  const wanted = declared.signers(args.value as never, contextOf(call, parties, ledger, timeMs));
  if (isRefusal(wanted)) return refuse(wanted.code, wanted.facts);
  return ok(
    wanted.map(({ party, role }) => {
      const name = toHex(party);
      return { party: name, roles: typeof role === 'string' ? [role] : role, signed: parties.has(name) };
    }),
  );
}

/** Signatures ascend by key, one of each: the only order in which the contracts take them. */
export function withSignatures(call: SignedCall, added: readonly CallSignature[]): SignedCall {
  const byKey = new Map([...call.signatures, ...added].map((entry) => [toHex(entry.key), entry]));
  return { ...call, signatures: [...byKey.values()].sort((a, b) => compareBytes(a.key, b.key)) };
}

function signingParties({ signatures }: SignedCall, { state }: Ledger): ReadonlySet<string> {
  const enrolled = signatures.map((entry) => state.get(key, entry.key));
  return new Set(
    enrolled.flatMap((found) =>
      found?.kind === 'party' && found.state === 'ACTIVE' ? [toHex(found.party)] : [],
    ),
  );
}

/** A context for `signers` alone, which only reads. */
function contextOf(
  { header, signatures }: SignedCall,
  parties: ReadonlySet<string>,
  ledger: Ledger,
  timeMs: number,
): Context {
  const keys = new Set(signatures.map((entry) => toHex(entry.key)));
  return readingContext(ledger, timeMs, {
    callId: callId(header),
    signedBy: (party) => parties.has(toHex(party)),
    signedByKey: (publicKey) => keys.has(toHex(publicKey)),
  });
}

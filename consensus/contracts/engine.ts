/**
 * Runs one signed call against a draft of the state `[ORD-5]`: the checks common to every transition, then the
 * transition's own. All effects or none; the answer is a code, and what stood in the way. docs/spec/contracts.md.
 */

import { compareBytes, equalBytes, toHex } from '../codec/bytes.ts';
import { type Result, refuse } from '../codec/result.ts';
import { SUITE } from '../crypto/ed25519.ts';
import { callId, type SignedCall, verifyCallSignature } from '../vertex/call.ts';
import { pausedMs } from './clock.ts';
import { transitions } from './index.ts';
import { changedObjects } from './links.ts';
import { type ObjectType, objectPath, readObject, type StoredObject } from './object.ts';
import { versionOf } from './objects/version.ts';
import type { Policy } from './policy.ts';
import { callRecord, changedMax, key, party, usedNonce, usedNonceId } from './registry.ts';
import type { Seating, SeatRules } from './seats/rules.ts';
import { Draft } from './state.ts';
import { PROOF_STEPS, StepMeter } from './steps.ts';
import {
  type Context,
  type ContractRefusal,
  type Evidence,
  isRefusal,
  refused,
  type Transition,
} from './transition.ts';

/** What surrounds a call: the checkpoint that executes it. */
export interface CallEnvironment {
  readonly network: Uint8Array;
  readonly time: number;
  readonly height: number;
  readonly policy: Policy;
  readonly seating: Seating;
  readonly seatRules: SeatRules;
  evidence(proofBytes: Uint8Array): Evidence | ContractRefusal;
}

/** Runs `call`; on success its effects are in `draft`, on refusal nothing is. `meter` has counted its steps `[CTR-30]`. */
export function runCall(
  call: SignedCall,
  vertex: Uint8Array,
  draft: Draft,
  environment: CallEnvironment,
  meter = new StepMeter(),
): ContractRefusal | undefined {
  const { header } = call;
  if (header.suite !== SUITE) return refused('E_SUITE', { suite: header.suite });
  if (!equalBytes(header.network, environment.network))
    return refused('E_NETWORK', { network: toHex(header.network) });
  if (environment.time > header.deadline)
    return refused('E_EXPIRED', { deadline: header.deadline, time: environment.time });
  if (header.deadline > environment.time + environment.policy.callLifeMs) {
    return refused('E_SCHEMA', {
      field: 'deadline',
      reason: 'too far ahead',
      most: environment.time + environment.policy.callLifeMs,
    });
  }
  const declared = transitions.get(header.transition);
  if (declared === undefined) return refused('E_SCHEMA', { field: 'transition', got: header.transition });
  const args = decodeArguments(declared, call);
  if (!args.ok) return refused(args.code, args.facts);

  const id = callId(header);
  const earlier = draft.get(callRecord, id);
  if (earlier !== undefined) return refused('E_REPLAY', { height: earlier.height }, earlier.vertex);

  const signed = checkSignatures(call, draft);
  if (isRefusal(signed)) return signed;
  const nonces = signed.signers.map((signer) => usedNonceId(signer, header.nonce));
  const used = findUsedNonce(nonces, draft);
  if (used !== undefined) return used;

  const written = new Draft(draft);
  const context = makeContext(call, id, vertex, written, signed, environment, meter);
  const refusal = meter.run(() => {
    meter.take(PROOF_STEPS * call.signatures.length);
    meter.takeBytes(bytesOf(call.parts));
    return checkSignatories(declared, args.value, context) ?? declared.apply(args.value, context);
  });
  if (refusal !== undefined) return refusal;
  const changed = changedObjects(written.changes(), (pathKey) => draft.find(pathKey));
  if (changed.length > changedMax)
    return refused('E_RANGE', { field: 'changes', got: changed.length, most: changedMax });
  const { height, time } = environment;
  // The engine's own records are no steps of the contract: a call that came so far has what it takes.
  const salts = saltsOf(call);
  written.put(callRecord, id, { transition: header.transition, vertex, height, time, changed }, salts);
  for (const nonce of nonces) written.put(usedNonce, nonce, versionOf(context), salts);
  draft.merge(written);
  return undefined;
}

/** The arguments of a call, typed by its transition. */
export function decodeArguments<A>(declared: Transition<A>, call: SignedCall): Result<A> {
  const decoded = declared.args.decodeParts(call.parts.map((part) => part.value));
  return decoded.ok ? (decoded as { ok: true; value: A }) : refuse('E_SCHEMA', decoded.facts);
}

interface Signed {
  /** Hex keys that signed. */
  readonly keys: ReadonlySet<string>;
  /** Hex ids of parties for which an enrolled key signed. */
  readonly parties: ReadonlySet<string>;
  /** Whose nonce the call uses up `[CTR-29]`: those parties, and keys that sign for none. */
  readonly signers: readonly Uint8Array[];
}

/** Every signature must verify; a key that is revoked at this position spoils the call. */
function checkSignatures(call: SignedCall, draft: Draft): Signed | ContractRefusal {
  const keys = new Set<string>();
  const parties = new Set<string>();
  const signers: Uint8Array[] = [];
  for (const [index, entry] of call.signatures.entries()) {
    const before = call.signatures[index - 1];
    if (before !== undefined && compareBytes(before.key, entry.key) >= 0)
      return refused('E_SIG', { reason: 'signatures do not ascend by key' });
    if (!verifyCallSignature(entry, call.header)) return refused('E_SIG', { key: toHex(entry.key) });
    keys.add(toHex(entry.key));
    const enrolled = draft.get(key, entry.key);
    if (enrolled?.state === 'REVOKED') return refused('E_KEY_REVOKED', { key: toHex(entry.key) });
    const signer = enrolled?.kind === 'party' ? enrolled.party : entry.key;
    if (enrolled?.kind === 'party') parties.add(toHex(signer));
    signers.push(signer);
  }
  return { keys, parties, signers };
}

/** `[CTR-29]` The refusal of a nonce under which another call of one of the signers took effect. */
function findUsedNonce(nonces: readonly Uint8Array[], draft: Draft): ContractRefusal | undefined {
  for (const nonce of nonces) {
    const used = draft.get(usedNonce, nonce);
    if (used === undefined) continue;
    const { vertex } = draft.get(callRecord, used.call)!;
    return refused('E_REPLAY', { height: used.height, field: 'nonce', call: toHex(used.call) }, vertex);
  }
  return undefined;
}

function checkSignatories<A>(
  declared: Transition<A>,
  args: A,
  context: Context,
): ContractRefusal | undefined {
  const wanted = declared.signers(args, context);
  if (isRefusal(wanted)) return wanted;
  for (const signatory of wanted) {
    const wantedRoles = typeof signatory.role === 'string' ? [signatory.role] : signatory.role;
    const facts = { role: wantedRoles.join(' or '), party: toHex(signatory.party) };
    const known = context.get(party, signatory.party);
    if (known === undefined) return refused('E_ROLE', { ...facts, reason: 'no such party' }, signatory.party);
    if (!wantedRoles.some((role) => known.roles.includes(role)))
      return refused('E_ROLE', { ...facts, reason: 'the party does not have the role' }, signatory.party);
    if (!context.signedBy(signatory.party))
      return refused(
        signatory.missing ?? 'E_ROLE',
        { ...facts, reason: 'the party did not sign' },
        signatory.party,
      );
  }
  return undefined;
}

function makeContext(
  call: SignedCall,
  id: Uint8Array,
  vertex: Uint8Array,
  written: Draft,
  signed: Signed,
  environment: CallEnvironment,
  meter: StepMeter,
): Context {
  const salts = saltsOf(call);
  return {
    network: environment.network,
    time: environment.time,
    running: environment.time - pausedMs(written),
    height: environment.height,
    policy: environment.policy,
    seating: environment.seating,
    seatRules: environment.seatRules,
    callId: id,
    vertex,
    get: (type, objectId) => {
      const stored = written.find(toHex(objectPath(type.name, objectId)));
      meter.takeBytes(bytesOf(stored?.parts ?? []));
      return stored && readObject(type, stored);
    },
    put: <T>(type: ObjectType<T>, objectId: Uint8Array, value: T) =>
      meter.takeBytes(bytesOf(written.put(type, objectId, value, salts).parts)),
    remove: (type, objectId) => {
      meter.take(1);
      written.remove(type, objectId);
    },
    step: meter.take,
    signedBy: (partyId) => signed.parties.has(toHex(partyId)),
    signedByKey: (publicKey) => signed.keys.has(toHex(publicKey)),
    evidence: (proofBytes) => {
      meter.take(PROOF_STEPS);
      return environment.evidence(proofBytes);
    },
  };
}

function saltsOf({ parts }: SignedCall): readonly [Uint8Array, Uint8Array] {
  return [parts[1]!.salt, parts[2]!.salt];
}

function bytesOf(parts: StoredObject['parts']): number {
  return parts.reduce((sum, { value }) => sum + value.length, 0);
}

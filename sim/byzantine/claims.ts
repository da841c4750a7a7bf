/**
 * Rival calls: two of which at most one can take effect. A real pledge needs the signatures of others and comes from
 * the stage; without, the two calls enrol the same new key, which the own key and the new one can sign alone.
 */

import { compareBytes, equalBytes, toHex, uint32Bytes } from '../../consensus/codec/bytes.ts';
import { labelKey } from '../../consensus/contracts/registry.ts';
import { enrolKey } from '../../consensus/contracts/transitions/enrol.ts';
import type { Signer } from '../../consensus/crypto/ed25519.ts';
import { hash, zero32 } from '../../consensus/crypto/hash.ts';
import {
  callId,
  callPayloadHash,
  composeCall,
  type SignedCall,
  signCall,
  signedCall,
} from '../../consensus/vertex/call.ts';
import { nativeSigner } from '../../node/crypto/native.ts';
import type { Stage } from './actor.ts';

const LIFE_MS = 10 * 60_000;

export function newSigner(stage: Stage): Signer {
  const lot = uint32Bytes(Math.floor(stage.chance() * 2 ** 32));
  return nativeSigner(hash('salt', stage.signer.publicKey, lot));
}

/** Adds a key to the own party; several such calls for one key are rivals. */
export function enrolCall(stage: Stage, newKey: Signer): SignedCall | undefined {
  const { network, record } = stage.genesis;
  const own = record.parties.find((party) =>
    party.keys.some((key) => equalBytes(key, stage.signer.publicKey)),
  );
  if (own === undefined) return undefined;
  const args = { party: labelKey(network, 'lei', own.lei), key: newKey.publicKey, kind: 'party' as const };
  const call = composeCall({
    network,
    transition: enrolKey.name,
    values: enrolKey.args.encodeParts({ ...args, monitor: undefined, replaces: undefined }),
    salts: [zero32, zero32],
    nonce: hash('salt', uint32Bytes(Math.floor(stage.chance() * 2 ** 32))).slice(0, 16),
    deadline: stage.nowMs() + LIFE_MS,
  });
  const signatures = [stage.signer, newKey].map((signer) => signCall(call, signer));
  return { ...call, signatures: signatures.sort((a, b) => compareBytes(a.key, b.key)) };
}

/** Another pair each time: `used` is where the actor keeps the calls that it had from the stage. */
export function rivalCalls(stage: Stage, used: Set<string>): readonly [SignedCall, SignedCall] | undefined {
  const given = stage.rivalCalls?.();
  const calls = given?.map((call) => toHex(callId(call.header))).join() ?? '';
  if (given !== undefined && !used.has(calls)) {
    used.add(calls);
    return given;
  }
  const newKey = newSigner(stage);
  const first = enrolCall(stage, newKey);
  const second = enrolCall(stage, newKey);
  return first && second && [first, second];
}

export function payloadOf(call: SignedCall): {
  readonly payload: Uint8Array;
  readonly payloadHash: Uint8Array;
} {
  return { payload: signedCall.encode(call), payloadHash: callPayloadHash(call) };
}

/** Calls for tests of gathering: a new party that two banks countersign, whose own key has signed already. */

import { asciiBytes, compareBytes } from '../../consensus/codec/bytes.ts';
import { labelKey } from '../../consensus/contracts/registry.ts';
import { enrolParty } from '../../consensus/contracts/transitions/enrol.ts';
import type { Signer } from '../../consensus/crypto/ed25519.ts';
import { hash, zero32 } from '../../consensus/crypto/hash.ts';
import { makeLei } from '../../consensus/test/contract-world.ts';
import { callId, composeCall, type SignedCall, signCall } from '../../consensus/vertex/call.ts';
import { nativeSigner } from '../crypto/native.ts';

export const newSigner = (name: string): Signer => nativeSigner(hash('salt', asciiBytes(name)));

export interface CountersignedCall {
  readonly network: Uint8Array;
  /** Ids of the two parties that must sign. */
  readonly parties: readonly [Uint8Array, Uint8Array];
  readonly deadline: number;
  /** Of the party to enrol; up to ten characters, A–Z and 0–9. */
  readonly name?: string;
  /** Replaces the nonce that goes with the name. */
  readonly nonce?: Uint8Array;
}

/** The call, signed by the new party's key and nobody else. */
export function countersignedCall(wanted: CountersignedCall): SignedCall {
  const { network, parties, deadline, name = 'NEW', nonce } = wanted;
  const signer = newSigner(name);
  const args = {
    ...{ roles: ['auditor'] as const, key: signer.publicKey, countersigners: parties },
    ...{ lei: makeLei(`TALLY${name}`), name: `Party ${name}`, address: '', controller: zero32 },
  };
  const composed = composeCall({
    ...{ network, transition: enrolParty.name, deadline, salts: [zero32, zero32] as const },
    values: enrolParty.args.encodeParts(args),
    nonce: nonce ?? hash('salt', asciiBytes(`nonce ${name}`)).slice(0, 16),
  });
  return signedBy(composed, signer);
}

export function signedBy(call: SignedCall, ...signers: readonly Signer[]): SignedCall {
  const signatures = [...call.signatures, ...signers.map((signer) => signCall(call, signer))];
  return { ...call, signatures: signatures.sort((a, b) => compareBytes(a.key, b.key)) };
}

export const idOf = (call: SignedCall): Uint8Array => callId(call.header);
export const partyId = (network: Uint8Array, lei: string): Uint8Array => labelKey(network, 'lei', lei);

/**
 * Who is who (semantics §1): parties, the keys that sign for them, the chains those keys have written, devices, and
 * the calls that took effect. The objects that every transition and every validity check reads.
 */

import { asciiBytes, concatBytes } from '../codec/bytes.ts';
import {
  bytes,
  choice,
  flag,
  hash32,
  type Infer,
  int,
  list,
  maybe,
  record,
  text,
  timeMs,
} from '../codec/schema.ts';
import { hash } from '../crypto/hash.ts';
import { objectType } from './object.ts';
import { version } from './objects/version.ts';

export const roles = [
  'enterprise',
  'bank',
  'monitor',
  'warehouse',
  'auditor',
  'resolver',
  'appraiser',
] as const;
export type Role = (typeof roles)[number];
export const role = choice(...roles);

/** Schemes of external identifiers (semantics §2). */
export type Scheme = 'lei' | 'gln' | 'sscc' | 'lot' | 'giai' | 'device';

/**
 * Ledger key of an external identifier `[ID-1]`: one per network, so that two monitors cannot register one unit
 * twice. A tagged hash in this build; a keyed, verifiable one (RFC 9497) takes its place behind this function.
 */
export function labelKey(network: Uint8Array, scheme: Scheme, label: string): Uint8Array {
  return hash('label', network, asciiBytes(scheme), concatBytes(Uint8Array.of(0), asciiBytes(label)));
}

/** A legal entity; id = labelKey('lei', LEI). */
export const party = objectType('party', {
  v0: { roles: list(role, roles.length, 1) },
  v1: {
    lei: text(20, 20),
    name: text(80, 1),
    address: text(160),
    /** Party that controls this one; zero when independent. */
    controller: hash32,
  },
});

/** A key that may author vertices and sign calls; id = the public key. Never deleted `[ADM-1]`. */
export const key = objectType('key', {
  v0: {
    party: hash32,
    kind: choice('party', 'gateway'),
    state: choice('ACTIVE', 'REVOKED'),
    /** Height of the checkpoint that enrolled it; valid as an author for vertices citing this height or later. */
    since: int(0),
  },
});

/** What an author's vertices have come to `[VTX-2]`; id = the public key. */
export const chain = objectType('chain', {
  v0: { lastSequence: int(0), lastId: hash32, topSequence: int(0), suspended: flag },
});

export const sensorFunctions = [
  'weigher',
  'counter',
  'camera',
  'climate',
  'locator',
  'motion',
  'door',
  'power',
  'leak',
] as const;

/** A sensor; id = labelKey('device', identifier). */
export const device = objectType('device', {
  v0: {
    owner: hash32,
    /** CONTESTED: another claims it; COPIED: its key is in two places `[THG-11]`. Only an ACTIVE one counts. */
    state: choice('ACTIVE', 'REVOKED', 'CONTESTED', 'COPIED'),
    /** The sensor's public key, or empty for one that cannot sign. */
    key: bytes(32),
    /** A date: after it the device is as good as revoked. Absent: until it is. */
    validUntil: maybe(timeMs),
    ...version,
  },
  v1: { identifier: text(64, 1), functions: list(choice(...sensorFunctions), sensorFunctions.length, 1) },
});

/** Its enrolment was for a time that is over, by the checkpoint's clock (R174). */
export function hasExpired(
  { validUntil }: { readonly validUntil: number | undefined },
  { time }: { readonly time: number },
): boolean {
  return validUntil !== undefined && validUntil < time;
}

/** The most objects with a history that one call may change: what its record can hold `[CTR-25]`. */
export const changedMax = 400;

/** `[CTR-25]` An object that a call changed, by its path in the state map, and the call that wrote the version before. */
export const changedObject = record('changed-object', { path: hash32, before: hash32 });
export type ChangedObject = Infer<typeof changedObject>;

/** A call that took effect; id = call id. Bars its replay, and leads from an object to the vertex that made it. */
export const callRecord = objectType('call', {
  v0: {
    transition: text(32),
    vertex: hash32,
    height: int(0),
    time: timeMs,
    /** Ascending by path. What the call created is not among them: there the history begins. */
    changed: list(changedObject, changedMax),
  },
});

/** A nonce under which a call of this signer took effect `[CTR-29]`; id = `usedNonceId`. Bars every other such call. */
export const usedNonce = objectType('nonce', { v0: { ...version } });

/** `signer` is a party, or the key itself of one that signs for no party, such as a device. */
export function usedNonceId(signer: Uint8Array, nonce: Uint8Array): Uint8Array {
  return hash('object-key', concatBytes(signer, nonce));
}

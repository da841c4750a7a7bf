/**
 * What governance demands of new credit and new security beyond the genesis' policy `[POL-1]`: packs are numbered from 1, each
 * applies from a height on, and none is ever changed. The head (id zero) names the newest.
 */

import { uint32Bytes } from '../../codec/bytes.ts';
import { flag, hash32, int, list, record, text } from '../../codec/schema.ts';
import { hash } from '../../crypto/hash.ts';
import { objectType, type ValueOf } from '../object.ts';
import { version } from './version.ts';

export const blockedMax = 256;
export const capsMax = 32;

export const packTerms = {
  /** The first height that it judges. */
  from: int(1),
  /** May an enterprise be lent to only if a bank or monitor states that it knows it? */
  kycRequired: flag,
  /** The most that one enterprise may owe in a currency, to all banks; minor units. */
  caps: list(record('exposure-cap', { currency: text(3), most: int(0) }), capsMax),
  /** Parties, ascending: an id is that of an LEI, so that one can be named before it enrols. */
  blocked: list(hash32, blockedMax),
};
export const policyPack = objectType('policy-pack', { v0: { number: int(1), ...packTerms, ...version } });
export type PolicyPack = ValueOf<typeof policyPack>;

export function packId(number: number): Uint8Array {
  return hash('object-key', uint32Bytes(number));
}

export const policyHead = objectType('policy-head', { v0: { newest: int(1), ...version } });

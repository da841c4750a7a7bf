/** A thing that may pay: what lives on it (row 40), id = the device's id. */

import { flag, hash32, list, record, timeMs } from '../../codec/schema.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

export const accountsMax = 4;
export const mandatesMax = 8;

/** `[THG-13]` What the thing can do, as its owner and its bank have declared it. */
export const capabilities = record('capabilities', {
  /** It senses its surroundings, tells others of it, and decides by it. */
  sensing: flag,
  expression: flag,
  processing: flag,
  /** It keeps what it must remember, its counter above all. */
  storage: flag,
  /** It proves which one it is, by a key that never leaves it. */
  identity: flag,
});

export const thing = objectType('thing', {
  v0: { ...version },
  v2: {
    owner: hash32,
    /** Since when it is the owner's: as declared at the first account, or the position of its last transfer. */
    ownedSince: timeMs,
    /** Hash of the document by which it is, in the owner's hands. */
    ownershipProof: hash32,
    capabilities,
    /** Open virtual accounts, and mandates that are ACTIVE or SUSPENDED. */
    accounts: list(hash32, accountsMax),
    mandates: list(hash32, mandatesMax),
  },
});

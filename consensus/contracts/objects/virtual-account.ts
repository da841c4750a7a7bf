/**
 * A thing's account at a bank (row 40), id = `virtualAccountId`. It holds nothing: what is paid from it leaves the
 * owner's own account in that money, to which it is bound, so no money is counted twice.
 */

import { concatBytes } from '../../codec/bytes.ts';
import { choice, hash32, text } from '../../codec/schema.ts';
import { hash } from '../../crypto/hash.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

export const virtualAccount = objectType('virtual-account', {
  v0: { state: choice('OPEN', 'CLOSED'), ...version },
  v2: {
    thing: hash32,
    owner: hash32,
    bank: hash32,
    money: hash32,
    currency: text(3),
    /** The owner's account, and the call that had opened it. */
    account: hash32,
    opened: hash32,
  },
});

export function virtualAccountId(thing: Uint8Array, money: Uint8Array): Uint8Array {
  return hash('object-key', concatBytes(thing, money));
}

/**
 * Money on the ledger: what one bank has issued in one currency (id = `moneyId`), who has how much of it (account, id =
 * `accountId`), and what is set aside for something (lock, id = the call, or a child of it). Minor units.
 */

import { asciiBytes, concatBytes } from '../../codec/bytes.ts';
import { choice, hash32, int, text } from '../../codec/schema.ts';
import { hash } from '../../crypto/hash.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

export const money = objectType('money', {
  v0: { ...version },
  v1: { issuer: hash32, currency: text(3), issued: int(0), redeemed: int(0) },
});

export function moneyId(issuer: Uint8Array, currency: string): Uint8Array {
  return hash('object-key', concatBytes(issuer, asciiBytes(currency)));
}

export const account = objectType('account', {
  /** Money that comes to a closed one opens it again. */
  v0: { state: choice('OPEN', 'CLOSED'), ...version },
  v1: { money: hash32, owner: hash32 },
  v2: {
    /** What the owner can spend. */
    balance: int(0),
    /** What is set aside in live locks. */
    locked: int(0),
    /** The call that opened it last: what was bound to it before is bound no more. */
    opened: hash32,
  },
});

export function accountId(moneyKey: Uint8Array, owner: Uint8Array): Uint8Array {
  return hash('object-key', concatBytes(moneyKey, owner));
}

export const lock = objectType('lock', {
  v0: { state: choice('HELD', 'PAID', 'RETURNED'), ...version },
  v1: { account: hash32, owner: hash32, money: hash32 },
  v2: {
    amount: int(1),
    /** What it is set aside for: a bid, an exchange, a purchase. */
    purpose: hash32,
  },
});

/** Invariants of money on the ledger (semantics §7: 14). */

import { toHex } from '../../codec/bytes.ts';
import { account, accountId, lock, money } from '../objects/money.ts';
import type { Invariant, Survey } from './survey.ts';

export const moneyInvariants: readonly Invariant[] = [
  {
    number: 14,
    rule: 'per issue: balances + locks = issued − redeemed; an account’s locked money is that of its live locks',
    *find(state) {
      const live = liveLocks(state);
      const owed = new Map<string, bigint>();
      for (const { id, name, value } of state.all(account)) {
        const { money: issue, owner, balance, locked } = value;
        const key = toHex(issue);
        owed.set(key, (owed.get(key) ?? 0n) + BigInt(balance) + BigInt(locked));
        if (toHex(id) !== toHex(accountId(issue, owner))) yield `${name}: not where its owner’s account is`;
        if (balance < 0 || locked < 0) yield `${name}: negative`;
        const held = live.get(toHex(id)) ?? 0n;
        if (held !== BigInt(locked)) yield `${name}: ${locked} locked, ${held} in live locks`;
        live.delete(toHex(id));
      }
      for (const [id, held] of live) yield `${held} locked on no account ${id.slice(0, 8)}`;
      for (const { id, name, value } of state.all(money)) {
        const circulating = BigInt(value.issued) - BigInt(value.redeemed);
        const found = owed.get(toHex(id)) ?? 0n;
        if (found !== circulating) yield `${name}: ${found} on accounts, ${circulating} issued`;
        owed.delete(toHex(id));
      }
      for (const [id, found] of owed) if (found > 0n) yield `${found} that nobody issued ${id.slice(0, 8)}`;
    },
  },
];

/** What is set aside, by account. */
function liveLocks(state: Survey): Map<string, bigint> {
  const held = new Map<string, bigint>();
  for (const { value } of state.all(lock)) {
    if (value.state !== 'HELD') continue;
    const id = toHex(value.account);
    held.set(id, (held.get(id) ?? 0n) + BigInt(value.amount));
  }
  return held;
}

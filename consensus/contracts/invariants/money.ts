/** Invariants of money, exchanges, tranches and distributions (semantics §7: 14, 15, 17, 19). */

import { equalBytes, toHex } from '../../codec/bytes.ts';
import { loan } from '../objects/loan.ts';
import { account, accountId, lock, money } from '../objects/money.ts';
import { distribution } from '../objects/sale.ts';
import { swap } from '../objects/swap.ts';
import { tranche } from '../objects/tranche.ts';
import type { Invariant } from './survey.ts';

export const moneyInvariants: readonly Invariant[] = [
  {
    number: 14,
    rule: 'per issue of money: balances + locks = issued − redeemed, none negative; locked is what live locks hold',
    *find(state) {
      const held = new Map<string, bigint>();
      const locked = new Map<string, bigint>();
      const add = (sums: Map<string, bigint>, id: Uint8Array, amount: number): void => {
        sums.set(toHex(id), (sums.get(toHex(id)) ?? 0n) + BigInt(amount));
      };
      for (const { value } of state.all(lock))
        if (value.state === 'HELD') add(locked, value.account, value.amount);
      for (const { id, name, value } of state.all(account)) {
        if (value.balance < 0 || value.locked < 0) yield `${name}: below zero`;
        if (state.get(money, value.money) === undefined) yield `${name}: of money that nobody issued`;
        if (!equalBytes(id, accountId(value.money, value.owner))) yield `${name}: not where its owner’s is`;
        if (BigInt(value.locked) !== (locked.get(toHex(id)) ?? 0n))
          yield `${name}: ${value.locked} locked, its locks hold ${locked.get(toHex(id)) ?? 0n}`;
        add(held, value.money, value.balance + value.locked);
      }
      for (const { id, name, value } of state.all(money)) {
        const owed = BigInt(value.issued) - BigInt(value.redeemed);
        if ((held.get(toHex(id)) ?? 0n) !== owed)
          yield `${name}: ${held.get(toHex(id)) ?? 0n} in accounts, ${owed} issued`;
      }
    },
  },
  {
    number: 15,
    rule: 'of an exchange both legs are paid, or neither',
    *find(state) {
      const expected = { OPEN: 'HELD', SETTLED: 'PAID', REFUNDED: 'RETURNED' } as const;
      for (const { name, value } of state.all(swap)) {
        for (const id of [value.firstLock, value.secondLock]) {
          if (id === undefined) {
            if (value.state === 'SETTLED') yield `${name}: settled with one leg`;
          } else if (state.get(lock, id)?.state !== expected[value.state])
            yield `${name}: ${value.state}, and a leg ${state.get(lock, id)?.state}`;
        }
      }
    },
  },
  {
    number: 17,
    rule: 'the tranches of a loan sum to its outstanding principal',
    *find(state) {
      for (const { name, value } of state.all(loan)) {
        if (value.tranches.length === 0) continue;
        const sum = value.tranches.reduce((total, id) => total + (state.get(tranche, id)?.principal ?? 0), 0);
        if (sum !== value.debt.principal)
          yield `${name}: tranches of ${sum}, principal ${value.debt.principal}`;
      }
    },
  },
  {
    number: 19,
    rule: 'distributions = proceeds; costs, lien and pledges by rank before any surplus, which is the pledgor’s',
    *find(state) {
      for (const { name, value } of state.all(distribution)) {
        const sum = value.shares.reduce((total, { amount }) => total + BigInt(amount), 0n);
        if (sum !== BigInt(value.proceeds)) yield `${name}: ${sum} of ${value.proceeds} shared out`;
        for (const [index, { kind, to }] of value.shares.entries()) {
          if (kind !== 'surplus') continue;
          if (index !== value.shares.length - 1) yield `${name}: surplus before others`;
          if (!equalBytes(to, value.pledgor)) yield `${name}: surplus to another than the pledgor`;
        }
      }
    },
  },
];

/** Invariants of money, exchanges, tranches, bills and things (semantics §7: 14–17, 19, 20). */

import { equalBytes, toHex } from '../../codec/bytes.ts';
import { bill } from '../objects/bill.ts';
import { loan } from '../objects/loan.ts';
import { mandate, thingPayment } from '../objects/mandate.ts';
import { account, lock, money } from '../objects/money.ts';
import { distribution } from '../objects/sale.ts';
import { swap } from '../objects/swap.ts';
import { tranche } from '../objects/tranche.ts';
import { isContinuous } from '../rules/bills.ts';
import type { Invariant, StepInvariant } from './survey.ts';

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
    number: 16,
    rule: 'a mandate’s counters are the payments of its window',
    *find(state) {
      const used = new Map<string, { spent: bigint; count: number }>();
      for (const { value } of state.all(thingPayment)) {
        const name = `${toHex(value.mandate)} ${value.window}`;
        const before = used.get(name) ?? { spent: 0n, count: 0 };
        used.set(name, { spent: before.spent + BigInt(value.amount), count: before.count + 1 });
      }
      for (const { id, name, value } of state.all(mandate)) {
        const { spent, count } = used.get(`${toHex(id)} ${value.window}`) ?? { spent: 0n, count: 0 };
        if (spent !== BigInt(value.spent) || count !== value.count)
          yield `${name}: counts ${value.count} for ${value.spent}, paid ${count} for ${spent}`;
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
  {
    number: 20,
    rule: 'endorsements are continuous to the holder; nobody but signers is liable',
    *find(state) {
      for (const { name, value } of state.all(bill)) {
        if (!isContinuous(value)) yield `${name}: a gap in its endorsements`;
        if (value.liable > value.endorsements.length + 1) yield `${name}: more are liable than have signed`;
        if (value.state === 'SETTLED' && value.liable !== 0)
          yield `${name}: settled, and somebody still liable`;
      }
    },
  },
];

export const moneySteps: readonly StepInvariant[] = [
  {
    number: 16,
    rule: 'a payment by a thing leaves the window’s spend and count within the mandate',
    *find(before, after) {
      for (const { id, value } of after.all(thingPayment)) {
        if (before.get(thingPayment, id) !== undefined) continue;
        const given = after.get(mandate, value.mandate);
        if (given === undefined || given.spent > given.perWindow || given.count > given.countPerWindow)
          yield `thing-payment ${toHex(id).slice(0, 8)}: beyond its mandate`;
      }
    },
  },
  {
    number: 20,
    rule: 'a bill is paid once: what is settled stays settled',
    *find(before, after) {
      for (const { id, name, value } of before.all(bill)) {
        if (value.state !== 'PAID' && value.state !== 'SETTLED') continue;
        if (after.get(bill, id)?.state !== value.state) yield `${name}: ${value.state}, and moved on`;
      }
    },
  },
];

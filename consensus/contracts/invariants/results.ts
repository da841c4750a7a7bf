/** Invariants of what comes of things `[THG-19]` `[THG-20]`: their results, and what they bought (with semantics §7.14). */

import { equalBytes, toHex } from '../../codec/bytes.ts';
import type { ValueOf } from '../object.ts';
import { investment, thingProceeds } from '../objects/investment.ts';
import { account, accountId } from '../objects/money.ts';
import { thingAct } from '../objects/thing-act.ts';
import { thingPayment } from '../objects/thing-payment.ts';
import { type ResultSum, resultSums, thingResult, thingResultId } from '../objects/thing-result.ts';
import { tranche } from '../objects/tranche.ts';
import { type Booked, changeOf } from '../rules/thing-results.ts';
import type { Invariant, StepInvariant, Survey } from './survey.ts';

type Result = ValueOf<typeof thingResult>;
type Act = ValueOf<typeof thingAct>;

const isClosed = ({ state }: ValueOf<typeof investment>): boolean => state === 'CLOSED';

/** What the records say that each sum is, by the result's id in hexadecimal. */
function countRecords(state: Survey): Map<string, Map<ResultSum, bigint>> {
  const counted = new Map<string, Map<ResultSum, bigint>>();
  const add = ({ thing, owner, money }: Booked, sum: ResultSum, amount: number | bigint): void => {
    const id = toHex(thingResultId(thing, owner, money));
    const sums = counted.get(id) ?? new Map<ResultSum, bigint>();
    counted.set(id, sums.set(sum, (sums.get(sum) ?? 0n) + BigInt(amount)));
  };
  for (const { value } of state.all(thingPayment)) {
    const { payer, payee, payeeThing, amount } = value;
    add({ ...value, owner: payer }, 'paid', amount);
    if (payeeThing !== undefined) add({ ...value, thing: payeeThing, owner: payee }, 'earned', amount);
  }
  for (const { value } of state.all(thingAct)) {
    const { kind, received, spent, interest } = value;
    if (kind === 'draw') add(value, 'borrowed', received);
    if (kind === 'repay') {
      add(value, 'repaid', spent - interest);
      add(value, 'interest', interest);
    }
    if (kind === 'buy') add(value, 'invested', spent);
  }
  for (const { value } of state.all(thingProceeds))
    if (value.money !== undefined) add({ ...value, money: value.money }, 'proceeds', value.amount);
  for (const { value } of state.all(investment)) {
    if (!isClosed(value)) continue;
    const made = BigInt(value.received) - BigInt(value.cost);
    add(value, made < 0n ? 'loss' : 'gain', made < 0n ? -made : made);
  }
  return counted;
}

export const resultInvariants: readonly Invariant[] = [
  {
    number: 14,
    rule: 'what is on record as the result of a thing is the sum over the records, and none is left out',
    *find(state) {
      const counted = countRecords(state);
      for (const { id, name, value } of state.all(thingResult)) {
        const { thing, owner, money } = value;
        if (!equalBytes(id, thingResultId(thing, owner, money))) yield `${name}: not where its thing’s is`;
        const sums = counted.get(toHex(id));
        counted.delete(toHex(id));
        for (const sum of resultSums) {
          const expected = String(sums?.get(sum) ?? 0n);
          if (value[sum] !== expected) yield `${name}: ${sum} ${value[sum]}, and the records say ${expected}`;
        }
      }
      for (const id of counted.keys()) yield `thing-result ${id.slice(0, 8)}: missing, and there are records`;
    },
  },
  {
    number: 14,
    rule: 'a claim that a thing bought and its investment name each other; what came of it is what is recorded',
    *find(state) {
      const received = new Map<string, bigint>();
      for (const { value } of state.all(thingProceeds)) {
        const id = toHex(value.investment);
        received.set(id, (received.get(id) ?? 0n) + BigInt(value.amount));
      }
      for (const { id, name, value } of state.all(investment)) {
        const claim = state.get(tranche, value.tranche);
        const isNamed = claim?.investment !== undefined && equalBytes(claim.investment, id);
        if (isNamed === isClosed(value)) yield `${name}: ${value.state}, and the claim says otherwise`;
        if (isNamed && !equalBytes(claim.holder, value.owner)) yield `${name}: the claim is another’s`;
        if (BigInt(value.received) !== (received.get(toHex(id)) ?? 0n))
          yield `${name}: ${value.received} received, ${received.get(toHex(id)) ?? 0n} recorded`;
      }
      for (const { name, value } of state.all(tranche))
        if (value.investment !== undefined && state.get(investment, value.investment) === undefined)
          yield `${name}: bought by an investment that is not there`;
    },
  },
];

const netOf = (value: Result | undefined): bigint => (value === undefined ? 0n : changeOf(value));

/** By how much the results of all things of one owner in one money changed, taken together. */
function netChange(before: Survey, after: Survey, owner: Uint8Array, money: Uint8Array): bigint {
  let change = 0n;
  for (const { id, value } of after.all(thingResult))
    if (equalBytes(value.owner, owner) && equalBytes(value.money, money))
      change += netOf(value) - netOf(before.get(thingResult, id));
  return change;
}

/** What a repayment brought the owner on claims that it bought itself: that is no thing's. */
function ownClaims(before: Survey, after: Survey, owner: Uint8Array): bigint {
  let paid = 0n;
  for (const { id, value } of before.all(tranche))
    if (value.investment === undefined && equalBytes(value.holder, owner))
      paid += BigInt(value.principal - after.get(tranche, id)!.principal);
  return paid;
}

const heldIn = (state: Survey, owner: Uint8Array, money: Uint8Array): bigint => {
  const held = state.get(account, accountId(money, owner));
  return held === undefined ? 0n : BigInt(held.balance) + BigInt(held.locked);
};

export const resultSteps: readonly StepInvariant[] = [
  {
    number: 14,
    rule: 'what a thing does changes its owner’s account by what it changes in the results',
    *find(before, after) {
      for (const { name, owner, money, besides } of deeds(before, after)) {
        const moved = heldIn(after, owner, money) - heldIn(before, owner, money) - besides;
        const booked = netChange(before, after, owner, money);
        if (moved !== booked) yield `${name}: the account changed by ${moved}, the results by ${booked}`;
      }
    },
  },
];

/** The act of this step, if a thing did it; and what it brought its owner that is no thing's. */
function* deeds(before: Survey, after: Survey) {
  for (const { id, name, value } of after.all(thingAct)) {
    if (before.get(thingAct, id) !== undefined) continue;
    const { owner, money, kind } = value satisfies Act;
    yield { name, owner, money, besides: kind === 'repay' ? ownClaims(before, after, owner) : 0n };
  }
  for (const { id, name, value } of after.all(thingPayment)) {
    if (before.get(thingPayment, id) !== undefined) continue;
    const { payer, payee, payeeThing, money, amount } = value;
    const toItself = equalBytes(payer, payee) && payeeThing === undefined;
    yield { name, owner: payer, money, besides: toItself ? BigInt(amount) : 0n };
  }
}

/**
 * The invariants of semantics §7 as functions over a whole state, by their numbers there; each family in a file of
 * invariants/. For tests, simulations and audits: no node runs them on every checkpoint.
 */

import { equalBytes, toHex } from '../codec/bytes.ts';
import { billInvariants } from './invariants/bills.ts';
import { creditInvariants } from './invariants/credit.ts';
import { exitSteps } from './invariants/exits.ts';
import { goodsInvariants } from './invariants/goods.ts';
import { lendingInvariants } from './invariants/lending.ts';
import { moneyInvariants } from './invariants/money.ts';
import { recordInvariants } from './invariants/record.ts';
import { resultInvariants, resultSteps } from './invariants/results.ts';
import {
  type Breach,
  type Invariant,
  type StepInvariant,
  Survey,
  type WholeState,
} from './invariants/survey.ts';
import { thingInvariants } from './invariants/things.ts';
import { readObject, type StoredObject } from './object.ts';
import { bill, extinguishedStates } from './objects/bill.ts';
import { billPayment } from './objects/bill-payment.ts';
import { correction } from './objects/correction.ts';
import { creditLimit, endedLimitStates } from './objects/credit-limit.ts';
import { disputed } from './objects/dispute.ts';
import { encumbrance } from './objects/encumbrance.ts';
import { endorsement } from './objects/endorsement.ts';
import { evaluation } from './objects/evaluation.ts';
import { evidenceUse } from './objects/evidence-use.ts';
import { exchange } from './objects/exchange.ts';
import { investment, thingProceeds } from './objects/investment.ts';
import { limitPayment } from './objects/limit-payment.ts';
import { liveMandateStates, mandate } from './objects/mandate.ts';
import { movement } from './objects/movement.ts';
import { orderReceipt } from './objects/order-receipt.ts';
import { payment } from './objects/payment.ts';
import { endedStates, pledge } from './objects/pledge.ts';
import { distribution } from './objects/sale.ts';
import { status } from './objects/status.ts';
import { thingAct } from './objects/thing-act.ts';
import { acknowledgement, thingPayment } from './objects/thing-payment.ts';
import { triggerSet } from './objects/trigger-set.ts';
import { callRecord, key, usedNonce } from './registry.ts';

export { findDivergence, findRaceBreaches, type Run } from './invariants/record.ts';
export type { Breach, WholeState } from './invariants/survey.ts';

export const invariants: readonly Invariant[] = [
  ...goodsInvariants,
  ...lendingInvariants,
  ...creditInvariants,
  ...moneyInvariants,
  ...billInvariants,
  ...thingInvariants,
  ...resultInvariants,
  ...recordInvariants,
].sort((a, b) => a.number - b.number);

/** Those that hold between the states before and after one call. */
export const stepInvariants: readonly StepInvariant[] = [...exitSteps, ...resultSteps];

/** 22 is `findRewrites`; 24 and 25 hold between runs: invariants/record.ts. */
const ofRuns = [22, 24, 25];

/** Numbers of semantics §7 that can be executed. */
export const executableInvariants: readonly number[] = [
  ...new Set([...invariants, ...stepInvariants].map(({ number }) => number).concat(ofRuns)),
].sort((a, b) => a - b);

/** Every step invariant that the way from `before` to `after` breaks. */
export function findStepBreaches(before: WholeState, after: WholeState): Breach[] {
  const surveys = [new Survey(before), new Survey(after)] as const;
  return stepInvariants.flatMap(({ number, find }) =>
    Array.from(find(...surveys), (what) => ({ invariant: number, what })),
  );
}

/** Types whose objects stay as they were written. */
const fixedTypes: readonly string[] = [
  callRecord,
  usedNonce,
  evidenceUse,
  orderReceipt,
  status,
  evaluation,
  payment,
  movement,
  endorsement,
  billPayment,
  triggerSet,
  distribution,
  correction,
  thingPayment,
  thingAct,
  thingProceeds,
  acknowledgement,
  limitPayment,
  exchange,
].map(({ name }) => name);

/** Every invariant that `state` breaks, in the order of their numbers. */
export function findBreaches(state: WholeState): Breach[] {
  const survey = new Survey(state);
  return invariants.flatMap(({ number, find }) =>
    Array.from(find(survey), (what) => ({ invariant: number, what })),
  );
}

/**
 * Invariant 22 between the objects of two states, the later after the earlier: nothing is deleted but an encumbrance
 * that came to its end, records stay as they were written, and what has ended does not come back.
 */
export function findRewrites(earlier: Iterable<StoredObject>, later: Iterable<StoredObject>): Breach[] {
  const before = new Set(earlier);
  const written = new Map<string, StoredObject>();
  for (const stored of later) {
    // What nobody wrote is the very same record in both.
    if (!before.delete(stored)) written.set(nameOf(stored), stored);
  }
  const breaches: Breach[] = [];
  for (const old of before) {
    const after = written.get(nameOf(old));
    const what = after === undefined ? deletion(old) : rewriting(old, after);
    if (what !== undefined)
      breaches.push({ invariant: 22, what: `${old.type} ${toHex(old.id).slice(0, 8)}: ${what}` });
  }
  return breaches;
}

const nameOf = ({ type, id }: StoredObject): string => `${type} ${toHex(id)}`;

function deletion(before: StoredObject): string | undefined {
  return before.type === encumbrance.name || before.type === disputed.name ? undefined : 'deleted';
}

function rewriting(before: StoredObject, after: StoredObject): string | undefined {
  if (fixedTypes.includes(before.type)) {
    return before.parts.every((part, index) => equalBytes(part.value, after.parts[index]!.value))
      ? undefined
      : 'rewritten';
  }
  if (before.type === key.name && readObject(key, before).state === 'REVOKED') {
    return readObject(key, after).state === 'REVOKED' ? undefined : 'a revoked key came back';
  }
  if (before.type === pledge.name && endedStates.includes(readObject(pledge, before).state)) {
    return readObject(pledge, after).state === readObject(pledge, before).state
      ? undefined
      : 'an ended pledge came back';
  }
  if (before.type === bill.name && extinguishedStates.includes(readObject(bill, before).state)) {
    return readObject(bill, after).state === readObject(bill, before).state
      ? undefined
      : 'an extinguished bill came back';
  }
  if (before.type === mandate.name && !liveMandateStates.includes(readObject(mandate, before).state)) {
    return readObject(mandate, after).state === readObject(mandate, before).state
      ? undefined
      : 'an ended mandate came back';
  }
  if (before.type === investment.name && readObject(investment, before).state === 'CLOSED') {
    return readObject(investment, after).state === 'CLOSED'
      ? undefined
      : 'an investment that ended came back';
  }
  if (before.type === creditLimit.name && endedLimitStates.includes(readObject(creditLimit, before).state)) {
    return readObject(creditLimit, after).state === readObject(creditLimit, before).state
      ? undefined
      : 'an ended credit limit came back';
  }
  return undefined;
}

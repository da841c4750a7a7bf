/**
 * The twelve customer experience indicators of a thing (R114), each a share of what the ledger shows, in basis points; and the
 * scenarios that weigh them. docs/spec/contracts/credit.md.
 */

import { equalBytes, fromHex, toHex } from '../../consensus/codec/bytes.ts';
import type { Code } from '../../consensus/codec/codes.ts';
import { ok, type Result, refuse } from '../../consensus/codec/result.ts';
import type { ValueOf } from '../../consensus/contracts/object.ts';
import { creditLimit, liveLimitStates } from '../../consensus/contracts/objects/credit-limit.ts';
import { limitPayment } from '../../consensus/contracts/objects/limit-payment.ts';
import { liveMandateStates, mandate } from '../../consensus/contracts/objects/mandate.ts';
import { thingPayment } from '../../consensus/contracts/objects/thing-payment.ts';
import { carriedBy } from '../../consensus/contracts/rules/credit-limits.ts';
import { sumOf, windowOf } from '../../consensus/contracts/rules/mandates.ts';
import { drawingsOn } from './drawings.ts';
import { compareExperience, type Experience } from './experience.ts';
import type { Found, LedgerView } from './ledger-view.ts';

/** By group: speed 2, efficiency 3, precision 2, goals 2, autonomy 3. In this order they stand in X and in W. */
export const indicators = [
  'finality',
  'decision',
  'activity',
  'window-use',
  'credit-use',
  'accuracy',
  'once',
  'repaid',
  'output',
  'unaided',
  'self-acting',
  'standing',
] as const;
export type Indicator = (typeof indicators)[number];

/** Weights of the indicators, in their order; each sums to 100. */
export const scenarios = {
  payment: [20, 0, 5, 5, 0, 20, 10, 0, 0, 20, 10, 10],
  factory: [5, 10, 10, 5, 10, 10, 5, 15, 20, 0, 5, 5],
  logistics: [10, 5, 10, 10, 10, 10, 5, 15, 5, 10, 5, 5],
} as const satisfies { readonly [name: string]: readonly number[] };
export type Scenario = keyof typeof scenarios;
export const scenarioNames = Object.keys(scenarios) as readonly Scenario[];

const DAY_MS = 86_400_000;
export const WINDOW_DAYS = 30;
export const FINALITY_MS = 10_000;
export const DECISION_MS = DAY_MS;
const WHOLE_BP = 10_000;

/** A call signed by a thing's device key, and what came of it: its outcome under a certified checkpoint. */
export interface Attempt {
  /** Public keys (hex) that signed it. */
  readonly keys: readonly string[];
  readonly code: Code;
  /** Times of the checkpoint that its vertex cites, and of the one that has its outcome; ms. */
  readonly citedTime: number;
  readonly finalTime: number;
}

/** good ÷ of; `value` is floor(10,000 × good ÷ of), 0 where `of` is 0. */
export interface Share {
  readonly value: number;
  readonly good: number;
  readonly of: number;
}

export interface ThingIndicators extends Experience {
  readonly device: string;
  readonly indicators: { readonly [I in Indicator]: Share };
}

/** The indicators of each thing, and its index among them. E_RANGE when nothing at all is shown of any. */
export function compareThings(
  devices: readonly string[],
  attempts: readonly Attempt[],
  view: LedgerView,
  weights: readonly number[],
): Result<readonly ThingIndicators[]> {
  const measured = devices.map((device) => measureThing(device, attempts, view));
  const rows = measured.map((shares) => indicators.map((name) => shares[name].value));
  const compared = compareExperience(rows, weights);
  if (!compared.ok) return compared;
  return ok(
    devices.map((device, index) => ({ device, ...compared.value[index]!, indicators: measured[index]! })),
  );
}

function share(good: number | bigint, of: number | bigint): Share {
  const whole = BigInt(of);
  const value = whole === 0n ? 0 : Number((BigInt(good) * BigInt(WHOLE_BP)) / whole);
  return { value, good: Number(good), of: Number(of) };
}

/** Of items that are or are not as wanted. */
function shareOf<T>(items: readonly T[], isGood: (item: T) => boolean): Share {
  return share(items.filter(isGood).length, items.length);
}

/** The mean of shares of amounts, which may be in different money: each counts alike, at most whole. */
function meanShare(shares: readonly (readonly [part: bigint, whole: bigint])[]): Share {
  const sum = shares.reduce(
    (total, [part, whole]) => total + (part < whole ? Number((part * BigInt(WHOLE_BP)) / whole) : WHOLE_BP),
    0,
  );
  return share(sum, WHOLE_BP * shares.length);
}

/** The twelve shares of one device (hex). */
export function measureThing(
  device: string,
  attempts: readonly Attempt[],
  view: LedgerView,
): { readonly [I in Indicator]: Share } {
  const id = fromHex(device)!;
  const { time } = view.now;
  const since = time - WINDOW_DAYS * DAY_MS;
  const isOwn = (other: Uint8Array | undefined): boolean => other !== undefined && equalBytes(other, id);
  const payments = view.all(thingPayment).filter(({ value }) => isOwn(value.thing) && value.at > since);
  const mandates = view
    .all(mandate)
    .filter(({ value }) => isOwn(value.thing) && liveMandateStates.includes(value.state));
  const limits = view
    .all(creditLimit)
    .filter(({ value }) => value.members.some((member) => isOwn(member.device)));
  return {
    ...callShares(view.device(id)?.key ?? '', attempts, since),
    ...moneyShares(id, limits, payments, view, since),
    decision: decisionShare(limits, view),
    'window-use': meanShare(
      mandates.map(({ value }) => [sumOf(windowOf(value, time)), BigInt(value.limits.windowAmount)]),
    ),
    unaided: shareOf(payments, ({ value }) => !value.seconded),
    standing: shareOf(mandates, ({ value }) => value.state === 'ACTIVE'),
  };
}

function callShares(key: string, attempts: readonly Attempt[], since: number) {
  const own = attempts.filter(({ keys, finalTime }) => key !== '' && keys.includes(key) && finalTime > since);
  const effective = own.filter(({ code }) => code === 'OK');
  return {
    finality: shareOf(effective, ({ citedTime, finalTime }) => finalTime - citedTime <= FINALITY_MS),
    accuracy: share(effective.length, own.length),
    once: shareOf(own, ({ code }) => code !== 'E_REPLAY'),
  };
}

type CreditLimit = ValueOf<typeof creditLimit>;
type Paid = Found<ValueOf<typeof thingPayment>>;

/** Applications that were decided, or ought to have been by now. */
function decisionShare(limits: readonly Found<CreditLimit>[], view: LedgerView): Share {
  const asked = limits.flatMap(({ id, value: { decidedAt } }) => {
    const askedAt = view.timeOf(id);
    return askedAt === undefined ? [] : [{ askedAt, decidedAt }];
  });
  const due = asked.filter(
    ({ askedAt, decidedAt }) => decidedAt > 0 || view.now.time - askedAt > DECISION_MS,
  );
  return shareOf(due, ({ askedAt, decidedAt }) => decidedAt > 0 && decidedAt - askedAt <= DECISION_MS);
}

function moneyShares(
  id: Uint8Array,
  limits: readonly Found<CreditLimit>[],
  payments: readonly Paid[],
  view: LedgerView,
  since: number,
) {
  const live = limits.filter(({ value }) => liveLimitStates.includes(value.state));
  const memberships = live.map(({ value }) => value.members.find(({ device }) => equalBytes(device, id))!);
  const isHere = (limit: Uint8Array): boolean => limits.some((held) => equalBytes(held.id, limit));
  const drawings = view.all(limitPayment).filter(({ value }) => value.kind === 'draw' && value.at > since);
  const own = drawings.filter(({ value }) => value.thing !== undefined && equalBytes(value.thing, id));
  const days = new Set([...payments, ...own].map(({ value }) => Math.floor(value.at / DAY_MS)));
  const repaid = [...new Set(own.map(({ value }) => toHex(value.limit)))]
    .flatMap((limit) => drawingsOn(fromHex(limit)!, view))
    .filter(({ thing }) => thing !== undefined && equalBytes(thing, id));
  return {
    activity: share(Math.min(days.size, WINDOW_DAYS), WINDOW_DAYS),
    'credit-use': meanShare(
      live
        .filter(({ value }) => value.limit > 0)
        .map(({ value }) => [BigInt(value.used), BigInt(value.limit)]),
    ),
    repaid: share(
      repaid.reduce((sum, drawing) => sum + BigInt(drawing.repaid), 0n),
      repaid.reduce((sum, drawing) => sum + BigInt(drawing.amount), 0n),
    ),
    output: meanShare(memberships.map((member) => [BigInt(carriedBy(member)), BigInt(member.most)])),
    'self-acting': shareOf(
      drawings.filter(({ value }) => isHere(value.limit)),
      ({ value }) => value.thing !== undefined,
    ),
  };
}

/** Most things that are compared in one question. */
export const thingsMax = 100;

/** The things (hex) of a party that have a mandate, a payment or a limit here; of a device, its owner's, itself included. */
export function thingsOf(id: Uint8Array, view: LedgerView): Result<readonly string[]> {
  const known = view.device(id);
  if (known === undefined && !view.isParty(id))
    return refuse('E_NOT_FOUND', { type: 'party or device', id: toHex(id) });
  if (known !== undefined && known.state !== 'ACTIVE')
    return refuse('E_DEVICE_STATE', { state: known.state, id: toHex(id) });
  const acting = new Set([
    ...view.all(mandate).map(({ value }) => toHex(value.thing)),
    ...view.all(thingPayment).map(({ value }) => toHex(value.thing)),
    ...view.all(creditLimit).flatMap(({ value }) => value.members.map(({ device }) => toHex(device))),
  ]);
  const own = known === undefined ? [] : [toHex(id)];
  const others = view
    .devicesOf(known === undefined ? id : fromHex(known.owner)!)
    .filter((device) => acting.has(device) && !own.includes(device));
  return ok([...own, ...others].slice(0, thingsMax).sort((a, b) => (a < b ? -1 : 1)));
}

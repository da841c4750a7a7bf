/** What a thing may pay by itself (row 41), id = the call that gave it: six limits, and what is used of them. */

import { choice, hash32, int, key32, list, maybe, text, timeMs } from '../../codec/schema.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

export const minutesPerDay = 1_440;

/** The six limits: payees, content, time, means, amount, frequency. */
export const mandateTerms = {
  payees: list(hash32, 16, 1),
  /** Kinds of purchase, in the words of the parties. */
  contents: list(text(40, 1), 16, 1),
  /** Until when, running time; and between which minutes of the day, UTC. */
  until: timeMs,
  dayFrom: int(0, minutesPerDay),
  dayUntil: int(0, minutesPerDay),
  /** The money it pays with. */
  money: hash32,
  /** Minor units, for one payment and for a window. */
  perPayment: int(1),
  perWindow: int(1),
  /** Windows follow one another from 1970 in running time. */
  windowMs: int(60_000),
  countPerWindow: int(1, 1_000_000),
  /** Above so much, a second key of the device signs as well. */
  secondAbove: int(0),
  secondKey: maybe(key32),
} as const;

export const mandate = objectType('mandate', {
  v0: {
    state: choice('ACTIVE', 'SUSPENDED', 'REVOKED', 'EXPIRED'),
    device: hash32,
    ...version,
  },
  v1: {
    owner: hash32,
    bank: hash32,
    payees: mandateTerms.payees,
    contents: mandateTerms.contents,
    until: mandateTerms.until,
    dayFrom: mandateTerms.dayFrom,
    dayUntil: mandateTerms.dayUntil,
    secondKey: mandateTerms.secondKey,
    /** Who suspended it, and may resume it; absent while ACTIVE. */
    suspendedBy: maybe(hash32),
  },
  v2: {
    money: mandateTerms.money,
    perPayment: mandateTerms.perPayment,
    perWindow: mandateTerms.perWindow,
    windowMs: mandateTerms.windowMs,
    countPerWindow: mandateTerms.countPerWindow,
    secondAbove: mandateTerms.secondAbove,
    /** Number of the window that the counters are of. */
    window: int(0),
    spent: int(0),
    count: int(0),
  },
});

/** A payment by a thing (row 42), id = the call. */
export const thingPayment = objectType('thing-payment', {
  v0: { mandate: hash32, ...version },
  v1: { owner: hash32, bank: hash32, payee: hash32, content: text(40, 1), evidenceRoot: hash32 },
  v2: { money: hash32, amount: int(1), window: int(0) },
});

/**
 * What a bank lets a party owe, for loans or drawn directly, carried by the output of things or by the bank's word alone
 * `[CRD-1]`; id = the call of the application. And in which limit a device stands `[CRD-6]`; id = the device's.
 */

import {
  choice,
  flag,
  hash32,
  type Infer,
  int,
  list,
  maybe,
  record,
  text,
  timeMs,
} from '../../codec/schema.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

export const limitStates = ['APPLIED', 'ACTIVE', 'FROZEN', 'DECLINED', 'ENDED'] as const;
export type LimitState = (typeof limitStates)[number];
export const liveLimitStates: readonly LimitState[] = ['ACTIVE', 'FROZEN'];
export const endedLimitStates: readonly LimitState[] = ['DECLINED', 'ENDED'];

export const membersMax = 16;

/** What output is counted in: pulses of a counter, or whole kWh of an electricity meter `[CRD-5]`. */
export const outputMeasures = ['pulses', 'energy'] as const;

/** What one member's output carries: minor units for each unit of a period, and at most. */
export const memberTerms = record('member-terms', {
  device: hash32,
  measure: choice(...outputMeasures),
  perUnit: int(1),
  most: int(1),
});
export type MemberTerms = Infer<typeof memberTerms>;

/** The reading with which the period under way began. */
const mark = record('limit-mark', { session: text(16), counter: int(0), count: int(0), at: timeMs });

const member = record('limit-member', {
  device: hash32,
  measure: choice(...outputMeasures),
  perUnit: int(1),
  most: int(1),
  /** Of the period that was measured last: units, length, and the sensor's time at its end; 0 until then. */
  output: int(0),
  lengthMs: int(0),
  measuredAt: timeMs,
  /** Of the period before that one. */
  outputBefore: int(0),
  lengthBeforeMs: int(0),
  mark: maybe(mark),
});
export type Member = Infer<typeof member>;
export const unmeasured = {
  ...{ output: 0, lengthMs: 0, measuredAt: 0, outputBefore: 0, lengthBeforeMs: 0 },
  mark: undefined,
} as const;

export const creditLimit = objectType('credit-limit', {
  v0: { state: choice(...limitStates), ...version },
  v2: {
    applicant: hash32,
    bank: hash32,
    currency: text(3),
    purpose: text(80, 1),
    /** Minor units, as all amounts here. */
    asked: int(1),
    /** What the bank validated; 0 before. */
    granted: int(0),
    /** In force `[CRD-4]`; `used` is never above it. */
    limit: int(0),
    used: int(0),
    /** Of `used`, what was drawn on the limit itself. */
    drawn: int(0),
    /** Until when it may be drawn on, running time; 0 before validation. */
    until: timeMs,
    /** Checkpoint time of the validation or refusal; 0 before. */
    decidedAt: timeMs,
    /** Was it applied for with members? Then their output carries it. */
    byOutput: flag,
    /** Longest period over which output is counted, ms; the shortest is half of it. */
    periodMs: int(2, 366 * 86_400_000),
    members: list(member, membersMax),
    /** Who froze it. */
    frozenBy: maybe(hash32),
    /** Of the refusal, or of the freezing. */
    reason: text(80),
  },
});

export const limitMember = objectType('limit-member', {
  v0: { ...version },
  /** Absent once it has left. */
  v2: { limit: maybe(hash32) },
});

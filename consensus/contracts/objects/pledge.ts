/** A pledge of a quantity of one unit, or of one receipt (semantics §4), id = the call that agreed it. */

import { choice, hash32, int, list, maybe, record, text, timeMs } from '../../codec/schema.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

export const pledgeStates = [
  'AGREED',
  'PERFECTED',
  'WARNED',
  'FROZEN',
  'DEFAULTED',
  'ENFORCING',
  'REALISED',
  'RELEASED',
  'LAPSED',
] as const;
export type PledgeState = (typeof pledgeStates)[number];

/** Perfected and not yet ended: the pledgee is secured. */
export const securedStates: readonly PledgeState[] = [
  'PERFECTED',
  'WARNED',
  'FROZEN',
  'DEFAULTED',
  'ENFORCING',
];
/** Perfected and in trouble: nothing more is lent. */
export const troubledStates: readonly PledgeState[] = ['WARNED', 'FROZEN', 'DEFAULTED', 'ENFORCING'];
export const endedStates: readonly PledgeState[] = ['REALISED', 'RELEASED', 'LAPSED'];

export const openWarningsMax = 32;
export const ordersMax = 8;

/** Why a pledge is in default; `at` is running time. */
export const defaultRecord = record('default', {
  cause: choice('maturity', 'cure'),
  notice: hash32,
  at: timeMs,
  height: int(0),
});

export const pledge = objectType('pledge', {
  v0: {
    state: choice(...pledgeStates),
    /** 1 is first; 0 until perfected. */
    rank: int(0),
    /** Height of PERFECTED, from which the rank follows; 0 until then. */
    perfectedAt: int(0),
    ...version,
  },
  v1: {
    unit: hash32,
    /** Set when the pledge is of the receipt. */
    receipt: maybe(hash32),
    pledgor: hash32,
    pledgee: hash32,
    /** Holders for the pledgee once they attorned at PERFECTED. */
    monitor: hash32,
    custodian: hash32,
    /** Grams. */
    quantity: int(1),
    reservedUntil: timeMs,
    /** Tree root over the frames of the count at perfection; absent before. */
    countRoot: maybe(hash32),
    /** End of the cure period, running time; 0 without an open warning. */
    cureUntil: timeMs,
    openWarnings: list(hash32, openWarningsMax),
    /** Release orders given and not yet used; those that expired may linger. */
    orders: list(hash32, ordersMax),
    /** Trigger rules of its own (objects/trigger-set.ts); the network's without. */
    triggers: maybe(hash32),
    /** The sale under way, or the one that ended it. */
    sale: maybe(hash32),
    /** Of its default: the notice that was proved, and when. */
    defaulted: maybe(defaultRecord),
    /** A junior pledge: the senior pledge that it ranks behind. */
    behind: maybe(hash32),
  },
  v2: {
    loan: hash32,
    currency: text(3),
    /** Greatest debt it secures, minor units. */
    ceiling: int(1),
    /** A floating pledge of a pool: `quantity` is its least quantity, this its least value, minor units. */
    line: maybe(int(0)),
  },
});

/** A bill of exchange (semantics §4, rows 35–39), id = the call that issued it. */

import { choice, flag, hash32, int, maybe, text, timeMs } from '../../codec/schema.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

export const billStates = [
  'ISSUED',
  'ACCEPTED',
  'PRESENTED',
  'PAID',
  'DISHONOURED',
  'RECOURSE',
  'SETTLED',
] as const;
export type BillState = (typeof billStates)[number];

/** Paid or settled: nobody owes anything on it. */
export const extinguishedStates: readonly BillState[] = ['PAID', 'SETTLED'];
/** Presented and not paid: signers are liable to the holder. */
export const recourseStates: readonly BillState[] = ['DISHONOURED', 'RECOURSE'];

export const endorsementsMax = 16;

/** What the drawer states, and nothing can change. There is no field in which a condition could stand. */
export const billTerms = {
  drawer: hash32,
  drawee: hash32,
  payee: hash32,
  /** The money it is paid in: currency, and the bank at which it is payable. */
  money: hash32,
  /** Minor units. */
  face: int(1),
  /** Checkpoint time from which it may be presented. */
  due: timeMs,
  /** Where it is payable, as the drawer writes it. */
  place: text(80, 1),
  /** Business days from presentation to dishonour. */
  payDays: int(0, 30),
  transferable: flag,
} as const;

export const bill = objectType('bill', {
  v0: { state: choice(...billStates), ...version },
  v1: {
    ...billTerms,
    currency: text(3),
    /** The drawee has accepted: it is the primary debtor. */
    accepted: flag,
    /** Its one controller. After recourse: the signer who paid last. */
    holder: hash32,
    /** How often it has passed, by endorsement or discount. */
    endorsements: int(0, endorsementsMax),
    /** Once presented: end of the time to pay, running time; 0 before. */
    payUntil: timeMs,
    /** The signer against whom the holder has claimed. */
    claimed: maybe(hash32),
  },
});

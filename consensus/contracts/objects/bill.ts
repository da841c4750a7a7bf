/** A bill of exchange (rows 35–39), id = the call that issued it: one unconditional sum, one holder. */

import { choice, flag, hash32, int, list, record, text, timeMs } from '../../codec/schema.ts';
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

/** Each names the one before it: the chain is continuous. */
export const endorsement = record('endorsement', { from: hash32, to: hash32, call: hash32 });
export const endorsementsMax = 32;

export const bill = objectType('bill', {
  v0: { state: choice(...billStates), ...version },
  v1: {
    drawer: hash32,
    drawee: hash32,
    /** To whom it was first payable. */
    payee: hash32,
    holder: hash32,
    /** Minor units. */
    face: int(1),
    currency: text(3),
    /** The money that it is payable in. */
    money: hash32,
    /** A date of the calendar. */
    due: timeMs,
    place: text(80, 1),
    transferable: flag,
    endorsements: list(endorsement, endorsementsMax),
    /** Running time; 0 before. */
    presentedAt: timeMs,
    /** How many signers, from the holder upward, may still be asked. */
    liable: int(0),
  },
});

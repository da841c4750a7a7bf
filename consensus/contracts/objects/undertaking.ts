/**
 * What a bank undertakes to pay (R092): a documentary credit, against documents that comply, and a guarantee, on demand. Each id =
 * the call that issued it.
 */

import { choice, hash32, type Infer, int, record, text, timeMs } from '../../codec/schema.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

/** What the documents must say, field by field; `custodian` holds the goods: the proof of carriage. */
export const creditTerms = record('credit-terms', {
  /** Warehouse whose receipt it is. */
  issuer: hash32,
  custodian: hash32,
  goods: text(120, 1),
  specification: text(160, 1),
  quality: text(80, 1),
  /** Grams, and packages. */
  quantity: int(1),
  packages: int(1),
});
export type CreditTerms = Infer<typeof creditTerms>;

const parties = { bank: hash32, applicant: hash32, beneficiary: hash32 } as const;

export const credit = objectType('credit', {
  v0: { state: choice('OPEN', 'PAID', 'LAPSED'), ...version },
  v2: {
    ...parties,
    money: hash32,
    /** Minor units, set aside by the bank under the credit's id. */
    amount: int(1),
    terms: creditTerms,
    /** Running time. */
    expires: timeMs,
  },
});

export const guarantee = objectType('guarantee', {
  v0: { state: choice('OPEN', 'CALLED', 'LAPSED'), ...version },
  v2: {
    ...parties,
    /** Money that the bank itself issues. */
    money: hash32,
    amount: int(1),
    /** So much of it was called. */
    called: int(0),
    /** What it stands for. */
    subject: text(160, 1),
    expires: timeMs,
  },
});

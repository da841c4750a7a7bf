/** A loan from its application on (semantics §4), id = the call of the application. */

import { choice, hash32, type Infer, int, list, maybe, record, text, timeMs } from '../../codec/schema.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

export const loanStates = [
  'APPLIED',
  'AUTHORISED',
  'EVALUATED',
  'APPROVED',
  'DRAWN',
  'REPAID',
  'DECLINED',
  'WITHDRAWN',
  'LAPSED',
  'WRITTEN_OFF',
] as const;
export type LoanState = (typeof loanStates)[number];

/** Minor units of the loan's currency. */
export const debt = record('debt', { costs: int(0), interest: int(0), principal: int(0) });
export type Debt = Infer<typeof debt>;
export const noDebt: Debt = { costs: 0, interest: 0, principal: 0 };

export const pledgesPerLoanMax = 16;
export const tranchesMax = 8;

/** What the applicant states. */
export const applicationFields = {
  applicant: hash32,
  bank: hash32,
  lei: text(20),
  /** Minor units. */
  amount: int(1),
  currency: text(3),
  maturity: timeMs,
  /** Numbers of the orders that the goods belong to. */
  orders: list(text(40), 16, 1),
  units: list(hash32, 16, 1),
} as const;

export const loan = objectType('loan', {
  v0: { state: choice(...loanStates), ...version },
  v2: {
    ...applicationFields,
    grant: maybe(hash32),
    evaluation: maybe(hash32),
    /** Approved limit, minor units, and until when it may be drawn; 0 until approved. */
    limit: int(0),
    limitUntil: timeMs,
    /** The credit limit that it was approved under `[CRD-2]`. */
    creditLimit: maybe(hash32),
    /** Of a refusal. */
    reason: text(80),
    /** Pledges agreed for it. Those that have ended may linger until another is agreed. */
    pledges: list(hash32, pledgesPerLoanMax),
    debt,
    /** The open margin call. */
    marginCall: maybe(hash32),
    /** Cash claims on the principal, the most senior first (row 33). */
    tranches: list(hash32, tranchesMax),
    /** Once repaid: when its pledges are released without the bank, running time; 0 before. */
    releaseDue: timeMs,
  },
});

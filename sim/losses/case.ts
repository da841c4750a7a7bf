/**
 * Loans secured by goods, and what becomes of them: four frauds, a raid, a default without fraud, and an honest loan.
 * Drawn by the seed; both worlds of the experiment, on the ledger and on paper, are told the same. docs/spec/simulator.md.
 */

import { Random } from '../random.ts';

/** What monitoring and the ledger are there to prevent. */
export const frauds = ['double pledge', 'phantom goods', 'slow theft', 'cold chain'] as const;
/** Losses that no record prevents, and a loan that is repaid. */
export const others = ['raid', 'default', 'repaid'] as const;
export type CaseKind = (typeof frauds)[number] | (typeof others)[number];

export interface LossCase {
  readonly kind: CaseKind;
  readonly seed: number;
  /** Goods that the enterprise shows or claims, and minor units a tonne. */
  readonly tonnes: number;
  readonly price: number;
  /** Those that are really there: fewer where goods are phantom. */
  readonly realTonnes: number;
  /** What a forced sale brings of the market's price. */
  readonly saleBp: number;
  /** When the theft, the raid or the failure of the cooling begins: hours after the money was paid out. */
  readonly startHour: number;
  /** Of the goods, each day, while a theft goes on. */
  readonly theftBpPerDay: number;
  /** Of the goods, in a raid. */
  readonly raidBp: number;
  /** How much the market has fallen when the goods are sold. */
  readonly fallBp: number;
}

/** Both banks lend so: the ledger's policy asks for it, and the paper bank's handbook says the same. */
export const HAIRCUT_BP = 1_000;
export const LOAN_TO_VALUE_BP = 6_000;
export const TERM_DAYS = 90;
/** Goods out of the cold are worth nothing after so long, and lose evenly until then. */
export const SPOILED_AFTER_HOURS = 72;
/** Principal in parts of the most that the goods support; interest and costs in parts of the principal. */
const DRAWN_BP = 9_700;
const INTEREST_BP = 200;
const COSTS_BP = 50;
const BP = 10_000;

export function drawCase(kind: CaseKind, seed: number): LossCase {
  const random = new Random(seed, `losses/${kind}`);
  const within = (least: number, most: number) => least + random.below(most - least + 1);
  const tonnes = within(40, 120);
  return {
    ...{ kind, seed, tonnes, price: within(500_000, 900_000), saleBp: within(8_500, 9_500) },
    realTonnes:
      kind === 'phantom goods' ? Math.max(1, Math.floor((tonnes * within(2_000, 6_000)) / BP)) : tonnes,
    startHour: within(24, 60 * 24),
    theftBpPerDay: within(40, 200),
    raidBp: within(6_000, 9_500),
    fallBp: kind === 'default' ? within(3_000, 5_500) : 0,
  };
}

export interface Loan {
  readonly principal: number;
  readonly interest: number;
  readonly costs: number;
}

/** The loan on so many tonnes; minor units. */
export function loanOn(tonnes: number, price: number): Loan {
  const eligible = Math.floor((tonnes * price * (BP - HAIRCUT_BP)) / BP);
  const lendable = Math.floor((eligible * LOAN_TO_VALUE_BP) / BP);
  const principal = Math.floor((lendable * DRAWN_BP) / BP);
  const part = (bp: number) => Math.floor((principal * bp) / BP);
  return { principal, interest: part(INTEREST_BP), costs: part(COSTS_BP) };
}

/** What the sale of `share` (0 to 1) of so many tonnes brings; minor units. */
export function proceedsOf({ price, saleBp, fallBp }: LossCase, tonnes: number, share: number): number {
  return Math.floor((((tonnes * share * price * (BP - fallBp)) / BP) * saleBp) / BP);
}

/** Principal that does not come back: a payment goes to costs first, then to interest, then to principal. */
export function lossOf({ principal, interest, costs }: Loan, received: number): number {
  return Math.min(principal, Math.max(0, principal + interest + costs - received));
}

/** What is left of goods that have been out of the cold for so long. */
export function shareAfter(hoursOut: number): number {
  return Math.max(0, 1 - hoursOut / SPOILED_AFTER_HOURS);
}

/**
 * The same loans at a bank that lends on paper: it looks at the goods before it pays, has them inspected now and then,
 * and takes the same haircut. Losses are expectations over the day of the first inspection and over what is found.
 */

import { frauds, type LossCase, loanOn, lossOf, proceedsOf, shareAfter, TERM_DAYS } from './case.ts';

export interface PaperBank {
  /** Chance that the look before paying finds an earlier pledge, or goods that are not there. */
  readonly look: number;
  readonly inspectionDays: number;
  /** Chance that an inspection finds a shortage above `tolerance`, or goods out of the cold. */
  readonly find: number;
  /** Share of the goods that a count by hand may miss. */
  readonly tolerance: number;
}

/** A careful one: it looks before it pays, and sends somebody each month. */
export const carefulBank: PaperBank = { look: 0.5, inspectionDays: 30, find: 0.8, tolerance: 0.01 };

const HOURS_PER_DAY = 24;
const BP = 10_000;

/** Expected loss of principal, minor units, of all banks that lend in this case. */
export function paperLoss(lost: LossCase, bank: PaperBank): number {
  const { tonnes, price, realTonnes, startHour } = lost;
  const loan = loanOn(tonnes, price);
  const ofSale = (share: number) => lossOf(loan, proceedsOf(lost, realTonnes, share));
  const startDay = startHour / HOURS_PER_DAY;
  switch (lost.kind) {
    case 'double pledge': {
      // The first bank is paid first; the second has what is left, unless it looked in the right place.
      const proceeds = proceedsOf(lost, tonnes, 1);
      const { principal, interest, costs } = loan;
      const left = Math.max(0, proceeds - principal - interest - costs);
      return lossOf(loan, proceeds) + (1 - bank.look) * lossOf(loan, left);
    }
    case 'phantom goods':
      return (1 - bank.look) * ofSale(1);
    case 'slow theft': {
      const missing = (day: number) => Math.min(1, Math.max(0, (day - startDay) * (lost.theftBpPerDay / BP)));
      return overInspections(
        bank,
        (day) => missing(day) > bank.tolerance,
        (day) => ofSale(1 - missing(day)),
      );
    }
    case 'cold chain': {
      const isOut = (day: number) => day > startDay;
      return overInspections(bank, isOut, (day) => ofSale(shareAfter((day - startDay) * HOURS_PER_DAY)));
    }
    case 'raid':
      return ofSale(1 - lost.raidBp / BP);
    case 'default':
      return ofSale(1);
    case 'repaid':
      return 0;
  }
}

/** The mean over the day of the first inspection; what none of them finds shows at the end of the term. */
function overInspections(
  { inspectionDays, find }: PaperBank,
  shows: (day: number) => boolean,
  lossAt: (day: number) => number,
): number {
  let sum = 0;
  for (let first = 1; first <= inspectionDays; first++) {
    let unfound = 1;
    for (let day = first; day < TERM_DAYS; day += inspectionDays) {
      if (!shows(day)) continue;
      sum += unfound * find * lossAt(day);
      unfound *= 1 - find;
    }
    sum += unfound * lossAt(TERM_DAYS);
  }
  return sum / inspectionDays;
}

/** Kinds whose loss the record is there to prevent. */
export const isFraud = ({ kind }: Pick<LossCase, 'kind'>): boolean => frauds.some((fraud) => fraud === kind);

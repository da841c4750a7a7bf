/** What the demo's contracts are about: the goods, the loan, the receipt's terms and the valuation. */

import type { Json } from '../../consensus/codec/schema.ts';
import { PALLET_KG, PALLETS } from '../../light-client/sensors/bay.ts';

const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** The goods in question: what the bay's weigher and counter measure in grams and pallets; money in cents. */
export const goods = {
  scheme: 'sscc',
  label: '340123450000000017',
  gln: '4012345000009',
  zone: 'bay-7',
  description: 'Butter, salted, 25 kg blocks',
  grams: PALLETS * PALLET_KG * 1_000,
  packages: PALLETS,
  /** The goods bear 2 to 10 degrees Celsius. */
  temperature: { leastMilliC: 2_000, mostMilliC: 10_000 },
  currency: 'EUR',
  /** Cents for one tonne. */
  pricePerTonne: 520_000,
  loan: 3_000_000,
  /** Interest and costs stay within the loan's limit as well. */
  principal: 2_900_000,
  interest: 15_000,
  costs: 5_000,
} as const;

export function receiptTerms(nowMs: number): { [field: string]: Json } {
  return {
    ...{
      specification: '82 % fat, 25 kg blocks',
      quality: 'first',
      marks: 'BU 1-24',
      issuePlace: 'Hall 6',
      permittedLossBp: 10,
    },
    ...{ storageFrom: nowMs, storageUntil: nowMs + 180 * DAY_MS, charges: 'EUR 4.20 per tonne and month' },
    ...{
      lienAmount: 0,
      lienCurrency: '',
      insurer: 'Harbour Mutual',
      insuredAmount: 6_000_000,
      insuredCurrency: 'EUR',
    },
    ...{
      insuredFrom: nowMs - DAY_MS,
      insuredUntil: nowMs + 365 * DAY_MS,
      delivery: 'order',
      deliverTo: 'order of depositor',
    },
    ...{ commingling: false, issuerInterest: 'none' },
  };
}

export function valuation(status: string, nowMs: number): { [field: string]: Json } {
  return {
    lines: [{ status, quantity: goods.grams, price: goods.pricePerTonne, pricedQuantity: 1_000_000 }],
    ...{
      priceTime: nowMs - 60_000,
      fxNumerator: 1,
      fxDenominator: 1,
      haircutBp: 500,
      fxHaircutBp: 0,
      loanToValueBp: 6_000,
    },
  };
}

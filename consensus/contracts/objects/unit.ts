/**
 * Goods in custody: one logistic unit, a quantity of a fungible lot, or one machine or vehicle (semantics §2, §4). id = ledger key of its
 * label. Whether it is FREE, RESERVED or PLEDGED stands in `encumbrance` under the same id, and nowhere else.
 */

import { choice, flag, hash32, int, list, maybe, record, text } from '../../codec/schema.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

export const custodyStates = ['PROPOSED', 'STORED', 'IN_TRANSIT', 'OUT', 'LOST'] as const;

export const receiptsPerUnitMax = 16;

/** Thousandths of a degree Celsius, both ends included. */
export const temperatureRange = record('temperature-range', {
  leastMilliC: int(-90_000, 200_000),
  mostMilliC: int(-90_000, 200_000),
});

/** A GIAI names a machine or a vehicle, as it names a device `[CTR-31]`. */
export const goodsSchemes = ['sscc', 'lot', 'giai'] as const;
export type GoodsScheme = (typeof goodsSchemes)[number];

/** A logistic unit, a machine and a vehicle are one thing; of a lot any quantity may be dealt with by itself. */
export const isWhole = ({ scheme }: { readonly scheme: GoodsScheme }): boolean => scheme !== 'lot';

/** What registration states of the goods and keeps as it is. */
export const goodsFields = {
  scheme: choice(...goodsSchemes),
  /** SSCC, `GTIN/lot`, or GIAI. */
  label: text(40, 1),
  owner: hash32,
  custodian: hash32,
  monitor: hash32,
  gln: text(13, 13),
  zone: text(20, 1),
  goods: text(120, 1),
  /** Book quantity in grams. */
  quantity: int(1),
  packages: int(1, 1_000_000_000),
  /** What the goods bear; without it no temperature is a breach. */
  temperature: maybe(temperatureRange),
  /** The custodian lets the monitor issue receipts as its agent. */
  receiptsByMonitor: flag,
} as const;

/** How the book quantity came about (semantics §7.10): entered − left − lost − shrunk + corrected; grams. */
export const stock = record('stock', {
  entered: int(0),
  left: int(0),
  lost: int(0),
  /** Permitted loss, found by a survey. */
  shrunk: int(0),
  corrected: int(-Number.MAX_SAFE_INTEGER),
});

/** A circle that goods in transit stay within; millionths of a degree, metres. */
export const fence = record('fence', {
  latitude: int(-90_000_000, 90_000_000),
  longitude: int(-180_000_000, 180_000_000),
  radiusM: int(1, 20_000_000),
});

export const transitTerms = record('transit', {
  seal: text(40, 1),
  route: text(160, 1),
  fence: maybe(fence),
});

export const unit = objectType('unit', {
  v0: {
    state: choice(...custodyStates),
    /** Ids of the live receipts over it, oldest first: while one lives, the goods are pledged only through it. */
    receipts: list(hash32, receiptsPerUnitMax),
    ...version,
  },
  v1: {
    ...goodsFields,
    quantity: int(0),
    packages: int(0),
    /** Grams on live receipts. */
    receipted: int(0),
    stock,
    /** Grams that receipts and pledges stand for and that are not there: recorded by a loss or a correction. */
    shortfall: int(0),
    /** Set while IN_TRANSIT. */
    transit: maybe(transitTerms),
    /** The present interval of ownership and custody (objects/tenure.ts). */
    tenure: hash32,
    /** Tree root over the frames that proved it. */
    evidenceRoot: hash32,
  },
});

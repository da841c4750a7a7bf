/** The warehouse receipt (semantics §4), id = the call that issued it: a document of title, every field mandatory. */

import { choice, flag, hash32, int, maybe, text, timeMs } from '../../codec/schema.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

/** What the issuer states. A text left empty, or a number that cannot be 0, is a field that is missing. */
export const receiptTerms = {
  /** Grams. */
  quantity: int(0),
  packages: int(0),
  specification: text(160),
  quality: text(80),
  marks: text(80),
  issuePlace: text(80),
  permittedLossBp: int(0, 10_000),
  storageFrom: timeMs,
  storageUntil: timeMs,
  charges: text(160),
  /** Lien claimed, minor units; 0 claims none. */
  lienAmount: int(0),
  lienCurrency: text(3),
  insurer: text(80),
  insuredAmount: int(0),
  insuredCurrency: text(3),
  insuredFrom: timeMs,
  insuredUntil: timeMs,
  delivery: choice('named', 'order'),
  deliverTo: text(80),
  commingling: flag,
  /** The issuer's own interest in the goods; "none" is to be said. */
  issuerInterest: text(80),
} as const;

export const receipt = objectType('receipt', {
  v0: { state: choice('ISSUED', 'HELD', 'SPLIT', 'SURRENDERED', 'CANCELLED', 'MERGED'), ...version },
  v1: {
    unit: hash32,
    issuer: hash32,
    depositor: hash32,
    monitor: hash32,
    /** Whose goods they are; the controller deals with them. */
    owner: hash32,
    tenure: hash32,
    /** The receipt that it was split from. What was merged names the call that did it, whose id the new receipt has. */
    predecessor: maybe(hash32),
    /** The one party that may deal with the goods through it. */
    controller: hash32,
    // From the state at issue: a document states them itself.
    issuerLei: text(20),
    depositorLei: text(20),
    depositorAddress: text(160),
    gln: text(13),
    zone: text(20),
    goods: text(120),
    issuedAt: timeMs,
    evidenceRoot: hash32,
    ...receiptTerms,
  },
});

/** Numbers that the parties agreed on before anything was pledged; part of the genesis (semantics §1, §6). */

import { flag, type Infer, int, record } from '../codec/schema.ts';
import { defaultTriggers, triggerRules } from './triggers/rules.ts';

const basisPoints = int(0, 10_000);
const durationMs = int(0, 10 * 365 * 86_400_000);

export const policy = record('policy', {
  /** A call's deadline lies at most this far ahead. */
  callLifeMs: durationMs,
  /** A reading older than this is no evidence of what is there now. */
  evidenceAgeMs: durationMs,
  /** Greatest age of a status supplied to a bank. */
  statusAgeMs: durationMs,
  priceAgeMs: durationMs,
  reservationMs: durationMs,
  cureMs: durationMs,
  /** Two weighings or counts agree when they differ by no more than this. */
  toleranceBp: basisPoints,
  loanToValueBp: basisPoints,
  callLineBp: basisPoints,
  enforcementLineBp: basisPoints,
  /** What is a breach, unless a pledge has rules of its own. */
  triggers: triggerRules,
  /** A longer step between two checkpoints is a pause of finality: clocks stop for it `[CTR-11]`. */
  pauseMs: durationMs,
  /** Notice by two attempts is proved this long after the second. */
  noticeMs: durationMs,
  /** From notice of enforcement to the sale. */
  enforcementNoticeMs: durationMs,
  /** Business days to answer a margin call, and of a bank's silence after full payment. */
  marginDays: int(0, 60),
  silenceDays: int(0, 60),
  /** A release order, and the time in which a registration counts as searched clean. */
  releaseOrderMs: durationMs,
  /** Law (semantics §1): does a pledge need an entry in a public register, does the warehouse's lien rank first. */
  registrationNeeded: flag,
  lienFirst: flag,
  /** May goods carry a second pledge behind the first, when the senior pledgee consents? */
  juniorPledges: flag,
});
export type Policy = Infer<typeof policy>;

const HOUR_MS = 3_600_000;

/** The defaults of semantics §6. */
export const defaultPolicy: Policy = {
  callLifeMs: 72 * HOUR_MS,
  evidenceAgeMs: HOUR_MS,
  statusAgeMs: 24 * HOUR_MS,
  priceAgeMs: 24 * HOUR_MS,
  reservationMs: 72 * HOUR_MS,
  cureMs: 24 * HOUR_MS,
  toleranceBp: 50,
  loanToValueBp: 6_000,
  callLineBp: 7_000,
  enforcementLineBp: 8_000,
  triggers: defaultTriggers,
  pauseMs: 10 * 60_000,
  noticeMs: 24 * HOUR_MS,
  enforcementNoticeMs: 240 * HOUR_MS,
  marginDays: 2,
  silenceDays: 3,
  releaseOrderMs: 72 * HOUR_MS,
  registrationNeeded: false,
  lienFirst: true,
  juniorPledges: false,
};

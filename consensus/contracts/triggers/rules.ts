/**
 * Breach triggers as data that the parties sign (semantics §6 "Triggers"): thresholds, windows, and how many
 * independent sources. The network's policy has a set of them; a pledge may have its own.
 */

import { choice, type Infer, int, list, record } from '../../codec/schema.ts';

/** What can be shown by readings, and what the clock or a document shows by itself. */
export const signals = [
  'weight',
  'temperature',
  'tilt',
  'shock',
  'geofence',
  'door',
  'silence',
  'insurance',
] as const;
export type Signal = (typeof signals)[number];

export const triggerRule = record('trigger-rule', {
  signal: choice(...signals),
  /** Sources that must show it, independent by device, gateway and owner. */
  sources: int(1, 8),
  /** Above this: weight in basis points of expected stock; tilt in µrad, shock in µm/s². Else unused. */
  warnOver: int(0),
  /** Each source shows it at least so often, over at least so long. For silence and insurance: how long. */
  warnReadings: int(1, 8),
  warnMs: int(0),
  /** Critical above this, or over so long; 0 where that makes nothing critical. */
  criticalOver: int(0),
  criticalMs: int(0),
});
export type TriggerRule = Infer<typeof triggerRule>;

export const triggerRules = list(triggerRule, signals.length);

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const none = { sources: 1, warnOver: 0, warnReadings: 1, warnMs: 0, criticalOver: 0, criticalMs: 0 };

/** The defaults of semantics §6. */
export const defaultTriggers: readonly TriggerRule[] = [
  { ...none, signal: 'weight', warnOver: 50, warnReadings: 2, criticalOver: 200 },
  { ...none, signal: 'temperature', warnMs: 15 * MINUTE_MS, warnReadings: 2, criticalMs: 60 * MINUTE_MS },
  { ...none, signal: 'tilt', warnOver: 523_600 },
  { ...none, signal: 'shock', warnOver: 49_033_000 },
  { ...none, signal: 'geofence', warnMs: MINUTE_MS, warnReadings: 2, criticalMs: 10 * MINUTE_MS },
  { ...none, signal: 'door', warnMs: 30_000, warnReadings: 2 },
  { ...none, signal: 'silence', warnMs: 30 * MINUTE_MS, criticalMs: 2 * HOUR_MS },
  { ...none, signal: 'insurance', warnMs: 7 * 24 * HOUR_MS },
];

/** The same thresholds without windows: one reading warns. For demonstrations and small networks. */
export const immediateTriggers: readonly TriggerRule[] = defaultTriggers.map((rule) =>
  rule.signal === 'silence' || rule.signal === 'insurance' ? rule : { ...rule, warnReadings: 1, warnMs: 0 },
);

export function ruleOf(rules: readonly TriggerRule[], signal: Signal): TriggerRule | undefined {
  return rules.find((rule) => rule.signal === signal);
}

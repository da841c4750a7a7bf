/** The kinds of faults, under the names of the command line. docs/spec/simulator.md says what each one does. */

export const faultKinds = [
  'crash',
  'partition',
  'torn-write',
  'asymmetric',
  'churn',
  'clock-drift',
  'clock-jump',
  'restored-backup',
] as const;
export type FaultKind = (typeof faultKinds)[number];

/** What a run is made of, besides its seed: `tally sim` options and scenario files both end up here. */

import type { Pace } from '../consensus/checkpoint/genesis.ts';
import type { StoryPlan } from '../node/story/plan.ts';
import type { FaultKind } from './faults/kinds.ts';
import type { ScheduledFault } from './faults/schedule.ts';

export { type FaultKind, faultKinds } from './faults/kinds.ts';

export interface ByzantineCount {
  readonly kind: string;
  readonly count: number;
}

export interface NetworkSettings {
  /** A named WAN matrix or latency distribution; see `sim/network/`. */
  readonly latency: string;
  /** Chance that a gossip message, or a frame on a stream, is lost. */
  readonly loss: number;
  readonly duplicate: number;
  /** Chance that a gossip message is overtaken by later ones. */
  readonly reorder: number;
  /** Of each directed link; 0 for unlimited. */
  readonly bandwidthBytesPerS: number;
}

export interface LoadSettings {
  /** Ordinary vertices per second over all authors. */
  readonly verticesPerS: number;
  /** Rounds of rival pledges on one unit per minute; 0 for none. */
  readonly pledgeRacesPerMin: number;
}

export interface Settings {
  /** All full nodes, seats included. */
  readonly nodes: number;
  readonly validators: number;
  readonly byzantine: readonly ByzantineCount[];
  readonly network: NetworkSettings;
  readonly faults: readonly FaultKind[];
  /** These faults instead of drawn ones; `faults` is empty then. */
  readonly schedule?: readonly ScheduledFault[];
  /** Virtual time with load and faults; then faults end, and the network must calm down. */
  readonly durationMs: number;
  readonly load: LoadSettings;
  /** What the genesis sets otherwise than by default. */
  readonly pace: Partial<Pace>;
  /** A story that is told beside the load; the run passes only if it ends as it must. */
  readonly story?: StoryPlan;
}

export const defaultSettings: Settings = {
  nodes: 4,
  validators: 4,
  byzantine: [],
  network: { latency: '5-40ms', loss: 0, duplicate: 0, reorder: 0, bandwidthBytesPerS: 0 },
  faults: [],
  durationMs: 20_000,
  load: { verticesPerS: 10, pledgeRacesPerMin: 3 },
  pace: {},
};

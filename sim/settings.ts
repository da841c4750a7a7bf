/** What a run is made of, besides its seed: `tally sim` options and scenario files both end up here. */

export interface ByzantineCount {
  readonly kind: string;
  readonly count: number;
}

export type FaultKind =
  | 'crash'
  | 'partition'
  | 'torn-write'
  | 'asymmetric'
  | 'churn'
  | 'clock-drift'
  | 'clock-jump'
  | 'restored-backup';

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
  /** Virtual time with load and faults; then faults end, and the network must calm down. */
  readonly durationMs: number;
  readonly load: LoadSettings;
}

/** What one simulated run gives: a verdict, and the figures that the report and the command line show. */

import type { StepReport, StoryResult } from '../node/story/report.ts';
import type { Acts } from './byzantine/actor.ts';
import type { FaultKind } from './faults/kinds.ts';
import type { Settings } from './settings.ts';

export type RunVerdict = 'passed' | 'no progress' | 'diverged' | 'invariant broken';

/** What went wrong first, and when. */
export interface Failure {
  readonly verdict: Exclude<RunVerdict, 'passed'>;
  /** Which check of docs/spec/simulator.md: `agreement`, `finality`, `semantics 3` (of semantics §7) and so on. */
  readonly check: string;
  /** A sentence: what was found, at which node. */
  readonly what: string;
  /** Virtual milliseconds since the start, and the number of the event after which it was seen. */
  readonly atMs: number;
  readonly event: number;
}

/** The state of the network at one instant, over all honest nodes; the report draws these over time. */
export interface Sample {
  readonly atMs: number;
  readonly height: number;
  /** Vertices final so far. */
  readonly final: number;
  /** Open vertices and tips at the node with the most. */
  readonly open: number;
  readonly tips: number;
  readonly parked: number;
  readonly messages: number;
  readonly bytes: number;
  /** Finality of vertices that became final since the last sample, ms; absent when none did. */
  readonly finalityP50Ms?: number;
  readonly finalityP95Ms?: number;
}

/** One event of the readable trace. */
export interface TraceLine {
  readonly event: number;
  readonly atMs: number;
  /** `seat 0 → seat 1`, or the node that it happens at. */
  readonly where: string;
  /** `prepare height 4 view 0 3f2a…`, `crash`, `partition {0,1} | {2,3}`. */
  readonly what: string;
}

/** A fault that really befell somebody, from when until when; the run may have ended before it was over. */
export interface FaultSpan {
  readonly kind: FaultKind;
  readonly atMs: number;
  readonly untilMs: number;
  /** For people: `kill of seat 1`. */
  readonly what: string;
}

/** What a run shows of its story. */
export interface ToldStory {
  readonly title: string;
  /** Every step that ended as it must, in order. */
  readonly steps: readonly StepReport[];
  /** Absent when it did not come to its end. */
  readonly result: StoryResult | undefined;
}

export interface Quantiles {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export interface RunResult {
  readonly settings: Settings;
  readonly seed: number;
  readonly verdict: RunVerdict;
  readonly failure: Failure | undefined;
  /** SHA-256 over every event in order, hex: equal for equal seeds on every machine and Node version. */
  readonly traceHash: string;
  readonly events: number;
  readonly virtualMs: number;
  readonly wallMs: number;
  readonly heights: number;
  /** Views above 0 that honest seats entered. */
  readonly viewChanges: number;
  readonly vertices: { readonly authored: number; readonly final: number };
  /** Rival pledges of one unit that were both submitted, and those that were decided as they must be. */
  readonly races: { readonly run: number; readonly decided: number };
  /** Absent where none was to be told. */
  readonly story?: ToldStory | undefined;
  /** Proofs that nodes gave and that verified offline. */
  readonly proofs: number;
  /** From the author's signing to the moment the last honest node held the certificate, ms. */
  readonly finalityMs: Quantiles | undefined;
  /** Messages and bytes by kind of message. */
  readonly traffic: { readonly [kind: string]: { readonly messages: number; readonly bytes: number } };
  /** Faults that really befell somebody. */
  readonly faults: { readonly [kind: string]: number };
  readonly faultSpans: readonly FaultSpan[];
  /** What Byzantine stakeholders did, by `seat 2, equivocate`. */
  readonly acts: { readonly [actor: string]: Acts };
  /** Keys (hex) that portable evidence names as guilty. */
  readonly guilty: readonly string[];
  readonly samples: readonly Sample[];
  /** The last events before the failure, or before the end when asked for. */
  readonly trace: readonly TraceLine[];
}

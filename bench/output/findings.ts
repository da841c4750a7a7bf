/** What every `tally bench` command gives: figures under stated conditions, tables and plots of them, and faults. */

import type { Table } from '../../sim/experiments/experiment.ts';
import type { Conditions } from './conditions.ts';
import type { Plot } from './plot.ts';

export interface Findings {
  readonly bench: string;
  readonly conditions: Conditions;
  /** Sizes: lines of the history are compared where these are the same. */
  readonly settings: { readonly [name: string]: number | string | boolean };
  /** What `--json` prints beside the above. */
  readonly figures: { readonly [name: string]: unknown };
  /** What the history watches. More is better. */
  readonly ratios: { readonly [name: string]: number };
  readonly tables: readonly Table[];
  readonly plots: readonly Plot[];
  readonly notes: readonly string[];
  /** Why the result counts for nothing `[BCH-1]`. */
  readonly faults: readonly string[];
}

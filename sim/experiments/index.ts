/** The experiments under the names of the command line, and what printing one of them takes. */

import { OptionError, type Seeds } from '../options.ts';
import { accountability } from './accountability.ts';
import { committee } from './committee.ts';
import { type Experiment, formatFindings } from './experiment.ts';
import { fairness } from './fairness.ts';
import { finality } from './finality.ts';
import { losses } from './losses.ts';
import { scale } from './scale.ts';

export const experiments: readonly Experiment[] = [
  finality,
  fairness,
  committee,
  scale,
  accountability,
  losses,
];

/**
 * Runs an experiment and prints it; false when one of its rules does not hold, `undefined` when there is none such. Throws
 * OptionError when seeds are asked for and it has its own.
 */
export async function runExperiment(
  name: string,
  { json, seeds }: { readonly json: boolean; readonly seeds: Seeds | undefined },
  out: (text: string) => void,
  say: (progress: string) => void,
): Promise<boolean | undefined> {
  const experiment = experiments.find((known) => known.name === name);
  if (experiment === undefined) return undefined;
  if (seeds !== undefined && experiment.seeds === undefined)
    throw new OptionError(`--seeds: ${name} has seeds of its own`);
  const startedAt = performance.now();
  const findings = await experiment.run(say, seeds ?? experiment.seeds);
  const wallMs = Math.round(performance.now() - startedAt);
  if (json) out(JSON.stringify({ experiment: name, ...findings, wallMs }));
  else out(`${formatFindings(findings)}\n\n${(wallMs / 1_000).toFixed(0)} s, Node ${process.version}`);
  return findings.rules.every(({ holds }) => holds);
}

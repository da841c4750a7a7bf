/** The experiments under the names of the command line, and what printing one of them takes. */

import { accountability } from './accountability.ts';
import { committee } from './committee.ts';
import { type Experiment, formatFindings } from './experiment.ts';
import { fairness } from './fairness.ts';
import { finality } from './finality.ts';
import { scale } from './scale.ts';

export const experiments: readonly Experiment[] = [finality, fairness, committee, scale, accountability];

/** Runs an experiment and prints it; false when one of its rules does not hold, `undefined` when there is none such. */
export async function runExperiment(
  name: string,
  json: boolean,
  out: (text: string) => void,
  say: (progress: string) => void,
): Promise<boolean | undefined> {
  const experiment = experiments.find((known) => known.name === name);
  if (experiment === undefined) return undefined;
  const startedAt = performance.now();
  const findings = await experiment.run(say);
  const wallMs = Math.round(performance.now() - startedAt);
  if (json) out(JSON.stringify({ experiment: name, ...findings, wallMs }));
  else out(`${formatFindings(findings)}\n\n${(wallMs / 1_000).toFixed(0)} s, Node ${process.version}`);
  return findings.rules.every(({ holds }) => holds);
}

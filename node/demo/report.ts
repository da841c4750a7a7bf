/** The end of the demo in words: what the `--json` object says, for people. */

import { join } from 'node:path';
import { describeStory } from '../story/report.ts';
import { gatewayName, type ProcessName, players, processNames } from './cast.ts';
import type { NetworkFiles } from './network-files.ts';
import type { DemoSummary, ScenarioSummary } from './summary.ts';

export function describeSummary(summary: DemoSummary, { genesisFile }: NetworkFiles, home: string): string[] {
  const { frames, readings, finality, memory, bytes, checkpoints, speed } = summary;
  const mib = (value: number) => `${(value / 2 ** 20).toFixed(0)} MiB`;
  return [
    '',
    ...describeFaults(summary),
    `All ${players.length} nodes hold checkpoint ${checkpoints.height} with state root ${checkpoints.stateRoot.slice(0, 16)}…`,
    `Frames: ${frames.received} received, ${frames.duplicates} duplicates, ${frames.distinct} distinct, ${frames.finalised} final, ${frames.lost} lost; ${readings.finalised} readings`,
    `Finality, reading in at the gateway to proof checked there: p50 ${finality.p50Ms} ms, p95 ${finality.p95Ms} ms`,
    `Memory: full node ${mib(memory.fullNodeBytes)}, gateway ${mib(memory.gatewayBytes)}; per reading ${bytes.wirePerReading} bytes on the gateway’s wire, ${bytes.diskPerReading} on a node’s disk`,
    `Speed: ${speed.verticesPerS} vertices/s, ${speed.readingsPerS} readings/s over the whole story (nothing here is pushed to its limit)`,
    ...describeProofs(summary.proofs, home, genesisFile),
  ];
}

/** The end of a scenario's story. */
export function describeScenario(summary: ScenarioSummary, home: string): string[] {
  const { story, checkpoints, proofs, genesis, seconds } = summary;
  return [
    '',
    ...describeFaults(summary),
    describeStory(story),
    `All ${players.length} nodes hold checkpoint ${checkpoints.height} with state root ${checkpoints.stateRoot.slice(0, 16)}…, after ${seconds} s`,
    ...describeProofs(proofs, home, genesis),
  ];
}

function describeFaults({ faults }: Pick<DemoSummary, 'faults'>): string[] {
  return faults.map(
    ({ name, step, restarts }) =>
      `${name} was killed before ${step}, restarted ${restarts === 1 ? 'once' : `${restarts} times`}, and stands with the others`,
  );
}

function describeProofs(proofs: readonly string[], home: string, genesisFile: string): string[] {
  return [
    '',
    `${proofs.length} proof bundles in ${join(home, 'proofs')}; check any of them with`,
    `  npx tally verify ${proofs[0]} --genesis ${genesisFile}`,
  ];
}

/** What `--keep` leaves up. */
export function describeApis(home: string, { homes }: NetworkFiles): string[] {
  const pageOf = (name: ProcessName) => (name === gatewayName ? '/v1/status' : '/docs');
  return [
    '\nThe network stays up; Ctrl-C ends it. APIs (bearer token in the file):',
    ...processNames.map(
      (name) => `  ${name.padEnd(12)} ${homes[name].apiUrl}${pageOf(name)}  ${homes[name].tokenFile}`,
    ),
    'As one of them:',
    `  npx tally get status --config ${join(home, players[0]!.name, 'config.toml')}`,
  ];
}

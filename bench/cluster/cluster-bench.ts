/** `tally bench cluster`: n validators over real libp2p on this machine, under load. docs/spec/bench.md. */

import { mkdir, readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { installNativePrimitives } from '../../node/crypto/native.ts';
import { measureLaneLimit } from '../limit/lane-limit.ts';
import { type Limit, limitVerifier } from '../limit/limit.ts';
import { readConditions } from '../output/conditions.ts';
import { countStore, faultsOf, type StoreCount } from '../output/count.ts';
import type { Findings } from '../output/findings.ts';
import { inScratch } from '../output/scratch.ts';
import { sourceLine } from '../profile/profiler.ts';
import { type CpuProfile, summariseProfile } from '../profile/rooms.ts';
import { functionTables, roomTable } from '../profile/tables.ts';
import { Cluster } from './cluster.ts';
import { type ClusterRun, clusterFigures } from './figures.ts';
import { finalVertices } from './finality.ts';
import { Generators } from './generators.ts';
import { writeCluster } from './home.ts';
import type { LaneRecord } from './load-orders.ts';
import { fullPlan, quickPlan, Steps } from './steps.ts';

export interface ClusterBenchOptions {
  readonly script: string;
  readonly validators: number;
  readonly generators: number;
  readonly delayMs: number;
  readonly isQuick: boolean;
  readonly directory: string | undefined;
  readonly profileFile: string | undefined;
}

/** Our compiled files lie below this. */
const root = new URL('../../', import.meta.url).href;

export async function benchCluster(
  options: ClusterBenchOptions,
  say: (text: string) => void,
): Promise<Findings> {
  installNativePrimitives();
  return inScratch(options.directory, async (scratch) => {
    let isGood = false;
    try {
      const findings = await runCluster(options, scratch.folder, say);
      isGood = findings.faults.length === 0;
      return findings;
    } finally {
      if (!isGood) {
        scratch.keep();
        say(`the network's files stay in ${scratch.folder}`);
      }
    }
  });
}

async function runCluster(
  options: ClusterBenchOptions,
  folder: string,
  say: (text: string) => void,
): Promise<Findings> {
  const { script, delayMs, profileFile, isQuick, validators, generators } = options;
  const profileFolder = profileFile === undefined ? undefined : join(folder, 'profile');
  let cluster: Cluster | undefined;
  let load: Generators | undefined;
  try {
    const conditions = await readConditions(folder);
    const home = await writeCluster(folder, validators, delayMs > 0);
    say('the limit …');
    const limits: Limit[] = [await measureLaneLimit(join(folder, 'limit-before'))];
    if (profileFolder !== undefined) await mkdir(profileFolder);
    say(`starting ${validators} validators and ${generators} load generators …`);
    cluster = new Cluster(home, { script, delayMs, profileFolder });
    await cluster.ready();
    load = await Generators.open(home, generators, folder);
    const steps = new Steps(cluster, load, validators, say);
    await steps.carryOut(isQuick ? quickPlan : fullPlan);
    const lanes = await load.dump();
    load.stop();
    await cluster.stop();
    say('the limit once more, then counting over the stores …');
    limits.push(await measureLaneLimit(join(folder, 'limit-after')));
    const counts = new Map<string, StoreCount>();
    for (const { name, dataDir } of home.validators) counts.set(name, await countStore(name, dataDir));
    const full = counts.get(home.validators[0]!.name)!;
    const run: ClusterRun = {
      ...{ steps: steps.done, series: cluster.series, lanes, limits, validators },
      final: finalVertices(lanes, full.heights),
    };
    const { figures, ratios, tables, plots } = clusterFigures(run);
    const profiled =
      profileFile === undefined ? [] : await profileTables(profileFolder!, profileFile, run.final.length);
    const faults = [
      ...cluster.deaths,
      ...laneFaults(lanes),
      ...faultsOf(counts, takenIn(lanes), cluster.ended),
    ];
    return {
      ...{ bench: 'cluster', conditions, faults },
      settings: { validators, generators, delayMs, quick: isQuick, verifier: limitVerifier },
      ...{ figures, ratios, plots, tables: [...tables, ...profiled] },
      notes: [
        `Validators, load generators and this command share ${conditions.cores} cores. Finality is the lane's: from due to certified header in hand.`,
      ],
    };
  } finally {
    load?.stop();
    await cluster?.stop();
  }
}

function takenIn(lanes: readonly LaneRecord[]): string[] {
  return lanes.flatMap(({ vertices }) =>
    vertices.flatMap(([id, , takenMs]) => (takenMs === null ? [] : [id])),
  );
}

/** A vertex that nobody took has no place in any figure. */
function laneFaults(lanes: readonly LaneRecord[]): string[] {
  return lanes.flatMap(({ lane, vertices, refused }) => {
    const lost = vertices.filter(([, , takenMs]) => takenMs === null).length;
    return lost === 0
      ? []
      : [
          `lane ${lane}: ${lost} of ${vertices.length} vertices were taken by no node; refusals ${JSON.stringify(refused)}`,
        ];
  });
}

async function profileTables(folder: string, file: string, vertices: number) {
  const [name] = await readdir(folder);
  if (name === undefined) throw new Error(`the first validator left no profile in ${folder}`);
  const profile = JSON.parse(await readFile(join(folder, name), 'utf8')) as CpuProfile;
  await rename(join(folder, name), file);
  const summary = summariseProfile(profile, { root, sourceLine });
  return [roomTable(summary, vertices), ...functionTables(summary, vertices)];
}

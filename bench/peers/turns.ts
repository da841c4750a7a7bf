/** One turn: a fresh network of one system, all steps, and the count over what it stored. */

import { mkdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Cluster } from '../cluster/cluster.ts';
import { type StepFigures, stepFigures } from '../cluster/figures.ts';
import { finalVertices } from '../cluster/finality.ts';
import { Generators } from '../cluster/generators.ts';
import { writeCluster } from '../cluster/home.ts';
import type { LaneRecord } from '../cluster/load-orders.ts';
import { type Plan, type Step, Steps } from '../cluster/steps.ts';
import { countStore, faultsOf, type StoreCount } from '../output/count.ts';
import { countBlocks, countIds, settledHeight, withContents } from './blocks.ts';
import { type AppliedSetting, CometCluster } from './comet.ts';
import type { CometOrder } from './comet-generator.ts';
import type { CometLaneOptions } from './comet-lane.ts';
import type { PeerCase } from './settings.ts';
import { countVerified, demandRefusal } from './signature-check.ts';

const cometGenerator = fileURLToPath(
  new URL(`./comet-generator${extname(import.meta.url)}`, import.meta.url),
);

export const TALLYSTICK = 'tallystick';

export interface Turn {
  /** `TALLYSTICK`, or the peer's case. */
  readonly system: string;
  readonly round: number;
  readonly steps: readonly StepFigures[];
  /** Checkpoints, or blocks. */
  readonly heights: number;
  readonly refused: { readonly [code: string]: number };
  readonly faults: readonly string[];
}

export interface TurnOptions {
  readonly folder: string;
  readonly validators: number;
  readonly generators: number;
  readonly plan: Plan;
  readonly say: (text: string) => void;
}

export async function tallyTurn(round: number, script: string, options: TurnOptions): Promise<Turn> {
  const { folder, validators, generators, plan, say } = options;
  await mkdir(folder);
  const home = await writeCluster(folder, validators, false);
  const cluster = new Cluster(home, { script, delayMs: 0, profileFolder: undefined });
  let load: Generators | undefined;
  try {
    await cluster.ready();
    load = await Generators.open(home, generators, folder);
    const steps = new Steps(cluster, load, validators, say);
    await steps.carryOut(plan);
    const lanes = await load.dump();
    load.stop();
    await cluster.stop();
    const counts = new Map<string, StoreCount>();
    for (const { name, dataDir } of home.validators) counts.set(name, await countStore(name, dataDir));
    return turnOf(TALLYSTICK, round, validators, steps.done, lanes, counts, cluster.deaths);
  } finally {
    load?.stop();
    await cluster.stop();
  }
}

export async function cometTurn(
  { name, settings, checksSignatures }: PeerCase,
  round: number,
  binary: string,
  { folder, validators, generators, plan, say }: TurnOptions,
): Promise<{ readonly turn: Turn; readonly applied: readonly AppliedSetting[] }> {
  await mkdir(folder);
  const cluster = await CometCluster.start(binary, join(folder, 'network'), validators, settings);
  let load: Generators | undefined;
  try {
    await cluster.ready();
    if (checksSignatures) await demandRefusal(cluster.rpcs);
    const lanes = cluster.homes.map(({ rpcPort }, lane): CometLaneOptions => ({ lane, rpcPort }));
    const open = (own: readonly CometLaneOptions[]): CometOrder => ({ type: 'open', lanes: own });
    load = await Generators.start(cometGenerator, lanes, generators, folder, open);
    const steps = new Steps(cluster, load, validators, say);
    await steps.carryOut(plan);
    const records = await load.dump();
    load.stop();
    const height = await settledHeight(cluster.rpcs);
    const [first, ...others] = cluster.rpcs;
    const whole = await countBlocks('node0', first!, height);
    const counts = new Map([['node0', whole]]);
    for (const [i, rpc] of others.entries()) {
      const other = `node${i + 1}`;
      counts.set(other, withContents(whole, await countIds(other, rpc, height)));
    }
    const unverified = checksSignatures ? await countVerified(cluster.rpcs, whole.heights.size) : [];
    const known = [...cluster.deaths, ...unverified];
    const turn = turnOf(name, round, validators, steps.done, records, counts, known);
    return { turn, applied: cluster.applied };
  } finally {
    load?.stop();
    await cluster.stop();
  }
}

/** `known`: faults beside those that the count over the stores shows. */
export function turnOf(
  system: string,
  round: number,
  validators: number,
  steps: readonly Step[],
  lanes: readonly LaneRecord[],
  counts: ReadonlyMap<string, StoreCount>,
  known: readonly string[],
): Turn {
  const first = [...counts.values()][0]!;
  const final = finalVertices(lanes, first.heights);
  const all = lanes.flatMap(({ vertices }) => vertices);
  const taken = all.flatMap(([id, , takenMs]) => (takenMs === null ? [] : [id]));
  const refused: Record<string, number> = {};
  for (const lane of lanes)
    for (const [code, count] of Object.entries(lane.refused)) refused[code] = (refused[code] ?? 0) + count;
  const faults = [...known, ...faultsOf(counts, taken)];
  if (taken.length < all.length) faults.push(`${all.length - taken.length} records were taken by no node`);
  if (final.length < taken.length)
    faults.push(`${taken.length - final.length} records are stored whose height no lane was shown`);
  return {
    ...{ system, round, refused, heights: first.height },
    steps: steps.map((step) => stepFigures(step, { final, validators })),
    faults: faults.map((fault) => `${system}, round ${round}: ${fault}`),
  };
}

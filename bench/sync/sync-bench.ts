/** `tally bench sync`: a new node joins a network that has so many vertices behind it, both ways. docs/spec/bench.md. */

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { toHex } from '../../consensus/codec/bytes.ts';
import { freePorts } from '../../node/config/free-ports.ts';
import { installNativePrimitives, nativeSigner } from '../../node/crypto/native.ts';
import { Processes } from '../../node/demo/processes.ts';
import { rounded, type Table } from '../../sim/experiments/experiment.ts';
import { isReady } from '../cluster/cluster.ts';
import {
  addressOf,
  GENESIS_AGE_MS,
  makeNodeHome,
  type NodeHome,
  PORTS_PER_NODE,
  writeGenesis,
  writeNodeConfig,
} from '../cluster/home.ts';
import { type NodeSample, sampleNode, sentBytes } from '../cluster/samples.ts';
import { until } from '../cluster/schedule.ts';
import { limitVerifier, measureLimit } from '../limit/limit.ts';
import { bundlesOf, startOneNode } from '../node/one-node.ts';
import { readConditions } from '../output/conditions.ts';
import { countStore, faultsOf } from '../output/count.ts';
import type { Findings } from '../output/findings.ts';
import { askKernel } from '../output/kernel.ts';
import type { Plot } from '../output/plot.ts';
import { inScratch } from '../output/scratch.ts';
import { authorSecret, benchGenesis } from '../workload/network.ts';
import { Presigner } from '../workload/presign.ts';

export interface SyncBenchOptions {
  /** The compiled command line. */
  readonly script: string;
  readonly vertices: number;
  /** Vertices of a checkpoint at most: the window is K checkpoints. */
  readonly perCheckpoint: number;
  readonly directory: string | undefined;
}

const AUTHORS = 256;
const LOOK_EVERY_MS = 250;
const START_WITHIN_MS = 120_000;
const SYNC_WITHIN_MS = 3_600_000;
const ROUND_CHECKPOINTS = 32;
/** The history is not made in real time. */
const INTERVAL_MS = 1;
const WAYS = ['replay', 'snapshot'] as const;
type Way = (typeof WAYS)[number];

interface Joined {
  readonly syncMs: number;
  readonly cpuS: number;
  readonly wireBytes: number;
  readonly rssBytesMost: number;
  readonly samples: readonly NodeSample[];
  readonly startedMs: number;
}

export async function benchSync(options: SyncBenchOptions, say: (text: string) => void): Promise<Findings> {
  installNativePrimitives();
  return inScratch(options.directory, ({ folder }) => joinIn(folder, options, say));
}

async function joinIn(
  folder: string,
  { script, vertices: count, perCheckpoint }: SyncBenchOptions,
  say: (text: string) => void,
): Promise<Findings> {
  const deaths: string[] = [];
  const processes = new Processes(script, (name, how) => deaths.push(`${name} died: ${how}`));
  try {
    const conditions = await readConditions(folder);
    const passphrase = toHex(randomBytes(16));
    const names = ['source', ...WAYS];
    const ports = await freePorts(names.length * PORTS_PER_NODE);
    const homes = new Map<string, Awaited<ReturnType<typeof makeNodeHome>>>();
    for (const name of names)
      homes.set(name, await makeNodeHome(folder, name, passphrase, ports.splice(0, PORTS_PER_NODE)));
    const source = homes.get('source')!;
    const authors = Array.from({ length: AUTHORS }, (_, i) => nativeSigner(authorSecret(i)));
    const joiners = WAYS.map((way) => homes.get(way)!);
    const keys = [...joiners.map(({ signer }) => signer), ...authors].map(({ publicKey }) => publicKey);
    const pace = { verticesPerCheckpointMax: perCheckpoint, checkpointIntervalMs: INTERVAL_MS };
    const genesis = benchGenesis([source.signer.publicKey], keys, Date.now() - GENESIS_AGE_MS, 0, pace);
    await writeGenesis(folder, genesis);

    say(`a ledger of ${count.toLocaleString('en-US')} vertices …`);
    const { network, headerId: checkpoint } = genesis;
    const presigner = new Presigner({ network, checkpoint, authors, startMs: Date.now(), seed: 1 });
    const vertices = presigner.many(count);
    const node = await startOneNode(genesis, source.signer, source.home.dataDir);
    // What is open is ordered for each checkpoint: not all of it at once.
    const round = ROUND_CHECKPOINTS * perCheckpoint;
    for (let fed = 0; fed < count; fed += round)
      await node.feed(bundlesOf(vertices.slice(fed, fed + round)), Math.min(count, fed + round));
    const { height } = node;
    const diskBytes = await node.close();
    say('the limit …');
    const envelopes = vertices.map(({ envelope }) => envelope);
    const limit = await measureLimit(envelopes, network, join(folder, 'limit'));

    const start = (home: NodeHome): void => {
      const { name, configFile, logFile } = home;
      const env = { TALLY_PASSPHRASE: passphrase };
      processes.start({ name, args: ['node', '--config', configFile], env, logFile });
    };
    const peersOf = (home: NodeHome) => [{ key: home.key, address: addressOf(home.p2pPort) }];
    await writeNodeConfig(
      source.home,
      joiners.flatMap(({ home }) => peersOf(home)),
    );
    start(source.home);
    const isUp = async () => (await sampleNode(source.home)) !== undefined;
    await until(isUp, START_WITHIN_MS, 'the source is up');
    const joined = new Map<Way, Joined>();
    for (const way of WAYS) {
      const { home } = homes.get(way)!;
      await writeNodeConfig(home, peersOf(source.home), { joinBy: way });
      say(`a new node joins by ${way} …`);
      joined.set(
        way,
        await watchJoin(home, source.home, height, () => {
          start(home);
          return processes.pid(way)!;
        }),
      );
    }
    await processes.stop();

    const counts = new Map<string, Awaited<ReturnType<typeof countStore>>>();
    for (const [name, { home }] of homes) counts.set(name, await countStore(name, home.dataDir));
    const taken = vertices.map(({ id }) => toHex(id));
    const faults = [...deaths, ...faultsOf(counts, taken)];
    const all = Object.fromEntries(
      WAYS.map((way) => [way, figuresOf(joined.get(way)!, counts.get(way)!.firstHeight ?? 1, count)]),
    ) as { readonly [W in Way]: ReturnType<typeof figuresOf> };
    const perS = Math.round((1_000 * count) / all.replay.syncMs);
    const speedup = rounded(all.replay.syncMs / all.snapshot.syncMs, 2);
    const ratios = {
      ratioToLimit: rounded(perS / limit.verticesPerS, 3),
      cpuRatio: rounded(limit.cpuUsPerVertex / ((1e6 * all.replay.cpuS) / count), 3),
      speedup,
    };
    const limitPerS = Math.round(limit.verticesPerS);
    return {
      ...{ bench: 'sync', conditions, faults, ratios },
      figures: {
        ...all,
        height,
        diskBytes,
        verticesPerS: perS,
        ...ratios,
        limit: { ...limit, verticesPerS: limitPerS },
      },
      settings: { vertices: count, perCheckpoint, authors: AUTHORS, verifier: limitVerifier },
      tables: [tableOf(all, { vertices: count, height, perS, limitPerS, speedup })],
      plots: plotsOf(joined),
      notes: [
        'The clock runs from the start of the process; its CPU contains the start. Bytes are what the source sent meanwhile.',
      ],
    };
  } finally {
    await processes.stop();
  }
}

/** Starts a node and follows it until it is at that height. */
async function watchJoin(
  home: NodeHome,
  source: NodeHome,
  height: number,
  start: () => number,
): Promise<Joined> {
  const sentBefore = await sentBytes(source);
  const startedMs = Date.now();
  const pid = start();
  const samples: NodeSample[] = [];
  const isLevel = async (): Promise<boolean> => {
    const sample = await sampleNode(home);
    if (sample !== undefined) samples.push(sample);
    return sample !== undefined && sample.height >= height;
  };
  await until(isLevel, SYNC_WITHIN_MS, 'the new node is level', LOOK_EVERY_MS);
  const atMs = Date.now();
  const kernel = await askKernel(pid);
  const sentAfter = await sentBytes(source);
  await until(() => isReady(home), START_WITHIN_MS, 'the new node is ready');
  return {
    ...{ samples, startedMs, syncMs: Math.max(1, atMs - startedMs) },
    ...{ cpuS: (kernel?.cpuMs ?? 0) / 1_000, rssBytesMost: kernel?.mostBytes ?? 0 },
    wireBytes: sentAfter - sentBefore,
  };
}

function figuresOf(
  { syncMs, cpuS, wireBytes, rssBytesMost }: Joined,
  firstHeight: number,
  vertices: number,
): {
  readonly syncMs: number;
  readonly cpuS: number;
  readonly cpuUsPerVertex: number;
  readonly wireBytes: number;
  readonly rssBytesMost: number;
  readonly firstHeight: number;
} {
  const cpuUsPerVertex = rounded((1e6 * cpuS) / vertices, 1);
  return { syncMs, cpuS: rounded(cpuS, 1), cpuUsPerVertex, wireBytes, rssBytesMost, firstHeight };
}

function tableOf(
  all: { readonly [W in Way]: ReturnType<typeof figuresOf> },
  run: {
    readonly vertices: number;
    readonly height: number;
    readonly perS: number;
    readonly limitPerS: number;
    readonly speedup: number;
  },
): Table {
  const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);
  const row = (name: string, of: (figures: ReturnType<typeof figuresOf>) => number | string) =>
    [name, ...WAYS.map((way) => of(all[way]).toLocaleString('en-US'))] as const;
  return {
    title: `A new node joins after ${run.vertices.toLocaleString('en-US')} vertices in ${run.height.toLocaleString('en-US')} checkpoints`,
    columns: ['figure', ...WAYS.map((way) => `by ${way}`)],
    rows: [
      row('until it is level, ms', ({ syncMs }) => syncMs),
      row('CPU, s', ({ cpuS }) => cpuS),
      row('MiB sent to it', ({ wireBytes }) => mib(wireBytes)),
      row('resident memory at most, MiB', ({ rssBytesMost }) => mib(rssBytesMost)),
      row('knows checkpoints from height', ({ firstHeight }) => firstHeight),
      ['vertices/s replayed', run.perS.toLocaleString('en-US'), ''],
      ['limit, vertices/s', run.limitPerS.toLocaleString('en-US'), ''],
      ['times as fast', '', String(run.speedup)],
    ],
  };
}

function plotsOf(joined: ReadonlyMap<Way, Joined>): Plot[] {
  const series = (of: (sample: NodeSample) => number) =>
    [...joined].map(([name, { samples, startedMs }]) => ({
      name,
      points: samples.map((sample) => [(sample.atMs - startedMs) / 1_000, of(sample)] as const),
    }));
  const common = { xName: 'seconds' };
  return [
    {
      ...{ ...common, id: 'height', title: 'Height of the new node', yName: 'checkpoints' },
      series: series(({ height }) => height),
    },
    {
      ...{ ...common, id: 'memory', title: 'Resident memory of the new node', yName: 'MiB' },
      series: series(({ rssBytes }) => rssBytes / 2 ** 20),
    },
  ];
}

/** `tally bench sync`: a new node joins a network that has so many vertices behind it. docs/spec/bench.md. */

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
import { type NodeSample, sampleNode, wireBytes } from '../cluster/samples.ts';
import { until } from '../cluster/schedule.ts';
import { limitVerifier, measureLimit } from '../limit/limit.ts';
import { bundlesOf, startOneNode } from '../node/one-node.ts';
import { readConditions } from '../output/conditions.ts';
import { countStore, faultsOf } from '../output/count.ts';
import type { Findings } from '../output/findings.ts';
import type { Plot } from '../output/plot.ts';
import { inScratch } from '../output/scratch.ts';
import { authorSecret, benchGenesis } from '../workload/network.ts';
import { Presigner } from '../workload/presign.ts';

export interface SyncBenchOptions {
  /** The compiled command line. */
  readonly script: string;
  readonly vertices: number;
  readonly directory: string | undefined;
}

const AUTHORS = 256;
const LOOK_EVERY_MS = 250;
const START_WITHIN_MS = 120_000;
const SYNC_WITHIN_MS = 3_600_000;

export async function benchSync(
  { script, vertices: count, directory }: SyncBenchOptions,
  say: (text: string) => void,
): Promise<Findings> {
  installNativePrimitives();
  return inScratch(directory, ({ folder }) => joinIn(folder, script, count, say));
}

async function joinIn(
  folder: string,
  script: string,
  count: number,
  say: (text: string) => void,
): Promise<Findings> {
  const deaths: string[] = [];
  const processes = new Processes(script, (name, how) => deaths.push(`${name} died: ${how}`));
  try {
    const conditions = await readConditions(folder);
    const passphrase = toHex(randomBytes(16));
    const ports = await freePorts(2 * PORTS_PER_NODE);
    const source = await makeNodeHome(folder, 'source', passphrase, ports.slice(0, PORTS_PER_NODE));
    const joiner = await makeNodeHome(folder, 'joiner', passphrase, ports.slice(PORTS_PER_NODE));
    const authors = Array.from({ length: AUTHORS }, (_, i) => nativeSigner(authorSecret(i)));
    const keys = [joiner.signer, ...authors].map(({ publicKey }) => publicKey);
    const genesis = benchGenesis([source.signer.publicKey], keys, Date.now() - GENESIS_AGE_MS);
    await writeGenesis(folder, genesis);

    say(`a ledger of ${count.toLocaleString('en-US')} vertices …`);
    const { network, headerId: checkpoint } = genesis;
    const presigner = new Presigner({ network, checkpoint, authors, startMs: Date.now(), seed: 1 });
    const vertices = presigner.many(count);
    const node = await startOneNode(genesis, source.signer, source.home.dataDir);
    const { checkpoints: height } = await node.feed(bundlesOf(vertices), count);
    await node.close();
    say('the limit …');
    const envelopes = vertices.map(({ envelope }) => envelope);
    const limit = await measureLimit(envelopes, network, join(folder, 'limit'));

    const start = async (home: NodeHome, peer: NodeHome): Promise<void> => {
      await writeNodeConfig(home, [{ key: peer.key, address: addressOf(peer.p2pPort) }]);
      const { name, configFile, logFile } = home;
      const env = { TALLY_PASSPHRASE: passphrase };
      processes.start({ name, args: ['node', '--config', configFile], env, logFile });
    };
    await start(source.home, joiner.home);
    await until(
      async () => (await sampleNode(source.home)) !== undefined,
      START_WITHIN_MS,
      'the source is up',
    );
    say('the new node joins …');
    const startedMs = Date.now();
    await start(joiner.home, source.home);
    const samples: NodeSample[] = [];
    await until(
      async () => {
        const sample = await sampleNode(joiner.home);
        if (sample !== undefined) samples.push(sample);
        return sample !== undefined && sample.height >= height;
      },
      SYNC_WITHIN_MS,
      'the new node is level',
      LOOK_EVERY_MS,
    );
    const pids = [source.home, joiner.home].map(({ name }) => processes.pid(name)!);
    const listening = new Set([source.home.p2pPort, joiner.home.p2pPort]);
    const wire = await wireBytes(listening, new Set(pids));
    await until(() => isReady(joiner.home), START_WITHIN_MS, 'the new node is ready');
    await processes.stop();

    const counts = new Map<string, Awaited<ReturnType<typeof countStore>>>();
    for (const { name, dataDir } of [source.home, joiner.home])
      counts.set(name, await countStore(name, dataDir));
    const faults = [
      ...deaths,
      ...faultsOf(
        counts,
        vertices.map(({ id }) => toHex(id)),
      ),
    ];
    const [first, last] = [samples[0]!, samples.at(-1)!];
    const upMs = first.atMs - startedMs;
    // A look comes at most so late; the first may already have caught up with some of it.
    const syncMs = Math.max(1, last.atMs - startedMs);
    const perS = Math.round((1_000 * count) / syncMs);
    const cpuUs = rounded((1e6 * last.cpuS) / count, 1);
    const figures = {
      ...{ verticesPerS: perS, syncMs, upMs, height, cpuUsPerVertex: cpuUs },
      wireBytesPerVertex: wire === undefined ? null : Math.round(wire / count),
      rssBytesMost: samples.reduce((most, { rssBytes }) => Math.max(most, rssBytes), 0),
      limit: { ...limit, verticesPerS: Math.round(limit.verticesPerS) },
      ratioToLimit: rounded(perS / limit.verticesPerS, 3),
      cpuRatio: rounded(limit.cpuUsPerVertex / cpuUs, 3),
    };
    return {
      ...{ bench: 'sync', conditions, faults, figures },
      settings: { vertices: count, authors: AUTHORS, by: 'full replay', verifier: limitVerifier },
      ratios: { ratioToLimit: figures.ratioToLimit, cpuRatio: figures.cpuRatio },
      tables: [tableOf(figures, count)],
      plots: plotsOf(samples, startedMs),
      notes: [
        'By full replay: this build has no snapshots [STO-2]. The clock runs from the start of the process; its CPU contains the start.',
      ],
    };
  } finally {
    await processes.stop();
  }
}

function tableOf(
  figures: {
    readonly [name: string]: unknown;
    readonly limit: { readonly verticesPerS: number; readonly cpuUsPerVertex: number };
    readonly rssBytesMost: number;
  },
  vertices: number,
): Table {
  const row = (name: string, value: unknown): readonly [string, string] => [
    name,
    typeof value === 'number' ? value.toLocaleString('en-US') : '?',
  ];
  const { limit, rssBytesMost, ...of } = figures;
  return {
    title: `A new node joins after ${vertices.toLocaleString('en-US')} vertices`,
    columns: ['figure', 'value'],
    rows: [
      row('checkpoints', of['height']),
      row('until the process answers, ms', of['upMs']),
      row('until it is level, ms', of['syncMs']),
      row('vertices/s', of['verticesPerS']),
      row('limit, vertices/s', limit.verticesPerS),
      row('ratio to the limit', of['ratioToLimit']),
      row('CPU of the limit, µs a vertex', rounded(limit.cpuUsPerVertex, 1)),
      row('CPU of the new node, µs a vertex', of['cpuUsPerVertex']),
      row('ratio of the two', of['cpuRatio']),
      row('bytes on the wire a vertex', of['wireBytesPerVertex']),
      row('resident memory at most, MiB', Math.round(rssBytesMost / 2 ** 20)),
    ],
  };
}

function plotsOf(samples: readonly NodeSample[], startedMs: number): Plot[] {
  const points = (of: (sample: NodeSample) => number) =>
    samples.map((sample) => [(sample.atMs - startedMs) / 1_000, of(sample)] as const);
  const common = { xName: 'seconds' };
  return [
    {
      ...{ ...common, id: 'height', title: 'Height of the new node', yName: 'checkpoints' },
      series: [{ name: 'height', points: points(({ height }) => height) }],
    },
    {
      ...{ ...common, id: 'memory', title: 'Resident memory of the new node', yName: 'MiB' },
      series: [{ name: 'resident', points: points(({ rssBytes }) => rssBytes / 2 ** 20) }],
    },
  ];
}

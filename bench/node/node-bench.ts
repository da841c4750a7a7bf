/** `tally bench node`: how fast one node takes vertices in, against the bare loop in the same run. docs/spec/bench.md. */

import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toHex } from '../../consensus/codec/bytes.ts';
import { installNativePrimitives, nativeSigner } from '../../node/crypto/native.ts';
import type { Table } from '../../sim/experiments/experiment.ts';
import { rounded } from '../../sim/experiments/experiment.ts';
import { type Limit, limitVerifier, measureLimit } from '../limit/limit.ts';
import { readConditions } from '../output/conditions.ts';
import { countStore, faultsOf } from '../output/count.ts';
import type { Findings } from '../output/findings.ts';
import { inScratch } from '../output/scratch.ts';
import { spreadOf, tellSpread } from '../output/statistics.ts';
import { profile, sourceLine } from '../profile/profiler.ts';
import { summariseProfile } from '../profile/rooms.ts';
import { functionTables, roomTable } from '../profile/tables.ts';
import { authorSecret, benchGenesis } from '../workload/network.ts';
import { Presigner } from '../workload/presign.ts';
import { bundlesOf, type NodeRun, startOneNode } from './one-node.ts';

export interface NodeBenchOptions {
  readonly vertices: number;
  readonly authors: number;
  readonly rounds: number;
  /** Where stores are made; the system's temporary folder when left out. */
  readonly directory: string | undefined;
  /** Keeps V8's profile in this file. */
  readonly profileFile: string | undefined;
}

/** Our compiled files lie below this. */
const root = new URL('../../', import.meta.url).href;

export async function benchNode(options: NodeBenchOptions, say: (text: string) => void): Promise<Findings> {
  const { vertices: count, authors: authorCount, rounds } = options;
  installNativePrimitives();
  return inScratch(options.directory, async ({ folder: home }) => {
    const conditions = await readConditions(home);
    say(`signing ${count} vertices of ${authorCount} authors …`);
    const seat = nativeSigner(authorSecret(0));
    const authors = Array.from({ length: authorCount }, (_, i) => nativeSigner(authorSecret(1 + i)));
    const nowMs = Date.now();
    const genesis = benchGenesis(
      [seat.publicKey],
      authors.map(({ publicKey }) => publicKey),
      nowMs - 1_000,
    );
    const { network, headerId } = genesis;
    const presigner = new Presigner({ network, checkpoint: headerId, authors, startMs: nowMs, seed: 1 });
    const vertices = presigner.many(count);
    const bundles = bundlesOf(vertices);
    const taken = vertices.map(({ id }) => toHex(id));
    const faults: string[] = [];

    const disk: number[] = [];
    const runInto = async <T>(
      name: string,
      around: (work: () => Promise<NodeRun>) => Promise<T>,
    ): Promise<T> => {
      const directory = join(home, name);
      const node = await startOneNode(genesis, seat, directory);
      const result = await around(() => node.feed(bundles, count));
      disk.push((await node.close()) / count);
      faults.push(...faultsOf(new Map([[name, await countStore(name, directory)]]), taken));
      await rm(directory, { recursive: true });
      return result;
    };
    const limits: Limit[] = [];
    const runs: NodeRun[] = [];
    // In turns: what others do on this machine meanwhile slows both alike.
    for (let round = 1; round <= rounds; round++) {
      say(`round ${round} of ${rounds}: the limit, then the node …`);
      const directory = join(home, `limit-${round}`);
      limits.push(
        await measureLimit(
          vertices.map(({ envelope }) => envelope),
          network,
          directory,
        ),
      );
      runs.push(await runInto(`node-${round}`, (work) => work()));
    }
    say('one more round of the node under the profiler …');
    const { result: profiled, profile: samples } = await runInto('profiled', profile);
    if (options.profileFile !== undefined) await writeFile(options.profileFile, JSON.stringify(samples));
    const mainCpuUs = profiled.mainCpuMs === undefined ? undefined : 1_000 * profiled.mainCpuMs;
    const summary = summariseProfile(samples, { root, sourceLine });

    const rateOf = ({ finalMs }: NodeRun): number => (1_000 * count) / finalMs;
    const node = spreadOf(runs.map(rateOf));
    const limit = spreadOf(limits.map(({ verticesPerS }) => verticesPerS));
    const oneCore = spreadOf(limits.map(({ oneCoreVerticesPerS }) => oneCoreVerticesPerS));
    const ratios = runs.map((run, i) => rateOf(run) / limits[i]!.verticesPerS);
    const oneCoreRatios = runs.map((run, i) => rateOf(run) / limits[i]!.oneCoreVerticesPerS);
    const ratioToLimit = spreadOf(ratios, 3);
    const ratioToOneCore = spreadOf(oneCoreRatios, 3);
    const cpuUs = spreadOf(
      runs.map(({ cpuMs }) => (1_000 * cpuMs) / count),
      1,
    );
    const limitCpuUs = spreadOf(
      limits.map(({ cpuUsPerVertex }) => cpuUsPerVertex),
      1,
    );
    const cpuRatio = spreadOf(
      runs.map(({ cpuMs }, i) => limits[i]!.cpuUsPerVertex / ((1_000 * cpuMs) / count)),
      3,
    );
    const diskBytes = spreadOf(disk);
    const bytes = vertices.reduce((sum, { envelope }) => sum + envelope.length, 0) / count;
    const main: Table = {
      title: 'One node against the bare loop',
      columns: ['figure', `median of ${rounds} (least–greatest)`],
      rows: [
        [`limit, all ${conditions.cores} cores, vertices/s`, tellSpread(limit)],
        ['limit, one core, vertices/s', tellSpread(oneCore)],
        ['node, vertices/s finalised', tellSpread(node)],
        ['ratio to the limit', tellSpread(ratioToLimit, 3)],
        ['ratio to one core of it', tellSpread(ratioToOneCore, 3)],
        ['until the last was stored, ms', tellSpread(spreadOf(runs.map(({ storedMs }) => storedMs)))],
        ['until the last was final, ms', tellSpread(spreadOf(runs.map(({ finalMs }) => finalMs)))],
        ['checkpoints', tellSpread(spreadOf(runs.map(({ checkpoints }) => checkpoints)))],
        ['CPU of the limit, µs a vertex', tellSpread(limitCpuUs, 1)],
        ['CPU of the node, µs a vertex', tellSpread(cpuUs, 1)],
        ['ratio of the two', tellSpread(cpuRatio, 3)],
        ['bytes of a vertex', rounded(bytes)],
        ['bytes on disk a vertex', tellSpread(diskBytes)],
      ],
    };
    return {
      bench: 'node',
      conditions,
      settings: { vertices: count, authors: authorCount, rounds, verifier: limitVerifier, seats: 1 },
      figures: {
        limit: {
          verticesPerS: limit.median,
          oneCoreVerticesPerS: oneCore.median,
          cpuUsPerVertex: limitCpuUs.median,
          spread: limit,
        },
        node: {
          verticesPerS: node.median,
          spread: node,
          cpuUsPerVertex: cpuUs.median,
          diskBytesPerVertex: diskBytes.median,
        },
        ratioToLimit: ratioToLimit.median,
        ratioToOneCore: ratioToOneCore.median,
        cpuRatio: cpuRatio.median,
        profile: {
          usPerVertex: rounded(summary.totalUs / count, 2),
          rooms: Object.fromEntries(summary.rooms.map(({ room, us }) => [room, rounded(us / count, 2)])),
          verticesPerS: Math.round(rateOf(profiled)),
        },
      },
      ratios: {
        ratioToLimit: ratioToLimit.median,
        ratioToOneCore: ratioToOneCore.median,
        cpuRatio: cpuRatio.median,
      },
      tables: [main, roomTable(summary, count, mainCpuUs), ...functionTables(summary, count)],
      plots: [],
      notes: [
        `Verifier of the limit: ${limitVerifier}. The profiled round made ${Math.round(rateOf(profiled)).toLocaleString('en-US')} vertices/s; the table of rooms adds up to its own time. LevelDB writes and syncs on threads of its own: they are in the CPU of the process, not in the table.`,
      ],
      faults,
    };
  });
}

/**
 * `tally bench soak`: whether a node that takes in millions of vertices stays as large as it was: its memory must be flat, and
 * each vertex must cost as much disk as the one before. docs/spec/bench.md.
 */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { installNativePrimitives, nativeSigner } from '../../node/crypto/native.ts';
import type { Table } from '../../sim/experiments/experiment.ts';
import { quantile } from '../../sim/experiments/statistics.ts';
import { bundlesOf, startOneNode } from '../node/one-node.ts';
import { readConditions } from '../output/conditions.ts';
import type { Findings } from '../output/findings.ts';
import { askKernel } from '../output/kernel.ts';
import type { Plot } from '../output/plot.ts';
import { inScratch } from '../output/scratch.ts';
import { authorSecret, benchGenesis } from '../workload/network.ts';
import { Presigner } from '../workload/presign.ts';

export interface SoakOptions {
  readonly vertices: number;
  readonly directory: string | undefined;
}

const AUTHORS = 256;
/** Signed, taken in and final before the next come. */
const ROUND = 20_000;
const PARTS = 10;
/** How far a part's memory may be above the median of all parts that began after the window of checkpoints was full. */
const FLAT = 0.1;
const MIB = 2 ** 20;

interface Sample {
  readonly vertices: number;
  readonly height: number;
  readonly ms: number;
  readonly rssBytes: number;
  /** Of it the process's own; all of it where the kernel does not say. */
  readonly ownBytes: number;
  /** Live objects, after a collection. */
  readonly heapBytes: number;
  readonly diskBytes: number;
}

export async function benchSoak(
  { vertices: count, directory }: SoakOptions,
  say: (text: string) => void,
): Promise<Findings> {
  installNativePrimitives();
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  return inScratch(directory, async ({ folder }) => {
    const conditions = await readConditions(folder);
    const seat = nativeSigner(authorSecret(0));
    const authors = Array.from({ length: AUTHORS }, (_, i) => nativeSigner(authorSecret(1 + i)));
    const nowMs = Date.now();
    const keys = authors.map(({ publicKey }) => publicKey);
    const genesis = benchGenesis([seat.publicKey], keys, nowMs - 1_000);
    const { network, headerId: checkpoint } = genesis;
    const presigner = new Presigner({ network, checkpoint, authors, startMs: nowMs, seed: 1 });
    const node = await startOneNode(genesis, seat, folder);
    const samples: Sample[] = [];
    try {
      for (let taken = 0; taken < count; ) {
        const size = Math.min(ROUND, count - taken);
        taken += size;
        const { finalMs: ms } = await node.feed(bundlesOf(presigner.many(size)), taken);
        presigner.cite(node.headerId);
        const rssBytes = process.memoryUsage.rss();
        const ownBytes = (await askKernel(process.pid))?.ownBytes ?? rssBytes;
        collect();
        const heapBytes = process.memoryUsage().heapUsed;
        const diskBytes = await node.diskBytes();
        const { height } = node;
        samples.push({ vertices: taken, height, ms, rssBytes, ownBytes, heapBytes, diskBytes });
        if (samples.length % Math.max(1, Math.ceil(count / ROUND / 50)) === 0) say(tell(samples.at(-1)!));
      }
    } finally {
      await node.close();
    }
    const { settledWindow } = genesis.record.pace;
    const parts = partsOf(samples);
    const full = parts.filter(({ since }) => since >= settledWindow);
    return {
      ...{ bench: 'soak', conditions, faults: faultsOf(full) },
      settings: { vertices: count, authors: AUTHORS, round: ROUND },
      figures: { parts, partsJudged: full.length, diskBytesPerVertex: parts.at(-1)!.diskPerVertex },
      ratios: {},
      tables: [tableOf(parts, count)],
      plots: [plotOf(samples)],
      notes: [
        full.length < 2
          ? `Not judged: a node remembers what the last ${settledWindow} checkpoints settled, and there were no more of them.`
          : `Judged from the part on that began after checkpoint ${settledWindow}: until then a node remembers more with each.`,
        'One node with the only seat, in the process that signs the vertices too, which is in its memory and not in its time; vertices commit to batches that stay elsewhere. Of its own: without pages of files, such as the store’s tables, which the kernel takes back when it needs them. Disk is of the part’s own vertices, while LevelDB goes on compacting.',
      ],
    };
  });
}

interface Part {
  readonly vertices: number;
  /** Height before its first vertex, and after its last. */
  readonly since: number;
  readonly height: number;
  readonly perS: number;
  readonly rssBytes: number;
  readonly ownBytes: number;
  readonly heapBytes: number;
  readonly diskPerVertex: number;
}

function partsOf(samples: readonly Sample[]): Part[] {
  const size = Math.max(1, Math.ceil(samples.length / PARTS));
  const parts: Part[] = [];
  for (let at = 0; at < samples.length; at += size) {
    const part = samples.slice(at, at + size);
    const before = samples[at - 1] ?? { vertices: 0, height: 0, diskBytes: 0 };
    const last = part.at(-1)!;
    const vertices = last.vertices - before.vertices;
    const ms = part.reduce((sum, sample) => sum + sample.ms, 0);
    const median = (of: (sample: Sample) => number): number => quantile(part.map(of), 0.5)!;
    parts.push({
      ...{ since: before.height, height: last.height },
      ...{ vertices: last.vertices, perS: Math.round((1_000 * vertices) / ms) },
      ...{ rssBytes: median(({ rssBytes }) => rssBytes), ownBytes: median(({ ownBytes }) => ownBytes) },
      heapBytes: median(({ heapBytes }) => heapBytes),
      diskPerVertex: Math.round((last.diskBytes - before.diskBytes) / vertices),
    });
  }
  return parts;
}

function faultsOf(parts: readonly Part[]): string[] {
  const typical = quantile(
    parts.map(({ ownBytes }) => ownBytes),
    0.5,
  );
  if (typical === undefined) return [];
  return parts.flatMap(({ vertices, ownBytes }) =>
    ownBytes / typical - 1 <= FLAT
      ? []
      : [
          `memory is not flat: ${Math.round(ownBytes / MIB)} MiB up to ${vertices} vertices, ${Math.round(typical / MIB)} MiB in the median`,
        ],
  );
}

function tell({ vertices, rssBytes, heapBytes }: Sample): string {
  return `${vertices.toLocaleString('en-US')} vertices: ${Math.round(rssBytes / MIB)} MiB resident, ${Math.round(heapBytes / MIB)} MiB live`;
}

function tableOf(parts: readonly Part[], count: number): Table {
  return {
    title: `One node over ${count.toLocaleString('en-US')} vertices`,
    columns: [
      'up to vertex',
      'checkpoint',
      'vertices/s',
      'MiB resident',
      'of its own',
      'live',
      'disk bytes a vertex',
    ],
    rows: parts.map(({ vertices, height, perS, rssBytes, ownBytes, heapBytes, diskPerVertex }) => [
      ...[vertices, height, perS, Math.round(rssBytes / MIB), Math.round(ownBytes / MIB)],
      ...[Math.round(heapBytes / MIB), diskPerVertex],
    ]),
  };
}

function plotOf(samples: readonly Sample[]): Plot {
  const points = (of: (sample: Sample) => number) =>
    samples.map((sample) => [sample.vertices, of(sample) / MIB] as const);
  return {
    ...{ id: 'memory', title: 'Memory as vertices come', xName: 'vertices', yName: 'MiB' },
    series: [
      { name: 'resident', points: points(({ rssBytes }) => rssBytes) },
      { name: 'of its own', points: points(({ ownBytes }) => ownBytes) },
      { name: 'live', points: points(({ heapBytes }) => heapBytes) },
    ],
  };
}

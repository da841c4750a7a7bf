/** `tally bench scale`: what a vertex costs one node as history and authors grow tenfold. docs/spec/bench.md. */

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { toHex } from '../../consensus/codec/bytes.ts';
import { installNativePrimitives, nativeSigner } from '../../node/crypto/native.ts';
import { rounded, type Table } from '../../sim/experiments/experiment.ts';
import { growthExponent } from '../../sim/experiments/statistics.ts';
import { bundlesOf, startOneNode } from '../node/one-node.ts';
import { readConditions } from '../output/conditions.ts';
import { countStore, faultsOf } from '../output/count.ts';
import type { Findings } from '../output/findings.ts';
import { inScratch } from '../output/scratch.ts';
import { type Spread, spreadOf, tellSpread } from '../output/statistics.ts';
import { authorSecret, benchGenesis } from '../workload/network.ts';
import { Presigner } from '../workload/presign.ts';

export interface ScaleBenchOptions {
  /** The smaller history; the larger is ten times as long. */
  readonly vertices: number;
  readonly rounds: number;
  readonly directory: string | undefined;
}

const TENFOLD = 10;
const AUTHORS = 32;

interface Size {
  readonly vertices: number;
  readonly authors: number;
}

interface Cost extends Size {
  readonly cpuUsPerVertex: Spread;
  readonly diskBytesPerVertex: Spread;
}

export function benchScale(options: ScaleBenchOptions, say: (text: string) => void): Promise<Findings> {
  installNativePrimitives();
  return inScratch(options.directory, async ({ folder }) => {
    const { vertices, rounds } = options;
    const conditions = await readConditions(folder);
    const faults: string[] = [];
    const base: Size = { vertices, authors: AUTHORS };
    const longer: Size = { vertices: TENFOLD * vertices, authors: AUTHORS };
    const wider: Size = { vertices: TENFOLD * vertices, authors: TENFOLD * AUTHORS };
    say('a first run that does not count, until compilers have seen the code …');
    await runOnce(base, folder);
    const costs: Cost[] = [];
    for (const size of [base, longer, wider]) {
      say(`${size.vertices} vertices of ${size.authors} authors …`);
      const runs = [];
      for (let round = 0; round < rounds; round++) runs.push(await runOnce(size, folder));
      faults.push(...runs.flatMap((run) => run.faults));
      costs.push({
        ...size,
        cpuUsPerVertex: spreadOf(
          runs.map(({ cpuUs }) => cpuUs / size.vertices),
          1,
        ),
        diskBytesPerVertex: spreadOf(runs.map(({ diskBytes }) => diskBytes / size.vertices)),
      });
    }
    const [small, long, wide] = costs as [Cost, Cost, Cost];
    const exponents = {
      history: exponentOf(small.vertices, totalOf(small), long.vertices, totalOf(long)),
      // Of the cost of the same number of vertices: 0 is what is wanted.
      authors: exponentOf(long.authors, totalOf(long), wide.authors, totalOf(wide)),
    };
    return {
      ...{ bench: 'scale', conditions, faults },
      settings: { vertices, rounds, authors: AUTHORS, seats: 1 },
      figures: { costs, exponents },
      ratios: {
        'a vertex of a short history by one of a long': rounded(
          small.cpuUsPerVertex.median / long.cpuUsPerVertex.median,
          3,
        ),
        'few authors by many': rounded(long.cpuUsPerVertex.median / wide.cpuUsPerVertex.median, 3),
      },
      tables: [costTable(costs, rounds), exponentTable(exponents)],
      plots: [],
      notes: [
        'More validators on one machine share its cores, so they are measured in virtual time: tally sim --experiment scale.',
      ],
    };
  });
}

const totalOf = ({ cpuUsPerVertex, vertices }: Cost): number => cpuUsPerVertex.median * vertices;

function exponentOf(x1: number, y1: number, x2: number, y2: number): number {
  return rounded(
    growthExponent([
      { x: x1, y: y1 },
      { x: x2, y: y2 },
    ]),
    3,
  );
}

async function runOnce({ vertices: count, authors: authorCount }: Size, folder: string) {
  const seat = nativeSigner(authorSecret(0));
  const authors = Array.from({ length: authorCount }, (_, i) => nativeSigner(authorSecret(1 + i)));
  const keys = authors.map(({ publicKey }) => publicKey);
  const nowMs = Date.now();
  const genesis = benchGenesis([seat.publicKey], keys, nowMs - 1_000);
  const { network, headerId: checkpoint } = genesis;
  const vertices = new Presigner({ network, checkpoint, authors, startMs: nowMs, seed: 1 }).many(count);
  const directory = join(folder, 'node');
  const node = await startOneNode(genesis, seat, directory);
  const { cpuMs } = await node.feed(bundlesOf(vertices), count);
  const diskBytes = await node.close();
  const counts = new Map([['the node', await countStore('the node', directory)]]);
  const faults = faultsOf(
    counts,
    vertices.map(({ id }) => toHex(id)),
  );
  for (const name of [directory, `${directory}.votes`]) await rm(name, { recursive: true, force: true });
  return { cpuUs: 1_000 * cpuMs, diskBytes, faults };
}

function costTable(costs: readonly Cost[], rounds: number): Table {
  return {
    title: `What a vertex costs one node, median of ${rounds} (least–greatest)`,
    columns: ['vertices', 'authors', 'CPU, µs a vertex', 'bytes on disk a vertex'],
    rows: costs.map(({ vertices, authors, cpuUsPerVertex, diskBytesPerVertex }) => [
      ...[vertices, authors, tellSpread(cpuUsPerVertex, 1), tellSpread(diskBytesPerVertex)],
    ]),
  };
}

function exponentTable({ history, authors }: { readonly history: number; readonly authors: number }): Table {
  return {
    title: 'How the cost of all vertices grows: the exponent',
    columns: ['what grows tenfold', 'exponent', 'ideal'],
    rows: [
      ['history', history, 1],
      ['authors of as many vertices', authors, 0],
    ],
  };
}

/** `tally bench light`: what a light client pays for a long ledger. docs/spec/bench.md. */

import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { genesisSchema } from '../../consensus/checkpoint/genesis.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import {
  CHANGES_PER_ANSWER_MAX,
  type LightResponse,
  lightResponse,
} from '../../light-client/protocol/messages.ts';
import { verifyBundle } from '../../light-client/verify/verify.ts';
import { installNativePrimitives } from '../../node/crypto/native.ts';
import { rounded, type Table } from '../../sim/experiments/experiment.ts';
import { readConditions } from '../output/conditions.ts';
import type { Findings } from '../output/findings.ts';
import { inScratch } from '../output/scratch.ts';
import { type Spread, spreadOf, tellSpread } from '../output/statistics.ts';
import type { ColdResult, ColdTask } from './cold-client.ts';
import { type LongLedger, makeLongLedger } from './long-ledger.ts';

export interface LightBenchOptions {
  readonly checkpoints: readonly number[];
  readonly rounds: number;
  readonly directory: string | undefined;
}

/** Four hours and a half of checkpoints at full pace. */
const EPOCH_HEIGHTS = 10_000;
const VERIFY_MS = 500;
const run = promisify(execFile);
const client = fileURLToPath(new URL(`./cold-client${extname(import.meta.url)}`, import.meta.url));

interface Row {
  readonly checkpoints: number;
  readonly changes: number;
  /** Answers of the light protocol from nothing to the newest header. */
  readonly syncBytes: number;
  readonly syncMs: Spread;
  readonly syncCpuMs: Spread;
  readonly portableSyncCpuMs: Spread;
  /** What a gateway is sent for a vertex of its own `[LC-5]`, under the header that confirmed it. */
  readonly inclusionBytes: number;
  /** The same from the middle of the history. */
  readonly oldInclusionBytes: number;
  readonly readingBundleBytes: number;
  readonly objectBundleBytes: number;
  readonly verifyMs: Spread;
  readonly rssBytes: number;
  /** Reading bundles a second of CPU, once compiled. */
  readonly bundlesPerS: number;
}

export async function benchLight(options: LightBenchOptions, say: (text: string) => void): Promise<Findings> {
  installNativePrimitives();
  return inScratch(options.directory, async ({ folder: home }) => {
    const conditions = await readConditions(home);
    const rows: Row[] = [];
    const faults: string[] = [];
    for (const checkpoints of options.checkpoints) {
      for (const epochHeights of [0, EPOCH_HEIGHTS]) {
        if (epochHeights > 0 && checkpoints <= epochHeights) continue;
        say(
          `${checkpoints.toLocaleString('en-US')} checkpoints, ${epochHeights === 0 ? 'one committee' : `an epoch each ${epochHeights}`} …`,
        );
        const measured = await measure(
          makeLongLedger(checkpoints, epochHeights),
          checkpoints,
          options.rounds,
          home,
        );
        rows.push(measured.row);
        faults.push(...measured.faults);
      }
    }
    const longest = rows.filter(({ changes }) => changes === 0).at(-1)!;
    return {
      ...{ bench: 'light', conditions, faults },
      settings: {
        checkpoints: options.checkpoints.join(' '),
        rounds: options.rounds,
        epochHeights: EPOCH_HEIGHTS,
        seats: 4,
      },
      figures: { rows },
      // By what the project promises for the longest ledger with an unchanged committee.
      ratios: {
        'sync bytes': rounded(4_096 / longest.syncBytes, 3),
        'inclusion bytes': rounded(1_024 / longest.inclusionBytes, 3),
      },
      tables: tablesOf(rows),
      plots: [],
      notes: [
        'Cold: a process that has just started, from the frames of a node’s answers to a verdict; the network is not in it. One vertex among 1,024 outcomes, a frame of 4 among 32 readings, an object among 100,000; four seats.',
      ],
    };
  });
}

async function measure(ledger: LongLedger, checkpoints: number, rounds: number, home: string) {
  const { genesis, head, changes, inclusion, readingBundle, objectBundle } = ledger;
  const frameOf = (body: LightResponse): Uint8Array => lightResponse.encode({ id: 1, body });
  const headFrame = frameOf({ type: 'head', certified: head });
  const changeFrames: Uint8Array[] = [];
  for (let at = 0; at < changes.length; at += CHANGES_PER_ANSWER_MAX)
    changeFrames.push(frameOf({ type: 'changes', changes: changes.slice(at, at + CHANGES_PER_ANSWER_MAX) }));
  const task: Omit<ColdTask, 'isPortable'> = {
    ...{ genesis: genesisSchema.toJson(genesis.record), head: toHex(headFrame) },
    ...{ changes: changeFrames.map(toHex), bundle: toHex(readingBundle) },
  };
  const cold: ColdResult[] = [];
  const portable: ColdResult[] = [];
  for (let round = 0; round < rounds; round++) {
    cold.push(await runCold({ ...task, isPortable: false }, home));
    portable.push(await runCold({ ...task, isPortable: true }, home));
  }
  const row: Row = {
    ...{ checkpoints, changes: changes.length },
    syncBytes: headFrame.length + changeFrames.reduce((sum, frame) => sum + frame.length, 0),
    syncMs: spreadOf(
      cold.map(({ syncMs }) => syncMs),
      1,
    ),
    syncCpuMs: spreadOf(
      cold.map(({ syncCpuMs }) => syncCpuMs),
      1,
    ),
    portableSyncCpuMs: spreadOf(
      portable.map(({ syncCpuMs }) => syncCpuMs),
      1,
    ),
    inclusionBytes: frameOf({ type: 'vertex', proof: inclusion.held }).length,
    oldInclusionBytes: frameOf({ type: 'vertex', proof: inclusion.old }).length,
    readingBundleBytes: readingBundle.length,
    objectBundleBytes: objectBundle.length,
    verifyMs: spreadOf(
      cold.map(({ verifyMs }) => verifyMs),
      1,
    ),
    rssBytes: spreadOf(cold.map(({ rssBytes }) => rssBytes)).median,
    bundlesPerS: verificationsPerS(ledger),
  };
  const faults = [...cold, ...portable].flatMap(({ height, verdict }) =>
    height === checkpoints && verdict === 'valid'
      ? []
      : [`after ${checkpoints} checkpoints a client stands at ${height}, and the bundle is ${verdict}`],
  );
  const { verdict } = verifyBundle(objectBundle, genesis, { nowMs: Date.now() });
  if (verdict !== 'valid') faults.push(`after ${checkpoints} checkpoints the object’s bundle is ${verdict}`);
  return { row, faults };
}

async function runCold(task: ColdTask, home: string): Promise<ColdResult> {
  const file = join(home, 'task.json');
  await writeFile(file, JSON.stringify(task));
  const { stdout } = await run(process.execPath, [client, file]);
  return JSON.parse(stdout) as ColdResult;
}

function verificationsPerS({ readingBundle, genesis }: LongLedger): number {
  const startMs = performance.now();
  const cpuBefore = process.cpuUsage();
  let count = 0;
  for (; performance.now() - startMs < VERIFY_MS; count++)
    verifyBundle(readingBundle, genesis, { nowMs: Date.now() });
  const { user, system } = process.cpuUsage(cpuBefore);
  return Math.round((1e6 * count) / (user + system));
}

function tablesOf(rows: readonly Row[]): Table[] {
  return [
    {
      title: 'A cold light client',
      columns: [
        'checkpoints',
        'changes of committee',
        'sync bytes',
        'sync ms',
        'of CPU',
        'portable, of CPU',
        'verify a bundle, ms',
        'MiB resident',
      ],
      rows: rows.map((row) => [
        ...[
          row.checkpoints,
          row.changes,
          row.syncBytes,
          tellSpread(row.syncMs, 1),
          tellSpread(row.syncCpuMs, 1),
        ],
        ...[
          tellSpread(row.portableSyncCpuMs, 1),
          tellSpread(row.verifyMs, 1),
          Math.round(row.rssBytes / 2 ** 20),
        ],
      ]),
    },
    {
      title: 'Sizes of proofs, bytes; and how many bundles a second of CPU checks',
      columns: [
        'checkpoints',
        'changes of committee',
        'inclusion',
        'of an old vertex',
        'reading bundle',
        'object bundle',
        'bundles/s',
      ],
      rows: rows.map((row) => [
        ...[row.checkpoints, row.changes, row.inclusionBytes, row.oldInclusionBytes],
        ...[row.readingBundleBytes, row.objectBundleBytes, row.bundlesPerS],
      ]),
    },
  ];
}

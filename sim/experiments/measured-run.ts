/**
 * One run in a process of its own, so that its memory and its processor time are its own. Settings come as JSON in the
 * first argument; the figures go to stdout as JSON.
 */

import { execFile } from 'node:child_process';
import { totalmem } from 'node:os';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { installNativePrimitives } from '../../node/crypto/native.ts';
import { run } from '../run.ts';
import type { RunResult } from '../run-result.ts';
import type { Settings } from '../settings.ts';

export interface MeasuredTask {
  readonly settings: Settings;
  readonly seed: number;
  /** Each node checks each signature itself, as it does outside the simulator. */
  readonly everySignature: boolean;
}

export interface Measured {
  readonly verdict: RunResult['verdict'];
  readonly heights: number;
  readonly vertices: RunResult['vertices'];
  readonly traffic: RunResult['traffic'];
  readonly virtualMs: number;
  readonly events: number;
  readonly wallMs: number;
  /** User and system time of the whole process but its start. */
  readonly cpuMs: number;
  /** The most that it held at once. */
  readonly rssBytes: number;
}

const MEMORY_SHARE = 0.75;
/** Most of what a step makes is gone with it: with more room it is collected less often. */
const YOUNG_MB = 128;
const OUTPUT_BYTES_MAX = 16 << 20;

export async function measureApart(task: MeasuredTask): Promise<Measured> {
  const heapMb = Math.floor((MEMORY_SHARE * totalmem()) / 2 ** 20);
  const space = [`--max-old-space-size=${heapMb}`, `--max-semi-space-size=${YOUNG_MB}`];
  const command = [...space, fileURLToPath(import.meta.url), JSON.stringify(task)];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, command, { maxBuffer: OUTPUT_BYTES_MAX }, (error, stdout) => {
      if (error === null) resolve(JSON.parse(stdout) as Measured);
      else reject(new Error(`the run of ${task.settings.nodes} nodes broke`, { cause: error }));
    });
  });
}

async function measure({ settings, seed, everySignature }: MeasuredTask): Promise<Measured> {
  const before = process.cpuUsage();
  const result = await run(settings, seed, {
    prepare: () => {
      if (everySignature) installNativePrimitives();
    },
  });
  const { user, system } = process.cpuUsage(before);
  const { verdict, heights, vertices, traffic, virtualMs, events, wallMs } = result;
  const rssBytes = process.resourceUsage().maxRSS * 1_024;
  const cpuMs = (user + system) / 1_000;
  return { verdict, heights, vertices, traffic, virtualMs, events, wallMs, cpuMs, rssBytes };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  process.stdout.write(JSON.stringify(await measure(JSON.parse(process.argv[2] ?? '') as MeasuredTask)));

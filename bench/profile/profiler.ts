/** V8's sampling profiler on this very process, and the way from compiled code back to source lines. */

import { readFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { SourceMap } from 'node:module';
import type { CpuProfile } from './rooms.ts';

const SAMPLE_US = 500;

/** Runs `work` under the profiler. */
export async function profile<T>(
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly profile: CpuProfile }> {
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: SAMPLE_US });
    await session.post('Profiler.start');
    const result = await work();
    const { profile: taken } = await session.post('Profiler.stop');
    return { result, profile: taken as CpuProfile };
  } finally {
    session.disconnect();
  }
}

const maps = new Map<string, SourceMap | undefined>();

/** The line in our source, by the map that the compiler wrote beside its output. */
export function sourceLine(url: string, line: number, column: number): number {
  if (!maps.has(url)) maps.set(url, readMap(url));
  const entry = maps.get(url)?.findEntry(line, column);
  return 1 + (entry !== undefined && 'originalLine' in entry ? entry.originalLine : line);
}

function readMap(url: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(new URL(`${url}.map`), 'utf8')));
  } catch {
    return undefined;
  }
}

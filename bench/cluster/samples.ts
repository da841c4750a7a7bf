/** What the validators say of themselves at /metrics, and what the kernel says of their connections. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { NodeHome } from './home.ts';

const run = promisify(execFile);
const ANSWER_MS = 5_000;

export interface NodeSample {
  readonly atMs: number;
  readonly cpuS: number;
  readonly rssBytes: number;
  readonly open: number;
  readonly parked: number;
  readonly height: number;
  /** Confirmed vertices that are no witnesses, about: witnesses are counted when they come. */
  readonly final: number;
  readonly dropped: number;
}

/** `undefined` when it does not answer. */
export async function sampleNode({ metricsUrl }: NodeHome): Promise<NodeSample | undefined> {
  try {
    const response = await fetch(metricsUrl, { signal: AbortSignal.timeout(ANSWER_MS) });
    const values = parseMetrics(await response.text());
    const of = (name: string): number => values.get(name) ?? 0;
    return {
      atMs: Date.now(),
      cpuS: of('tally_process_cpu_seconds_total'),
      rssBytes: of('tally_process_resident_memory_bytes'),
      ...{ open: of('tally_open_vertices'), parked: of('tally_parked_vertices'), height: of('tally_height') },
      final: of('tally_outcomes_total{code="OK"}') - of('tally_vertices_total{kind="witness"}'),
      dropped: of('tally_network_dropped_total'),
    };
  } catch {
    return undefined;
  }
}

/** Bytes of frames and gossip that it has sent so far. */
export async function sentBytes({ metricsUrl }: NodeHome): Promise<number> {
  const response = await fetch(metricsUrl, { signal: AbortSignal.timeout(ANSWER_MS) });
  return parseMetrics(await response.text()).get('tally_network_bytes_total{direction="out"}') ?? 0;
}

/** Prometheus' text: one `name{labels} value` a line. */
export function parseMetrics(text: string): Map<string, number> {
  const values = new Map<string, number>();
  for (const line of text.split('\n')) {
    const match = /^([^#\s][^\s{]*(?:\{[^}]*\})?) (\S+)/.exec(line);
    if (match !== null) values.set(match[1]!, Number(match[2]));
  }
  return values;
}

/**
 * Payload bytes of the validators' TCP connections among each other, both directions, each byte once; `undefined` where
 * `ss` is missing or does not name processes. `pids`: of the validators, and of the relay before them if there is one.
 */
export async function wireBytes(
  ports: ReadonlySet<number>,
  pids: ReadonlySet<number>,
): Promise<number | undefined> {
  try {
    const { stdout } = await run('ss', ['-tinpHO', 'state', 'established'], { maxBuffer: 16 << 20 });
    return sumConnections(stdout, ports, pids);
  } catch {
    return undefined;
  }
}

/** Of `ss`'s lines: the end that listens has sent and received all of a connection. Its other end must be of `pids`. */
export function sumConnections(
  text: string,
  ports: ReadonlySet<number>,
  pids: ReadonlySet<number>,
): number | undefined {
  const ends = text.split('\n').flatMap((line) => {
    const [, local, remote] = /^\s*\d+\s+\d+\s+\S+:(\d+)\s+\S+:(\d+)\s/.exec(line) ?? [];
    if (local === undefined || remote === undefined) return [];
    const [, pid] = /\bpid=(\d+)/.exec(line) ?? [];
    const bytes = [...line.matchAll(/\bbytes_(?:sent|received):(\d+)/g)];
    return [
      {
        ...{ local: Number(local), remote: Number(remote), pid: pid === undefined ? undefined : Number(pid) },
        bytes: bytes.reduce((sum, [, count]) => sum + Number(count), 0),
      },
    ];
  });
  const ownerOf = new Map(ends.map(({ local, pid }) => [local, pid]));
  const among = ends.filter(({ local, remote }) => ports.has(local) && pids.has(ownerOf.get(remote) ?? -1));
  return among.length === 0 ? undefined : among.reduce((sum, { bytes }) => sum + bytes, 0);
}

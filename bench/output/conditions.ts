/** Under what a measurement was made: nobody can read its figures without. */

import { statfs } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { readBuild } from '../../sim/report/build.ts';

export interface Conditions {
  readonly at: string;
  readonly commit: string;
  readonly node: string;
  readonly cpu: string;
  readonly cores: number;
  /** Of the last minute, when the run began: what others did on this machine. */
  readonly loadAverage: number;
  readonly memoryBytes: number;
  /** Where stores lay, and on which kind of file system. */
  readonly directory: string;
  readonly fileSystem: string;
}

/** By their numbers in statfs(2); on the first two nothing is durable. */
const fileSystems: ReadonlyMap<number, string> = new Map([
  [0x01021994, 'tmpfs: memory, nothing is durable'],
  [0x858458f6, 'ramfs: memory, nothing is durable'],
  [0xef53, 'ext4'],
  [0x58465342, 'xfs'],
  [0x9123683e, 'btrfs'],
  [0x794c7630, 'overlayfs'],
]);

export async function readConditions(directory: string): Promise<Conditions> {
  const { commit, node } = await readBuild();
  const { type } = await statfs(directory);
  return {
    ...{ at: new Date().toISOString(), commit, node, cpu: cpus()[0]?.model.trim() ?? 'unknown' },
    ...{ cores: availableParallelism(), loadAverage: Math.round(loadavg()[0]! * 100) / 100 },
    ...{ memoryBytes: totalmem(), directory },
    fileSystem: fileSystems.get(type) ?? `type 0x${type.toString(16)}`,
  };
}

export function tellConditions(conditions: Conditions): string[] {
  const { at, commit, node, cpu, cores, loadAverage, directory, fileSystem } = conditions;
  return [
    `commit ${commit}, ${at}`,
    `Node ${node}, ${cores} × ${cpu}, load average ${loadAverage} at the start`,
    `stores in ${directory} (${fileSystem}), synced wherever the node syncs`,
  ];
}

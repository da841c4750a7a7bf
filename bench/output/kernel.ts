/** What the kernel says of a process, where it has /proc. */

import { readFile } from 'node:fs/promises';

export interface KernelView {
  /** User and system time. */
  readonly cpuMs: number;
  /**
   * Resident pages of its own; the others are of files: Node itself, which all Nodes of a machine share, and a store's tables,
   * which the kernel takes back when it needs them.
   */
  readonly ownBytes: number;
  /** The most that was ever resident. */
  readonly mostBytes: number;
}

/** `undefined` where the system has no /proc, or the process is gone. */
export async function askKernel(pid: number): Promise<KernelView | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The name before the last parenthesis may hold anything; times are in hundredths of a second.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    const bytesOf = (name: string): number =>
      1_024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]);
    const cpuMs = 10 * (Number(fields[11]) + Number(fields[12]));
    return { cpuMs, ownBytes: bytesOf('RssAnon'), mostBytes: bytesOf('VmHWM') };
  } catch {
    return undefined;
  }
}

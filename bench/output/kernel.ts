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
}

/** `undefined` where the system has no /proc, or the process is gone. */
export async function askKernel(pid: number): Promise<KernelView | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The name before the last parenthesis may hold anything; times are in hundredths of a second.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [, ownKib] = /^RssAnon:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? [];
    return { cpuMs: 10 * (Number(fields[11]) + Number(fields[12])), ownBytes: 1_024 * Number(ownKib) };
  } catch {
    return undefined;
  }
}

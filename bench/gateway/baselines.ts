/**
 * What a process takes before a gateway does anything: Node alone, and with the libraries loaded that the gateway speaks
 * by. Each in a process of its own, started as the gateway is.
 */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What each line loads is in the next one as well. */
export const baselines = [
  { name: 'Node alone', modules: [] },
  { name: 'and MQTT', modules: ['mqtt'] },
  { name: 'and the store', modules: ['level'] },
  {
    name: 'and libp2p',
    modules: ['libp2p', '@libp2p/tcp', '@libp2p/yamux', '@chainsafe/libp2p-noise'],
  },
] as const;

/** Resident bytes with everything up to each baseline loaded, in their order. */
export async function measureBaselines(): Promise<number[]> {
  const resident: number[] = [];
  const loaded: string[] = [];
  for (const { modules } of baselines) {
    loaded.push(...modules);
    const imports = loaded.map((name) => `await import(${JSON.stringify(name)});`).join('');
    // The gateway's own settings (node/cli/gateway.ts) come before anything is loaded.
    const source = `import { setFlagsFromString } from 'node:v8'; setFlagsFromString('--optimize-for-size');
      ${imports} globalThis.gc?.(); process.stdout.write(String(process.memoryUsage.rss()));`;
    const args = ['--expose-gc', '--input-type=module', '--eval', source];
    const { stdout } = await run(process.execPath, args, { cwd: import.meta.dirname });
    resident.push(Number(stdout));
  }
  return resident;
}

/** Runs of the demo as its user runs it, for tests: in a folder of their own, with nothing left behind. */

import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { equal, ok } from 'uvu/assert';
import { parseGenesis } from '../../consensus/checkpoint/genesis.ts';
import type { Json } from '../../consensus/codec/schema.ts';
import { verifyBundle } from '../../light-client/verify/verify.ts';

const script = fileURLToPath(new URL('../main.js', import.meta.url));

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function run(
  args: readonly string[],
  onOutput: (stdout: string, kill: (signal: NodeJS.Signals) => void) => void = () => {},
): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
      onOutput(stdout, (signal) => child.kill(signal));
    });
    child.stderr.on('data', (chunk) => (stderr += chunk));
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

export async function inHome<T>(work: (home: string) => Promise<T>): Promise<T> {
  const home = await mkdtemp(join(tmpdir(), 'tally-demo-test-'));
  try {
    return await work(home);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** Processes on this machine that were started with a configuration below `home`. */
export async function survivors(home: string): Promise<string> {
  const { stdout } = await new Promise<Ran>((resolve) => {
    const ps = spawn('ps', ['-eo', 'pid,args'], { stdio: ['ignore', 'pipe', 'ignore'] });
    let text = '';
    ps.stdout.on('data', (chunk) => (text += chunk));
    ps.once('close', (code) => resolve({ code, stdout: text, stderr: '' }));
  });
  return stdout
    .split('\n')
    .filter((line) => line.includes(`${home}/`) && line.includes('--config'))
    .join('\n');
}

/** Every 37th byte of a bundle changed, one at a time. */
const BYTES_APART = 37;

export async function checkBundle(proof: string, genesisFile: string): Promise<void> {
  const genesis = parseGenesis(JSON.parse(await readFile(genesisFile, 'utf8')) as Json);
  if (!genesis.ok) throw new Error(genesis.code);
  const bytes = new Uint8Array(await readFile(proof));
  const nowMs = Date.now();
  const verified = verifyBundle(bytes, genesis.value, { nowMs });
  equal(verified.verdict, 'valid', `${proof}: ${JSON.stringify(verified)}`);
  for (let at = 0; at < bytes.length; at += BYTES_APART) {
    const forged = bytes.slice();
    forged[at]! ^= 1;
    ok(
      verifyBundle(forged, genesis.value, { nowMs }).verdict !== 'valid',
      `${proof} with byte ${at} changed`,
    );
  }
}

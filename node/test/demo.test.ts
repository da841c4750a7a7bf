/** The demo as its user runs it: real processes, libp2p, level, MQTT. What it prints is held against the ledger's rules. */

import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import { equal, ok } from 'uvu/assert';
import { sharedData } from '../../tooling/shared-data.ts';
import { processNames } from '../demo/cast.ts';
import type { DemoSummary } from '../demo/summary.ts';

const test = suite('demo');
const script = fileURLToPath(new URL('../main.js', import.meta.url));

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(
  args: readonly string[],
  during?: (kill: (signal: NodeJS.Signals) => void) => void,
): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => (stdout += chunk));
    child.stderr.on('data', (chunk) => (stderr += chunk));
    child.once('close', (code) => resolve({ code, stdout, stderr }));
    during?.((signal) => child.kill(signal));
  });
}

async function demo(home: string, ...args: string[]): Promise<DemoSummary> {
  const { code, stdout, stderr } = await run(['demo', '--once', '--json', '--home', home, ...args]);
  equal(code, 0, `exit code ${code}; stderr: ${stderr.slice(-2_000)}`);
  return JSON.parse(stdout) as DemoSummary;
}

async function inHome<T>(work: (home: string) => Promise<T>): Promise<T> {
  const home = await mkdtemp(join(tmpdir(), 'tally-demo-test-'));
  try {
    return await work(home);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** Processes on this machine that were started with a configuration below `home`. */
async function survivors(home: string): Promise<string> {
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

test('a recording: nothing lost, the double pledge refused, equal state roots; each bundle verifies and only whole', async () => {
  const input = sharedData('campusiot-ems-lorawan/EMS_A81758FFFE04B1C1.ndjson.gz');
  if (input === undefined) console.log('skipped: the recording is not here; simulated sensors only');
  await inHome(async (home) => {
    const summary = await demo(home, ...(input === undefined ? [] : ['--input', input]));
    if (input !== undefined) {
      const { received, duplicates, distinct, finalised, lost } = summary.frames;
      equal(
        { received, duplicates, distinct, finalised, lost },
        { received: 8_110, duplicates: 1_966, distinct: 6_144, finalised: 6_144, lost: 0 },
      );
    }
    equal(summary.frames.lost, 0);
    equal(summary.doublePledge.refused, true);
    equal(summary.doublePledge.code, 'E_ENCUMBERED');
    ok(
      /^[0-9a-f]{64}$/.test(summary.doublePledge.winner) && !/^0+$/.test(summary.doublePledge.winner),
      'the winner has an id',
    );
    equal(summary.checkpoints.equalOn.length, 6);
    ok(summary.finality.p50Ms > 0 && summary.finality.p50Ms <= summary.finality.p95Ms);
    equal(await survivors(home), '', 'no process is left behind');

    ok(summary.proofs.length >= 10);
    for (const proof of summary.proofs) {
      const verified = await run(['verify', proof, '--genesis', summary.genesis]);
      equal(verified.code, 0, `${proof}: ${verified.stdout}${verified.stderr}`);
    }
    const [proof] = summary.proofs;
    const bytes = await readFile(proof!);
    bytes[bytes.length >> 1]! ^= 1;
    const forged = join(home, 'forged.tally');
    await writeFile(forged, bytes);
    equal((await run(['verify', forged, '--genesis', summary.genesis])).code, 1);
    const other = JSON.parse(await readFile(summary.genesis, 'utf8')) as { time: number };
    const otherGenesis = join(home, 'other-genesis.json');
    await writeFile(otherGenesis, JSON.stringify({ ...other, time: other.time + 1 }));
    equal((await run(['verify', proof!, '--genesis', otherGenesis])).code, 1);
  });
});

// One of each kind: a leader's bank, the gateway that holds unsent frames. `kill -9` of the others is the same code.
for (const fault of ['kill:bank-a@pledge', 'kill:gateway@monitoring']) {
  test(`${fault}: the story completes, and the killed process meets the others again`, async () => {
    await inHome(async (home) => {
      const summary = await demo(home, '--fault', fault);
      equal(summary.frames.lost, 0);
      equal(summary.checkpoints.equalOn.length, 6);
    });
  });
}

test('interrupted in the middle: it ends at once and leaves no process behind', async () => {
  await inHome(async (home) => {
    const ran = await run(['demo', '--json', '--home', home], (kill) =>
      setTimeout(() => kill('SIGINT'), 6_000),
    );
    equal(ran.code, 130);
    equal(ran.stdout, '');
    equal(await survivors(home), '');
  });
});

test('wrong options say what was expected', async () => {
  const fault = await run(['demo', '--fault', 'kill:nobody@pledge']);
  ok(fault.code !== 0 && processNames.every((name) => fault.stderr.includes(name)), fault.stderr);
  const input = await run(['demo', '--input', '/nonexistent.ndjson']);
  ok(input.code === 1 && input.stderr.includes('/nonexistent.ndjson'), input.stderr);
});

test.run();

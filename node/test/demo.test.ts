/** The demo as its user runs it: real processes, libp2p, level, MQTT. What it prints is held against the ledger's rules. */

import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import { equal, ok } from 'uvu/assert';
import { parseGenesis } from '../../consensus/checkpoint/genesis.ts';
import type { Json } from '../../consensus/codec/schema.ts';
import { verifyBundle } from '../../light-client/verify/verify.ts';
import { sharedData } from '../../tooling/shared-data.ts';
import { processNames } from '../demo/cast.ts';
import type { DemoSummary, ScenarioSummary } from '../demo/summary.ts';
import { findScenario } from '../story/scenario-file.ts';

const test = suite('demo');
const script = fileURLToPath(new URL('../main.js', import.meta.url));

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(
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

/** Everybody, one after the other, each at another step. */
const faults = [
  'kill:enterprise@register',
  'kill:bank-b@order',
  'kill:warehouse@authorise',
  'kill:monitor-b@evaluate',
  'kill:bank-a@pledge',
  'kill:gateway@monitoring',
  'kill:monitor-a@double-pledge',
];

test('a recording, and everybody killed once: the story completes, nothing is lost, the roots are equal, each bundle verifies and only whole', async () => {
  equal(faults.map((fault) => fault.split(/[:@]/)[1]).sort(), [...processNames].sort());
  const input = sharedData('campusiot-ems-lorawan/EMS_A81758FFFE04B1C1.ndjson.gz');
  if (input === undefined) console.log('skipped: the recording is not here; simulated sensors only');
  await inHome(async (home) => {
    const { code, stdout, stderr } = await run([
      ...['demo', '--once', '--json', '--home', home],
      ...faults.flatMap((fault) => ['--fault', fault]),
      ...(input === undefined ? [] : ['--input', input]),
    ]);
    equal(code, 0, `exit code ${code}; stderr: ${stderr.slice(-2_000)}`);
    const summary = JSON.parse(stdout) as DemoSummary;
    if (input !== undefined) {
      const { received, duplicates, distinct, finalised, lost } = summary.frames;
      equal(
        { received, duplicates, distinct, finalised, lost },
        { received: 8_110, duplicates: 1_966, distinct: 6_144, finalised: 6_144, lost: 0 },
      );
    }
    equal(summary.frames.lost, 0);
    equal(
      summary.faults.map(({ name, step, restarts }) => `kill:${name}@${step} ${restarts}`),
      faults.map((fault) => `${fault} 1`),
      'killed once, and never ended by itself',
    );
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
    for (const proof of summary.proofs) await checkBundle(proof, summary.genesis);
    await checkCommand(home, summary.proofs[0]!, summary.genesis);
  });
});

/** Every 37th byte of a bundle changed, one at a time. */
const BYTES_APART = 37;

async function checkBundle(proof: string, genesisFile: string): Promise<void> {
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

/** The same by the command that a stranger uses: its exit codes, for a changed file and for another genesis as well. */
async function checkCommand(home: string, proof: string, genesis: string): Promise<void> {
  const verified = await run(['verify', proof, '--genesis', genesis]);
  equal(verified.code, 0, `${proof}: ${verified.stdout}${verified.stderr}`);
  const bytes = await readFile(proof);
  bytes[bytes.length >> 1]! ^= 1;
  const forged = join(home, 'forged.tally');
  await writeFile(forged, bytes);
  equal((await run(['verify', forged, '--genesis', genesis])).code, 1);
  const other = JSON.parse(await readFile(genesis, 'utf8')) as { time: number };
  const otherGenesis = join(home, 'other-genesis.json');
  await writeFile(otherGenesis, JSON.stringify({ ...other, time: other.time + 1 }));
  equal((await run(['verify', proof, '--genesis', otherGenesis])).code, 1);
}

test('a scenario with its own cast and sensors, the bank and the gateway killed on the way: it ends as the file says', async () => {
  await inHome(async (home) => {
    const killed = ['kill:bank-a@draw', 'kill:gateway@theft'];
    const { code, stdout, stderr } = await run([
      ...['demo', '--scenario', 'metal', '--json', '--home', home],
      ...killed.flatMap((fault) => ['--fault', fault]),
    ]);
    equal(code, 0, `exit code ${code}; stderr: ${stderr.slice(-2_000)}`);
    const { story, proofs, genesis, faults: met } = JSON.parse(stdout) as ScenarioSummary;
    const { steps, effective, refused, frames, checks } = story;
    equal(
      { steps, effective, refused, frames, checks },
      { steps: 39, effective: 26, refused: 4, frames: 23, checks: 5 },
    );
    equal(
      met.map(({ name, step, restarts }) => `kill:${name}@${step} ${restarts}`),
      killed.map((fault) => `${fault} 1`),
    );
    // Of every call but the enrolments and the freezing, which nobody signs.
    equal([story.proofs, proofs.length], [26, 26]);
    for (const proof of proofs) await checkBundle(proof, genesis);
    equal(await survivors(home), '', 'no process is left behind');
  });
});

test('a scenario that does not end as its file says fails, and says at which step', async () => {
  await inHome(async (home) => {
    const file = join(home, 'wrong.toml');
    const text = await readFile(findScenario('truck'), 'utf8');
    await writeFile(file, text.replace('amount = 14_000', 'amount = 50_000'));
    const { code, stderr } = await run(['demo', '--scenario', file, '--home', join(home, 'network')]);
    equal(code, 1);
    ok(stderr.includes('step 5 (fuel): expected OK, got E_MANDATE because of mandate'), stderr);
    equal(await survivors(home), '');
  });
});

test('interrupted in the middle: it ends at once and leaves no process behind', async () => {
  await inHome(async (home) => {
    const ran = await run(['demo', '--home', home], (stdout, kill) => {
      if (/^ 3\. /m.test(stdout)) kill('SIGINT');
    });
    equal(ran.code, 130);
    ok(!/^18\. /m.test(ran.stdout), 'it was in the middle');
    equal(await survivors(home), '');
  });
});

test('wrong options say what was expected', async () => {
  const fault = await run(['demo', '--fault', 'kill:nobody@pledge']);
  ok(fault.code !== 0 && processNames.every((name) => fault.stderr.includes(name)), fault.stderr);
  const step = await run(['demo', '--scenario', 'truck', '--fault', 'kill:bank-a@pledge']);
  ok(step.code === 1 && /got pledge/.test(step.stderr) && /fuel-twice/.test(step.stderr), step.stderr);
  const scenario = await run(['demo', '--scenario', 'nowhere']);
  ok(
    scenario.code === 1 && /nowhere: no such file, nor one of .*truck/.test(scenario.stderr),
    scenario.stderr,
  );
  const input = await run(['demo', '--input', '/nonexistent.ndjson']);
  ok(input.code === 1 && input.stderr.includes('/nonexistent.ndjson'), input.stderr);
});

test.run();

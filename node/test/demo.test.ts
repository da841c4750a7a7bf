/** The demo as its user runs it: real processes, libp2p, level, MQTT. What it prints is held against the ledger's rules. */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import { equal, ok } from 'uvu/assert';
import { sharedData } from '../../tooling/shared-data.ts';
import { processNames } from '../demo/cast.ts';
import type { DemoSummary } from '../demo/summary.ts';
import { checkBundle, inHome, run, survivors } from './demo-runs.ts';

const test = suite('demo');

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

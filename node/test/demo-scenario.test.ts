/** Scenario files told by the demo, with real processes: one that ends as it says, and one that does not. */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import { equal, ok } from 'uvu/assert';
import type { ScenarioSummary } from '../demo/summary.ts';
import { findScenario } from '../story/scenario-file.ts';
import { checkBundle, inHome, run, survivors } from './demo-runs.ts';

const test = suite('demo scenario');

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
    ok(stderr.includes('step 5 (fuel): expected OK, got E_MANDATE_AMOUNT because of mandate'), stderr);
    equal(await survivors(home), '');
  });
});

test.run();

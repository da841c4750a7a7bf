/** `tally sim` as people and programs use it. */

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { RunResult } from '../run-result.ts';

const test = suite('tally sim');
const main = fileURLToPath(new URL('../../node/main.js', import.meta.url));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function tally(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, 'sim', ...args], (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

type Summary = {
  readonly passed: number;
  readonly failed: number;
  readonly runs: readonly (RunResult & { readonly replay?: string })[];
};

test('--json: one object and nothing else; --jobs changes nothing but the time', async () => {
  const args = ['--seeds', '3..5', '--duration', '4s', '--faults', 'crash,torn-write', '--json'];
  const [one, two] = [await tally(...args, '--jobs', '1'), await tally(...args, '--jobs', '2')];
  assert.is(one.code, 0, one.stderr);
  assert.is(one.stderr, '');
  const summaries = [one, two].map(({ stdout }) => JSON.parse(stdout) as Summary);
  for (const { passed, failed, runs } of summaries) {
    assert.equal([passed, failed], [3, 0]);
    assert.equal(
      runs.map(({ seed, verdict }) => [seed, verdict]),
      [3, 4, 5].map((seed) => [seed, 'passed']),
    );
    assert.ok(runs.every(({ heights, vertices }) => heights > 3 && vertices.final > 20));
  }
  const hashes = summaries.map(({ runs }) => runs.map(({ traceHash }) => traceHash));
  assert.equal(hashes[0], hashes[1]);
  assert.is(new Set(hashes[0]).size, 3);
});

test('a failure: exit 1, what, when, and the one command that does it again', async () => {
  const { code, stdout } = await tally(
    '--seed',
    '2',
    '--byzantine',
    'silent:2',
    '--duration',
    '2',
    '--trace',
  );
  assert.is(code, 1);
  assert.match(stdout, /^seed 2 {2}no progress .* trace [0-9a-f]{64}$/m);
  assert.match(stdout, /finality at [0-9.]+ ms, event [0-9]+: [0-9]+ accepted vertices are not final/);
  const again = /again: tally sim (.*)$/m.exec(stdout)![1]!.split(' ');
  assert.equal(again, ['--seed', '2', '--byzantine', 'silent:2', '--duration', '2', '--trace']);
  const repeated = await tally(...again);
  const hash = (text: string) => /trace ([0-9a-f]{64})/.exec(text)![1];
  assert.is(hash(repeated.stdout), hash(stdout));
});

test('a scenario file says the same as options, and options come first', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tally-sim-'));
  try {
    const file = join(folder, 'scenario.toml');
    const text = `validators = 4\nnodes = 5\nnetwork = "lan"\nloss = 0.01\nduration = "3s"\nload = "vertices:5,races:0"\nseeds = "7..8"\n[pace]\nheartbeatMs = 1000\n`;
    await writeFile(file, text);
    const { stdout } = await tally(
      '--scenario',
      file,
      '--json',
      '--loss',
      '0.02',
      '--report',
      join(folder, 'out.html'),
    );
    const { runs, settings } = JSON.parse(stdout) as Summary & { readonly settings: RunResult['settings'] };
    assert.equal(
      runs.map(({ seed }) => seed),
      [7, 8],
    );
    assert.equal(settings, {
      ...{
        nodes: 5,
        validators: 4,
        byzantine: [],
        faults: [],
        durationMs: 3_000,
        pace: { heartbeatMs: 1_000 },
      },
      network: { latency: 'lan', loss: 0.02, duplicate: 0, reorder: 0, bandwidthBytesPerS: 0 },
      load: { verticesPerS: 5, pledgeRacesPerMin: 0 },
    });
    assert.match(await readFile(join(folder, 'out.html'), 'utf8'), '2 of 2 seeds passed');
    await writeFile(file, 'validators = 4\nvaliduters = 5\n');
    const wrong = await tally('--scenario', file);
    assert.is.not(wrong.code, 0);
    assert.match(wrong.stderr, 'validuters');
    assert.match(wrong.stderr, 'scenario.toml');
  } finally {
    await rm(folder, { recursive: true });
  }
});

for (const [args, ...words] of [
  [['--byzantine', 'honest:1'], '--byzantine', 'equivocate', 'silent'],
  [['--byzantine', 'equivocate:5'], '--byzantine', 'at most 4'],
  [['--network', 'moon'], '--network', 'world', 'lan'],
  [['--faults', 'fire'], '--faults', 'crash', 'torn-write'],
  [['--loss', '1'], '--loss', 'below 1'],
  [['--nodes', '3'], '--nodes', '4 to'],
  [['--validators', '65'], '--validators', '1 to 64'],
  [['--seeds', '5..1'], '--seeds', '1..200'],
  [['--seed', '1', '--seeds', '1..2'], '--seed', '--seeds'],
  [['--duration', 'long'], '--duration', '20s'],
  [['--load', 'fish:2'], '--load', 'vertices:20'],
  [['--jobs', '0'], '--jobs', '1 to'],
] as const) {
  test(`${args.join(' ')}: exit 2, the option and what is permitted`, async () => {
    const { code, stdout, stderr } = await tally(...args);
    assert.is(code, 2, stderr);
    assert.is(stdout, '');
    for (const word of words) assert.ok(stderr.includes(word), stderr);
  });
}

test.run();

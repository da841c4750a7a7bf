/** `tally bench` as people and scripts run it: what it prints, what it records, how it ends. */

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('bench cli');
const run = promisify(execFile);

function tally(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return tallyWith(process.env, ...args);
}

async function tallyWith(
  env: NodeJS.ProcessEnv,
  ...args: string[]
): Promise<{ code: number; out: string; err: string }> {
  return run(process.execPath, ['dist/node/main.js', 'bench', ...args], { env, maxBuffer: 16 << 20 }).then(
    ({ stdout, stderr }) => ({ code: 0, out: stdout, err: stderr }),
    (error: { code: number; stdout: string; stderr: string }) => ({
      ...{ code: error.code, out: error.stdout, err: error.stderr },
    }),
  );
}

let folder: string;
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tally-bench-cli-'));
});
test.after(() => rm(folder, { recursive: true, force: true }));

test('node: JSON with figures, a record, a report and a profile', async () => {
  const file = (name: string): string => join(folder, name);
  const { code, out, err } = await tally(
    ...['node', '--vertices', '300', '--authors', '8', '--rounds', '1', '--dir', folder, '--json'],
    ...['--record', file('h.ndjson'), '--report', file('r.html'), '--profile', file('p.cpuprofile')],
  );
  assert.is(code, 0, err);
  const json = JSON.parse(out);
  assert.ok(json.limit.verticesPerS > 0 && json.node.verticesPerS > 0 && json.ratioToLimit > 0);
  assert.equal(json.faults, []);
  assert.is(json.conditions.directory.startsWith(folder), true);
  const rooms = Object.values(json.profile.rooms as Record<string, number>).reduce((a, b) => a + b, 0);
  // The table adds up to the profile, and the profile to the round that was measured.
  assert.ok(Math.abs(rooms - json.profile.usPerVertex) < 1, `${rooms} of ${json.profile.usPerVertex}`);
  const measuredUs = 1e6 / json.profile.verticesPerS;
  assert.ok(
    Math.abs(json.profile.usPerVertex / measuredUs - 1) < 0.15,
    `${json.profile.usPerVertex} of ${measuredUs}`,
  );
  const [line] = (await readFile(file('h.ndjson'), 'utf8')).split('\n');
  assert.is(JSON.parse(line!).ratios.ratioToLimit, json.ratioToLimit);
  assert.match(await readFile(file('r.html'), 'utf8'), 'tally bench node');
  assert.ok(JSON.parse(await readFile(file('p.cpuprofile'), 'utf8')).samples.length > 0);
});

test('gateway: every reading becomes final, and the process is measured', async () => {
  const { code, out, err } = await tally(
    ...['gateway', '--rates', '20', '--seconds', '3', '--dir', folder, '--json'],
  );
  assert.is(code, 0, err);
  const { faults, rows, baselineBytes } = JSON.parse(out);
  assert.equal(faults, []);
  const [idle, busy] = rows;
  assert.equal([idle.perS, idle.published, busy.perS, busy.published], [0, 0, 20, 60]);
  assert.ok(busy.vertices > 0 && busy.bytesPerReading > 0 && busy.p95Ms > 0);
  assert.ok(baselineBytes[0] < baselineBytes.at(-1) && baselineBytes.at(-1) < busy.rssBytes);
  if (busy.ownBytes !== null) assert.ok(busy.ownBytes < busy.rssBytes && busy.cpuMsPerS > 0);
});

test('compare: exit 1 once a ratio is worse by a tenth', async () => {
  const history = join(folder, 'compare.ndjson');
  const line = (ratio: number): string =>
    `${JSON.stringify({ bench: 'node', conditions: { cores: 2, commit: 'c' }, settings: {}, ratios: { r: ratio } })}\n`;
  await writeFile(history, line(1) + line(0.95));
  assert.is((await tally('compare', '--history', history)).code, 0);
  await writeFile(history, line(1) + line(0.89));
  const worse = await tally('compare', '--history', history);
  assert.is(worse.code, 1);
  assert.match(worse.out, 'REGRESSION');
  assert.is((await tally('compare', '--history', join(folder, 'none'))).code, 0);
});

test('peers: without the peer exit 3 and the line that installs it', async () => {
  // Nor is `go` on this PATH.
  const { code, out, err } = await tallyWith({ ...process.env, PATH: folder }, 'peers', '--json');
  assert.is(code, 3, err);
  assert.is(out, '');
  assert.match(err, /^go install github\.com\/cometbft\/cometbft\/cmd\/cometbft@v[\d.]+$/m);
});

test('wrong options end with 2', async () => {
  assert.is((await tally('node', '--vertices', 'many')).code, 2);
  assert.is((await tally('cluster', '--validators', '3')).code, 2);
});

test.run();

/** `[STO-3]`: the disk budget on real LevelDB: it holds, amid load, compactions and kills, and nothing is lost by it. */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DISK_MIB_MIN } from '../level/disk-plan.ts';
import { openStore } from '../level/store.ts';
import { noteLate, notePrune, nothingPruned } from '../pruned.ts';
import { exitCodes } from '../startup.ts';
import type { Ending, Line, Load, Told } from './disk-load.ts';
import { until } from './local-nodes.ts';
import { checkpointOf, idOf, vertexOf } from './store-samples.ts';

const test = suite('disk budget');
const MIB = 1 << 20;
const CAP = DISK_MIB_MIN * MIB;
const FRAMES = 24;
/** What so many frames make at the least. */
const BATCH_BYTES = 9 << 10;
const root = mkdtempSync(join(tmpdir(), 'tally-budget-'));
const children = new Set<ChildProcess>();
test.after(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(root, { recursive: true, force: true });
});

/** What the folder takes, whatever for. */
function folderBytes(directory: string): number {
  if (!existsSync(directory)) return 0;
  return readdirSync(directory).reduce(
    (sum, name) => sum + (statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}

/** A life of the ledger under load, watched from outside. */
class Life {
  readonly lines: Line[] = [];
  ending: Ending | undefined;
  exit: { readonly code: number | null } | undefined;
  errors = '';
  peakBytes = 0;
  readonly #child: ChildProcess;

  constructor(load: Load) {
    const file = fileURLToPath(new URL('./disk-load.js', import.meta.url));
    const child = spawn(process.execPath, [file, 'load', JSON.stringify(load)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.add(child);
    this.#child = child;
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.errors += text;
    });
    createInterface(child.stdout!).on('line', (text) => {
      const line = JSON.parse(text) as Line | Ending;
      if ('ended' in line) this.ending = line;
      else this.lines.push(line);
    });
    const watch = setInterval(() => {
      this.peakBytes = Math.max(this.peakBytes, folderBytes(load.directory));
    }, 5);
    child.on('close', (code) => {
      clearInterval(watch);
      this.exit = { code };
    });
  }

  get last(): Line {
    return this.lines.at(-1)!;
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await until('it is dead', () => this.exit !== undefined);
  }

  async end(): Promise<Ending> {
    await this.over();
    assert.is(this.exit!.code, 0, this.errors);
    return this.ending!;
  }

  over(): Promise<void> {
    return until('it ends', () => this.exit !== undefined);
  }

  /** Every vertex that it told of. */
  get told(): Told {
    const { cited, unused, last } = this.last;
    return { cited, unused, last };
  }
}

test('what is pruned leaves the disk once it is compacted, and not before', async () => {
  const directory = join(root, 'compacted');
  const store = await openStore(directory, { firstStart: true });
  const numbers = Array.from({ length: 2_000 }, (_, number) => number);
  for (const each of numbers) void store.write([{ type: 'vertex', vertex: vertexOf(each, 10_000) }], false);
  await store.write([{ type: 'checkpoint', checkpoint: checkpointOf(1, numbers) }], true);
  const full = await store.meter.measure();
  const vertices = numbers.slice(0, 1_800).map((each) => vertexOf(each, 0));
  await store.write([{ type: 'prune', from: 0, height: 1, vertices, freed: 18_000_000 }], true);
  assert.ok((await store.meter.measure()) > full, 'it has grown by what was written');
  await store.compact('pruned');
  const freed = full - (await store.meter.measure());
  assert.ok(freed > 17_000_000, `${freed} bytes of ${full} freed`);
  // What the last reader held is deleted by the next compaction.
  assert.ok(folderBytes(directory) < full - 17_000_000);
  assert.equal(await store.vertex(idOf(1_900)), vertexOf(1_900, 10_000).envelope);
  assert.equal((await store.audit()).faults, []);
  await store.close();
});

test('the account of what was pruned finds batches that came late, and forgets them once they were looked at', () => {
  const write = (from: number, height: number) =>
    ({ type: 'prune', from, height, vertices: [], freed: 0 }) as const;
  const upTo9 = notePrune(nothingPruned, write(0, 9));
  assert.is(noteLate(upTo9, 10), upTo9, 'not late: it is still to be looked at');
  const late = noteLate(noteLate(noteLate(upTo9, 7), 3), 5);
  assert.is(late.late, 3, 'the least');
  assert.is(notePrune(late, write(9, 12)).late, 3, 'a look at others does not find it');
  const looked = notePrune(late, write(2, 6));
  assert.equal([looked.late, looked.height], [7, 9]);
  assert.is(notePrune(looked, write(6, 9)).late, undefined);
  assert.is(notePrune(noteLate(looked, 1), write(6, 9)).late, 1, 'it came while others were looked at');
});

test('the folder stays below its cap under load, across a kill, and what is cited or proved stays', async () => {
  const directory = join(root, 'load');
  const load: Load = {
    ...{ directory, genesisMs: Date.now() - 1_000, profile: 'full', capBytes: CAP },
    ...{ batches: 2_500, frames: FRAMES },
  };
  const first = new Life({ ...load, batches: Number.MAX_SAFE_INTEGER });
  await until(
    'it has let go of batches',
    () => first.exit !== undefined || (first.lines.at(-1)?.pruned.batches ?? 0) > 300,
  );
  await first.kill();
  assert.is(first.errors, '');
  const second = new Life({ ...load, before: first.told });
  const ending = await second.end();
  assert.is(ending.ended, 'done');
  const taken = first.last.taken + second.last.taken;
  assert.ok(taken * BATCH_BYTES > 1.1 * CAP, `${taken} batches`);
  for (const { peakBytes } of [first, second]) assert.ok(peakBytes <= CAP, `${peakBytes} of ${CAP} bytes`);
  const { batches, bytes } = second.last.pruned;
  assert.ok(
    batches > first.last.pruned.batches + 500 && bytes > batches * BATCH_BYTES,
    `${batches}, ${bytes}`,
  );
  const refused = (first.last.refused['E_DISK'] ?? 0) + (second.last.refused['E_DISK'] ?? 0);
  assert.ok(refused < taken / 5, `${refused} refused for the moment`);
  assert.equal(ending.held, { cited: true, unused: false, last: true });
  assert.equal(
    ending.outcomes,
    { cited: true, unused: true, last: true },
    'every outcome is proved as before',
  );
  assert.is(ending.reading, true, 'and so is each frame of what was cited');
  assert.is(ending.callCode, 'OK');
  assert.equal(ending.faults, []);
});

test('where nothing may go the door is closed, calls go on, and before the cap the node stops with everything', async () => {
  const directory = join(root, 'spent');
  const load: Load = {
    ...{ directory, genesisMs: Date.now() - 1_000, profile: 'archive', capBytes: CAP },
    ...{ batches: Number.MAX_SAFE_INTEGER, frames: 200 },
  };
  const first = new Life(load);
  const ending = await first.end();
  assert.is(ending.ended, 'spent');
  assert.match(
    ending.message,
    /\[store\] disk_mb = 32 leaves them 19\.0 MiB .* Raise disk_mb; .* It holds: vertices with their/,
  );
  assert.ok((first.last.refused['E_DISK'] ?? 0) > 0, 'batches were refused');
  assert.is(first.last.pruned.batches, 0);
  assert.ok(first.last.calls > 100, `${first.last.calls} calls took effect when batches did not`);
  assert.ok(first.peakBytes <= CAP, `${first.peakBytes} of ${CAP} bytes`);
  assert.equal(ending.held, { cited: true, unused: true, last: true });
  assert.equal(ending.faults, []);

  const roomier = new Life({ ...load, capBytes: CAP + 16 * MIB, batches: 50, before: first.told });
  const after = await roomier.end();
  assert.equal([after.ended, after.callCode, after.faults], ['done', 'OK', []]);
  assert.equal(after.held, { cited: true, unused: true, last: true });
  assert.equal(after.outcomes, { cited: true, unused: true, last: true });

  const tooSmall = new Life({ ...load, before: roomier.told });
  await tooSmall.over();
  assert.is(tooSmall.exit!.code, exitCodes.budgetSpent);
  assert.match(tooSmall.errors, /the disk budget is used up: the data take/);

  // The budget is lowered, and old batches may go: they do before it starts.
  const lowered = new Life({ ...load, profile: 'full', batches: 50, before: roomier.told });
  const fits = await lowered.end();
  assert.equal([fits.ended, fits.callCode, fits.faults], ['done', 'OK', []]);
  assert.equal(fits.held, { cited: true, unused: false, last: true });
  assert.equal(fits.outcomes, { cited: true, unused: true, last: true });
  assert.ok(lowered.lines[0]!.pruned.batches > 50);
  assert.ok(folderBytes(directory) <= CAP, `${folderBytes(directory)} of ${CAP} bytes`);
});

test.run();

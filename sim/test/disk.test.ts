/** The simulated disk keeps what it must, and loses only what a real one may. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../../consensus/codec/bytes.ts';
import type { StoreWrite } from '../../node/ports.ts';
import { Disk } from '../disk.ts';
import { Random } from '../random.ts';
import { VirtualTime } from '../virtual-time.ts';

const test = suite('disk');
const START_MS = 1_000_000;

function makeDisk(seed: number, losesWrites = true): { time: VirtualTime; disk: Disk } {
  const time = new VirtualTime(START_MS, seed);
  const disk = new Disk(time, new Random(seed, 'disk'), { syncMs: [1, 3], losesWrites });
  return { time, disk };
}

const keyOf = (n: number) => toHex(new Uint8Array(32).fill(n));
const vertex = (n: number): StoreWrite => ({
  type: 'vertex',
  vertex: { key: keyOf(n), envelope: Uint8Array.of(n) },
});
const vote = (n: number): StoreWrite => ({ type: 'vote', height: n, entry: Uint8Array.of(n) });

/** Numbers of the vertices that are there, of `count`. */
async function held(disk: Disk, count: number): Promise<number[]> {
  const numbers: number[] = [];
  for (let n = 1; n <= count; n++) if ((await disk.vertex(keyOf(n))) !== undefined) numbers.push(n);
  return numbers;
}

test('a synced write takes its time and is acknowledged then; others at once', async () => {
  const { time, disk } = makeDisk(1);
  let acknowledgedMs: number | undefined;
  await disk.write([vertex(1)], false);
  void disk.write([vertex(2)], true).then(() => {
    acknowledgedMs = time.elapsedMs;
  });
  assert.is(acknowledgedMs, undefined);
  await time.run(START_MS + 10);
  assert.ok(acknowledgedMs! >= 1 && acknowledgedMs! <= 3.1, `${acknowledgedMs}`);
});

test('a power failure keeps all that was synced and a prefix of the rest; a batch whole or not at all', async () => {
  const kept = new Map<number, number>();
  for (let seed = 1; seed <= 200; seed++) {
    const { time, disk } = makeDisk(seed);
    await disk.write([vertex(1)], false);
    void disk.write([vertex(2), vote(1)], true);
    await time.run(START_MS + 10);
    for (const n of [3, 5, 7]) await disk.write([vertex(n), vertex(n + 1)], false);
    let acknowledged = false;
    void disk.write([vertex(9), vertex(10)], true).then(() => {
      acknowledged = true;
    });
    disk.crash('power');
    await time.run(START_MS + 20);
    assert.not.ok(acknowledged, 'its writer is dead');
    const left = await held(disk, 10);
    assert.is(left.length % 2, 0, `half a batch: ${left}`);
    assert.equal(
      left,
      Array.from({ length: left.length }, (_, i) => i + 1),
      'a prefix',
    );
    assert.ok(left.length >= 2);
    assert.is((await disk.load()).voteLog.length, 1);
    assert.is(disk.lostBatches, (10 - left.length) / 2);
    kept.set(left.length, (kept.get(left.length) ?? 0) + 1);
  }
  // Nothing, everything, and all between.
  assert.equal(
    [...kept.keys()].sort((a, b) => a - b),
    [2, 4, 6, 8, 10],
  );
});

test('what survived one power failure survives the next', async () => {
  for (let seed = 1; seed <= 50; seed++) {
    const { disk } = makeDisk(seed);
    for (const n of [1, 2, 3]) await disk.write([vertex(n)], false);
    disk.crash('power');
    const left = await held(disk, 3);
    disk.crash('power');
    assert.equal(await held(disk, 3), left);
  }
});

test('a killed process loses nothing that it wrote, and its write under way is not acknowledged', async () => {
  const { time, disk } = makeDisk(1);
  await disk.write([vertex(1)], false);
  let acknowledged = false;
  void disk.write([vertex(2)], true).then(() => {
    acknowledged = true;
  });
  disk.crash('kill');
  await time.run(START_MS + 10);
  assert.equal(await held(disk, 2), [1, 2]);
  assert.not.ok(acknowledged);
  // Written is not synced: the power may still take it.
  let lost = 0;
  for (let seed = 1; seed <= 50; seed++) {
    const other = makeDisk(seed).disk;
    await other.write([vertex(1)], false);
    other.crash('kill');
    other.crash('power');
    lost += 1 - (await held(other, 1)).length;
  }
  assert.ok(lost > 10 && lost < 40, `${lost} of 50`);
});

test('a torn write: the call comes amid the write, which is then there or not, and nobody is told', async () => {
  const there = new Set<number>();
  for (let seed = 1; seed <= 50; seed++) {
    const { time, disk } = makeDisk(seed);
    let calls = 0;
    disk.onNextWrite = () => {
      calls += 1;
      disk.crash('power');
    };
    let acknowledged = false;
    void disk.write([vertex(1)], false).then(() => {
      acknowledged = true;
    });
    await time.run(START_MS + 10);
    assert.is(calls, 1);
    assert.not.ok(acknowledged);
    there.add((await held(disk, 1)).length);
    await disk.write([vertex(2)], false);
    assert.is(calls, 1, 'once');
  }
  assert.is(there.size, 2);
});

test('a backup brings back what was there then, without the vote log', async () => {
  const { time, disk } = makeDisk(1);
  void disk.write([vertex(1), vote(1)], true);
  await time.run(START_MS + 100);
  void disk.write([vertex(2), vote(2)], true);
  await time.run(START_MS + 200);
  assert.is((await disk.load()).voteLog.length, 2);
  disk.restoreBackup(START_MS + 50);
  assert.equal(await held(disk, 2), [1]);
  assert.is((await disk.load()).voteLog.length, 0);
  disk.crash('power');
  assert.equal(await held(disk, 2), [1], 'what a backup brought is on the disk');
});

test.run();

/** Whether the store knows that its vote log is whole `[BFT-1]`: first starts, backups, and stores begun anew. */

import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { makeFirstStamp, stampOf } from '../level/stamp.ts';
import { type OpenOptions, openStore } from '../level/store.ts';

const stamps = suite('stamp of the vote log');
const root = mkdtempSync(join(tmpdir(), 'tally-stamp-'));
let directories = 0;
const freshDirectory = (): string => join(root, `${directories++}`);
stamps.after(() => rmSync(root, { recursive: true, force: true }));

const vote = (byte: number) => ({ type: 'vote', height: 4, entry: Uint8Array.of(byte) }) as const;

/** Opens, writes `votes` one durable batch each, closes; what the store said of its votes on opening. */
async function live(directory: string, votes: readonly number[], options?: OpenOptions) {
  const store = await openStore(directory, options);
  const { votesFrom, voteLog } = await store.load();
  for (const byte of votes) await store.write([vote(byte)], true);
  await store.close();
  return { votesFrom, votes: voteLog.length };
}

stamps('a home that was prepared starts with a whole log, and goes on with it', async () => {
  const directory = freshDirectory();
  await makeFirstStamp(directory);
  assert.equal(await live(directory, [1, 2]), { votesFrom: 0, votes: 0 });
  assert.equal(await live(directory, []), { votesFrom: 0, votes: 2 });
});

stamps(
  'without a stamp an empty store is a lost one, unless this is said to be the first start',
  async () => {
    const directory = freshDirectory();
    assert.equal(await live(directory, []), { votesFrom: undefined, votes: 0 });
    assert.equal(await live(directory, []), { votesFrom: undefined, votes: 0 }, 'and stays so');
    assert.equal(await live(freshDirectory(), [], { firstStart: true }), { votesFrom: 0, votes: 0 });
  },
);

stamps('a store put back from a backup is refused, or restored when its operator says so', async () => {
  const directory = freshDirectory();
  await makeFirstStamp(directory);
  await live(directory, [1]);
  const backup = freshDirectory();
  cpSync(directory, backup, { recursive: true });
  assert.not.ok(existsSync(stampOf(backup)), 'a backup of the folder leaves the stamp out');
  await live(directory, [2]);
  rmSync(directory, { recursive: true });
  cpSync(backup, directory, { recursive: true });
  await openStore(directory).then(
    () => assert.unreachable('opened'),
    (error: Error) => assert.match(error.message, 'the last 1 durable batches are missing'),
  );
  assert.equal(await live(directory, [], { restored: true }), { votesFrom: undefined, votes: 0 });
  assert.equal(await live(directory, []), { votesFrom: undefined, votes: 0 }, 'also at the next start');
});

stamps(
  'a backup put back on another machine has no stamp: restored, whatever is said of a first start',
  async () => {
    const directory = freshDirectory();
    await makeFirstStamp(directory);
    await live(directory, [1]);
    const elsewhere = freshDirectory();
    cpSync(directory, elsewhere, { recursive: true });
    assert.equal(await live(elsewhere, [], { firstStart: true }), { votesFrom: undefined, votes: 0 });
  },
);

stamps('a store that was wiped beside its stamp is refused', async () => {
  const directory = freshDirectory();
  await makeFirstStamp(directory);
  await live(directory, [1]);
  rmSync(directory, { recursive: true });
  await openStore(directory, { firstStart: true }).then(
    () => assert.unreachable('opened'),
    (error: Error) => assert.match(error.message, 'batches were written, and none is there'),
  );
});

stamps('the log begins anew at a height, without its old lines', async () => {
  const directory = freshDirectory();
  assert.equal(await live(directory, []), { votesFrom: undefined, votes: 0 });
  const store = await openStore(directory);
  await store.write([vote(1)], true);
  await store.write([{ type: 'votesFrom', height: 9 }, vote(2)], true);
  await store.close();
  assert.equal(await live(directory, []), { votesFrom: 9, votes: 1 });
});

stamps('operators may agree on a height, and only they: it stays with the store', async () => {
  const directory = freshDirectory();
  assert.equal(await live(directory, [], { restored: true, votesFrom: 12 }), { votesFrom: 12, votes: 0 });
  assert.equal(await live(directory, []), { votesFrom: 12, votes: 0 });
});

stamps('a power cut before the first write leaves an empty stamp, which says nothing', async () => {
  const directory = freshDirectory();
  writeFileSync(stampOf(directory), '');
  assert.equal(await live(directory, []), { votesFrom: undefined, votes: 0 });
});

stamps('a stamp is never written over', async () => {
  const directory = freshDirectory();
  await makeFirstStamp(directory);
  await makeFirstStamp(directory).then(
    () => assert.unreachable('written over'),
    (error: NodeJS.ErrnoException) => assert.is(error.code, 'EEXIST'),
  );
});

stamps.run();

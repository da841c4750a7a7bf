/** What was acknowledged is there after a kill, whole or not at all `[STO-1]`; what is damaged is never served (R007). */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Level } from 'level';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { headerId } from '../../consensus/checkpoint/header.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import {
  bodyKey,
  checkpointKey,
  headerKey,
  historyKey,
  indexKey,
  messageKey,
  metaKey,
  objectKey,
  openKey,
  pendingKey,
  sealedKey,
  voteKey,
} from '../level/keys.ts';
import { encodeHeight, seal } from '../level/records.ts';
import { openStore } from '../level/store.ts';
import type { Store } from '../ports.ts';
import { copyStore, digestStore, flipped, placesOf } from './store-flipper.ts';
import { checkpointOf, dumpStore, hash32Of, idOf, objectOf, vertexOf } from './store-samples.ts';
import { VERTICES_PER_WRITE, WRITES_PER_CHECKPOINT } from './store-writer.ts';

const damage = suite('store: damage');
const root = mkdtempSync(join(tmpdir(), 'tally-damage-'));
damage.after(() => rmSync(root, { recursive: true, force: true }));

const KILLS = 8;

/** Runs the writing child for a while, kills it, and says what it had acknowledged last. */
async function writeAndKill(directory: string, liveMs: number): Promise<{ step: number; height: number }> {
  const writer = fileURLToPath(new URL('./store-writer.js', import.meta.url));
  const child: ChildProcess = spawn(process.execPath, [writer, 'write-on', directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  const begun = new Promise<void>((done) => {
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      done();
    });
  });
  const ended = new Promise((done) => child.on('close', done));
  await Promise.race([begun, ended]);
  await new Promise((done) => setTimeout(done, liveMs));
  child.kill('SIGKILL');
  await ended;
  const last = (what: string): number =>
    Number([...output.matchAll(new RegExp(`^${what} (\\d+)$`, 'gm'))].at(-1)?.[1] ?? -1);
  return { step: last('step'), height: last('height') };
}

/** Demands that the store holds a whole number of writes, in order, and every checkpoint whole. */
async function checkWhole(store: Store): Promise<{ steps: number; height: number }> {
  const state = await store.load();
  const perCheckpoint = VERTICES_PER_WRITE * WRITES_PER_CHECKPOINT;
  let vertices = 0;
  for (; (await store.vertex(idOf(vertices))) !== undefined; vertices++) {
    const expected = vertexOf(vertices, vertices % 3 === 0 ? 300 : 0);
    assert.equal(await store.vertex(expected.key), expected.envelope);
    const height = 1 + Math.floor(vertices / perCheckpoint);
    const position = height <= state.height ? { height, index: vertices % perCheckpoint } : undefined;
    assert.equal(await store.position(expected.key), position, `vertex ${vertices}`);
  }
  assert.is(vertices % VERTICES_PER_WRITE, 0, 'half a write');
  assert.is(state.openVertices.length, vertices - state.height * perCheckpoint);
  for (let height = 1; height <= state.height; height++) {
    assert.is((await store.checkpoint(height))?.outcomes.length, perCheckpoint);
    assert.ok(await store.historyNode(0, height));
  }
  const kept = Array.from({ length: Math.min(3, state.height) }, (_, index) => state.height - index);
  assert.equal(
    state.objects.map((object) => object.id).sort(),
    kept.map((height) => objectOf(height).id).sort(),
  );
  const steps = vertices / VERTICES_PER_WRITE;
  assert.is(
    state.voteLog.length,
    steps - state.height * WRITES_PER_CHECKPOINT,
    'one vote for each open write',
  );
  return { steps, height: state.height };
}

damage('a kill at any instant loses no acknowledged write and leaves no half of one', async () => {
  const directory = join(root, 'killed');
  let writes = 0;
  for (let round = 0; round < KILLS; round++) {
    const acknowledged = await writeAndKill(directory, 20 + ((round * 67) % 230));
    const store = await openStore(directory, { firstStart: true });
    const found = await checkWhole(store);
    assert.ok(
      found.steps > acknowledged.step,
      `step ${acknowledged.step} acknowledged, ${found.steps} found`,
    );
    assert.ok(
      found.height >= acknowledged.height,
      `height ${acknowledged.height} acknowledged, ${found.height} found`,
    );
    assert.equal((await store.audit()).faults, []);
    await store.close();
    writes = found.steps;
  }
  assert.ok(writes > 50, `only ${writes} writes in ${KILLS} rounds: the test tests nothing`);
  console.log(`store: ${writes} durable writes over ${KILLS} kills`);
});

/** A small closed store: 3 checkpoints of 4 vertices, 4 open vertices, 2 votes. */
async function makeSample(directory: string): Promise<void> {
  const store = await openStore(directory, { firstStart: true });
  for (let height = 1; height <= 4; height++) {
    const numbers = [0, 1, 2, 3].map((index) => (height - 1) * 4 + index);
    await store.write(
      numbers.map((number) => ({ type: 'vertex', vertex: vertexOf(number, 50) })),
      true,
    );
    if (height === 4) break;
    await store.write([{ type: 'checkpoint', checkpoint: checkpointOf(height, numbers, [height]) }], true);
  }
  for (const byte of [1, 2]) {
    const pending = { type: 'pending', call: idOf(5), entry: Uint8Array.of(7, byte) } as const;
    await store.write([{ type: 'vote', height: 4, entry: Uint8Array.of(byte) }, pending], true);
  }
  const message = {
    type: 'message',
    id: idOf(6),
    entry: Uint8Array.of(6),
    ciphertext: Uint8Array.of(6, 6),
  } as const;
  await store.write([message], true);
  await store.close();
}

async function tamper(
  directory: string,
  work: (db: Level<Uint8Array, Uint8Array>) => Promise<unknown>,
): Promise<void> {
  const db = new Level<Uint8Array, Uint8Array>(directory, { keyEncoding: 'view', valueEncoding: 'view' });
  await db.open();
  await work(db);
  await db.close();
}

/** What opening the store and asking for everything ends with. */
async function askEverything(directory: string): Promise<string> {
  let store: Awaited<ReturnType<typeof openStore>> | undefined;
  try {
    store = await openStore(directory, { firstStart: true });
    return await dumpStore(store, 17, 4);
  } catch (error) {
    assert.is((error as Error).name, 'StoreDamage', String(error));
    assert.match((error as Error).message, directory);
    return `refused: ${(error as Error).message}`;
  } finally {
    await store?.close();
  }
}

const records: readonly (readonly [what: RegExp, key: Uint8Array])[] = [
  [/body 2 /, bodyKey(2)],
  [/body 13 /, bodyKey(13)],
  [new RegExp(`index ${idOf(5)} `), indexKey(idOf(5))],
  [/checkpoint 2 /, checkpointKey(2)],
  [/object [0-9a-f]{64} /, objectKey(hash32Of('map-path', 3))],
  [/history node 3 of level 0 /, historyKey(0, 3)],
  [/open 14 /, openKey(14)],
  [/vote 1 of height 4 /, voteKey(4, 1)],
  [new RegExp(`pending ${idOf(5)} `), pendingKey(idOf(5))],
  [new RegExp(`message ${idOf(6)} `), messageKey(idOf(6))],
  [new RegExp(`sealed ${idOf(6)} `), sealedKey(idOf(6))],
  [/meta /, metaKey],
];

damage('a flipped bit, garbage, or another record’s value under a key is named, and not served', async () => {
  const origin = join(root, 'origin');
  await makeSample(origin);
  const whole = await askEverything(origin);
  assert.not.match(whole, /^refused/);
  for (const [index, [what, key]] of records.entries()) {
    const strange = [
      (value: Uint8Array) => flipped(value, value.length - 1),
      (value: Uint8Array) => flipped(value, 0),
      () => new Uint8Array(0),
      () => Uint8Array.of(1, 2, 3, 4, 5),
      (_: Uint8Array, other: Uint8Array) => other,
    ];
    for (const [way, make] of strange.entries()) {
      const directory = join(root, `tampered-${index}-${way}`);
      copyStore(origin, directory);
      await tamper(directory, async (db) => {
        const other = await db.get(records[(index + 1) % records.length]![1]);
        await db.put(key, make((await db.get(key))!.slice(), other!.slice()));
      });
      const answer = await askEverything(directory);
      assert.match(answer, /^refused/, `${what}, way ${way}`);
      assert.match(answer, what);
    }
  }
});

damage('a record that vanished is missed: on opening, on reading, or by the audit', async () => {
  const origin = join(root, 'vanish');
  await makeSample(origin);
  const expected = [
    [bodyKey(2), /body 2 is missing/],
    [openKey(14), /expected 4 open vertices, found 3/],
    [voteKey(4, 0), /expected 2 votes, found 1/],
    [pendingKey(idOf(5)), /expected 1 pending calls, found 0/],
    [messageKey(idOf(6)), /expected 1 messages, found 0/],
    [checkpointKey(2), /expected 3 checkpoints from height 1, found 2/],
    [metaKey, /batches were written, and none is there/],
  ] as const;
  for (const [index, [key, what]] of expected.entries()) {
    const directory = join(root, `vanished-${index}`);
    copyStore(origin, directory);
    await tamper(directory, (db) => db.del(key));
    assert.match(await askEverything(directory), what);
  }
  await tamper(origin, async (db) => {
    await db.del(indexKey(idOf(5)));
    await db.del(sealedKey(idOf(6)));
  });
  const store = await openStore(origin, { firstStart: true });
  const { faults } = await store.audit();
  await store.close();
  assert.match(faults.join('\n'), 'expected 12 confirmed vertices in the index, found 11');
  assert.match(faults.join('\n'), 'body 5 belongs to nothing');
  assert.match(faults.join('\n'), 'expected 1 ciphertexts of messages, found 0');
});

damage('an audit sees the id of a header that leads to another height, or to none', async () => {
  const origin = join(root, 'headers');
  await makeSample(origin);
  const { header } = checkpointOf(1, [0, 1, 2, 3], [1]);
  const key = headerKey(toHex(headerId(header)));
  for (const [index, work] of [
    (db: Level<Uint8Array, Uint8Array>) => db.put(key, seal(key, encodeHeight(2))),
    (db: Level<Uint8Array, Uint8Array>) => db.del(key),
  ].entries()) {
    const directory = join(root, `headers-${index}`);
    copyStore(origin, directory);
    await tamper(directory, work);
    const store = await openStore(directory, { firstStart: true });
    const { faults } = await store.audit();
    await store.close();
    assert.ok(
      faults.some((fault) => /the id of header 1 leads to (2|no) height/.test(fault)),
      faults.join('; '),
    );
  }
});

damage('a damaged end of the log is no torn write: the last durable batch is missed', async () => {
  const directory = join(root, 'tail');
  await makeSample(directory);
  const log = join(directory, readdirSync(directory).find((name) => name.endsWith('.log'))!);
  const bytes = readFileSync(log);
  writeFileSync(log, flipped(bytes, bytes.length - 3));
  assert.match(await askEverything(directory), 'the last 1 durable batches are missing');
});

damage('one flipped byte in any file never changes an answer', async () => {
  const origin = join(root, 'flips');
  await makeSample(origin);
  // Opening moves what is in the log to a table; what is written then lies in the log.
  const grown = await openStore(origin, { firstStart: true });
  await grown.write([{ type: 'vertex', vertex: vertexOf(16, 400) }], true);
  await grown.close();
  copyStore(origin, join(root, 'unflipped'));
  const whole = await digestStore(join(root, 'unflipped'), 17, 4);
  const places = placesOf(origin);
  const flipper = fileURLToPath(new URL('./store-flipper.js', import.meta.url));
  const answers: string[] = [];
  let aborted = 0;
  while (answers.length < places.length) {
    const args = [flipper, 'flip-all', origin, join(root, 'flipped'), String(answers.length)];
    const { stdout, signal, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    answers.push(...stdout.split('\n').filter((line) => line !== ''));
    if (signal === 'SIGABRT') {
      answers.push('refused');
      aborted += 1;
    } else {
      assert.is(status, 0);
    }
  }
  const detected = answers.filter((answer) => answer === 'refused').length;
  const changed = places.filter((_, index) => answers[index] !== 'refused' && answers[index] !== whole);
  console.log(
    `store: ${places.length} flipped bytes, ${detected} detected (${aborted} by an abort), the others changed nothing`,
  );
  assert.equal(changed, []);
  assert.ok(detected > places.length / 2);
});

damage.run();

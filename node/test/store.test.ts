/** The store on disk means what the one in memory means, whatever is written and however often it is opened. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { headerId } from '../../consensus/checkpoint/header.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import { openStore } from '../level/store.ts';
import { memoryStore } from '../memory-store.ts';
import type { StoreWrite, VertexRecord } from '../ports.ts';
import {
  checkpointOf,
  DECISIONS_KEPT,
  dumpStore,
  headerOf,
  idOf,
  objectOf,
  vertexOf,
} from './store-samples.ts';

const stores = suite('store');
const root = mkdtempSync(join(tmpdir(), 'tally-store-'));
let directories = 0;
const freshDirectory = (): string => join(root, `${directories++}`);
stores.after(() => rmSync(root, { recursive: true, force: true }));

const VERTICES = 24;
const HEIGHTS = 12;

const number = fc.nat({ max: VERTICES - 1 });
const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ type: fc.constant('vertex' as const), number, payload: fc.constantFrom(0, 0, 9) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('bury' as const),
      numbers: fc.array(number, { maxLength: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('vote' as const),
      ahead: fc.nat({ max: 2 }),
      byte: fc.nat(255),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('pending' as const),
      number,
      byte: fc.option(fc.nat(255), { nil: undefined }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('message' as const),
      number,
      byte: fc.option(fc.nat(255), { nil: undefined }),
      isNew: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('checkpoint' as const),
      count: fc.nat({ max: 4 }),
      put: fc.array(number, { maxLength: 3 }),
      removed: fc.array(number, { maxLength: 2 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('prune' as const),
      from: fc.nat({ max: HEIGHTS }),
      numbers: fc.array(number, { maxLength: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ type: 'reopen' as const }) },
);
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;

/** Turns drawn actions into writes that a node may make: it confirms only what is open. */
class Script {
  height = 0;
  readonly #open = new Set<number>();
  /** Confirmed or buried. */
  readonly #closed = new Set<number>();
  readonly #confirmed = new Set<number>();
  readonly #messages = new Set<number>();

  writeOf(drawn: Exclude<Action, { type: 'reopen' }>): StoreWrite | undefined {
    switch (drawn.type) {
      case 'vertex':
        if (!this.#closed.has(drawn.number)) this.#open.add(drawn.number);
        return {
          type: 'vertex',
          vertex: vertexOf(drawn.number, drawn.payload),
          fresh: !this.#closed.has(drawn.number),
        };
      case 'bury':
        for (const each of drawn.numbers) if (this.#open.delete(each)) this.#closed.add(each);
        return { type: 'bury', keys: drawn.numbers.map(idOf) };
      case 'prune': {
        const gone = drawn.numbers.filter((each) => this.#confirmed.has(each));
        const vertices = gone.map((each) => vertexOf(each, 0));
        return { type: 'prune', from: drawn.from, height: this.height, vertices, freed: 10 * gone.length };
      }
      case 'vote':
        return { type: 'vote', height: this.height + drawn.ahead, entry: Uint8Array.of(drawn.byte) };
      case 'pending':
        return {
          ...{ type: 'pending', call: idOf(drawn.number) },
          entry: drawn.byte === undefined ? undefined : Uint8Array.of(drawn.byte),
        };
      case 'message': {
        const id = idOf(drawn.number);
        if (drawn.byte === undefined) {
          this.#messages.delete(drawn.number);
          return { type: 'message', id, entry: undefined };
        }
        // What is known of one may change without its ciphertext.
        const isNew = drawn.isNew || !this.#messages.has(drawn.number);
        this.#messages.add(drawn.number);
        const entry = Uint8Array.of(drawn.byte);
        return isNew
          ? { type: 'message', id, entry, ciphertext: Uint8Array.of(drawn.byte, 7) }
          : { type: 'message', id, entry };
      }
      case 'checkpoint': {
        if (this.height === HEIGHTS) return undefined;
        this.height += 1;
        const taken = [...this.#open].reverse().slice(0, drawn.count);
        for (const each of taken) {
          this.#open.delete(each);
          this.#closed.add(each);
          this.#confirmed.add(each);
        }
        return { type: 'checkpoint', checkpoint: checkpointOf(this.height, taken, drawn.put, drawn.removed) };
      }
    }
  }
}

stores('answers as the one in memory does, through any writes and reopenings', async () => {
  const groups = fc.array(fc.tuple(fc.array(action, { maxLength: 8 }), fc.boolean()), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(groups, async (drawn) => {
      const directory = freshDirectory();
      const reference = memoryStore();
      let store = await openStore(directory, { firstStart: true });
      const script = new Script();
      const pending: Promise<void>[] = [];
      for (const [actions, durable] of drawn) {
        const writes: StoreWrite[] = [];
        for (const each of actions) {
          if (each.type === 'reopen') {
            await Promise.all(pending);
            await store.close();
            store = await openStore(directory, { firstStart: true });
          } else {
            const write = script.writeOf(each);
            if (write !== undefined) writes.push(write);
          }
        }
        await reference.write(writes, durable);
        // Some are not awaited, so that the next ones wait and share a batch.
        pending.push(store.write(writes, durable));
      }
      await Promise.all(pending);
      const expected = await dumpStore(reference, VERTICES, HEIGHTS);
      assert.is(await dumpStore(store, VERTICES, HEIGHTS), expected);
      await store.close();
      store = await openStore(directory, { firstStart: true });
      assert.is(await dumpStore(store, VERTICES, HEIGHTS), expected);
      await store.close();
      rmSync(directory, { recursive: true });
    }),
    { numRuns: 60 },
  );
});

stores('a batch that is being written is seen whole or not at all', async () => {
  const store = await openStore(freshDirectory());
  const [before, added] = [0, 200].map((from) =>
    Array.from({ length: 200 }, (_, index) => vertexOf(from + index, 0)),
  ) as [VertexRecord[], VertexRecord[]];
  const writeOf = (vertex: VertexRecord): StoreWrite => ({ type: 'vertex', vertex });

  /** Reads the vertices in each turn of the event loop until the writes are done; what was seen, by turn. */
  async function readDuring(writes: readonly StoreWrite[], vertices: readonly VertexRecord[]) {
    let done = false;
    const writing = store.write(writes, true).then(() => {
      done = true;
    });
    const turns: (Uint8Array | undefined)[][] = [];
    while (!done) {
      turns.push(await Promise.all(vertices.map(({ key }) => store.vertex(key))));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await writing;
    assert.ok(turns.length > 1, 'read while it was being written');
    return turns;
  }

  await store.write(before.map(writeOf), true);
  const numbers = before.map((_, index) => index);
  const confirming = { type: 'checkpoint', checkpoint: checkpointOf(1, numbers.slice(0, 100)) } as const;
  const burying = { type: 'bury', keys: before.slice(100).map(({ key }) => key) } as const;
  for (const write of [confirming, burying]) {
    for (const seen of await readDuring([write], before))
      assert.equal(
        seen,
        before.map(({ envelope }) => envelope),
        `${write.type}: what was acknowledged stays readable`,
      );
  }
  for (const seen of await readDuring(added.map(writeOf), added)) {
    const first = seen[0];
    assert.ok(
      seen.every((envelope) => (envelope === undefined) === (first === undefined)),
      'not half of a batch',
    );
  }
  assert.equal(await store.vertex(added[199]!.key), added[199]!.envelope);
  await store.close();
});

stores('replaces the body of a confirmed vertex only when the payload arrives', async () => {
  const store = await openStore(freshDirectory(), { firstStart: true });
  const bare = vertexOf(1, 0);
  const full = vertexOf(1, 100);
  await store.write([{ type: 'vertex', vertex: bare }], false);
  await store.write([{ type: 'checkpoint', checkpoint: checkpointOf(1, [1]) }], true);
  assert.equal(await store.vertex(bare.key), bare.envelope);
  await store.write([{ type: 'vertex', vertex: full }], true);
  assert.equal(await store.vertex(bare.key), full.envelope);
  await store.write([{ type: 'vertex', vertex: bare }], true);
  assert.equal(await store.vertex(bare.key), full.envelope, 'a payload once held is kept');
  assert.equal(await store.position(bare.key), { height: 1, index: 0 });
  assert.equal((await store.load()).openVertices, []);
  await store.close();
});

stores('in memory holds a writer to its word that a vertex is fresh', async () => {
  const store = memoryStore();
  const fresh = { type: 'vertex', vertex: vertexOf(1, 0), fresh: true } as const;
  await store.write([fresh, fresh], false);
  await store.write([{ type: 'checkpoint', checkpoint: checkpointOf(1, [1]) }], true);
  const refused = await store.write([fresh], false).then(String, String);
  assert.match(refused, /is not fresh/);
});

stores('refuses a directory that is in use, and one that is another program’s', async () => {
  const directory = freshDirectory();
  const store = await openStore(directory, { firstStart: true });
  try {
    await openStore(directory, { firstStart: true });
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, directory);
    assert.match((error as Error).message, 'in use by another process');
    assert.instance((error as Error).cause, Error);
  }
  await store.close();
  await (await openStore(directory, { firstStart: true })).close();
});

stores('confirms only what was stored, and writes nothing more after a failure', async () => {
  const store = await openStore(freshDirectory(), { firstStart: true });
  const failing = store.write([{ type: 'checkpoint', checkpoint: checkpointOf(1, [5]) }], true);
  const message = await failing.then(String, (error: Error) => String(error.cause));
  assert.match(message, 'was never stored');
  const next = await store.write([{ type: 'vertex', vertex: vertexOf(1, 0) }], true).then(String, String);
  assert.match(next, 'takes no more');
  await store.close();
});

stores('a reader holds copies: what a caller does with its bytes changes nothing', async () => {
  const store = await openStore(freshDirectory(), { firstStart: true });
  const vertex = vertexOf(3, 10);
  const before = vertex.envelope.slice();
  const writing = store.write([{ type: 'vertex', vertex }], true);
  await writing;
  vertex.envelope.fill(0);
  const read = await store.vertex(vertex.key);
  assert.equal(read, before);
  read!.fill(0);
  assert.equal(await store.vertex(vertex.key), before);
  await store.close();
});

stores('how fast, and how large', async () => {
  const store = await openStore(freshDirectory(), { firstStart: true });
  const count = 10_000;
  const vertices = Array.from({ length: count }, (_, index) => vertexOf(index, 250));
  const startedMs = performance.now();
  for (let from = 0; from < count; from += 100) {
    const writes = vertices.slice(from, from + 100).map((vertex) => ({ type: 'vertex' as const, vertex }));
    await store.write(writes, true);
  }
  const openMs = performance.now() - startedMs;
  const checkpointStartedMs = performance.now();
  const numbers = Array.from({ length: count }, (_, index) => index);
  await store.write(
    [{ type: 'checkpoint', checkpoint: checkpointOf(1, numbers, numbers.slice(0, 1_000)) }],
    true,
  );
  const checkpointMs = performance.now() - checkpointStartedMs;
  const readStartedMs = performance.now();
  for (let index = 0; index < 2_000; index++) await store.vertex(idOf(index * 3));
  const readMs = performance.now() - readStartedMs;
  const rate = (amount: number, ms: number): string => `${Math.round((amount / ms) * 1_000)}/s`;
  console.log(
    `store: ${rate(count, openMs)} vertices written durably, 100 a batch; a checkpoint of ${count} in ` +
      `${Math.round(checkpointMs)} ms; ${rate(2_000, readMs)} vertices read; ` +
      `${Math.round((await store.size()) / count)} bytes a vertex on disk`,
  );
  assert.equal(await store.position(idOf(count - 1)), { height: 1, index: count - 1 });
  await store.close();
});

stores('why a height was decided is kept, also over a restart, until a checkpoint drops it', async () => {
  const directory = freshDirectory();
  let disk = await openStore(directory);
  const memory = memoryStore();
  const check = async (height: number, kept: boolean): Promise<void> => {
    for (const store of [disk, memory])
      assert.is((await store.decision(height)) !== undefined, kept, `height ${height}`);
  };
  const write = async (from: number, to: number): Promise<void> => {
    const heights = Array.from({ length: to - from + 1 }, (_, i) => from + i);
    const writes = heights.map(
      (height): StoreWrite => ({ type: 'checkpoint', checkpoint: checkpointOf(height, []) }),
    );
    for (const store of [disk, memory]) await store.write(writes, true);
  };
  await write(1, DECISIONS_KEPT);
  await disk.close();
  disk = await openStore(directory);
  await check(1, true);
  await check(2, false);
  await write(DECISIONS_KEPT + 1, DECISIONS_KEPT + 1);
  await check(1, false);
  await check(3, true);
  await check(DECISIONS_KEPT + 1, true);
  assert.equal((await disk.audit()).faults, []);
  await disk.close();
});

stores(
  'a snapshot that is installed and filled piece by piece is what it is in memory, at every stop between',
  async () => {
    const directory = freshDirectory();
    let disk = await openStore(directory, { firstStart: true });
    const memory = memoryStore();
    const [low, top] = [5, 9];
    const backfill = (height: number): StoreWrite => {
      const { header, certificate, outcomes } = checkpointOf(height, [height, height + 10]);
      const vertices = [height, height + 10].map((number) => vertexOf(number, 0));
      return { type: 'backfill', checkpoint: { header, certificate, outcomes }, vertices };
    };
    const changes = new Map([
      [0, Uint8Array.of(1)],
      [1, Uint8Array.of(2)],
    ]);
    const steps: StoreWrite[][] = [
      [{ type: 'install', objects: [1, 2, 3].map(objectOf), changes }, backfill(top)],
      ...[8, 7, 6, 5].map((height) => [backfill(height)]),
      [
        { type: 'header', id: toHex(headerId(headerOf(2))), height: 2 },
        { type: 'vertex', vertex: vertexOf(20, 0) },
        { type: 'bury', keys: [idOf(20)] },
        { type: 'joined', historyNodes: [{ level: 2, index: 0, hash: headerId(headerOf(3)) }] },
      ],
      [{ type: 'header', id: toHex(headerId(headerOf(2))), height: 2 }],
      [{ type: 'vertex', vertex: vertexOf(21, 0) }],
      [{ type: 'checkpoint', checkpoint: checkpointOf(top + 1, [21], [4], [1]) }],
    ];
    const stages: string[] = [await disk.stage()];
    for (const writes of steps) {
      for (const store of [disk, memory]) await store.write(writes, false);
      await disk.close();
      disk = await openStore(directory);
      stages.push(await disk.stage());
      assert.is(await dumpStore(disk, VERTICES, HEIGHTS), await dumpStore(memory, VERTICES, HEIGHTS));
      assert.equal((await disk.audit()).faults, []);
    }
    assert.equal(stages, ['empty', ...Array(5).fill('joining'), ...Array(4).fill('whole')]);
    assert.is(await disk.firstHeight(), low);
    assert.equal(await disk.position(idOf(low + 10)), { height: low, index: 1 });
    assert.is(await disk.headerHeight(toHex(headerId(headerOf(2)))), 2);
    await disk.close();
  },
);

stores('a snapshot goes into an empty store only, and downwards without a gap', async () => {
  const { header, certificate, outcomes } = checkpointOf(9, []);
  const fill: StoreWrite = { type: 'backfill', checkpoint: { header, certificate, outcomes }, vertices: [] };
  const install: StoreWrite = { type: 'install', objects: [objectOf(1)], changes: new Map() };
  for (const [earlier, wrong, why] of [
    [[{ type: 'checkpoint', checkpoint: checkpointOf(1, [], [2]) }], [install, fill], 'where there is none'],
    [[install, fill], [fill], 'is not below 9'],
    [[{ type: 'vertex', vertex: vertexOf(1, 0) }], [fill], 'is not below 0'],
  ] as [StoreWrite[], StoreWrite[], string][]) {
    const disk = await openStore(freshDirectory(), { firstStart: true });
    await disk.write(earlier, false);
    const refused = await disk.write(wrong, false).then(String, (error: Error) => String(error.cause));
    assert.match(refused, why);
    await disk.close();
    const memory = memoryStore();
    await memory.write(earlier, false);
    assert.match(await memory.write(wrong, false).then(String, String), why);
  }
});

stores.run();

/** The runner: what it performs, in which order, and that a busy node neither starves nor says what is not durable. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../../consensus/codec/bytes.ts';
import { limits } from '../../consensus/codec/limits.ts';
import { zero32 } from '../../consensus/crypto/hash.ts';
import { encodeVertex } from '../../consensus/vertex/vertex.ts';
import { bundle, peerMessage } from '../../consensus/wire/messages.ts';
import { memoryStore } from '../memory-store.ts';
import type { Network, Store, StoreWrite, Timers } from '../ports.ts';
import type { Event } from '../replica/events.ts';
import { Replica } from '../replica/replica.ts';
import { restore } from '../restore.ts';
import { Runner } from '../runner.ts';
import { Desk } from './one-replica.ts';

const test = suite('runner');
const author: Event = { type: 'author', kind: 'readings', payload: new Uint8Array(0), payloadHash: zero32 };
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A runner whose disk, network, clock and timers the test holds. */
class Bench {
  readonly desk: Desk;
  nowMs: number;
  readonly frames: Uint8Array[] = [];
  readonly bundles: Uint8Array[] = [];
  readonly story: string[] = [];
  timers: { atMs: number; call: () => void }[] = [];
  halted: Error | undefined;
  /** Called before a write is applied. */
  onWrite: (writes: readonly StoreWrite[]) => Promise<void> = async () => {};
  runner!: Runner;
  store!: Store;

  private constructor(desk: Desk) {
    this.desk = desk;
    this.nowMs = desk.nowMs;
  }

  static async open(own = 4): Promise<Bench> {
    const bench = new Bench(await Desk.open({ own }));
    const memory = memoryStore();
    bench.store = {
      ...memory,
      write: async (writes, durable) => {
        await bench.onWrite(writes);
        await memory.write(writes, durable);
        bench.story.push(`store ${writes.map((write) => write.type).join(' ')}`.trim());
      },
    };
    const network: Network = {
      peers: bench.desk.keys.slice(0, 3),
      send: (_, frame) => {
        bench.frames.push(frame);
        bench.story.push('send');
      },
      gossip: (bytes) => {
        // As strict as the real one.
        if (bytes.length > limits.bundleBytesMax) throw new RangeError(`a bundle of ${bytes.length} bytes`);
        bench.bundles.push(bytes);
        bench.story.push('gossip');
      },
      pushToLightClients: () => {},
      close: async () => {},
    };
    const timers: Timers = {
      at: (atMs, call) => {
        const timer = { atMs, call };
        bench.timers.push(timer);
        return () => {
          bench.timers = bench.timers.filter((other) => other !== timer);
        };
      },
    };
    const replica = new Replica(await restore(bench.desk.genesis, bench.desk.own, bench.store, 1));
    const ports = { store: bench.store, network, clock: { now: () => bench.nowMs }, timers };
    bench.runner = new Runner(replica, ports, {
      onNotice: () => {},
      onHalt: (error) => {
        bench.halted = error;
      },
    });
    for (const greeting of bench.desk.greetings(replica)) bench.runner.dispatch(greeting);
    await bench.runner.idle();
    bench.story.length = 0;
    return bench;
  }

  /** Lets time pass; timers fire when they are due. */
  pass(durationMs: number): void {
    this.nowMs += durationMs;
    for (const timer of this.timers.filter(({ atMs }) => atMs <= this.nowMs)) {
      this.timers = this.timers.filter((other) => other !== timer);
      timer.call();
    }
  }
}

test('a burst of own vertices leaves in bundles that the network takes', async () => {
  const bench = await Bench.open();
  for (let i = 0; i < 900; i++) bench.runner.dispatch(author);
  await bench.runner.idle();
  assert.is(bench.halted, undefined);
  assert.ok(bench.bundles.length > 2);
  let vertices = 0;
  for (const bytes of bench.bundles) {
    const decoded = bundle.decode(bytes);
    vertices += decoded.ok ? decoded.value.vertices.length : 0;
  }
  assert.is(vertices, 900);
});

test('store before wire: a witness and a vote are stored before anybody hears of them', async () => {
  const bench = await Bench.open(1);
  bench.runner.dispatch({
    type: 'gossip',
    peer: bench.desk.keys[5]!,
    data: bundle.encode({ publisher: zero32, vertices: [] }),
  });
  bench.nowMs += 20_000;
  bench.runner.dispatch({ type: 'tick' });
  await bench.runner.idle();
  const vote = bench.story.findIndex((line) => line.includes('vote'));
  assert.ok(vote >= 0, bench.story.join(', '));
  assert.ok(!bench.story.slice(0, vote).includes('send'), bench.story.join(', '));
  assert.ok(bench.story.slice(vote).includes('send'));
});

test('what is only to be kept shares a batch; whatever is waited for takes it along', async () => {
  const bench = await Bench.open();
  const gossip = (): Event => ({
    ...{ type: 'gossip', peer: bench.desk.keys[5]! },
    data: bundle.encode({ publisher: zero32, vertices: [encodeVertex(bench.desk.vertex(5))] }),
  });
  const stored = () =>
    bench.story.filter((line) => line.startsWith('store')).map((line) => line.split(' ').length - 1);
  bench.runner.dispatch(gossip());
  await turn();
  bench.runner.dispatch(gossip());
  await turn();
  assert.equal(stored(), [], 'nobody waits for them');
  bench.pass(20);
  await turn();
  assert.equal(stored(), [2], 'after 20 ms they are written, together');
  bench.runner.dispatch(gossip());
  await turn();
  await bench.runner.dispatchDurable({ type: 'tick' });
  assert.equal(stored(), [2, 1], 'who waits, waits for all that came before');
  bench.runner.dispatch(gossip());
  await bench.runner.stop();
  assert.equal(stored(), [2, 1, 1], 'nothing is left behind at the end');
});

test('a failed write halts the node: nothing of its round is sent, and no acknowledgement is given', async () => {
  const bench = await Bench.open();
  bench.onWrite = async () => {
    throw new Error('disk full');
  };
  const acknowledged = bench.runner.dispatchDurable(author);
  const waiting = bench.runner.dispatchDurable(author);
  for (const each of [acknowledged, waiting]) {
    assert.match(
      await each.then(
        () => 'acknowledged',
        (error: Error) => error.message,
      ),
      'the store failed',
    );
  }
  assert.match(bench.halted!.message, 'the store failed');
  assert.equal(bench.story, []);
  assert.match(
    await bench.runner.dispatchDurable(author).then(
      () => 'acknowledged',
      (error: Error) => error.message,
    ),
    'the store failed',
  );
});

test('a stopping node acknowledges nothing more', async () => {
  const bench = await Bench.open();
  await bench.runner.stop();
  const answer = bench.runner.dispatchDurable(author);
  assert.match(
    await answer.then(
      () => 'acknowledged',
      (error: Error) => error.message,
    ),
    'stopping',
  );
});

test('an acknowledgement waits for its own round, not for the quiet hour', async () => {
  const bench = await Bench.open();
  let busy = true;
  // While one round is written, the next comes in: the queue is never empty.
  bench.onWrite = async () => {
    await turn();
    if (busy) bench.runner.dispatch(author);
  };
  bench.runner.dispatch(author);
  await turn();
  const before = bench.story.length;
  const reply = await bench.runner.dispatchDurable(author);
  assert.is(reply.type, 'taken');
  assert.ok(bench.story.length - before < 20, 'within a few rounds');
  assert.ok(
    reply.type === 'taken' && (await bench.store.vertex(reply.vertex.key)) !== undefined,
    'durable by now',
  );
  busy = false;
  await bench.runner.idle();
});

test('a vertex that came by gossip is acknowledged to a client only once it is durable', async () => {
  const bench = await Bench.open();
  const vertex = bench.desk.vertex(5);
  let writing: () => void = () => {};
  bench.onWrite = () => new Promise((resolve) => (writing = resolve));
  bench.runner.dispatch({
    type: 'gossip',
    peer: bench.desk.keys[0]!,
    data: bundle.encode({ publisher: zero32, vertices: [encodeVertex(vertex)] }),
  });
  let acknowledged = false;
  void bench.runner
    .dispatchDurable({ type: 'submit', envelope: encodeVertex(vertex) })
    .then(() => (acknowledged = true));
  await turn();
  assert.not.ok(acknowledged);
  for (let i = 0; i < 4 && !acknowledged; i++) {
    writing();
    await turn();
  }
  assert.ok(acknowledged);
});

test('timers come in time on a node that is never idle', async () => {
  const bench = await Bench.open(1);
  const vertex = bench.desk.vertex(5);
  const data = bundle.encode({ publisher: zero32, vertices: [encodeVertex(vertex)] });
  // An event every 0.4 ms; nobody else votes, so that the view must change.
  bench.runner.dispatch({ type: 'gossip', peer: bench.desk.keys[0]!, data });
  for (let i = 0; i < 10_000 && bench.runner.replica.view === 0; i++) {
    bench.runner.dispatch({ type: 'message', peer: bench.desk.keys[0]!, frame: new Uint8Array(0) });
    bench.pass(0.4);
  }
  await bench.runner.idle();
  assert.ok(bench.runner.replica.view > 0, 'the view timer fired');
  assert.ok(bench.timers.length <= 1);
});

test('own look-ups are made, however many peers keep the store busy', async () => {
  const bench = await Bench.open();
  const release: (() => void)[] = [];
  const { vertex } = bench.store;
  bench.runner.dispatch({ type: 'tick' });
  await bench.runner.idle();
  const slow = bench.desk.vertex(5);
  const asked: string[] = [];
  bench.store.vertex = async (key) => {
    asked.push(key);
    if (asked.length <= 64) await new Promise<void>((resolve) => release.push(resolve));
    return vertex(key);
  };
  const frame = peerMessage.encode({ type: 'getVertices', ids: [slow.id] });
  for (let i = 0; i < 100; i++) bench.runner.dispatch({ type: 'message', peer: bench.desk.keys[0]!, frame });
  await bench.runner.idle();
  assert.is(asked.length, 64, 'peers’ reads are bounded');
  const child = bench.desk.vertex(5);
  bench.runner.dispatch({
    type: 'gossip',
    peer: bench.desk.keys[1]!,
    data: bundle.encode({ publisher: zero32, vertices: [encodeVertex(child)] }),
  });
  await bench.runner.idle();
  await turn();
  assert.is(asked.length, 65);
  for (const done of release) done();
});

test('a chain is answered newest first, so many and no more, and ends where the chain does', async () => {
  const bench = await Bench.open();
  const chain = Array.from({ length: 5 }, () => bench.desk.vertex(5));
  for (const vertex of chain)
    await bench.store.write(
      [{ type: 'vertex', vertex: { key: vertex.key, envelope: encodeVertex(vertex) } }],
      true,
    );
  const answerTo = async (newest: number, count: number): Promise<number[]> => {
    bench.frames.length = 0;
    const frame = peerMessage.encode({ type: 'getChain', id: chain[newest]!.id, count });
    bench.runner.dispatch({ type: 'message', peer: bench.desk.keys[0]!, frame });
    await bench.runner.idle();
    for (let i = 0; i < 20; i++) await turn();
    return bench.frames.flatMap((sent) => {
      const decoded = peerMessage.decode(sent);
      if (!decoded.ok || decoded.value.type !== 'vertices') return [];
      return decoded.value.vertices.map((envelope) =>
        chain.findIndex((vertex) => toHex(encodeVertex(vertex)) === toHex(envelope)),
      );
    });
  };
  assert.equal(await answerTo(3, 2), [3, 2]);
  assert.equal(await answerTo(4, 256), [4, 3, 2, 1, 0]);
  assert.equal(await answerTo(0, 2), [0]);
});

test('a clock that is set back does not hold up what is gossiped', async () => {
  const bench = await Bench.open();
  bench.runner.dispatch(author);
  await bench.runner.idle();
  const before = bench.bundles.length;
  bench.nowMs -= 3_600_000;
  bench.runner.dispatch(author);
  await bench.runner.idle();
  bench.pass(100);
  assert.is(bench.bundles.length, before + 1);
});

test('what waits for company when the disk fails is not said afterwards', async () => {
  const bench = await Bench.open();
  for (let i = 0; i < 2; i++) {
    bench.runner.dispatch(author);
    await bench.runner.idle();
  }
  const before = bench.bundles.length;
  assert.is(before, 1, 'the second waits');
  bench.onWrite = async () => {
    throw new Error('disk full');
  };
  bench.runner.dispatch(author);
  await bench.runner.idle();
  assert.ok(bench.halted);
  bench.pass(1_000);
  assert.is(bench.bundles.length, before);
});

test.run();

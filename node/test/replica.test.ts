/** The replica alone: own chain, recall, parking, certificates. What a network of them does is tried in sim/test. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { makeQuorum } from '../../consensus/checkpoint/certificate.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import { hash, zero32 } from '../../consensus/crypto/hash.ts';
import { batch, batchHash, makeBatch } from '../../consensus/vertex/batch.ts';
import { encodeVertex, signVertex, type Vertex, withoutPayload } from '../../consensus/vertex/vertex.ts';
import { VERTICES_PER_REQUEST_MAX } from '../../consensus/wire/messages.ts';
import { BURST_VERTICES } from '../replica/allowance.ts';
import { Desk } from './one-replica.ts';

const test = suite('replica');

/** The shortest window that a genesis allows. */
const WINDOW = 16;
const shortWindow = { pace: { settledWindow: WINDOW } };
const nothing = new Uint8Array(0);
const temperature = { quantity: 'temperature' as const, value: { mantissa: 201, exponent: -1 } };
const author = { type: 'author', kind: 'readings', payload: nothing, payloadHash: zero32 } as const;

async function write(desk: Desk): Promise<Vertex> {
  const reply = await desk.step(author);
  if (reply.type !== 'taken') throw new Error(JSON.stringify(reply));
  return reply.vertex;
}

async function advance(desk: Desk, heights: number): Promise<void> {
  for (let i = 0; i < heights; i++) await desk.certify([]);
}

/** Takes out what was asked for since the last look. */
const idsAsked = (desk: Desk) => desk.asked.splice(0).flatMap(({ ids }) => ids);

// ---- own chain

//  v1 ── settled ── K heights ── v2 open │ restart │ v3
test('the own chain goes on after a silence longer than the window, and after a restart', async () => {
  const desk = await Desk.open(shortWindow);
  const first = await write(desk);
  await desk.certify([first]);
  await advance(desk, WINDOW + 2);
  assert.not.ok(desk.replica.dag.knows(first.key), 'beyond the window');

  const second = await write(desk);
  assert.is(second.sequence, 2);
  assert.equal(second.previous, first.id);
  assert.ok(desk.effects.some((effect) => effect.type === 'gossip'));
  assert.equal(await desk.store.vertex(second.key), encodeVertex(second), 'stored before anybody sees it');

  await desk.restart();
  const third = await write(desk);
  assert.is(third.sequence, 3, 'not a second vertex of sequence 2');
  assert.equal(third.previous, second.id);
});

test('an own vertex that waits for its ancestors after a restart is continued, not forked', async () => {
  const desk = await Desk.open(shortWindow);
  const old = desk.vertex(5);
  await desk.gossip(5, old);
  await desk.certify([old]);
  await advance(desk, WINDOW + 2);
  // An own vertex that stands on one settled long ago: after the restart it is parked until that is recalled.
  const child = desk.vertex(6, { parents: [old.id] });
  await desk.gossip(6, child);
  const own = await write(desk);
  assert.ok(own.parents.some((parent) => toHex(parent) === child.key));

  desk.recalls = false;
  await desk.restart();
  assert.is(desk.replica.gauges().parked, 2);
  assert.is((await desk.step(author)).type, 'refused', 'not before the own chain is whole');
  await desk.answerRecall([old.id]);
  assert.is(desk.replica.gauges().parked, 0);
  const next = await write(desk);
  assert.is(next.sequence, 2);
  assert.equal(next.previous, own.id);
});

test('an own vertex that everybody would refuse is not signed into the chain, nor gossiped', async () => {
  const desk = await Desk.open({ stranger: true });
  const reply = await desk.step(author);
  assert.is(reply.type === 'refused' && reply.refusal.code, 'E_KEY_UNKNOWN');
  assert.not.ok(desk.effects.some((effect) => effect.type === 'gossip' || effect.type === 'store'));
});

test('a seat’s witnesses keep their time growing over a restart with a clock that went back', async () => {
  const desk = await Desk.open({ own: 1 });
  await desk.gossip(5, desk.vertex(5));
  await desk.elapse(150);
  const before = [...desk.replica.dag.nodes()]
    .filter((node) => node.vertex.kind === 'witness')
    .map((node) => node.vertex);
  assert.is(before.length, 1);
  await desk.certify([...desk.replica.dag.nodes()].map((node) => node.vertex));
  desk.nowMs -= 60_000;
  await desk.restart();
  await desk.gossip(5, desk.vertex(5));
  await desk.elapse(150);
  const after = [...desk.replica.dag.nodes()].find((node) => node.vertex.kind === 'witness');
  assert.ok(after !== undefined, 'it is valid here, so it is valid everywhere');
  assert.ok(after.time > before[0]!.time);
});

// ---- ancestors that are not here

test('an ancestor that settled before the window is recalled from the own store', async () => {
  const desk = await Desk.open(shortWindow);
  const old = desk.vertex(5);
  await desk.gossip(5, old);
  await desk.certify([old]);
  await advance(desk, WINDOW + 1);
  const child = desk.vertex(6, { parents: [old.id] });
  await desk.gossip(6, child);
  assert.ok(desk.replica.dag.get(child.key) !== undefined);
  assert.equal(idsAsked(desk), [], 'nobody was asked');
});

test('a vertex that cites a header before the window is taken: only the store remembers its height', async () => {
  const desk = await Desk.open(shortWindow);
  await advance(desk, 2);
  const checkpoint = desk.replica.ledger.headerId;
  await advance(desk, WINDOW + 1);
  assert.is(desk.replica.ledger.heightOf(toHex(checkpoint)), undefined, 'it holds only the last K');
  for (const life of ['the first', 'the next']) {
    // Its author was away all the time: nothing of it is settled, so it is late, not dead.
    const late = desk.vertex(life === 'the first' ? 5 : 6, { checkpoint });
    await desk.gossip(4, late);
    assert.is(desk.replica.dag.get(late.key)?.checkpointHeight, 2, life);
    const unheard = desk.vertex(4, { checkpoint: hash('header', late.id) });
    await desk.gossip(4, unheard);
    assert.is(
      desk.effects.filter(({ type }) => type === 'recallHeader').length,
      1,
      'the store is asked once',
    );
    await desk.gossip(4, desk.vertex(4, { checkpoint: hash('header', late.id) }));
    assert.is(desk.effects.filter(({ type }) => type === 'recallHeader').length, 0);
    assert.not.ok(desk.replica.dag.knows(unheard.key), 'of a header that nobody has it waits');
    await desk.restart();
  }
});

//  a ── b ── c     only c is here
test('whoever names an old header as a parent does not keep the store from being asked for it', async () => {
  const desk = await Desk.open(shortWindow);
  await advance(desk, 2);
  const checkpoint = desk.replica.ledger.headerId;
  await advance(desk, WINDOW + 1);
  const trap = desk.vertex(6, { parents: [checkpoint] });
  await desk.gossip(6, trap);
  assert.is(desk.replica.gauges().parked, 1);
  const late = desk.vertex(5, { checkpoint });
  await desk.gossip(4, late);
  assert.is(desk.replica.dag.get(late.key)?.checkpointHeight, 2);
  // Nor is it mistaken for a vertex when its height is known.
  assert.is(desk.replica.gauges().parked, 1);
});

test('what waited for its checkpoint waits for its ancestors after that, and is taken with them', async () => {
  const desk = await Desk.open(shortWindow);
  await advance(desk, 2);
  const checkpoint = desk.replica.ledger.headerId;
  await advance(desk, WINDOW + 1);
  const [parent, child] = [desk.vertex(5, { checkpoint }), desk.vertex(6, { checkpoint })];
  const joined = desk.vertex(6, { checkpoint, parents: [parent.id] });
  await desk.gossip(4, child, joined);
  assert.is(desk.replica.gauges().parked, 1);
  await desk.hear(4, { type: 'vertices', vertices: [encodeVertex(parent)] });
  assert.is(desk.replica.gauges().parked, 0);
  assert.ok(desk.replica.dag.get(joined.key));
});

test('missing ancestors are asked of whoever sent the vertex, then of others; what is parked is not relayed', async () => {
  const desk = await Desk.open();
  for (const peer of [0, 1, 2, 5]) await desk.step({ type: 'connected', peer: desk.keys[peer]! });
  const [a, b, c] = [desk.vertex(5), desk.vertex(5), desk.vertex(5)];
  assert.equal(await desk.gossip(2, c), { type: 'verdict', verdict: 'ignore' });
  assert.equal(await desk.gossip(1, c), { type: 'verdict', verdict: 'ignore' }, 'known, but not solid');
  assert.is(desk.replica.gauges().parked, 1);
  assert.equal(
    desk.asked.map(({ peer }) => peer),
    [desk.keys[2]],
  );
  await desk.elapse(3_000);
  assert.is(new Set(desk.asked.map(({ peer }) => peer)).size, 4, 'others are asked in turns');
  await desk.hear(1, { type: 'vertices', vertices: [encodeVertex(b)] });
  assert.is(desk.replica.gauges().parked, 2);
  await desk.hear(1, { type: 'vertices', vertices: [encodeVertex(a)] });
  assert.is(desk.replica.gauges().parked, 0);
  for (const vertex of [a, b, c]) assert.ok(desk.replica.dag.get(vertex.key) !== undefined);
});

test('a gap in a chain is closed in a few round trips, also when its author has nothing left to pay with', async () => {
  for (const spent of [false, true]) {
    const desk = await Desk.open();
    await desk.step({ type: 'connected', peer: desk.keys[2]! });
    if (spent) {
      const others = Array.from({ length: BURST_VERTICES }, () => desk.vertex(5));
      for (let at = 0; at < others.length; at += VERTICES_PER_REQUEST_MAX)
        await desk.gossip(5, ...others.slice(at, at + VERTICES_PER_REQUEST_MAX));
    }
    const gap = Array.from({ length: 200 }, () => desk.vertex(5));
    const held = new Map(gap.map((vertex, place) => [vertex.key, place]));
    // Another author stands on the last: its ancestors are free.
    await desk.gossip(2, desk.vertex(6, { parents: [gap.at(-1)!.id] }));
    let trips = 0;
    for (; desk.replica.gauges().parked > 0 && trips < 30; trips++) {
      const answers: Vertex[] = [];
      for (const { message } of desk.sent()) {
        if (message.type === 'getVertices')
          answers.push(...message.ids.flatMap((id) => gap[held.get(toHex(id)) ?? -1] ?? []));
        if (message.type === 'getChain') {
          const newest = held.get(toHex(message.id))!;
          answers.push(...gap.slice(Math.max(0, newest + 1 - message.count), newest + 1).reverse());
        }
      }
      await desk.hear(2, { type: 'vertices', vertices: answers.map(encodeVertex) });
    }
    console.log(`a gap of ${gap.length}: ${trips} round trips`);
    assert.is(desk.replica.gauges().parked, 0);
    assert.ok(gap.every(({ key }) => desk.replica.dag.get(key) !== undefined));
    assert.ok(trips <= 10, `${trips}`);
  }
});

test('however long nobody has an ancestor, it is asked for again, and at once of whoever names its descendants', async () => {
  const desk = await Desk.open();
  await desk.step({ type: 'connected', peer: desk.keys[0]! });
  const [a, b] = [desk.vertex(5), desk.vertex(5)];
  await desk.gossip(0, b);
  await desk.elapse(300_000);
  const asked = idsAsked(desk).length;
  assert.ok(asked > 15 && asked < 40, `asked ${asked} times in five minutes`);
  await desk.hear(1, { type: 'tips', ids: [b.id] });
  assert.equal(idsAsked(desk).map(toHex), [a.key]);
  await desk.hear(1, { type: 'vertices', vertices: [encodeVertex(a)] });
  assert.ok(desk.replica.dag.get(b.key) !== undefined);
});

test('a vertex that cites a checkpoint still unknown here waits for it, and nobody is asked for the header’s id', async () => {
  const ahead = await Desk.open();
  const desk = await Desk.open();
  const { header, certificate } = await ahead.certify([]);
  const early = ahead.vertex(5);
  await desk.gossip(0, early);
  assert.is(desk.replica.gauges().parked, 1);
  await desk.hear(0, { type: 'tips', ids: [early.id] });
  assert.equal(idsAsked(desk), []);
  await desk.hear(0, { type: 'certified', speaks: true, header, certificate: [certificate] });
  await desk.hear(0, { type: 'checkpoint', header, certificate, outcomes: [] });
  assert.ok(desk.replica.dag.get(early.key) !== undefined);
});

test('thousands of parked vertices that wait for one another are released at once', async () => {
  const desk = await Desk.open();
  const links = Array.from({ length: 3_000 }, () => desk.vertex(5));
  for (const link of links.slice(1).reverse()) {
    desk.nowMs += 10;
    await desk.gossip(5, link);
  }
  assert.is(desk.replica.gauges().parked, links.length - 1);
  desk.nowMs += 10;
  await desk.gossip(5, links[0]!);
  assert.is(desk.replica.gauges().parked, 0);
  assert.is(desk.replica.dag.size, links.length);
});

test('a flood of parked vertices drives out itself, not what an honest peer sent', async () => {
  const desk = await Desk.open();
  const [missing, honest] = [desk.vertex(5), desk.vertex(5)];
  await desk.gossip(1, honest);
  const nowhere = (n: number) => hash('order', Uint8Array.of(n >>> 16, n >>> 8, n));
  for (let n = 0; n < 4_300; n++) {
    desk.nowMs += 10;
    await desk.gossip(
      6,
      desk.vertex(6, { sequence: 2, previous: nowhere(2 * n), parents: [nowhere(2 * n + 1)] }),
    );
  }
  assert.is(desk.replica.gauges().parked, 4_096);
  await desk.hear(1, { type: 'vertices', vertices: [encodeVertex(missing)] });
  assert.ok(desk.replica.dag.get(honest.key) !== undefined);
  // What it made this node look for is bounded too.
  assert.ok(new Set(idsAsked(desk).map(toHex)).size <= 1_100);
});

// ---- dead branches [VTX-2]

//  x1 ── settled ── K heights ── dead: another x1 ── citer (by y)
test('a citer of a dead vertex is valid, and whoever has it can serve the dead one to the next', async () => {
  const desk = await Desk.open(shortWindow);
  const cited = desk.replica.ledger.headerId;
  const taken = desk.vertex(5);
  await desk.gossip(5, taken);
  await desk.certify([taken]);
  await advance(desk, WINDOW + 1);
  const dead = signVertex(
    {
      network: desk.genesis.network,
      sequence: 1,
      previous: zero32,
      checkpoint: cited,
      parents: [],
      time: 1,
      kind: 'readings',
      payloadHash: hash('order'),
    },
    nothing,
    desk.signers[5]!,
  );
  const citer = desk.vertex(6, { parents: [dead.id] });
  await desk.gossip(6, citer);
  assert.is(desk.replica.gauges().parked, 1);
  await desk.hear(6, { type: 'vertices', vertices: [encodeVertex(dead)] });
  assert.ok(desk.replica.dag.get(citer.key) !== undefined);
  assert.not.ok(desk.replica.dag.knows(dead.key));
  assert.equal(
    await desk.store.vertex(dead.key),
    encodeVertex(dead),
    'who gets the citer from here will ask for it',
  );
  assert.equal((await desk.store.load()).openVertices.length, 1);
  await desk.restart();
  assert.ok(desk.replica.dag.get(citer.key) !== undefined, 'and the own restart finds it');
});

test('an open branch that lost is buried when the window passes it, and is still served', async () => {
  const desk = await Desk.open(shortWindow);
  const cited = desk.replica.ledger.headerId;
  const branches = [1, 2].map((n) =>
    signVertex(
      {
        network: desk.genesis.network,
        sequence: 1,
        previous: zero32,
        checkpoint: cited,
        parents: [],
        time: n,
        kind: 'readings',
        payloadHash: zero32,
      },
      nothing,
      desk.signers[5]!,
    ),
  );
  await desk.gossip(5, ...branches);
  await desk.certify([branches[0]!]);
  await advance(desk, WINDOW - 1);
  assert.ok(
    desk.replica.dag.get(branches[1]!.key) !== undefined,
    'within the window it may still be confirmed',
  );
  await advance(desk, 1);
  assert.is(desk.replica.dag.get(branches[1]!.key), undefined);
  assert.equal(await desk.store.vertex(branches[1]!.key), encodeVertex(branches[1]!));
  assert.equal((await desk.store.load()).openVertices, []);
});

// ---- certificates

test('only a good certificate is adopted, also for a header that was seen certified before', async () => {
  const leader = await Desk.open({ own: 1 });
  const desk = await Desk.open({ own: 2 });
  await leader.elapse(leader.genesis.record.pace.heartbeatMs);
  await leader.step({ type: 'tick' });
  const proposal = leader.broadcast.find((message) => message.type === 'proposal')!;
  const { header } = proposal;
  const certificate = desk.certificateOf(header);
  const forged = {
    ...certificate,
    quorum: makeQuorum(new Map([0, 1, 2].map((seat) => [seat, new Uint8Array(64)])), desk.genesis.committee),
  };

  desk.nowMs = leader.nowMs;
  await desk.hear(3, { type: 'certified', speaks: true, header, certificate: [certificate] });
  assert.is(desk.replica.gauges().target, 1, 'known to be certified, and not here yet');
  await desk.hear(1, proposal);
  assert.equal(desk.broadcast, [], 'what is decided is caught up with, not voted on');
  await desk.hear(0, { type: 'certified', speaks: true, header, certificate: [forged] });
  await desk.hear(0, { type: 'checkpoint', header, certificate: forged, outcomes: [] });
  assert.is(desk.replica.ledger.height, 0);
  await desk.hear(3, { type: 'checkpoint', header, certificate, outcomes: [] });
  assert.is(desk.replica.ledger.height, 1);
  assert.equal(desk.replica.ledger.certificate, certificate);
});

// ---- whom this node listens to

test('a seat speaks for itself: its messages are taken from its own node only', async () => {
  const leader = await Desk.open({ own: 1 });
  await leader.elapse(leader.genesis.record.pace.heartbeatMs);
  await leader.step({ type: 'tick' });
  const proposal = leader.broadcast.find((message) => message.type === 'proposal')!;
  const desk = await Desk.open({ own: 2 });
  desk.nowMs = leader.nowMs;
  for (const from of [0, 3, 5]) {
    await desk.hear(from, proposal);
    assert.is(desk.notices().find((notice) => notice.type === 'refused')?.code, 'E_VOTE');
  }
  assert.is(desk.broadcast.length, 0);
  await desk.hear(1, proposal);
  assert.ok(desk.broadcast.length > 0);
});

test('whoever forges signatures is not heard for a while, and it costs the author nothing', async () => {
  const desk = await Desk.open();
  const forge = (): Vertex => ({
    ...desk.vertex(5, { sequence: 1, previous: zero32, time: desk.nowMs++ }),
    signature: new Uint8Array(64),
  });
  const verdicts = new Map<string, number>();
  for (let i = 0; i < 200; i++) {
    const reply = await desk.gossip(6, forge());
    const verdict = reply.type === 'verdict' ? reply.verdict : 'none';
    verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
  }
  assert.ok(verdicts.get('reject')! <= 25, 'each reject is a slow check');
  const honest = signVertex({ ...desk.vertex(5), sequence: 1, previous: zero32 }, nothing, desk.signers[5]!);
  assert.equal(await desk.gossip(1, honest), { type: 'verdict', verdict: 'accept' });
  await desk.elapse(5_000);
  assert.equal(
    await desk.gossip(6, desk.vertex(6)),
    { type: 'verdict', verdict: 'accept' },
    'it has worked that off',
  );
});

test('a copy of a known vertex with another signature or payload is refused, never relayed', async () => {
  const desk = await Desk.open();
  const vertex = desk.vertex(5);
  const accept = { type: 'verdict', verdict: 'accept' } as const;
  assert.equal(await desk.gossip(1, vertex), accept);
  assert.equal(await desk.gossip(2, vertex), accept, 'the very same');
  const reject = { type: 'verdict', verdict: 'reject' } as const;
  assert.equal(await desk.gossip(6, { ...vertex, signature: new Uint8Array(64) }), reject);
  assert.equal(await desk.gossip(6, { ...vertex, payload: Uint8Array.of(1) }), reject);
  await desk.certify([vertex]);
  assert.equal(
    await desk.gossip(2, vertex),
    { type: 'verdict', verdict: 'ignore' },
    'nobody needs it any more',
  );
  assert.equal(await desk.step({ type: 'submit', envelope: encodeVertex(vertex) }), { type: 'none' });
});

test('in one bundle: a bad signature spoils no other vertex, and what comes twice is taken once', async () => {
  const desk = await Desk.open();
  const [one, two, three] = [desk.vertex(4), desk.vertex(5), desk.vertex(6)];
  const bad = { ...two, signature: one.signature };
  const reply = await desk.gossip(1, one, bad, one, three, two);
  assert.equal(reply, { type: 'verdict', verdict: 'reject' });
  const added = desk.notices().filter((notice) => notice.type === 'vertex');
  assert.equal(
    added.map(({ vertex }) => vertex.key),
    [one.key, three.key, two.key],
    'in their order, each once',
  );
  assert.equal(desk.replica.dag.get(two.key)?.vertex.signature, two.signature);

  // What waits for an ancestor waits once as well, and takes room once.
  const parent = desk.vertex(4);
  const child = desk.vertex(5, { parents: [parent.id] });
  assert.equal(await desk.gossip(1, child, child), { type: 'verdict', verdict: 'ignore' });
  assert.is(desk.replica.gauges().parked, 1);
  await desk.gossip(1, parent);
  assert.is(desk.replica.gauges().parked, 0);
  assert.ok(desk.replica.dag.get(child.key) !== undefined);
});

test('a payload that a client brings late is durable before that is acknowledged, and so is what was known', async () => {
  const desk = await Desk.open();
  const value = makeBatch(
    [{ device: 'probe', session: '', counter: 1, time: 1, readings: [temperature], signature: nothing }],
    zero32,
  );
  const header = { ...desk.vertex(5), payloadHash: batchHash(value) };
  const full = signVertex(header, batch.encode(value), desk.signers[5]!);
  await desk.gossip(1, withoutPayload(full));
  assert.ok(!desk.effects.some(({ type }) => type === 'sync'), 'nobody waits for what was gossiped');
  for (const [vertex, isStored] of [
    [full, true],
    [withoutPayload(full), false],
  ] as const) {
    assert.equal(await desk.step({ type: 'submit', envelope: encodeVertex(vertex) }), { type: 'none' });
    // One round: what is stored in it goes with its sync.
    const types = desk.effects.map(({ type }) => type);
    assert.is(types.includes('store'), isStored);
    assert.ok(types.includes('sync'));
  }
  assert.equal(await desk.store.vertex(full.key), encodeVertex(full));
});

test('a payload that comes again and again is stored at its sender’s cost', async () => {
  const desk = await Desk.open();
  const readings = Array.from({ length: 64 }, (_, i) => ({
    ...temperature,
    value: { mantissa: 201 + (i % 8), exponent: -1 },
  }));
  const frames = Array.from({ length: 100 }, (_, i) => ({
    device: 'urn:dev:os:32473-cellar',
    session: '',
    counter: i,
    time: i,
    readings,
    signature: nothing,
  }));
  const value = makeBatch(frames, zero32);
  const payload = batch.encode(value);
  const full = signVertex({ ...desk.vertex(5), payloadHash: batchHash(value) }, payload, desk.signers[5]!);
  await desk.gossip(1, withoutPayload(full));
  let stored = 0;
  for (let i = 0; i < 300; i++) {
    await desk.gossip(1, full);
    stored += desk.effects.filter((effect) => effect.type === 'store').length;
  }
  assert.ok(stored >= 1 && stored <= 250, `stored ${stored} times`);
  assert.equal(await desk.store.vertex(full.key), encodeVertex(full));
});

test.run();

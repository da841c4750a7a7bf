/** What a flood of one stakeholder's vertices cannot do to those of others `[WIT-1]` `[VTX-7]` (R055, R058). */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex, uint32Bytes } from '../../consensus/codec/bytes.ts';
import { limits } from '../../consensus/codec/limits.ts';
import { hash, zero32 } from '../../consensus/crypto/hash.ts';
import { encodeVertex, signVertex, type Vertex } from '../../consensus/vertex/vertex.ts';
import { VERTICES_PER_REQUEST_MAX } from '../../consensus/wire/messages.ts';
import { nativeSigner } from '../crypto/native.ts';
import { BURST_VERTICES, RATE_PER_S } from '../replica/allowance.ts';
import { OPEN_AT_DOOR_MAX } from '../replica/intake.ts';
import { PARKED_MAX } from '../replica/parking.ts';
import { SERVED_PER_S } from '../replica/serving.ts';
import { Desk } from './one-replica.ts';

const test = suite('replica in a flood');

/** Vertices of one number, each a tip. */
function forks(desk: Desk, author: number, count: number): Vertex[] {
  return Array.from({ length: count }, (_, i) =>
    desk.vertex(author, { sequence: 1, previous: zero32, payloadHash: hash('salt', uint32Bytes(i)) }),
  );
}

/** What the own last witness names besides the own chain. */
function coveredBy(desk: Desk): string[] {
  const own = toHex(desk.own.publicKey);
  const last = [...desk.replica.dag.nodes()].filter(({ authorKey }) => authorKey === own).at(-1)!;
  return last.vertex.parents.map(toHex);
}

test('R058: a witness names a tip of each party before a second of any, seats’ first', async () => {
  const desk = await Desk.open({ own: 1, others: 4 });
  const flood = forks(desk, 5, 150);
  for (const vertex of flood) await desk.gossip(5, vertex);
  const last = [desk.vertex(6), desk.vertex(7), desk.vertex(2, { kind: 'witness' })];
  for (const vertex of last) await desk.gossip(0, vertex);
  await desk.elapse(150);
  const parents = coveredBy(desk);
  for (const { key } of last) assert.ok(parents.includes(key), 'those that came after the flood are covered');
  // The first of the flood has a witness from when it came, which is the own chain's end and takes a place.
  const places = limits.witnessParentsMax - 1 - last.length;
  const oldest = flood.slice(1, 1 + places).map(({ key }) => key);
  assert.equal(parents.filter((parent) => !last.some(({ key }) => key === parent)).sort(), oldest.sort());
});

test('R058: where there are more parties than places, a witness covers the seats’ first', async () => {
  const desk = await Desk.open({ own: 1, others: 80 });
  for (let party = 4; party < 84; party++) await desk.gossip(0, desk.vertex(party));
  const late = desk.vertex(2, { kind: 'witness' });
  await desk.gossip(2, late);
  await desk.elapse(150);
  assert.ok(coveredBy(desk).includes(late.key));
});

//  x ── y    the flooder names x to this node, and never gives it; y is another author's
test('R058: what a flooder named and did not give is asked of whoever sends what rests on it', async () => {
  const desk = await Desk.open();
  for (const peer of [2, 3, 6]) await desk.step({ type: 'connected', peer: desk.keys[peer]! });
  const x = desk.vertex(6);
  await desk.hear(6, { type: 'tips', ids: [x.id] });
  assert.equal(
    desk.asked.splice(0).map(({ peer }) => peer),
    [desk.keys[6]],
  );
  desk.nowMs += 20;
  await desk.gossip(3, desk.vertex(3, { parents: [x.id] }));
  assert.is(desk.asked.length, 0, 'the first may still answer');
  desk.nowMs += 60;
  await desk.gossip(2, desk.vertex(2, { parents: [x.id] }));
  assert.equal(
    desk.asked.splice(0).map(({ peer, ids }) => [peer, ids.map(toHex)]),
    [[desk.keys[2], [x.key]]],
  );
  await desk.hear(2, { type: 'vertices', vertices: [encodeVertex(x)] });
  assert.is(desk.replica.gauges().parked, 0);
});

/** A vertex of somebody whom nobody enrolled. */
function strange(desk: Desk, number: number, checkpoint: Uint8Array): Vertex {
  const header = {
    ...{ network: desk.genesis.network, sequence: 1, previous: zero32, checkpoint, parents: [] },
    ...{ time: desk.nowMs, kind: 'readings' as const, payloadHash: zero32 },
  };
  return signVertex(header, new Uint8Array(0), nativeSigner(hash('salt', uint32Bytes(number))));
}

test('R055: a stranger’s vertex that was named as a tip is asked for once, and given up when it is seen', async () => {
  const desk = await Desk.open();
  for (const peer of [0, 1, 2, 6]) await desk.step({ type: 'connected', peer: desk.keys[peer]! });
  const vertex = strange(desk, 1_000, desk.genesis.headerId);
  await desk.hear(6, { type: 'tips', ids: [vertex.id] });
  await desk.hear(6, { type: 'vertices', vertices: [encodeVertex(vertex)] });
  assert.ok(desk.notices().some((notice) => notice.type === 'refused' && notice.code === 'E_KEY_UNKNOWN'));
  await desk.elapse(60_000);
  assert.equal(
    desk.asked.map(({ peer }) => peer),
    [desk.keys[6]],
  );
  assert.is(desk.replica.dag.size, 0);
});

test('R055: what a thousand strangers say of checkpoints still to come drives out itself', async () => {
  const desk = await Desk.open();
  const [missing, honest] = [desk.vertex(5), desk.vertex(5)];
  await desk.gossip(1, honest);
  for (let number = 0; number < 5_000; number++) {
    const unknown = hash('order', uint32Bytes(number));
    // As fast as its allowance lets it.
    desk.nowMs += 1_000 / RATE_PER_S;
    await desk.gossip(6, strange(desk, 1_000 + (number % 1_000), unknown));
  }
  assert.is(desk.replica.gauges().parked, PARKED_MAX);
  await desk.hear(1, { type: 'vertices', vertices: [encodeVertex(missing)] });
  assert.equal(
    [...desk.replica.dag.nodes()].map(({ vertex }) => vertex.key),
    [missing.key, honest.key],
  );
});

/** What peer 1 then says for the author that others spoke for. */
async function isHeard(desk: Desk, author: number): Promise<boolean> {
  const honest = signVertex(
    { ...desk.vertex(author), sequence: 1, previous: zero32, payloadHash: hash('salt', zero32) },
    new Uint8Array(0),
    desk.signers[author]!,
  );
  const reply = await desk.gossip(1, honest);
  return reply.type === 'verdict' && reply.verdict === 'accept';
}

test('copies of a vertex in one bundle cost its author one, and are verified once', async () => {
  const desk = await Desk.open();
  for (let i = 0; i < 5; i++) {
    const vertex = desk.vertex(5);
    await desk.gossip(6, ...Array.from({ length: VERTICES_PER_REQUEST_MAX }, () => vertex));
    assert.ok(desk.replica.dag.knows(vertex.key));
  }
  assert.ok(await isHeard(desk, 5), 'whoever repeats an author does not silence it');
});

test('what an author did not say costs it nothing, and its sender is not heard for a while', async () => {
  const wrong = {
    'another network': (desk: Desk) =>
      desk.vertex(5, { network: hash('network', uint32Bytes(desk.nowMs++)) }),
    'no chain': (desk: Desk) => desk.vertex(5, { sequence: 9, previous: zero32, time: desk.nowMs++ }),
    'another payload': (desk: Desk) => ({
      ...desk.vertex(5, { sequence: 1, previous: zero32, time: desk.nowMs }),
      payload: uint32Bytes(desk.nowMs++),
    }),
  };
  for (const [name, make] of Object.entries(wrong)) {
    const desk = await Desk.open();
    let refused = 0;
    for (let i = 0; i < 10; i++) {
      await desk.gossip(6, ...Array.from({ length: VERTICES_PER_REQUEST_MAX }, () => make(desk)));
      refused += desk.notices().filter((notice) => notice.type === 'refused').length;
    }
    assert.ok(await isHeard(desk, 5), name);
    assert.ok(refused <= 2 * VERTICES_PER_REQUEST_MAX, `${name}: ${refused} refused`);
  }
});

test('each of the forgeries in one bundle is charged: the sender works all of them off', async () => {
  const desk = await Desk.open();
  let refused = 0;
  for (let i = 0; i < 20; i++) {
    const forged = Array.from({ length: 250 }, (_, place) => ({
      ...desk.vertex(5, {
        sequence: 1,
        previous: zero32,
        payloadHash: hash('salt', uint32Bytes(256 * i + place)),
      }),
      signature: new Uint8Array(64),
    }));
    await desk.gossip(6, ...forged);
    refused += desk.notices().filter((notice) => notice.type === 'refused' && notice.code === 'E_SIG').length;
    desk.nowMs += 100;
  }
  assert.is(refused, 250);
  desk.nowMs += 30_000;
  assert.equal(await desk.gossip(6, desk.vertex(6)), { type: 'verdict', verdict: 'accept' });
});

test('R055: keys that nobody enrolled and checkpoints that nobody knows cost whoever brings them', async () => {
  const desk = await Desk.open();
  const unknown = hash('order', uint32Bytes(7));
  const strangers = Array.from({ length: BURST_VERTICES + 50 }, (_, i) => strange(desk, 1_000 + i, unknown));
  for (let at = 0; at < strangers.length; at += VERTICES_PER_REQUEST_MAX)
    await desk.gossip(6, ...strangers.slice(at, at + VERTICES_PER_REQUEST_MAX));
  assert.is(desk.replica.gauges().parked, BURST_VERTICES, 'as many as its allowance has');
  const more = strangers.at(-1)!;
  assert.equal(await desk.gossip(3, more), { type: 'verdict', verdict: 'ignore' });
  assert.is(desk.replica.gauges().parked, BURST_VERTICES + 1, 'another peer has its own');
  assert.equal(
    await desk.gossip(6, desk.vertex(6)),
    { type: 'verdict', verdict: 'accept' },
    'so has its author',
  );
  const reply = (client: string, i: number) => {
    const envelope = encodeVertex(strange(desk, 9_000 + i, unknown));
    return desk.step({ type: 'submit', envelope, client });
  };
  let last: Awaited<ReturnType<typeof reply>> | undefined;
  for (let i = 0; i <= BURST_VERTICES; i++) last = await reply('one client', i);
  assert.ok(last?.type === 'refused' && last.refusal.code === 'E_ALLOWANCE');
  const other = await reply('another', BURST_VERTICES + 1);
  assert.ok(other.type === 'refused' && other.refusal.code === 'E_PARKED');
});

test('R058: a light client that forges is not heard until it has worked that off; others are', async () => {
  const desk = await Desk.open();
  const codes: string[] = [];
  const submit = async (vertex: Vertex, client: string) => {
    const reply = await desk.step({ type: 'submit', envelope: encodeVertex(vertex), client });
    codes.push(reply.type === 'refused' ? reply.refusal.code : reply.type);
  };
  const forged = { ...desk.vertex(5, { sequence: 1, previous: zero32 }), signature: new Uint8Array(64) };
  for (let i = 0; i < 25; i++) await submit(forged, 'forger');
  assert.is(codes.filter((code) => code === 'E_SIG').length, 20, 'what a thousand vertices pay for');
  assert.is(codes.at(-1), 'E_ALLOWANCE');
  const honest = desk.vertex(6);
  await submit(honest, 'forger');
  await submit(honest, 'gateway');
  assert.equal(codes.slice(-2), ['E_ALLOWANCE', 'taken']);
  desk.nowMs += 1_000;
  await submit(desk.vertex(6), 'forger');
  assert.is(codes.at(-1), 'taken');
});

test('R058: a peer that asks for more than it may is not answered until later; others are', async () => {
  const desk = await Desk.open();
  const id = desk.vertex(5).id;
  const asked = async (peer: number) => {
    await desk.hear(peer, { type: 'getChain', id, count: VERTICES_PER_REQUEST_MAX });
    return desk.effects.some((effect) => effect.type === 'serve' && effect.question.type === 'getChain');
  };
  let served = 0;
  while (await asked(6)) served += 1;
  assert.is(served, Math.floor((2 * SERVED_PER_S) / VERTICES_PER_REQUEST_MAX));
  await desk.hear(6, { type: 'getVertices', ids: Array.from({ length: 200 }, () => id) });
  assert.not(desk.effects.some(({ type }) => type === 'serve'));
  assert.ok(await asked(1), 'another peer');
  desk.nowMs += 1_000;
  assert.ok(await asked(6), 'a second later');
});

test('R058: with much open the door closes to light clients, and opens when it is worked off', async () => {
  const desk = await Desk.open({ others: 6 });
  let open: Vertex[] = [];
  for (let author = 4; open.length < OPEN_AT_DOOR_MAX; author++) {
    const said = Array.from({ length: 900 }, () => desk.vertex(author)).slice(
      0,
      OPEN_AT_DOOR_MAX - open.length,
    );
    for (let at = 0; at < said.length; at += VERTICES_PER_REQUEST_MAX)
      await desk.gossip(author, ...said.slice(at, at + VERTICES_PER_REQUEST_MAX));
    open = [...open, ...said];
  }
  assert.is(desk.replica.dag.size, OPEN_AT_DOOR_MAX);
  const late = desk.vertex(9);
  const envelope = encodeVertex(late);
  const refused = await desk.step({ type: 'submit', envelope });
  assert.equal(refused, {
    type: 'refused',
    refusal: { ok: false, code: 'E_FULL', facts: { open: OPEN_AT_DOOR_MAX, most: OPEN_AT_DOOR_MAX } },
  });
  assert.equal(
    await desk.gossip(1, desk.vertex(1)),
    { type: 'verdict', verdict: 'accept' },
    'others are heard',
  );
  await desk.certify(open);
  assert.is((await desk.step({ type: 'submit', envelope })).type, 'taken');
});

test.run();

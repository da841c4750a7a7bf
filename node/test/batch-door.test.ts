/** `[STO-3]`: which batches a node takes: whose, and whether it has room. What it does not take it never stores. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hash } from '../../consensus/crypto/hash.ts';
import { batch, batchHash, makeBatch } from '../../consensus/vertex/batch.ts';
import { decodeVertex, encodeVertex, signVertex, type Vertex } from '../../consensus/vertex/vertex.ts';
import { BatchSeeker } from '../replica/batch-seeker.ts';
import type { Disclosure } from '../replica/disclosure.ts';
import type { Effect, Reply } from '../replica/events.ts';
import { Desk } from './one-replica.ts';

const test = suite('batch door');
const [OWN, STRANGER, FRIEND, PEER] = [4, 5, 6, 0] as const;
const smallNode = (): Promise<Desk> => Desk.open({ batchesOf: [FRIEND] });

const frame = {
  ...{ device: 'd1', session: '', counter: 1, time: 1, signature: new Uint8Array(0) },
  readings: [{ quantity: 'temperature' as const, value: { mantissa: 4, exponent: 0 } }],
};

/** A vertex of readings with its batch. */
function withBatch(desk: Desk, author: number): Vertex {
  const made = makeBatch([{ ...frame, time: desk.nowMs }], hash('salt'));
  const header = { ...desk.vertex(author), payloadHash: batchHash(made) };
  return signVertex(header, batch.encode(made), desk.signers[author]!);
}

const submit = (desk: Desk, vertex: Vertex): Promise<Reply> =>
  desk.step({ type: 'submit', envelope: encodeVertex(vertex) });

const codeOf = (reply: Reply): string => (reply.type === 'refused' ? reply.refusal.code : reply.type);

async function batchHeld(desk: Desk, { key }: Vertex): Promise<boolean | undefined> {
  const stored = await desk.store.vertex(key);
  const vertex = stored && decodeVertex(stored);
  return vertex?.ok ? vertex.value.payload.length > 0 : undefined;
}

test('a small node takes the batches of its own party and of those named, and leaves others to their gateways', async () => {
  const desk = await smallNode();
  const foreign = withBatch(desk, STRANGER);
  assert.is(codeOf(await submit(desk, foreign)), 'E_ZONE');
  assert.is(desk.replica.dag.size, 0, 'nor its vertex: the gateway keeps both');
  assert.is(await batchHeld(desk, foreign), undefined);
  for (const author of [OWN, FRIEND]) {
    const taken = withBatch(desk, author);
    assert.is(codeOf(await submit(desk, taken)), 'taken');
    assert.is(await batchHeld(desk, taken), true);
  }
  // It comes by another way, without its batch, and is no worse for it.
  const [bare] = [{ ...foreign, payload: new Uint8Array(0) }];
  assert.equal(await desk.gossip(PEER, bare!), { type: 'verdict', verdict: 'accept' });
  assert.is(await batchHeld(desk, foreign), false);
  assert.is(codeOf(await submit(desk, foreign)), 'E_ZONE', 'nor is it told that its batch is known here');
  assert.is(await batchHeld(desk, foreign), false);
});

test('whatever peers send, others’ batches are not stored', async () => {
  const desk = await smallNode();
  const foreign = withBatch(desk, STRANGER);
  assert.equal(await desk.gossip(PEER, foreign), { type: 'verdict', verdict: 'accept' });
  assert.is(await batchHeld(desk, foreign), false, 'its vertex is');
  await desk.gossip(PEER, foreign);
  assert.is(await batchHeld(desk, foreign), false, 'as late as it comes');
  const friends = withBatch(desk, FRIEND);
  await desk.gossip(PEER, friends);
  assert.is(await batchHeld(desk, friends), true);
});

test('without room no batch is taken; vertices go on, and so do batches once there is room', async () => {
  const desk = await Desk.open();
  await desk.step({ type: 'room', batchBytes: 0 });
  const first = withBatch(desk, STRANGER);
  const refused = await submit(desk, first);
  assert.is(codeOf(refused), 'E_DISK');
  assert.match(JSON.stringify(refused), /another node/);
  const bare = desk.vertex(FRIEND);
  assert.is(codeOf(await submit(desk, bare)), 'taken', 'a vertex without a batch takes little room');
  await desk.step({ type: 'room', batchBytes: first.payload.length });
  assert.is(codeOf(await submit(desk, first)), 'taken');
  assert.is(await batchHeld(desk, first), true);
  assert.is(codeOf(await submit(desk, withBatch(desk, FRIEND))), 'E_DISK', 'there was room for one');
});

test('what would not be stored is not fetched under a grant either', async () => {
  const desk = await Desk.open();
  const sought = { ...withBatch(desk, STRANGER), payload: new Uint8Array(0) };
  for (const takes of [true, false]) {
    const effects: Effect[] = [];
    const granted = { partyOf: () => hash('label'), concernsOwn: () => true, isOwnGateway: () => true };
    const seeker = new BatchSeeker(granted as unknown as Disclosure, {
      effect: (effect) => void effects.push(effect),
      take: () => true,
      takes: () => takes,
      peers: new Set([desk.keys[PEER]!]),
    });
    seeker.onAdded(sought, 0);
    seeker.progress(0);
    assert.is(effects.length, takes ? 1 : 0);
  }
});

test.run();

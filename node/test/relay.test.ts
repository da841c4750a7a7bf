/** `[NET-1]`: what all one's peers have from its publisher is taken and not passed on; anything else is. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../../consensus/codec/bytes.ts';
import { encodeVertex } from '../../consensus/vertex/vertex.ts';
import { bundle, LINKS_TOLD_MAX } from '../../consensus/wire/messages.ts';
import { Relay } from '../replica/relay.ts';
import { Desk } from './one-replica.ts';

const test = suite('relay');

/** A replica, its own node 4, connected to the nodes 0 to 2. */
async function connectedDesk(): Promise<Desk> {
  const desk = await Desk.open();
  for (const peer of [0, 1, 2]) await desk.step({ type: 'connected', peer: desk.keys[peer]! });
  return desk;
}

/** What the replica makes of a new vertex that `from` sends and `publisher` published. */
async function verdictOn(desk: Desk, from: number, publisher: number): Promise<string> {
  const vertex = desk.vertex(5);
  const data = bundle.encode({
    publisher: desk.signers[publisher]!.publicKey,
    vertices: [encodeVertex(vertex)],
  });
  const reply = await desk.step({ type: 'gossip', peer: desk.keys[from]!, data });
  assert.ok(desk.replica.dag.knows(vertex.key), 'taken in either case');
  return reply.type === 'verdict' ? reply.verdict : reply.type;
}

function tellLinks(desk: Desk, from: number, to: readonly number[]) {
  return desk.hear(from, { type: 'links', peers: to.map((peer) => desk.signers[peer]!.publicKey) });
}

test('a bundle is passed on unless its publisher is linked to all other peers', async () => {
  const desk = await connectedDesk();
  assert.is(await verdictOn(desk, 0, 0), 'accept', 'nobody said anything yet');
  await tellLinks(desk, 0, [1, 4]);
  assert.is(await verdictOn(desk, 0, 0), 'accept', 'node 2 does not have it');
  await tellLinks(desk, 0, [1, 2, 4]);
  assert.is(await verdictOn(desk, 0, 0), 'ignore');
  assert.is(await verdictOn(desk, 1, 0), 'accept', 'it came by a detour');
  assert.is(await verdictOn(desk, 0, 1), 'accept', 'the publisher is another');
});

test('who comes, goes or loses a link is seen at the next bundle', async () => {
  const desk = await connectedDesk();
  await tellLinks(desk, 0, [1, 2, 4]);
  await desk.step({ type: 'connected', peer: desk.keys[3]! });
  assert.is(await verdictOn(desk, 0, 0), 'accept', 'node 3 is not linked to it');
  await desk.step({ type: 'disconnected', peer: desk.keys[3]! });
  assert.is(await verdictOn(desk, 0, 0), 'ignore');
  await tellLinks(desk, 0, [1, 4]);
  assert.is(await verdictOn(desk, 0, 0), 'accept', 'it lost node 2');
  await tellLinks(desk, 0, [1, 2, 4]);
  await desk.step({ type: 'disconnected', peer: desk.keys[0]! });
  await desk.step({ type: 'connected', peer: desk.keys[0]! });
  assert.is(await verdictOn(desk, 0, 0), 'accept', 'it came back and has not said');
});

test('each peer is told who the others are, whenever one comes or goes', async () => {
  const desk = await Desk.open();
  const told = (): readonly string[] =>
    desk.effects.flatMap((effect) =>
      effect.type === 'broadcast' && effect.message.type === 'links'
        ? [effect.message.peers.map((peer) => desk.keys.indexOf(toHex(peer))).join()]
        : [],
    );
  for (const [peer, links] of [
    [0, '0'],
    [1, '0,1'],
  ] as const) {
    await desk.step({ type: 'connected', peer: desk.keys[peer]! });
    assert.equal(told(), [links]);
  }
  await desk.step({ type: 'disconnected', peer: desk.keys[0]! });
  assert.equal(told(), ['1']);
});

test('no more links are told than a peer takes, and of strangers none are kept', () => {
  const keys = Array.from({ length: LINKS_TOLD_MAX + 10 }, (_, i) => i.toString(16).padStart(64, '0'));
  const relay = new Relay(new Set(keys));
  const { links } = relay;
  assert.is(links.type === 'links' && links.peers.length, LINKS_TOLD_MAX);
  const alone = new Relay(new Set(['a'.repeat(64)]));
  const stranger = 'b'.repeat(64);
  alone.note(stranger, [new Uint8Array(32).fill(0xaa)]);
  assert.ok(alone.isNeeded(stranger, new Uint8Array(32).fill(0xbb)), 'it is not linked here');
});

test.run();

/** Nodes on loopback: one connection a pair, frames whole and in order, gossip once each, faults of our own. */

import '../polyfill.ts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { uint32Bytes } from '../../consensus/codec/bytes.ts';
import type { Verdict } from '../ports.ts';
import {
  closeAll,
  introduce,
  keyOf,
  pause,
  startNode,
  type TestNode,
  until,
  untilGossipFlows,
  untilSteady,
} from './network-nodes.ts';

const networks = suite('network');

const allConnected = (nodes: readonly TestNode[]): Promise<number> =>
  until('all are connected', () => nodes.every(({ network }) => network.peers.length === nodes.length - 1));

networks('four nodes connect once each, and frames arrive whole and in order', async () => {
  // One side alone dials, however slow this machine is today: a connection that replaces another loses frames.
  const limits = { redialGraceMs: 20_000 };
  const nodes = await Promise.all([1, 2, 3, 4].map((number) => startNode(number, { limits })));
  introduce(nodes);
  await allConnected(nodes);
  // From one byte to the limit, some at once and some apart.
  const sizes = [1, 2, 127, 128, 300, 16_383, 16_384, 70_000, 1 << 20, 2 << 20, 5];
  const frameOf = (index: number): Uint8Array => new Uint8Array(sizes[index % sizes.length]!).fill(index);
  for (const from of nodes) {
    for (const to of nodes) {
      if (from !== to)
        for (let index = 0; index < 2 * sizes.length; index++) from.network.send(to.key, frameOf(index));
    }
    await pause(1);
  }
  const expected = Array.from({ length: 2 * sizes.length }, (_, index) => frameOf(index));
  await until('all frames arrived', () =>
    nodes.every((node) => node.messages.length === 3 * expected.length),
  );
  for (const node of nodes) {
    for (const other of nodes) {
      if (node === other) continue;
      const frames = node.messages.filter(({ peer }) => peer === other.key).map(({ frame }) => frame);
      assert.is(frames.length, expected.length);
      assert.ok(frames.every((frame, index) => Buffer.from(frame).equals(expected[index]!)));
    }
    assert.equal(
      node.connects.slice().sort(),
      nodes
        .filter((other) => other !== node)
        .map(({ key }) => key)
        .sort(),
    );
    assert.equal(node.disconnects, []);
    assert.equal(node.faults, []);
    assert.is(node.network.stats().dropped, 0);
  }
  assert.throws(
    () => nodes[0]!.network.send(nodes[1]!.key, new Uint8Array((2 << 20) + 1)),
    /"frame" expected 1 to/,
  );
  nodes[0]!.network.send(keyOf(99), Uint8Array.of(1));
  assert.is(nodes[0]!.network.stats().dropped, 1, 'a frame to nobody is counted');
  await closeAll(nodes);
});

networks('gossip reaches everyone once, and goes no further than the verdict allows', async () => {
  const verdicts: readonly Verdict[] = ['accept', 'ignore', 'reject'];
  // Only the middle one is known to both ends: what reaches the far end was relayed.
  const middle = await startNode(2, { verdict: (data) => verdicts[data[0]!]! });
  const ends = await Promise.all([1, 3].map((number) => startNode(number, { peers: [middle.address] })));
  const [near, far] = ends as [TestNode, TestNode];
  await until('both ends are connected', () => middle.network.peers.length === 2);
  await untilGossipFlows(near, far);
  await untilGossipFlows(far, near);
  middle.gossip.length = 0;
  const before = middle.network.stats();
  for (const kind of [0, 1, 2]) {
    const data = Uint8Array.of(kind, 9, 9);
    near.network.gossip(data);
    near.network.gossip(data);
  }
  await until('the middle heard all', () => middle.gossip.length >= 3);
  await until('the far end heard what was accepted', () => far.gossip.length > 0);
  await pause(300);
  assert.equal(
    middle.gossip.map(({ peer, data }) => [peer, data[0]]),
    [
      [near.key, 0],
      [near.key, 1],
      [near.key, 2],
    ],
  );
  assert.equal(
    far.gossip.map(({ peer, data }) => [peer, data[0]]),
    [[middle.key, 0]],
  );
  const { gossipAccepted, gossipIgnored, gossipRejected } = middle.network.stats();
  assert.equal(
    [
      gossipAccepted - before.gossipAccepted,
      gossipIgnored - before.gossipIgnored,
      gossipRejected - before.gossipRejected,
    ],
    [1, 1, 1],
  );

  for (let index = 0; index < 40; index++) far.network.gossip(Uint8Array.of(1, index));
  await until('the middle heard all that it ignored', () => middle.gossip.length === 43);
  for (let index = 0; index < 40; index++) {
    near.network.gossip(Uint8Array.of(2, index));
    await pause(2);
  }
  await untilSteady('it is heard no more', () => middle.gossip.length, 1_500);
  const heard = middle.gossip.length;
  near.network.gossip(Uint8Array.of(0, 77));
  far.network.gossip(Uint8Array.of(0, 78));
  await until('the one that was only ignored is still heard', () => middle.gossip.length > heard);
  await pause(300);
  assert.equal(
    middle.gossip.slice(heard).map(({ data }) => data[1]),
    [78],
    'who sent invalid ones is not',
  );
  assert.throws(() => near.network.gossip(new Uint8Array((64 << 10) + 1)), /"data" expected 1 to/);
  await closeAll([middle, near, far]);
});

networks('a fault of a handler is reported, and stops no one else', async () => {
  const bad = await startNode(7, {
    handlers: {
      onMessage: () => {
        throw new Error('planted in onMessage');
      },
      onGossip: () => {
        throw new Error('planted in onGossip');
      },
    },
  });
  const good = await startNode(8, { peers: [bad.address] });
  await allConnected([bad, good]);
  good.network.send(bad.key, uint32Bytes(1));
  let sent = 0;
  const told = () => [...new Set(bad.faults.map((fault) => (fault as Error).message))].sort();
  await until('both faults are known', () => {
    // Until it is known who listens, gossip goes nowhere.
    if (told().length < 2) good.network.gossip(uint32Bytes(++sent));
    return told().length === 2;
  });
  assert.equal(told(), ['planted in onGossip', 'planted in onMessage']);
  assert.equal(bad.network.peers, [good.key]);
  await closeAll([bad, good]);
});

networks.run();

/** Links that fall and come back: two that dial at once, a node that was away, gossip that died alone. */

import '../polyfill.ts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { freePort } from '../config/free-ports.ts';
import {
  ascendingKeys,
  closeAll,
  introduce,
  pause,
  startNode,
  type TestNode,
  until,
  untilGossipFlows,
} from './network-nodes.ts';

const recovery = suite('network: recovery');

const allConnected = (nodes: readonly TestNode[]): Promise<number> =>
  until('all are connected', () => nodes.every(({ network }) => network.peers.length === nodes.length - 1));

recovery('two that dial each other in the same instant keep one connection', async () => {
  for (let round = 0; round < 4; round++) {
    const limits = { redialGraceMs: 0 };
    const nodes = await Promise.all([10 + round, 20 + round].map((number) => startNode(number, { limits })));
    const [one, other] = nodes as [TestNode, TestNode];
    introduce(nodes);
    await allConnected(nodes);
    // Either may have seen one connection replaced by another, and then no more.
    await pause(300);
    await allConnected(nodes);
    for (const node of nodes) {
      assert.is(node.network.stats().connections, 1);
      assert.ok(node.connects.length <= 2, `connected ${node.connects.length} times`);
    }
    const before = nodes.map(({ disconnects }) => disconnects.length);
    one.network.send(other.key, Uint8Array.of(1));
    other.network.send(one.key, Uint8Array.of(2));
    await until('both spoke', () => one.messages.length + other.messages.length === 2);
    await untilGossipFlows(one, other);
    assert.equal(
      nodes.map(({ disconnects }) => disconnects.length),
      before,
    );
    await closeAll(nodes);
  }
});

recovery('a node that was away for a while is back within seconds, whoever dials', async () => {
  const [lesser, greater] = ascendingKeys([5, 6]) as [number, number];
  for (const [staying, leaving] of [
    [lesser, greater],
    [greater, lesser],
  ] as const) {
    const stays = await startNode(staying);
    const listen = `/ip4/127.0.0.1/tcp/${await freePort()}`;
    const leaves = await startNode(leaving, { listen, peers: [stays.address] });
    stays.network.addPeer(leaves.address);
    await allConnected([stays, leaves]);
    await leaves.network.close();
    await until('the fall was noticed', () => stays.disconnects.length === 1);
    assert.equal(stays.network.peers, []);
    await pause(2_500);
    // It comes back knowing nobody: the one that stayed must find it.
    const returned = await startNode(leaving, { listen });
    const tookMs = await until('it is back', () => stays.network.peers.length === 1, 30_000);
    returned.network.send(stays.key, Uint8Array.of(1));
    await until('it speaks', () => stays.messages.length === 1);
    console.log(`network: back after ${Math.round(tookMs)} ms`);
    await closeAll([stays, returned]);
  }
});

recovery('gossip that died on a living connection comes back', async () => {
  const limits = { watchMs: 100, gossipGraceMs: 1_000 };
  const strict = await startNode(1, { limits });
  const lax = await startNode(2, { limits: { ...limits, bundleBytesMax: 1 << 20 }, peers: [strict.address] });
  await allConnected([strict, lax]);
  await untilGossipFlows(lax, strict);
  // One RPC above the limit: libp2p drops the sender from gossip, and says nothing.
  lax.network.gossip(new Uint8Array(900 << 10).fill(1));
  await until('both noticed', () => strict.disconnects.length >= 1 && lax.disconnects.length >= 1);
  await allConnected([strict, lax]);
  await untilGossipFlows(lax, strict);
  await closeAll([strict, lax]);
});

recovery.run();

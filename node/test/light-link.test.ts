/** A gateway and its nodes: requests, answers and pushes over one stream, nodes that go and come, keys that lie. */

import '../polyfill.ts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Writer } from '../../consensus/codec/writer.ts';
import { freePort } from '../config/free-ports.ts';
import { connectLight, type LightError, type LightLink, type LightOptions } from '../libp2p/light-link.ts';
import {
  closeAll,
  keyOf,
  NETWORK,
  pause,
  secretOf,
  startNode,
  type TestNode,
  type TestNodeOptions,
  until,
  untilSteady,
} from './network-nodes.ts';
import { framed, openRaw, protocols, startRawPeer } from './raw-peer.ts';

const links = suite('light link');
const GATEWAY = 50;
const limits = { redialMinMs: 50, redialMaxMs: 300, watchMs: 200 };

/** The head of every light message, its number, and some bytes instead of a body. */
function messageOf(id: number, body: Uint8Array = new Uint8Array(0)): Uint8Array {
  const writer = new Writer();
  writer.array(2);
  writer.int(id);
  writer.bytes(body);
  return writer.finish();
}

const startServer = (number: number, options: TestNodeOptions = {}): Promise<TestNode> =>
  startNode(number, { limits, ...options });

async function startGateway(nodes: LightOptions['nodes'], upCount = nodes.length): Promise<LightLink> {
  const link = await connectLight({ secret: secretOf(GATEWAY), network: NETWORK, nodes, limits });
  await until('its links are up', () => link.nodes.filter(({ up }) => up).length === upCount);
  return link;
}

links('answers go to their requests, whatever their order, and pushes to all', async () => {
  const servers = await Promise.all(
    [1, 2].map((number) =>
      startServer(number, {
        handlers: {
          onRequest: async (peer, frame) => {
            assert.is(peer, keyOf(GATEWAY));
            // Later ones are answered sooner.
            await pause(50 - frame[1]!);
            return frame;
          },
        },
      }),
    ),
  );
  const link = await startGateway(servers.map(({ address }) => address));
  const pushes: [string, Uint8Array][] = [];
  link.onPush((node, frame) => pushes.push([node, frame]));
  const ids = Array.from({ length: 40 }, (_, index) => index + 1);
  for (const node of [0, servers[1]!.key]) {
    const answers = await Promise.all(
      ids.map((id) => link.request(node, messageOf(id, Uint8Array.of(id)), 30_000)),
    );
    assert.equal(
      answers,
      ids.map((id) => messageOf(id, Uint8Array.of(id))),
    );
  }
  assert.is(servers[0]!.network.stats().lightClients, 1);
  assert.equal(servers[0]!.network.peers, [], 'a gateway is no peer');
  for (const { network } of servers) network.pushToLightClients(messageOf(0, Uint8Array.of(9)));
  await until('both pushes came', () => pushes.length === 2);
  assert.equal(pushes.map(([node]) => node).sort(), servers.map(({ key }) => key).sort());
  assert.throws(() => link.request(2, messageOf(1), 10), /"node" expected one of 2/);
  assert.throws(() => link.request(0, messageOf(0), 10), /"frame" expected a request/);
  assert.throws(() => link.request(0, Uint8Array.of(1), 10), /"frame" expected a request/);
  const first = link.request(0, messageOf(7), 30_000);
  assert.throws(() => link.request(0, messageOf(7), 30_000), /request 7 is under way/);
  await first;
  await link.close();
  await until('it is gone', () => servers.every(({ network }) => network.stats().lightClients === 0));
  await closeAll(servers);
});

links('a large answer arrives whole', async () => {
  const large = messageOf(1, new Uint8Array((2 << 20) - 16).fill(3));
  const server = await startServer(1, { handlers: { onRequest: async () => large } });
  const link = await startGateway([server.address]);
  assert.ok(Buffer.from(await link.request(0, messageOf(1), 30_000)).equals(large));
  await link.close();
  await closeAll([server]);
});

links('a node answers 32 requests of one client at a time, and the rest in turn', async () => {
  let answering = 0;
  let most = 0;
  let release = (): void => {};
  const released = new Promise<void>((done) => {
    release = done;
  });
  const server = await startServer(1, {
    handlers: {
      onRequest: async (_, frame) => {
        most = Math.max(most, ++answering);
        await released;
        answering -= 1;
        return frame;
      },
    },
  });
  const link = await startGateway([server.address]);
  const requests = Array.from({ length: 100 }, (_, index) => link.request(0, messageOf(index + 1), 60_000));
  await until('as many as may are begun', () => answering === 32);
  await pause(300);
  assert.is(answering, 32);
  release();
  await Promise.all(requests);
  assert.is(most, 32);
  await link.close();
  await closeAll([server]);
});

links('a request ends in time: no answer, link down, link fallen', async () => {
  const silent = await startServer(1, { handlers: { onRequest: () => new Promise(() => {}) } });
  const link = await startGateway([silent.address, { key: keyOf(2), multiaddr: '/ip4/127.0.0.1/tcp/1' }], 1);
  const codeOf = (request: Promise<Uint8Array>): Promise<unknown> =>
    request.then(
      () => assert.unreachable(),
      (error: LightError) => error.code,
    );
  assert.is(await codeOf(link.request(0, messageOf(1), 100)), 'timeout');
  assert.is(await codeOf(link.request(1, messageOf(1), 100)), 'down');
  const under = codeOf(link.request(0, messageOf(2), 60_000));
  await pause(50);
  await silent.network.close();
  assert.is(await under, 'down');
  await link.close();
});

links('a node that comes back is connected again, and its fall and return are told', async () => {
  const listen = `/ip4/127.0.0.1/tcp/${await freePort()}`;
  const server = await startServer(1, { listen });
  const link = await startGateway([server.address]);
  const changes: boolean[] = [];
  link.onChange((node, up) => {
    assert.is(node, keyOf(1));
    changes.push(up);
  });
  await server.network.close();
  await until('the fall is told', () => changes.length === 1);
  await pause(1_000);
  const returned = await startServer(1, { listen });
  const tookMs = await until('it is back', () => link.nodes[0]!.up, 30_000);
  assert.equal(changes, [false, true]);
  assert.equal(await link.request(0, messageOf(5), 30_000), messageOf(5));
  console.log(`light link: back after ${Math.round(tookMs)} ms`);
  await link.close();
  await closeAll([returned]);
});

links('who is not enrolled is refused, and a node with another key is not spoken to', async () => {
  let enrolled = false;
  let asked = 0;
  const server = await startServer(1, {
    handlers: {
      admits: () => enrolled,
      onRequest: async (_, frame) => {
        asked += 1;
        return frame;
      },
    },
  });
  const nodes = [
    server.address,
    { key: keyOf(3), multiaddr: server.address.multiaddr.replace(/\/p2p\/.*/, '') },
  ];
  const link = await startGateway(nodes, 0);
  await until('it was refused', () => server.refused.length >= 2);
  assert.equal(server.refused[0], { peer: keyOf(GATEWAY), code: 'E_PEER' });
  enrolled = true;
  await until('it is let in', () => link.nodes[0]!.up);
  await pause(500);
  assert.is(link.nodes[1]!.up, false);
  assert.is(asked, 0);
  await link.request(0, messageOf(1), 30_000);
  await link.close();
  await closeAll([server]);
});

links('what a node cannot handle yet stays with its sender', async () => {
  const server = await startServer(1, { handlers: { onRequest: () => new Promise(() => {}) } });
  const raw = await startRawPeer(GATEWAY);
  const { stream } = await openRaw(raw, server, protocols.light);
  const frame = framed(60_000, new Uint8Array(60_000));
  let sentBytes = 0;
  for (let round = 0; round < 300; round++) {
    for (let count = 0; count < 8 && !stream.writableNeedsDrain; count++) {
      stream.send(frame);
      sentBytes += frame.length;
    }
    await pause(5);
  }
  const taken = sentBytes - stream.writeBufferLength;
  await until('as many as may are read', () => server.network.stats().framesIn === 32);
  assert.ok(taken < 6 << 20, `${taken >> 20} MiB were taken in`);
  await raw.stop();
  await closeAll([server]);
});

links('a client that does not read is not answered without end', async () => {
  const answer = messageOf(1, new Uint8Array(256 << 10));
  let answered = 0;
  const server = await startServer(1, {
    handlers: {
      onRequest: async () => {
        answered += 1;
        return answer;
      },
    },
  });
  const raw = await startRawPeer(GATEWAY);
  const { stream } = await openRaw(raw, server, protocols.light);
  stream.pause();
  for (let count = 0; count < 2_000; count++) stream.send(framed(3, messageOf(1).slice(0, 3)));
  await untilSteady('it stopped', () => answered, 500);
  assert.ok(
    answered * answer.length < 40 << 20,
    `${(answered * answer.length) >> 20} MiB of answers were made`,
  );
  for (let count = 0; count < 1_000; count++)
    server.network.pushToLightClients(messageOf(0, new Uint8Array(1_000)));
  assert.ok(server.network.stats().dropped > 500, 'pushes beyond the queue are dropped');
  await raw.stop();
  await closeAll([server]);
});

links.run();

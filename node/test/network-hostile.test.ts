/** What an enrolled peer that keeps no rule, or one that is not enrolled, cannot do `[ADM-3]` `[ENC-2]`. */

import '../polyfill.ts';
import { randomBytes } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { NetworkHandlers } from '../ports.ts';
import { closeAll, keyOf, pause, startNode, type TestNode, until } from './network-nodes.ts';
import { framed, openRaw, protocols, startRawPeer } from './raw-peer.ts';

const hostile = suite('network: hostile peers');

/** Nobody waits long here. */
const limits = { redialMinMs: 50, redialMaxMs: 300, redialGraceMs: 300, watchMs: 200 };

/** Two good nodes, connected. */
async function startPair(handlers: Partial<NetworkHandlers> = {}): Promise<[TestNode, TestNode]> {
  const first = await startNode(1, { handlers, limits });
  const second = await startNode(2, { limits, peers: [first.address] });
  await until(
    'the pair is connected',
    () => first.network.peers.length === 1 && second.network.peers.length === 1,
  );
  return [first, second];
}

async function checkPairTalks([first, second]: readonly [TestNode, TestNode]): Promise<void> {
  const before = [first.messages.length, second.messages.length];
  first.network.send(second.key, Uint8Array.of(1));
  second.network.send(first.key, Uint8Array.of(2));
  await until(
    'the pair talks',
    () => first.messages.length > before[0]! && second.messages.length > before[1]!,
  );
  assert.equal([first.faults, second.faults], [[], []]);
  assert.equal(
    [first.disconnects.includes(second.key), second.disconnects.includes(first.key)],
    [false, false],
  );
}

hostile('a peer that is not enrolled is refused before it says a word, and let in once it is', async () => {
  let enrolled = false;
  const stranger = keyOf(3);
  const pair = await startPair({ admits: (peer) => peer !== stranger || enrolled });
  const outside = await startNode(3, { limits, peers: [pair[0].address] });
  await until('it was refused twice', () => pair[0].refused.length >= 2);
  assert.equal(pair[0].refused[0], { peer: stranger, code: 'E_PEER' });
  assert.is(pair[0].network.stats().refused.E_PEER, pair[0].refused.length);
  assert.equal(outside.connects, [], 'its dial succeeds, and it must not believe that');
  assert.equal(outside.network.peers, []);
  assert.equal(pair[0].network.peers, [pair[1].key]);
  await checkPairTalks(pair);
  enrolled = true;
  await until('it is let in', () => pair[0].network.peers.includes(stranger));
  enrolled = false;
  await until('it is put out again', () => pair[0].disconnects.includes(stranger));
  await closeAll([...pair, outside]);
});

hostile('nobody is dialled who is not enrolled, and nobody answers under another’s name', async () => {
  const stranger = await startNode(4);
  const handlers = { admits: (peer: string) => peer !== stranger.key };
  const node = await startNode(5, { handlers, limits, peers: [stranger.address] });
  // The address is right, and the key behind it is not the one that is expected there.
  node.network.addPeer({ key: keyOf(6), multiaddr: stranger.address.multiaddr.replace(/\/p2p\/.*/, '') });
  await until('the wrong key was seen', () => node.network.stats().dialFailures >= 2);
  assert.is(node.network.stats().dials, node.network.stats().dialFailures);
  assert.equal([node.connects, stranger.connects], [[], []]);
  await closeAll([stranger, node]);
});

hostile('a frame above the limit cuts its sender for a while, and nothing else', async () => {
  const pair = await startPair();
  const raw = await startRawPeer(7);
  const { connection, stream } = await openRaw(raw, pair[0], protocols.peer);
  stream.send(framed(3, Uint8Array.of(1, 2, 3)));
  await until('a good frame arrives', () => pair[0].messages.length === 1);
  stream.send(framed((2 << 20) + 1, Uint8Array.of(1, 2, 3)));
  await until('it is cut', () => connection.status !== 'open' && pair[0].disconnects.includes(keyOf(7)));
  assert.equal(pair[0].refused, [{ peer: keyOf(7), code: 'E_LIMIT_BYTES' }]);
  assert.is(pair[0].network.stats().cuts, 1);
  await openRaw(raw, pair[0], protocols.peer).then(
    () => assert.unreachable('let in again at once'),
    () => {},
  );
  await until('the refusal is counted', () => pair[0].network.stats().refused.E_ALLOWANCE === 1);
  await checkPairTalks(pair);
  await raw.stop();
  await closeAll(pair);
});

hostile('garbage on any stream crashes nobody', async () => {
  const pair = await startPair();
  for (let round = 0; round < 30; round++) {
    const raw = await startRawPeer(100 + round);
    const protocol = [protocols.peer, protocols.light, '/meshsub/1.2.0'][round % 3]!;
    const { stream, connection } = await openRaw(raw, pair[0], protocol);
    const garbage =
      round < 15
        ? randomBytes(1 + 100 * round)
        : Buffer.concat([Buffer.of(255, 255, 255, 255, 255), randomBytes(50)]);
    try {
      stream.send(garbage);
      if (round % 2 === 0) await stream.close();
      else await pause(20);
    } catch {
      // Cut already.
    }
    connection.abort(new Error('gone'));
    await raw.stop();
  }
  await checkPairTalks(pair);
  assert.ok(
    (pair[0].network.stats().refused.E_LIMIT_BYTES ?? 0) + (pair[0].network.stats().refused.E_ENC ?? 0) > 5,
  );
  await closeAll(pair);
});

hostile('a peer that never reads costs no more than its queue', async () => {
  const node = await startNode(1, { limits: { queueBytesMax: 4 << 20 } });
  const raw = await startRawPeer(8);
  await openRaw(raw, node, protocols.peer);
  await until('it is connected', () => node.network.peers.length === 1);
  const before = process.memoryUsage.rss();
  let most = before;
  const frames = (200 << 20) / (64 << 10);
  for (let count = 0; count < frames; count++) {
    node.network.send(keyOf(8), new Uint8Array(64 << 10));
    if (count % 32 === 0) await pause(0);
    most = Math.max(most, process.memoryUsage.rss());
  }
  const { dropped, bytesOut } = node.network.stats();
  const grown = (most - before) >> 20;
  console.log(
    `network: 200 MiB for a peer that never reads: ${grown} MiB more held, ${bytesOut >> 10} KiB sent, ${dropped} of ${frames} frames dropped`,
  );
  assert.ok(dropped > frames * 0.9);
  assert.ok(bytesOut < 8 << 20);
  assert.ok(grown < 100, `${grown} MiB`);
  await raw.stop();
  await closeAll([node]);
});

hostile('a flood is read no faster than it is handled, and leaves room for others', async () => {
  const spend = (ms: number): void => {
    const endMs = performance.now() + ms;
    while (performance.now() < endMs);
  };
  let floods = 0;
  const heard: number[] = [];
  const node = await startNode(1, {
    limits,
    handlers: {
      onMessage: (peer, frame) => {
        if (peer === keyOf(9)) {
          floods += 1;
          spend(0.2);
        } else heard.push(Date.now() - Number(Buffer.from(frame).readBigUInt64BE()));
      },
    },
  });
  const honest = await startNode(2, { peers: [node.address] });
  const raw = await startRawPeer(9);
  const { stream } = await openRaw(raw, node, protocols.peer);
  await until('both are connected', () => node.network.peers.length === 2);
  const frame = framed(1_000, new Uint8Array(1_000));
  const chunk = Buffer.concat(Array.from({ length: 64 }, () => frame));
  let flooding = true;
  let sentBytes = 0;
  const flood = (async () => {
    while (flooding) {
      if (!stream.writableNeedsDrain) {
        sentBytes += chunk.length;
        stream.send(chunk);
      }
      await pause(1);
    }
  })();
  await pause(500);
  for (let count = 0; count < 20; count++) {
    const stamp = Buffer.alloc(8);
    stamp.writeBigUInt64BE(BigInt(Date.now()));
    honest.network.send(node.key, stamp);
    await pause(50);
  }
  await until('the honest peer was heard', () => heard.length === 20);
  flooding = false;
  await flood;
  heard.sort((a, b) => a - b);
  const unread = (sentBytes - floods * frame.length) >> 10;
  console.log(
    `network: in a flood of ${floods} frames the honest peer waits ${heard[10]} ms, at most ${heard[19]} ms; ${unread} KiB unread`,
  );
  assert.ok(floods > 1_000);
  assert.ok(heard[10]! < 2_000);
  await raw.stop();
  await closeAll([node, honest]);
});

hostile.run();

/** A lane against real nodes over real libp2p: what it sends is final, also when the node that it sends to dies. */

import '../../node/polyfill.ts';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../../consensus/codec/bytes.ts';
import { freePorts } from '../../node/config/free-ports.ts';
import { readNodeConfig } from '../../node/config/node-config.ts';
import { installNativePrimitives, nativeSigner } from '../../node/crypto/native.ts';
import { type RunningNode, startNode } from '../../node/node.ts';
import { finalVertices } from '../cluster/finality.ts';
import {
  addressOf,
  GENESIS_AGE_MS,
  laneKeyNumber,
  makeNodeHome,
  type NodeHome,
  PORTS_PER_NODE,
  writeGenesis,
  writeNodeConfig,
} from '../cluster/home.ts';
import { Lane } from '../cluster/lane.ts';
import { countStore, faultsOf } from '../output/count.ts';
import { authorSecret, benchGenesis } from '../workload/network.ts';
import { makePayloads } from '../workload/readings.ts';

const test = suite('bench lane');
const passphrase = 'only for tests';
installNativePrimitives();

test('in order, on schedule, counted once; what a dead node may not have passed on is sent again', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tally-lane-'));
  const ports = await freePorts(2 * PORTS_PER_NODE);
  const seat = await makeNodeHome(folder, 'seat', passphrase, ports.slice(0, PORTS_PER_NODE));
  const other = await makeNodeHome(folder, 'other', passphrase, ports.slice(PORTS_PER_NODE));
  const laneKeys = Array.from(
    { length: laneKeyNumber(1) },
    (_, i) => nativeSigner(authorSecret(i)).publicKey,
  );
  const genesis = benchGenesis(
    [seat.signer.publicKey],
    [...laneKeys, other.signer.publicKey],
    Date.now() - GENESIS_AGE_MS,
  );
  await writeGenesis(folder, genesis);
  const peerOf = ({ key, p2pPort }: NodeHome) => ({ key, address: addressOf(p2pPort) });
  await writeNodeConfig(seat.home, [peerOf(other.home)]);
  await writeNodeConfig(other.home, [peerOf(seat.home)]);
  const nodes: RunningNode[] = [];
  for (const { home } of [seat, other]) {
    const config = await readNodeConfig(home.configFile);
    nodes.push(await startNode({ ...config, logLevel: 'silent' }, passphrase));
  }
  const { network, headerId: checkpoint } = genesis;
  const multiaddrs = [other.home, seat.home].map(({ key, p2pPort }) => ({
    key,
    multiaddr: addressOf(p2pPort),
  }));
  const lane = await Lane.open({ lane: 0, network, checkpoint, nodes: multiaddrs });
  try {
    lane.sign(200, makePayloads(4, 8, network, Date.now()));
    const startMs = Date.now();
    await lane.run(100, 1_000);
    const ranMs = Date.now() - startMs;
    assert.ok(ranMs >= 900, `${ranMs} ms`);
    await lane.drain(60_000);
    assert.is(lane.sent.length, 100);
    assert.equal(
      lane.sent.map(({ dueMs }) => Math.round(dueMs - lane.sent[0]!.dueMs)),
      Array.from({ length: 100 }, (_, i) => 10 * i),
    );
    const running = lane.run(100, 1_000);
    await new Promise((resolve) => setTimeout(resolve, 400));
    await nodes[1]!.stop();
    await running;
    await lane.drain(60_000);
    const message = await lane.run(100, 1_000).then(
      () => 'ran',
      (error: Error) => error.message,
    );
    assert.match(message, 'expected 100 vertices, got 0');
  } finally {
    await lane.close();
    await Promise.all(nodes.map((node) => node.stop()));
  }
  const taken = lane.sent.map(({ id }) => toHex(id));
  assert.ok(lane.sent.every(({ takenMs }) => takenMs !== undefined));
  const count = await countStore('seat', seat.home.dataDir);
  assert.equal(faultsOf(new Map([['seat', count]]), taken), []);
  const record = {
    ...{ lane: 0, refused: lane.refused, processCpuMs: 0, heads: [...lane.heads] },
    vertices: lane.sent.map(({ id, dueMs }) => [toHex(id), dueMs, 0] as const),
  };
  const final = finalVertices([record], count.heights);
  assert.is(final.length, 200, 'the lane was shown a header at or above each height');
  assert.ok(final.every(({ dueMs, finalMs }) => finalMs > dueMs));
  await rm(folder, { recursive: true });
});

test.run();

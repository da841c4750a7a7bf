/** A real node joins real ones by a snapshot `[STO-2]`: over libp2p, on LevelDB, with its API and proofs. */

import '../polyfill.ts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { headerId } from '../../consensus/checkpoint/header.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import { verifyBundle } from '../../light-client/verify/verify.ts';
import { freePort } from '../config/free-ports.ts';
import { type NodeConfig, readNodeConfig } from '../config/node-config.ts';
import { openStore } from '../level/store.ts';
import { type RunningNode, startNode } from '../node.ts';
import { Api, type LocalNetwork, makeNetwork, passphrase, startHome, until } from './local-nodes.ts';

const test = suite('joining');
const WINDOW = 16;
const names = ['A', 'B', 'C', 'D', 'late'] as const;
let network: LocalNetwork;
let nodes: RunningNode[] = [];
let config: NodeConfig;

test.before(async () => {
  const pace = { heartbeatMs: 100, checkpointIntervalMs: 20, settledWindow: WINDOW };
  const cast = names.map((name) => ({ name, role: 'bank' as const, seat: name !== 'late' }));
  network = await makeNetwork(cast, pace);
  for (const name of names.slice(0, 4)) nodes.push(await startHome(network.home(name), nodes));
  const written = await readNodeConfig(network.home('late').configFile);
  config = {
    ...written,
    store: { ...written.store, joinBy: 'snapshot' },
    listen: [`/ip4/127.0.0.1/tcp/${await freePort()}`],
    peers: nodes.map((node) => ({ key: node.key, address: node.network.address[0]! })),
  };
});
test.after(async () => {
  await Promise.all(nodes.map((node) => node.stop()));
  await network?.remove();
});

const level = (node: RunningNode): Promise<void> =>
  until('level', () => node.services.head.height >= nodes[0]!.services.head.height - 2);

test('a node without a ledger takes state and window, and is as the others; its proofs are believed', async () => {
  await until('a history', () => nodes[0]!.services.head.height > 5 * WINDOW);
  const late = await startNode(config, passphrase);
  nodes = [...nodes, late];
  await level(late);
  const api = new Api(late.api.url, late.api.token);
  const at = late.services.head.height;
  const other = new Api(nodes[0]!.api.url, nodes[0]!.api.token);
  await until('the other too', () => nodes[0]!.services.head.height >= at);
  const [own, theirs] = [await api.get(`/v1/checkpoints/${at}`), await other.get(`/v1/checkpoints/${at}`)];
  assert.equal(own.header, theirs.header);

  const missing = await api.request('GET', '/v1/checkpoints/1');
  const problem = (await missing.json()) as { readonly facts: { readonly oldest: number } };
  assert.is(missing.status, 404);
  assert.ok(problem.facts.oldest > 3 * WINDOW, JSON.stringify(problem));
  assert.is((await api.request('GET', `/v1/checkpoints/${problem.facts.oldest}`)).status, 200);

  const party = network.home('A').party;
  const bundle = await api.bytes(`/v1/objects/party/${party}/bundle`);
  assert.is(verifyBundle(bundle, network.genesis, { nowMs: Date.now() }).verdict, 'valid');
});

test('it starts again on what it has, and needs nobody for that', async () => {
  const late = nodes.pop()!;
  const { height } = late.services.head;
  await late.stop();
  const again = await startNode({ ...config, peers: [] }, passphrase, undefined, { audit: true });
  assert.ok(again.services.head.height >= height);
  await again.stop();
  const store = await openStore(config.dataDir);
  const first = await store.firstHeight();
  assert.ok(first > 1);
  const lowest = (await store.checkpoint(first))!;
  assert.is(await store.headerHeight(toHex(headerId(lowest.header))), first);
  await store.close();
});

test.run();

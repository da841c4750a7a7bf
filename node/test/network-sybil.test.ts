/** R055 over real connections: keys that nobody enrolled get no further than the handshake, and cost the others nothing. */

import '../polyfill.ts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../../consensus/codec/bytes.ts';
import { key } from '../../consensus/contracts/registry.ts';
import { zero32 } from '../../consensus/crypto/hash.ts';
import { bundle, peerMessage } from '../../consensus/wire/messages.ts';
import { dialAddress } from '../libp2p/identity.ts';
import { protocolNames } from '../libp2p/transport.ts';
import type { RunningNode } from '../node.ts';
import { act, apiOf, makeNetwork, startAll } from './local-nodes.ts';
import { keyOf } from './network-nodes.ts';
import { framed, startRawPeer } from './raw-peer.ts';

const test = suite('R055: unenrolled peers');

const cast = ['bank', 'monitor', 'enterprise', 'warehouse'] as const;
/** A thousand, as R055 has it, take three minutes: `TALLY_SYBILS=1000 npm test -- network-sybil`. */
const IDENTITIES = Number(process.env['TALLY_SYBILS'] ?? 100);
/** That dial at once. */
const TOGETHER = 5;
const CALLS = 12;
const FIRST_KEY = 5_000;

/** One stranger at one node's door: whether anything that it sent was taken. */
async function intrude(number: number, node: RunningNode): Promise<boolean> {
  const raw = await startRawPeer(number);
  const names = protocolNames(toHex(node.genesis.network));
  const frame = peerMessage.encode({ type: 'tips', ids: [node.genesis.headerId] });
  const gossip = bundle.encode({ publisher: zero32, vertices: [new Uint8Array(100)] });
  try {
    const multiaddr = node.network.address[0]!;
    const connection = await raw.dial(dialAddress({ key: node.key, multiaddr }));
    for (const protocol of [names.peer, names.light, '/meshsub/1.2.0']) {
      const stream = await connection.newStream(protocol, { signal: AbortSignal.timeout(2_000) });
      for (const data of [frame, gossip]) stream.send(framed(data.length, data));
    }
    return true;
  } catch {
    return false;
  } finally {
    await raw.stop();
  }
}

/** Times to finality of calls that change nothing, ms, ascending. */
async function latencies(node: RunningNode): Promise<number[]> {
  const api = apiOf(node);
  const times: number[] = [];
  for (let i = 0; i < CALLS; i++) {
    const acted = await act([api], 'revoke-key', { key: keyOf(1) });
    assert.is(acted.outcome.code, 'E_NOT_FOUND');
    times.push(acted.latencyMs);
  }
  return times.sort((a, b) => a - b);
}

test(`${IDENTITIES} strangers: refused each time, honest finality and memory as without them`, async () => {
  const network = await makeNetwork(cast.map((name) => ({ name, role: name, seat: true })));
  const nodes = [...(await startAll(network)).values()];
  const framesOf = () => nodes.map((node) => node.network.stats().connects);
  const before = framesOf();
  const quiet = await latencies(nodes[0]!);
  const rssBefore = process.memoryUsage.rss();
  let taken = 0;
  const attack = (async () => {
    for (let first = 0; first < IDENTITIES; first += TOGETHER) {
      const crowd = Array.from({ length: TOGETHER }, (_, i) => FIRST_KEY + first + i);
      const ends = await Promise.all(crowd.map((number) => intrude(number, nodes[number % nodes.length]!)));
      taken += ends.filter(Boolean).length;
    }
  })();
  const loud = await latencies(nodes[0]!);
  await attack;
  const grownMiB = (process.memoryUsage.rss() - rssBefore) >> 20;
  const refused = nodes.reduce((sum, node) => sum + (node.network.stats().refused['E_PEER'] ?? 0), 0);
  const middle = (times: readonly number[]) => times[times.length >> 1]!;
  console.log(
    `sybil: ${refused} of ${IDENTITIES} refused; finality p50 ${middle(quiet)} → ${middle(loud)} ms; ${grownMiB} MiB more`,
  );
  assert.is(taken, 0, 'nobody spoke on all protocols');
  assert.is(refused, IDENTITIES);
  assert.equal(framesOf(), before, 'nobody else was ever connected');
  for (const node of nodes) {
    assert.is(node.network.peers.length, nodes.length - 1);
    for (let i = 0; i < IDENTITIES; i++) {
      const secret = Uint8Array.from(Buffer.from(keyOf(FIRST_KEY + i), 'hex'));
      assert.is(node.replica.ledger.state.get(key, secret), undefined);
    }
    assert.ok(node.replica.dag.size < 1_000 && node.replica.gauges().parked === 0);
  }
  assert.ok(middle(loud) <= 2 * middle(quiet) + 200, `${middle(quiet)} → ${middle(loud)} ms`);
  assert.ok(grownMiB < 150, `${grownMiB} MiB more`);
  await Promise.all(nodes.map((node) => node.stop()));
  await network.remove();
});

test.run();

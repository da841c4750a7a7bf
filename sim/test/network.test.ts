/** The simulated network does what its settings say, and no more. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { limits } from '../../consensus/codec/limits.ts';
import type { Network, Verdict } from '../../node/ports.ts';
import { matrices, parseLatency } from '../network/latency.ts';
import { type LinkFaults, SimulatedNetwork } from '../network/network.ts';
import { drawTopology, RELAY_DEGREE, type Topology } from '../network/topology.ts';
import { Random } from '../random.ts';
import { Trace } from '../trace.ts';
import { VirtualTime } from '../virtual-time.ts';

const test = suite('network');
const START_MS = 1_000_000;

interface Heard {
  readonly what: 'message' | 'gossip' | 'connect' | 'disconnect';
  readonly from: string;
  readonly bytes: string;
  readonly atMs: number;
}

class Net {
  readonly time = new VirtualTime(START_MS, 1);
  readonly network: SimulatedNetwork;
  readonly ports: Network[] = [];
  readonly heard: Heard[][];
  /** By node: what it says of gossip. */
  readonly verdicts: Verdict[];

  constructor(nodes: number, faults: Partial<LinkFaults> = {}, latency = '10ms', topology?: Topology) {
    const keys = Array.from({ length: nodes }, (_, i) => `n${i}`);
    this.heard = keys.map(() => []);
    this.verdicts = keys.map(() => 'accept');
    this.network = new SimulatedNetwork({
      steady: false,
      time: this.time,
      random: new Random(1, 'network'),
      trace: new Trace(this.time),
      latency: parseLatency(latency)!,
      faults: { loss: 0, duplicate: 0, reorder: 0, bandwidthBytesPerS: 0, ...faults },
      topology: topology ?? drawTopology(nodes, nodes, new Random(1, 'topology')),
      nodes: keys.map((key) => ({ key, name: key })),
    });
    for (let i = 0; i < nodes; i++) this.join(i);
  }

  join(node: number): void {
    const note = (what: Heard['what'], from: string, bytes: Uint8Array = new Uint8Array(0)) =>
      void this.heard[node]!.push({ what, from, bytes: bytes.join(), atMs: this.time.elapsedMs });
    this.ports[node] = this.network.join(`n${node}`, {
      onConnect: (peer) => note('connect', peer),
      onDisconnect: (peer) => note('disconnect', peer),
      onMessage: (peer, frame) => note('message', peer, frame),
      onGossip: (peer, data) => {
        note('gossip', peer, data);
        return this.verdicts[node]!;
      },
    });
  }

  async run(ms: number): Promise<void> {
    await this.time.run(this.time.now() + ms);
  }

  what(node: number, what: Heard['what']): Heard[] {
    return this.heard[node]!.filter((entry) => entry.what === what);
  }
}

const frame = (n: number) => Uint8Array.of(n >> 8, n & 255);

test('streams keep their order whatever the latency, and take what it says', async () => {
  const net = new Net(2, {}, '5-200ms');
  await net.run(1_000);
  for (let n = 0; n < 200; n++) {
    net.ports[0]!.send('n1', frame(n));
    await net.run(1);
  }
  await net.run(1_000);
  const arrived = net.what(1, 'message');
  assert.equal(
    arrived.map(({ bytes }) => bytes),
    Array.from({ length: 200 }, (_, n) => frame(n).join()),
  );
  assert.ok(arrived.every(({ atMs }, n) => atMs >= 1_000 + n + 5 && atMs <= 1_000 + n + 201));
});

test('loss and duplicates come as often as asked; overtaking only to gossip', async () => {
  const net = new Net(2, { loss: 0.2, duplicate: 0.3, reorder: 0.2 });
  await net.run(1_000);
  for (let n = 0; n < 1_000; n++) {
    net.ports[0]!.send('n1', frame(n));
    net.ports[0]!.gossip(frame(n));
    await net.run(1);
  }
  await net.run(1_000);
  const frames = net.what(1, 'message').map(({ bytes }) => bytes);
  assert.ok(frames.length > 740 && frames.length < 860, `${frames.length} of 1000`);
  assert.equal(frames, [...new Set(frames)], 'no frame twice');
  const numbers = (entries: Heard[]) =>
    entries.map(({ bytes }) => bytes.split(',').map(Number)).map(([a, b]) => a! * 256 + b!);
  const inOrder = (all: number[]) => all.every((n, i) => i === 0 || n > all[i - 1]!);
  assert.ok(inOrder(numbers(net.what(1, 'message'))));
  assert.not.ok(inOrder(numbers(net.what(1, 'gossip'))));
  // A copy that comes again is not heard again; with copies fewer are lost altogether.
  const gossip = net.what(1, 'gossip').length;
  assert.ok(gossip > 800 && gossip < 910, `${gossip} of 1000`);
  assert.ok(net.network.traffic.get('gossip')!.messages > 1_230, 'copies are counted');
});

test('bandwidth: frames leave one after the other, and what would wait too long is dropped', async () => {
  const net = new Net(2, { bandwidthBytesPerS: 100_000 });
  await net.run(1_000);
  const big = new Uint8Array(50_000);
  for (let i = 0; i < 3; i++) net.ports[0]!.send('n1', big);
  await net.run(5_000);
  assert.equal(
    net.what(1, 'message').map(({ atMs }) => atMs - 1_000),
    [510, 1_010, 1_510],
  );
  const before = net.network.counts.dropped;
  for (let i = 0; i < 400; i++) net.ports[0]!.send('n1', big);
  assert.is(net.network.counts.dropped - before, 400 - Math.floor((16 << 20) / 50_000));
  assert.ok(net.network.queuedBytesMost <= 16 << 20);
});

test('a frame above the limit does not arrive; gossip above it is the sender’s mistake', async () => {
  const net = new Net(2);
  await net.run(100);
  net.ports[0]!.send('n1', new Uint8Array(limits.frameBytesMax + 1));
  assert.throws(() => net.ports[0]!.gossip(new Uint8Array(limits.bundleBytesMax + 1)), 'expected at most');
  await net.run(100);
  assert.is(net.what(1, 'message').length, 0);
});

test('who dies is missed after what it had sent; its next life gets nothing of the one before', async () => {
  const net = new Net(2);
  await net.run(100);
  net.ports[0]!.send('n1', frame(1));
  net.ports[1]!.send('n0', frame(2));
  const old = net.ports[0]!;
  net.network.leave('n0');
  net.join(0);
  old.send('n1', frame(3));
  old.gossip(frame(4));
  await net.run(100);
  const after = net.heard[1]!.filter(({ atMs }) => atMs >= 100).map(({ what, bytes }) => `${what} ${bytes}`);
  assert.equal(after, ['message 0,1', 'disconnect ', 'connect ']);
  assert.is(net.what(0, 'message').length, 0);
  assert.equal(net.ports[1]!.peers, ['n0']);
});

test('a partition is heard of by both, keeps everything apart, and heals; a deaf direction tells nobody', async () => {
  const net = new Net(4);
  await net.run(100);
  net.ports[0]!.send('n2', frame(9));
  net.network.partition(['n0', 'n1'], ['n2', 'n3'], true);
  assert.equal(
    net.what(0, 'disconnect').map(({ from }) => from),
    ['n2', 'n3'],
  );
  assert.equal(net.ports[3]!.peers, ['n2']);
  net.ports[0]!.gossip(frame(1));
  net.ports[0]!.send('n2', frame(2));
  await net.run(100);
  assert.is(net.what(2, 'message').length, 0, 'not even what was under way');
  assert.equal(
    net.heard.map((all) => all.filter(({ what }) => what === 'gossip').length),
    [0, 1, 0, 0],
  );
  net.network.partition(['n0', 'n1'], ['n2', 'n3'], false);
  await net.run(100);
  assert.equal(net.ports[0]!.peers, ['n1', 'n2', 'n3']);
  net.network.mute('n0', 'n1', true);
  net.ports[0]!.send('n1', frame(3));
  net.ports[1]!.send('n0', frame(4));
  await net.run(100);
  assert.is(net.what(1, 'message').length, 0);
  assert.is(net.what(0, 'message').length, 1);
  assert.is(net.what(1, 'disconnect').length, 2, 'the partition’s');
  net.network.heal();
  net.ports[0]!.send('n1', frame(5));
  await net.run(100);
  assert.is(net.what(1, 'message').length, 1);
});

/** 0 – 1 – 2 – 3. */
const line: Topology = { links: [[1], [0, 2], [1, 3], [2]], relays: [[1], [0, 2], [1, 3], [2]] };

test('gossip is relayed by those who accept it, once a life', async () => {
  const net = new Net(4, {}, '10ms', line);
  await net.run(100);
  net.ports[0]!.gossip(frame(1));
  net.ports[0]!.gossip(frame(1));
  await net.run(100);
  assert.equal(
    net.heard.map((all) => all.filter(({ what }) => what === 'gossip').length),
    [0, 1, 1, 1],
  );
  net.verdicts[2] = 'ignore';
  net.ports[0]!.gossip(frame(2));
  await net.run(100);
  assert.equal(
    net.heard.map((all) => all.filter(({ what }) => what === 'gossip').length),
    [0, 2, 2, 1],
  );
  // A new life has seen nothing.
  net.network.leave('n1');
  net.join(1);
  await net.run(100);
  net.ports[2]!.gossip(frame(3));
  net.ports[0]!.gossip(frame(1));
  await net.run(100);
  assert.equal(
    net.what(1, 'gossip').map(({ bytes }) => bytes),
    ['0,1', '0,2', '0,3'],
  );
});

test('a thousand nodes: bounded degrees, and one message reaches everybody', async () => {
  const topology = drawTopology(1_000, 31, new Random(3, 'topology'));
  const degrees = topology.relays.map((others) => others.length);
  assert.ok(Math.max(...degrees) <= 4 * RELAY_DEGREE, `${Math.max(...degrees)} relays`);
  const mean = topology.links.reduce((sum, others) => sum + others.length, 0) / 1_000;
  assert.ok(mean < 10, `${mean} links on average`);
  assert.ok(
    topology.links.slice(0, 31).every((others) => others.length >= 30),
    'seats know each other',
  );
  const net = new Net(1_000, {}, 'world', topology);
  await net.run(2_000);
  net.ports[999]!.gossip(frame(1));
  await net.run(5_000);
  const reached = net.heard.filter((all) => all.some(({ what }) => what === 'gossip')).length;
  assert.is(reached, 999);
  const { messages } = net.network.traffic.get('gossip')!;
  assert.ok(messages < 16 * 1_000, `${messages} messages for one`);
});

test('matrices are whole, symmetric, and give about half a round trip', () => {
  const random = new Random(1, 'latency');
  for (const [name, { regions, roundTripMs }] of Object.entries(matrices)) {
    assert.equal(
      roundTripMs.map((row) => row.length),
      regions.map((_, i) => regions.length - i),
      name,
    );
    const latency = parseLatency(name)!;
    for (let a = 0; a < regions.length; a++) {
      for (let b = 0; b < regions.length; b++) {
        const roundTrip = roundTripMs[Math.min(a, b)]![Math.abs(a - b)]!;
        const ways = Array.from({ length: 50 }, () => latency.oneWayMs(a, b + regions.length, random));
        const mean = ways.reduce((sum, way) => sum + way, 0) / 50;
        assert.ok(Math.abs(mean / (roundTrip / 2) - 1) < 0.1, `${name} ${a} ${b}: ${mean} of ${roundTrip}`);
      }
    }
  }
});

test('latencies by name, and names that mean nothing', () => {
  const random = new Random(1, 'latency');
  assert.is(parseLatency('100ms')!.oneWayMs(0, 1, random), 100);
  const drawn = Array.from({ length: 200 }, () => parseLatency('5-40ms')!.oneWayMs(0, 1, random));
  assert.ok(
    Math.min(...drawn) >= 5 && Math.max(...drawn) <= 40 && Math.max(...drawn) - Math.min(...drawn) > 30,
  );
  for (const bad of ['', 'moon', '40-5ms', '5', 'lognormal:5-40ms', '-5ms', '61000ms', 'toString'])
    assert.is(parseLatency(bad), undefined, bad);
});

test.run();
